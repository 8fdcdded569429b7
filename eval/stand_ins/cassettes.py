"""Cassettes: the replies of a real model, recorded once by vcrpy and replayed from then on.

A cassette is a JSON Lines file with a request and its reply on each line. It holds the messages and parameters of the
request and the body of the reply. Of the headers it keeps the reply's content type alone, and it removes whatever looks
like a key from both bodies. All parameters that decide a reply also identify its request. If a prompt has changed since
the recording, a replay names the change and answers nothing.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError
from vcr.cassette import Cassette  # type: ignore[import-untyped]  # vcrpy has no annotations
from vcr.errors import UnhandledHTTPRequestError  # type: ignore[import-untyped]  # as above
from vcr.filters import decode_response  # type: ignore[import-untyped]  # as above
from vcr.patch import PATCHER_NAMES  # type: ignore[import-untyped]  # as above
from vcr.record_mode import RecordMode  # type: ignore[import-untyped]  # as above
from vcr.request import Request  # type: ignore[import-untyped]  # as above

from rag.answering.prompt.sources import parse_prompt
from rag.errors import CitewellError

#: The parameters of a request that decide its reply.
_DECISIVE = ("model", "messages", "max_tokens", "max_completion_tokens", "temperature", "stream")
_KEY_LIKE = re.compile(r"\b(?:sk|pk|gsk|hf|xai|org|proj)[-_][A-Za-z0-9_\-]{8,}|\bBearer\s+[\w.\-]{8,}", re.IGNORECASE)
_SCRUBBED = "[removed]"
#: Characters of a shorter key would also occur in an ordinary reply.
_MIN_KEY = 8


class CassetteError(CitewellError):
    """A cassette cannot be read or written, or does not hold what a run asks for."""


@dataclass(frozen=True, slots=True)
class RecordedCall:
    """One request and its reply, a line of the cassette. ``request`` holds the parameters that decide the reply;
    ``kind`` is the reply's content type."""

    request: dict[str, Any]
    status: int
    kind: str
    body: str


_CALL = TypeAdapter(RecordedCall)


