"""Closing a stream half-way closes the request at the server, seen by a real server on the loopback."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from rag.answering.backends import build_backend
from rag.errors import ModelError
from rag.models.protocols import Backend, Message
from rag.settings import Settings
from tests.support.model_server import COMMENT, WORD, ModelServer, cancel_while_serving, model_server

ASK = [Message("user", "Which optimizer?")]


@pytest.fixture
def talking() -> Iterator[ModelServer]:
    with model_server(line=WORD) as server:
        yield server


@pytest.fixture
def silent() -> Iterator[ModelServer]:
    with model_server(line=COMMENT) as server:
        yield server


def backend_at(server: ModelServer, **settings: Any) -> Backend:
    return build_backend(Settings(llm="openai", openai_base_url=server.address, model="m", **settings))


def test_closing_the_iterator_closes_the_request(talking: ModelServer) -> None:
    backend = backend_at(talking)
    with closing(backend.stream(ASK, max_tokens=64)) as chunks:  # type: ignore[type-var]  # a generator, closable
        assert next(chunks).text == "more "
    assert talking.gone.wait(10)


def test_closing_the_asynchronous_iterator_closes_the_request(talking: ModelServer) -> None:
    async def ask() -> None:
        chunks = backend_at(talking).astream(ASK, max_tokens=64)
        assert (await anext(chunks)).text == "more "
        await chunks.aclose()  # type: ignore[attr-defined]  # a generator, closable
        assert await asyncio.to_thread(talking.gone.wait, 10)

    asyncio.run(ask())


def test_cancelling_the_task_closes_a_request_that_waits_for_words(silent: ModelServer) -> None:
    async def ask() -> None:
        async def read() -> None:
            async for _ in backend_at(silent).astream(ASK, max_tokens=64):
                pass

        await cancel_while_serving(silent, read())
        assert await asyncio.to_thread(silent.gone.wait, 10)

    asyncio.run(ask())


def test_signs_of_life_without_words_do_not_hold_off_the_time_out(silent: ModelServer) -> None:
    with pytest.raises(ModelError, match=r"gave no answer within 0\.5 s"):
        list(backend_at(silent, timeout_s=0.5, retries=0).stream(ASK, max_tokens=64))
    assert silent.gone.wait(10)
