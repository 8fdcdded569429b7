"""Cassettes: what a real model said, recorded once and replayed at the wire ever after.

A cassette is a JSON Lines file, one request with its reply a line. It holds the messages and the parameters of the
request and the body of the reply; no header of either is kept but the reply's content type, and whatever looks like a
key inside a body is taken out. A request is found again by all that decides its reply; where a prompt changed since
the recording, the replay names what changed and answers nothing.
"""

from __future__ import annotations

import hashlib
import json
import re
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from eval.stand_ins.mock import wire
from rag.answering.prompt.sources import parse_prompt
from rag.errors import CitewellError, UsageError

#: Where a request is found by these, its reply is the one recorded.
_DECISIVE = ("model", "messages", "max_tokens", "max_completion_tokens", "temperature", "stream")
_KEY_LIKE = re.compile(r"\b(?:sk|pk|gsk|hf|xai|org|proj)[-_][A-Za-z0-9_\-]{8,}|\bBearer\s+[\w.\-]{8,}", re.IGNORECASE)
_SCRUBBED = "[removed]"
#: Bytes of a reply; no answer comes near it.
_MAX_REPLY = 16 * 2**20
Upstream = Callable[[httpx.Request], httpx.Response]


class CassetteError(CitewellError):
    """A cassette cannot be read, or does not hold what a run asks for."""


@dataclass(frozen=True, slots=True)
class Take:
    """One request and its reply. ``request`` holds the fields that decide the reply; ``kind`` is the reply's content
    type."""

    request: Mapping[str, Any]
    status: int
    kind: str
    body: str

    @property
    def key(self) -> str:
        """The same for every request that must get this reply: SHA-256 of the canonical JSON."""
        return _key(self.request)

    def to_dict(self) -> dict[str, Any]:
        """The line of the cassette."""
        return {"request": dict(self.request), "status": self.status, "kind": self.kind, "body": self.body}


@contextmanager
def recording(path: Path, base_url: str, upstream: Upstream | None = None) -> Iterator[None]:
    """Sends chat requests on to the real server at ``base_url`` and adds what it answers to the cassette.

    Replies that failed are passed on but not kept. A cassette that exists is added to.

    Args:
        path: the cassette.
        base_url: of the server; what the openai backend is configured with.
        upstream: how a request reaches the server; by ``urllib``, which respx leaves alone, where it is not given.

    Raises:
        UsageError: respx is not installed.
        CassetteError: the cassette cannot be read or written.
    """
    send = upstream or _send
    known = {take.key for take in load_cassette(path)} if path.exists() else set()
    lock = threading.Lock()

    def record(request: httpx.Request) -> httpx.Response:
        response = send(request)
        response.read()
        if response.is_success:
            take = _take(request, response)
            with lock:
                if take.key not in known:
                    known.add(take.key)
                    _append(path, take)
        return response

    with wire() as router:
        router.post(f"{base_url.rstrip('/')}/chat/completions").mock(side_effect=record)
        yield


class Replay:
    """Answers chat requests from a cassette; ``misses`` says in plain words which requests it could not answer."""

    def __init__(self, takes: Sequence[Take], name: str) -> None:
        self._takes = {take.key: take for take in takes}
        self._name = name
        self._lock = threading.Lock()
        self._misses: list[str] = []

    @property
    def misses(self) -> tuple[str, ...]:
        """Why requests found no reply, each once, in the order met."""
        with self._lock:
            return tuple(dict.fromkeys(self._misses))

    @contextmanager
    def serving(self, base_url: str) -> Iterator[None]:
        """Answers the chat requests to ``base_url`` for as long as the context lasts.

        Raises:
            UsageError: respx is not installed.
        """
        with wire() as router:
            router.post(f"{base_url.rstrip('/')}/chat/completions").mock(side_effect=self.reply)
            yield

    def reply(self, request: httpx.Request) -> httpx.Response:
        """The recorded reply, or an error response that says what changed since the recording."""
        asked = _decisive(request)
        take = self._takes.get(_key(asked))
        if take is not None:
            return httpx.Response(take.status, headers={"content-type": take.kind}, text=take.body)
        miss = self._explain(asked)
        with self._lock:
            self._misses.append(miss)
        return httpx.Response(404, json={"error": {"message": miss, "type": "cassette_miss"}})

    def _explain(self, asked: Mapping[str, Any]) -> str:
        question = _question(asked)
        same = [take for take in self._takes.values() if _question(take.request) == question]
        if not same:
            return f"{self._name} holds no reply to {question!r}; record it"
        changes = min((_changes(take.request, asked) for take in same), key=len)
        return (
            f"{self._name}: the prompt for {question!r} changed since recording ({', '.join(changes)}); record it anew"
        )