class Replies(Cassette):  # type: ignore[misc]  # as above
    """The chat requests to one server and their replies; ``Replies.use(path=, base_url=, replay=)`` is a context in
    which they are recorded, or replayed. Requests to other addresses pass. Safe to share between threads.

    vcrpy writes a cassette when it is closed; this one writes every call at once, so that none that was paid for is
    lost when the process is killed.

    Raises:
        CassetteError: the file cannot be read or written.
    """

    def __init__(self, path: Path, base_url: str, *, replay: bool) -> None:
        self._url = f"{base_url.rstrip('/')}/chat/completions"
        self._lock = threading.RLock()
        self._keys: set[str] = set()
        self._misses: dict[str, None] = {}
        super().__init__(
            path,
            persister=_Lines(self._url, required=replay),
            record_mode=RecordMode.NONE if replay else RecordMode.NEW_EPISODES,
            match_on=(lambda asked, recorded: asked.body == recorded.body,),
            before_record_request=self._decisive,
            before_record_response=self._scrubbed,
            allow_playback_repeats=True,
            skip_patchers=[name for name in PATCHER_NAMES if name != "httpx"],
        )

    @property
    def misses(self) -> tuple[str, ...]:
        """Why requests of a replay found no reply, each reason once, in the order met."""
        return tuple(self._misses)

    def can_play_response_for(self, request: Request) -> bool:
        """Return whether the cassette answers a request; a replay answers all chat requests."""
        chat = self._decisive(request) is not None
        return bool(super().can_play_response_for(request) or (chat and self.write_protected))

    def play_response(self, request: Request) -> Any:
        """Return the recorded reply, or an error that says what changed since the recording."""
        try:
            return super().play_response(request)
        except UnhandledHTTPRequestError:
            miss = self._explain(json.loads(self._decisive(request).body))
            self._misses[miss] = None
            error = {"error": {"message": miss, "type": "cassette_miss"}}
            return _response(404, "application/json", json.dumps(error))

    def append(self, request: Request, response: Mapping[str, Any]) -> None:
        """Add a call that the cassette does not hold yet; a reply that failed is not kept."""
        with self._lock:
            known = len(self)
            if self._decisive(request) and request not in self:
                super().append(request, response)
            # While vcrpy loads the file it is not rewound.
            if self.rewound and len(self) > known:
                self._write(*self.data[-1])

    def _decisive(self, request: Request) -> Any:
        """The same request with nothing but what decides its reply; ``None`` for a request to any other address."""
        if request.uri != self._url:
            return None
        key = request.headers.get("authorization", "").removeprefix("Bearer ").strip()
        if len(key) >= _MIN_KEY:
            self._keys.add(key)
        body = json.loads(self._scrub(request.body.decode("utf-8")))
        return _request(self._url, {name: body[name] for name in _DECISIVE if name in body})

    def _scrubbed(self, response: Mapping[str, Any]) -> dict[str, Any] | None:
        if not 200 <= response["status"]["code"] < 300:
            return None
        whole = decode_response(response)
        kinds = [values[0] for name, values in whole["headers"].items() if name.lower() == "content-type"]
        text = self._scrub(whole["body"]["string"].decode("utf-8", "replace"))
        return _response(whole["status"]["code"], "".join(kinds), text)

    def _scrub(self, text: str) -> str:
        text = scrub(text)
        for key in tuple(self._keys):
            text = text.replace(key, _SCRUBBED)
        return text

    def _write(self, request: Request, response: Mapping[str, Any]) -> None:
        (kind,) = response["headers"]["content-type"]
        text = response["body"]["string"].decode()
        call = RecordedCall(json.loads(request.body), response["status"]["code"], kind, text)
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(asdict(call), ensure_ascii=False) + "\n")
        except OSError as error:
            why = f"the cassette {self.path} cannot be written ({error.strerror}); choose another place"
            raise CassetteError(why) from error

    def _explain(self, asked: Mapping[str, Any]) -> str:
        question, name = _question(asked), self.path.name
        recorded = [request for r in self.requests if _question(request := json.loads(r.body)) == question]
        if not recorded:
            return f"{name} holds no reply to {question!r}; record it"
        fewest = min((_changes(request, asked) for request in recorded), key=len)
        return f"{name}: the prompt for {question!r} changed since recording ({', '.join(fewest)}); record it anew"


@dataclass(frozen=True, slots=True)
class _Lines:
    """vcrpy's persister: reads JSON Lines as requests to ``url``. A missing file is an error if it is ``required``."""

    url: str
    required: bool

    def load_cassette(self, path: Path, serializer: object) -> tuple[list[Request], list[dict[str, Any]]]:  # noqa: ARG002 - vcrpy's
        calls = load_cassette(path) if self.required or path.exists() else []
        return [_request(self.url, call.request) for call in calls], [
            _response(c.status, c.kind, c.body) for c in calls
        ]

    def save_cassette(self, *_: object, **__: object) -> None:
        """Do nothing: each call is in the file already."""


def load_cassette(path: Path) -> list[RecordedCall]:
    """The calls in a cassette.

    Raises:
        CassetteError: the file cannot be read, or a line of it is damaged.
    """
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except OSError as error:
        raise CassetteError(f"the cassette {path} cannot be read ({error.strerror}); record it first") from error
    except UnicodeDecodeError as error:
        raise CassetteError(f"the cassette {path} is not UTF-8 text; record it anew") from error
    calls = []
    for number, line in enumerate(lines, 1):
        try:
            calls += [_CALL.validate_json(line)] if line.strip() else []
        except ValidationError as error:
            why = f"the cassette {path} is damaged in line {number}; remove that line and record again"
            raise CassetteError(why) from error
    return calls


def scrub(text: str) -> str:
    """``text`` without anything that looks like a key or names an account."""
    return _KEY_LIKE.sub(_SCRUBBED, text)


def _request(url: str, parameters: Mapping[str, Any]) -> Request:
    """vcrpy's form of a request, the same for the same parameters."""
    return Request("POST", url, json.dumps(parameters, sort_keys=True), {})


def _response(status: int, kind: str, text: str) -> dict[str, Any]:
    """vcrpy's form of a reply."""
    return {
        "status": {"code": status, "message": ""},
        "headers": {"content-type": [kind]},
        "body": {"string": text.encode()},
    }


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
