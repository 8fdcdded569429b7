"""A model server on the loopback, for what no mock at the wire can show: that a connection really closes."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import pytest

from eval.stand_ins.mock import reply

#: Signs of life without a word, as servers send them that are busy.
COMMENT = b": alive\n\n"
#: A word of an answer that never ends.
WORD = (
    b"data: %s\n\n"
    % json.dumps({"choices": [{"index": 0, "delta": {"content": "more "}, "finish_reason": None}]}).encode()
)
_PAUSE_S = 0.02
_POLL_S = 0.05


class ModelServer(ThreadingHTTPServer):
    """Gives each chat request the text that ``script`` makes of its body, and never comes to an end with those that it
    has no text for: these get ``line`` again and again until the client goes away.

    ``serving`` is set once an endless reply has begun, ``gone`` once its client has left; ``bodies`` are all requests.
    """

    daemon_threads = True

    def __init__(self, script: Callable[[bytes], str | None], line: bytes) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.script, self.line = script, line
        self.bodies: list[bytes] = []
        self.serving, self.gone = threading.Event(), threading.Event()

    @property
    def address(self) -> str:
        """What ``OPENAI_BASE_URL`` is set to."""
        return f"http://127.0.0.1:{self.server_address[1]}/v1"


@contextmanager
def model_server(
    script: Callable[[bytes], str | None] = lambda _: None, *, line: bytes = COMMENT
) -> Iterator[ModelServer]:
    """A server that runs as long as the context lasts."""
    with ModelServer(script, line) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": _POLL_S})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


async def cancel_while_serving(server: ModelServer, work: Coroutine[Any, Any, object]) -> None:
    """Cancels ``work`` once it gets an endless reply, and waits until it has ended so."""
    task = asyncio.create_task(work)
    assert await asyncio.to_thread(server.serving.wait, 10)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


class _Handler(BaseHTTPRequestHandler):
    server: ModelServer

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        self.server.bodies.append(body)
        text = self.server.script(body)
        if text is None:
            self._start("text/event-stream")
            self._never_end()
        else:
            response = reply(httpx.Request("POST", self.server.address, content=body), lambda _: text)
            self._start(response.headers["content-type"])
            self.wfile.write(response.content)

    def _start(self, kind: str) -> None:
        self.send_response(200)
        self.send_header("content-type", kind)
        self.end_headers()

    def _never_end(self) -> None:
        pause = threading.Event()
        try:
            while True:
                self.wfile.write(self.server.line)
                self.server.serving.set()
                pause.wait(_PAUSE_S)
        except OSError:
            self.server.gone.set()

    def log_message(self, *args: object) -> None:
        """Says nothing."""
