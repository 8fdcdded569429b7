"""Fetches a document from the open internet: checked at every hop, limited in size and time, politely paced."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urljoin, urlsplit

from rag.errors import ReadError
from rag.readers.network.addresses import Guard, Target

#: Bytes of one document.
MAX_BYTES = 64 * 1024 * 1024
MAX_REDIRECTS = 5
#: Seconds of one request without a byte, and of the whole document.
SILENCE_S, WHOLE_S = 20.0, 120.0
ATTEMPTS = 3
#: Seconds a server may ask to be waited for; for longer, the user is told.
MAX_WAIT_S = 30.0
_AGENT = "citewell (reads bibliographic records at a user's request)"


@dataclass(slots=True)
class Pace:
    """At least ``seconds`` between requests to one host, ``by_host`` where a host asks for more."""

    seconds: float = 1.0
    by_host: Mapping[str, float] = field(default_factory=dict)
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    _last: dict[str, float] = field(default_factory=dict)

    def wait(self, host: str) -> None:
        """Returns when the next request to ``host`` may go out."""
        if host in self._last:
            left = self._last[host] + self.by_host.get(host, self.seconds) - self.clock()
            if left > 0:
                self.sleep(left)
        self._last[host] = self.clock()


class Fetcher:
    """One client for a run of requests; close it, or use it as a context."""

    def __init__(self, guard: Guard | None = None, pace: Pace | None = None, *, max_bytes: int = MAX_BYTES) -> None:
        import httpx

        self._guard = guard or Guard()
        self._pace = pace or Pace()
        self._max_bytes = max_bytes
        # A connection is not kept: the next host at the same address would be reached by the last one's certificate.
        # Proxies of the environment are left out: through one the address that is reached cannot be checked.
        self._client = httpx.Client(
            timeout=httpx.Timeout(SILENCE_S, connect=10.0),
            follow_redirects=False,
            trust_env=False,
            limits=httpx.Limits(max_keepalive_connections=0),
        )

    def __enter__(self) -> Fetcher:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Closes the connections."""
        self._client.close()

    def get(self, url: str, accept: str = "*/*") -> bytes:
        """The document at ``url``, as the server packs it, after up to ``MAX_REDIRECTS`` redirects.

        Raises:
            ReadError: the address or one it leads to is not allowed (see :class:`Guard`), the server does not answer
                or answers with an error, or the document is too large.
        """
        for _ in range(MAX_REDIRECTS + 1):
            status, headers, body = self._patiently(url, accept)
            if status in (301, 302, 303, 307, 308) and headers.get("location"):
                url = _next_hop(url, headers["location"])
                continue
            if status != 200:
                raise ReadError(f"{_shown(url)}: {_meaning(status)}")
            return body
        raise ReadError(f"{_shown(url)}: more than {MAX_REDIRECTS} redirects; give the final address")

    def _patiently(self, url: str, accept: str) -> tuple[int, Mapping[str, str], bytes]:
        """One hop, tried again where the server is busy or silent."""
        import httpx

        for attempt in range(1, ATTEMPTS + 1):
            wait = 3.0 * attempt
            try:
                status, headers, body = self._once(url, accept)
            except httpx.InvalidURL:
                raise ReadError(f"{_shown(url)}: not a URL; check it") from None
            except httpx.HTTPError as error:
                if attempt == ATTEMPTS:
                    what = "no answer in time" if isinstance(error, httpx.TimeoutException) else "no connection"
                    raise ReadError(f"{_shown(url)}: {what}; check the network or try again later") from None
            else:
                if status not in (429, 500, 502, 503, 504) or attempt == ATTEMPTS:
                    return status, headers, body
                asked = headers.get("retry-after", "")
                wait = float(asked) if asked.isdigit() and len(asked) < 6 else wait
                if wait > MAX_WAIT_S:
                    return status, headers, body
            self._pace.sleep(wait)
        raise AssertionError("the last attempt returns or raises")

    def _once(self, url: str, accept: str) -> tuple[int, Mapping[str, str], bytes]:
        target = self._guard.check(url)
        self._pace.wait(target.host)
        address, headers, extensions = _pinned(url, target)
        headers |= {"Accept": accept, "Accept-Encoding": "identity", "User-Agent": _AGENT}
        ends = self._pace.clock() + WHOLE_S
        with self._client.stream("GET", address, headers=headers, extensions=extensions) as answer:
            if answer.headers.get("content-encoding", "identity").casefold() not in ("identity", "gzip", "x-gzip", ""):
                raise ReadError(f"{_shown(url)}: packed in a way that was not asked for; download it yourself")
            parts: list[bytes] = []
            size = 0
            if answer.status_code == 200:
                # Raw, so that nothing is unpacked here: the reader's source unpacks gzip under its own limits.
                for part in answer.iter_raw():
                    size += len(part)
                    if size > self._max_bytes:
                        raise ReadError(f"{_shown(url)}: larger than {self._max_bytes >> 20} MB; download it yourself")
                    if self._pace.clock() > ends:
                        raise ReadError(f"{_shown(url)}: not complete after {WHOLE_S:.0f} s; try again later")
                    parts.append(part)
            return answer.status_code, answer.headers, b"".join(parts)


def _pinned(url: str, target: Target) -> tuple[str, dict[str, str], dict[str, Any]]:
    """The URL with the checked address in it, and what keeps the request one to the host by name."""
    parts = urlsplit(url)
    ip = f"[{target.endpoint.ip}]" if ":" in target.endpoint.ip else target.endpoint.ip
    path = parts.path or "/"
    address = f"{target.scheme}://{ip}:{target.endpoint.port}{path}" + (f"?{parts.query}" if parts.query else "")
    usual = target.port == (443 if target.scheme == "https" else 80)
    host = f"[{target.host}]" if ":" in target.host else target.host
    return address, {"Host": host if usual else f"{host}:{target.port}"}, {"sni_hostname": target.host}


def _next_hop(url: str, location: str) -> str:
    try:
        following = urljoin(url, location)
    except ValueError:
        raise ReadError(f"{_shown(url)}: leads to what is not a URL; give the final address") from None
    if url.startswith("https:") and following.startswith("http:"):
        raise ReadError(f"{_shown(url)}: leads from https to http, which is not followed; give the final address")
    return following


def _shown(url: str) -> str:
    return url.partition("?")[0][:200]


def _meaning(status: int) -> str:
    if status in (404, 410):
        return "not found; check the address or identifier"
    if status in (401, 403):
        return f"access refused ({status}); download it yourself"
    if status in (429, 503):
        return f"the server is busy ({status}); try again later"
    return f"the server answered {status}; try again later or download it yourself"
