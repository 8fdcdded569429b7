"""The guard of the page's server: whom it answers, and what a browser may do with what it sends."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from rag.loopback import is_loopback

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

_HEADERS = [
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"permissions-policy", b"camera=(), microphone=(), geolocation=()"),
    (b"cross-origin-opener-policy", b"same-origin"),
]


class Guard:
    """Middleware that adds security headers and, if only this machine is served, refuses other sites.

    A page of another site can make a browser send requests here: through a host name of that site that resolves to this
    machine (the Host header shows it), or from its own origin (the Origin header shows it). Both are refused when the
    server listens on a loopback address.
    """

    def __init__(self, app: ASGIApp, *, local_only: bool) -> None:
        self._app, self._local_only = app, local_only

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI entry."""
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
        elif self._local_only and not _from_here(scope):
            await _refuse(send)
        elif scope.get("path") == "/":
            # A nonce marks the page's own scripts. It is written into the page, which must not be compressed for that.
            headers = [pair for pair in scope["headers"] if pair[0].lower() != b"accept-encoding"]
            await self._app({**scope, "headers": headers}, receive, _Page(send))
        else:
            await self._app(scope, receive, _guarded(send, _policy(None)))


class _Page:
    """Send the page with a nonce on each of its own script elements; no other inline script can run."""

    def __init__(self, send: Send) -> None:
        self._nonce = secrets.token_urlsafe(18)
        self._send = _guarded(send, _policy(self._nonce))
        self._start: Message | None = None
        self._body = b""

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._start = message
            return
        self._body += message.get("body", b"")
        if message.get("more_body") or self._start is None:
            return
        # Data inside the page holds no bare "<": Gradio writes it as JSON with that character escaped.
        body = self._body.replace(b"<script", b'<script nonce="' + self._nonce.encode() + b'"')
        headers = [pair for pair in self._start.get("headers", []) if pair[0].lower() != b"content-length"]
        headers += [(b"content-length", str(len(body)).encode()), (b"cache-control", b"no-store")]
        await self._send({**self._start, "headers": headers})
        await self._send({"type": "http.response.body", "body": body})


def _policy(nonce: str | None) -> bytes:
    """The content security policy: all stays within this server, so that even markup that slipped through could run
    nothing, load nothing from elsewhere and send nothing away. Gradio compiles its templates at run time, which needs
    ``unsafe-eval``, and styles its elements inline."""
    own_scripts = f"'nonce-{nonce}'" if nonce else ""
    rules = [
        "default-src 'self'",
        f"script-src 'self' 'unsafe-eval' {own_scripts}".rstrip(),
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "font-src 'self' data:",
        "connect-src 'self'",
        "object-src 'none'",
        "base-uri 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    ]
    return "; ".join(rules).encode()


def _guarded(send: Send, policy: bytes) -> Send:
    ours = [*_HEADERS, (b"content-security-policy", policy)]
    names = {name for name, _ in ours}

    async def send_guarded(message: Message) -> None:
        if message["type"] == "http.response.start":
            kept = [pair for pair in message.get("headers", []) if pair[0].lower() not in names]
            message = {**message, "headers": [*kept, *ours]}
        await send(message)

    return send_guarded


def _from_here(scope: Scope) -> bool:
    headers = {name.lower(): value.decode("latin-1") for name, value in scope["headers"]}
    host, origin = headers.get(b"host", ""), headers.get(b"origin")
    try:
        return is_loopback(urlsplit(f"//{host}").hostname or "") and origin in {None, f"http://{host}"}
    except ValueError:
        return False


async def _refuse(send: Send) -> None:
    body = b"This server answers its own machine only, as http://127.0.0.1 or http://localhost.\n"
    headers = [(b"content-type", b"text/plain; charset=utf-8"), *_HEADERS]
    await send({"type": "http.response.start", "status": 403, "headers": headers})
    await send({"type": "http.response.body", "body": body})