def load_cassette(path: Path) -> list[Take]:
    """The takes of a cassette.

    Raises:
        CassetteError: it cannot be read, or a line of it is damaged.
    """
    takes = []
    for number, line in enumerate(_read(path).split("\n"), 1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
            take = Take(dict(record["request"]), int(record["status"]), str(record["kind"]), str(record["body"]))
        except (ValueError, TypeError, LookupError, RecursionError) as error:
            raise CassetteError(
                f"the cassette {path} is damaged in line {number}; remove that line and record again"
            ) from error
        takes.append(take)
    return takes


def scrub(text: str) -> str:
    """``text`` without anything that looks like a key or names an account."""
    return _KEY_LIKE.sub(_SCRUBBED, text)


def _take(request: httpx.Request, response: httpx.Response) -> Take:
    body = scrub(response.text)
    secret = request.headers.get("authorization", "").removeprefix("Bearer ").strip()
    if len(secret) >= 8:
        body = body.replace(secret, _SCRUBBED)
    return Take(_decisive(request), response.status_code, response.headers.get("content-type", ""), body)


def _decisive(request: httpx.Request) -> dict[str, Any]:
    try:
        body = json.loads(scrub(request.content.decode("utf-8")))
    except ValueError as error:
        raise CassetteError("a model request is not JSON; only chat requests can be recorded") from error
    return {name: body[name] for name in _DECISIVE if name in body}


def _key(request: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(request, sort_keys=True, ensure_ascii=True).encode()).hexdigest()


def _texts(request: Mapping[str, Any], role: str) -> str:
    return "\n".join(str(m.get("content")) for m in request.get("messages", ()) if m.get("role") == role)


def _question(request: Mapping[str, Any]) -> str:
    return parse_prompt(_texts(request, "user")).question


def _changes(recorded: Mapping[str, Any], asked: Mapping[str, Any]) -> list[str]:
    """What differs between two requests for the same question, in words a reader can act on."""
    changes = [
        f"{name} was {recorded.get(name)!r} and is {asked.get(name)!r}"
        for name in _DECISIVE
        if name != "messages" and recorded.get(name) != asked.get(name)
    ]
    if _texts(recorded, "system") != _texts(asked, "system"):
        changes.append("the instructions in prompts/ are others")
    before, now = parse_prompt(_texts(recorded, "user")).sources, parse_prompt(_texts(asked, "user")).sources
    if [s.title for s in before] != [s.title for s in now]:
        changes.append(f"{len(now)} sources in place of {len(before)}, or in another order")
    elif before != now:
        changes.append("other passages of the same sources")
    elif _texts(recorded, "user") != _texts(asked, "user"):
        changes.append("the message around the sources is another")
    return changes or ["the messages are in another form"]


def _append(path: Path, take: Take) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(take.to_dict(), ensure_ascii=False) + "\n")
    except OSError as error:
        raise CassetteError(
            f"the cassette {path} cannot be written ({error.strerror}); choose another place"
        ) from error


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise CassetteError(f"the cassette {path} cannot be read ({error.strerror}); record it first") from error
    except UnicodeDecodeError as error:
        raise CassetteError(f"the cassette {path} is not UTF-8 text; record it anew") from error


def _send(request: httpx.Request) -> httpx.Response:
    """Sends a request past respx, which stands in for httpx only."""
    if request.url.scheme not in ("http", "https"):
        raise UsageError(f"OPENAI_BASE_URL is not an http address: {request.url.host}")
    headers = {k: v for k, v in request.headers.items() if k not in ("host", "content-length", "connection")}
    onward = urllib.request.Request(str(request.url), request.content, headers, method="POST")  # noqa: S310 - checked above
    timeout = request.extensions.get("timeout", {}).get("read") or 60.0
    try:
        with urllib.request.urlopen(onward, timeout=timeout) as answer:  # noqa: S310 - checked above
            return _response(answer.status, answer.headers, answer.read(_MAX_REPLY))
    except urllib.error.HTTPError as error:
        with error:
            return _response(error.code, error.headers, error.read(_MAX_REPLY))
    except TimeoutError as error:
        raise httpx.ReadTimeout(str(error), request=request) from error
    except OSError as error:
        raise httpx.ConnectError(str(error), request=request) from error


def _response(status: int, headers: Any, body: bytes) -> httpx.Response:
    kept = {k: headers[k] for k in ("content-type", "retry-after") if headers.get(k)}
    return httpx.Response(status, headers=kept, content=body)
