"""Closing a stream half-way closes the request at the server, seen by a real server on the loopback."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from rag.errors import ModelError
from rag.models.protocols import Backend, Message
from rag.models.registry import build_backend
from rag.settings import Settings

ASK = [Message("user", "Which optimizer?")]


class EndlessServer(ThreadingHTTPServer):
    """Streams the word "more" (or, when ``silent``, mere comments) until the client goes away."""

    daemon_threads = True

    def __init__(self, *, silent: bool) -> None:
        super().__init__(("127.0.0.1", 0), Endless)
        self.silent = silent
        self.gone = threading.Event()
        self.serving = threading.Event()


class Endless(BaseHTTPRequestHandler):
    server: EndlessServer

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.end_headers()
        delta = {"choices": [{"index": 0, "delta": {"content": "more "}, "finish_reason": None}]}
        line = b": alive\n\n" if self.server.silent else f"data: {json.dumps(delta)}\n\n".encode()
        pause = threading.Event()
        try:
            while True:
                self.wfile.write(line)
                self.server.serving.set()
                pause.wait(0.02)
        except OSError:
            self.server.gone.set()

    def log_message(self, *args: object) -> None:
        """Says nothing."""


def serve(*, silent: bool) -> Iterator[EndlessServer]:
    with EndlessServer(silent=silent) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def talking() -> Iterator[EndlessServer]:
    yield from serve(silent=False)


@pytest.fixture
def silent() -> Iterator[EndlessServer]:
    yield from serve(silent=True)


def backend_at(server: EndlessServer, **settings: Any) -> Backend:
    address = f"http://127.0.0.1:{server.server_address[1]}/v1"
    return build_backend(Settings(llm="openai", openai_base_url=address, model="m", **settings))


def test_closing_the_iterator_closes_the_request(talking: EndlessServer) -> None:
    backend = backend_at(talking)
    with closing(backend.stream(ASK, max_tokens=64)) as chunks:  # type: ignore[type-var]  # a generator, closable
        assert next(chunks).text == "more "
    assert talking.gone.wait(10)


def test_closing_the_asynchronous_iterator_closes_the_request(talking: EndlessServer) -> None:
    async def ask() -> None:
        chunks = backend_at(talking).astream(ASK, max_tokens=64)
        assert (await anext(chunks)).text == "more "
        await chunks.aclose()  # type: ignore[attr-defined]  # a generator, closable
        assert await asyncio.to_thread(talking.gone.wait, 10)

    asyncio.run(ask())


def test_cancelling_the_task_closes_a_request_that_waits_for_words(silent: EndlessServer) -> None:
    async def ask() -> None:
        async def read() -> None:
            async for _ in backend_at(silent).astream(ASK, max_tokens=64):
                pass

        task = asyncio.create_task(read())
        assert await asyncio.to_thread(silent.serving.wait, 10)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await asyncio.to_thread(silent.gone.wait, 10)

    asyncio.run(ask())


def test_signs_of_life_without_words_do_not_hold_off_the_time_out(silent: EndlessServer) -> None:
    with pytest.raises(ModelError, match=r"gave no answer within 0\.5 s"):
        list(backend_at(silent, timeout_s=0.5, retries=0).stream(ASK, max_tokens=64))
    assert silent.gone.wait(10)
