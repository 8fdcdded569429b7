"""The openai embedder at the wire: batches, order, length of the vectors, and how it fails."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx
import numpy as np
import pytest
import respx
from pydantic import SecretStr

from rag.errors import ModelError
from rag.models.embedders import openai as openai_embedder
from rag.models.embedders.openai import OpenAIEmbedder
from rag.models.openai.endpoint import Endpoint
from rag.models.openai.retry import RetryPolicy
from rag.models.registry import build_embedder
from rag.settings import Settings

JSON = {"content-type": "application/json"}
NOT_NUMBERS = '{"data": [{"index": 0, "embedding": [NaN]}, {"index": 1, "embedding": [NaN]}]}'
BASE = "http://model.test/v1"
KEY = "sk-secret-0123456789"


def settings(**given: Any) -> Settings:
    return Settings(
        **{"embedding": "openai", "openai_api_key": SecretStr(KEY), "openai_base_url": BASE, "timeout_s": 30, **given}
    )


@pytest.fixture
def waits() -> list[float]:
    return []


@pytest.fixture
def embedder(waits: list[float]) -> OpenAIEmbedder:
    retry = RetryPolicy(tries=2, budget_s=30, sleep=waits.append, jitter=lambda: 0.0)
    return OpenAIEmbedder(Endpoint.for_embeddings(settings()), retry=retry)


@pytest.fixture
def server() -> Iterator[respx.Route]:
    with respx.mock() as router:
        yield router.post(f"{BASE}/embeddings")


def inputs(request: httpx.Request) -> list[str]:
    found: list[str] = json.loads(request.content)["input"]
    return found


def vectors(request: httpx.Request, *, length: int = 3) -> httpx.Response:
    """For every text a vector that points along axis 0 for "a", 1 for "b", and so on; listed backwards."""
    data = [
        {"object": "embedding", "index": i, "embedding": [2.0 * (axis == ord(text[0]) - 97) for axis in range(length)]}
        for i, text in enumerate(inputs(request))
    ]
    return httpx.Response(200, json={"object": "list", "model": "m", "data": data[::-1]})


def test_vectors_come_in_the_order_of_the_texts_and_of_unit_length(
    server: respx.Route, embedder: OpenAIEmbedder
) -> None:
    server.mock(side_effect=vectors)
    found = embedder.embed_texts(["b", "a", "c"])
    assert found.dtype == np.float32
    assert found.tolist() == [[0, 1, 0], [1, 0, 0], [0, 0, 1]]


def test_the_request_names_the_model_and_carries_the_key(server: respx.Route, embedder: OpenAIEmbedder) -> None:
    server.mock(side_effect=vectors)
    embedder.embed_query("a question")
    request = server.calls.last.request
    assert json.loads(request.content) == {
        "input": ["a question"],
        "model": "text-embedding-3-small",
        "encoding_format": "float",
    }
    assert request.headers["authorization"] == f"Bearer {KEY}"


def test_the_dimension_is_learned_from_the_first_call(server: respx.Route, embedder: OpenAIEmbedder) -> None:
    server.mock(side_effect=lambda request: vectors(request, length=4))
    assert (embedder.dimension, embedder.dimension) == (4, 4)
    assert server.call_count == 1


def test_the_name_tells_the_model() -> None:
    assert build_embedder(settings(embedding_model="nomic")).name == "openai:nomic"


def test_many_texts_go_in_batches_bounded_by_number(server: respx.Route, embedder: OpenAIEmbedder) -> None:
    server.mock(side_effect=vectors)
    assert embedder.embed_texts(["a"] * 300).shape == (300, 3)
    assert [len(inputs(call.request)) for call in server.calls] == [128, 128, 44]


def test_long_texts_go_in_batches_bounded_by_size(
    server: respx.Route, embedder: OpenAIEmbedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(openai_embedder, "MAX_BATCH_BYTES", 100)
    server.mock(side_effect=vectors)
    embedder.embed_texts(["a" * 60, "b" * 40, "c" * 60])
    assert [len(inputs(call.request)) for call in server.calls] == [2, 1]


def test_a_text_beyond_the_bound_is_cut_at_a_whole_character(server: respx.Route, embedder: OpenAIEmbedder) -> None:
    server.mock(side_effect=vectors)
    embedder.embed_query("a" + "é" * 5_000)
    (sent,) = inputs(server.calls.last.request)
    assert sent == "a" + "é" * 3_999


def test_no_texts_ask_for_nothing_once_the_dimension_is_known() -> None:
    embedder = OpenAIEmbedder(Endpoint.for_embeddings(settings()), dimension=5)
    with respx.mock() as nothing_allowed:
        assert embedder.embed_texts([]).shape == (0, 5)
    assert not nothing_allowed.calls


def test_vectors_beyond_single_precision_still_get_unit_length(server: respx.Route, embedder: OpenAIEmbedder) -> None:
    server.mock(return_value=data((0, [3e60, 4e60])))
    assert embedder.embed_query("a").tolist() == pytest.approx([0.6, 0.8])


def test_blank_text_and_half_a_surrogate_pair_are_made_sendable(server: respx.Route, embedder: OpenAIEmbedder) -> None:
    server.mock(return_value=httpx.Response(200, json={"data": [{"index": i, "embedding": [1.0]} for i in (0, 1)]}))
    assert embedder.embed_texts([" \n", "a\ud800"]).tolist() == [[1.0], [1.0]]
    assert inputs(server.calls.last.request) == [".", "a?"]


def test_a_batch_a_server_finds_too_large_goes_in_halves(server: respx.Route, embedder: OpenAIEmbedder) -> None:
    def small_batches_only(request: httpx.Request) -> httpx.Response:
        if len(inputs(request)) > 2:
            return httpx.Response(422, json={"error": {"message": "batch size 5 > maximum allowed batch size 2"}})
        return vectors(request)

    server.mock(side_effect=small_batches_only)
    assert embedder.embed_texts(["c", "b", "a", "b", "c"]).argmax(axis=1).tolist() == [2, 1, 0, 1, 2]


def data(*entries: tuple[int, list[Any]]) -> httpx.Response:
    return httpx.Response(200, json={"data": [{"index": i, "embedding": vector} for i, vector in entries]})


FINAL = [
    (httpx.Response(401, json={"error": {"message": f"bad key {KEY}"}}), "does not accept the key (401)"),
    (httpx.Response(404, json={"error": {"message": "?"}}), "check CITEWELL_EMBEDDING_MODEL"),
    (httpx.Response(400, json={"error": {"message": "maximum context length"}}), "to one that reads more"),
    (httpx.Response(200, html="<h1>Log in</h1>"), "answered with a web page"),
    (httpx.Response(200, text="{"), "cannot be read"),
    (httpx.Response(200, json={}), "cannot be read"),
    (httpx.Response(200, json={"data": []}), "cannot be read"),
    (data((0, [1.0]), (0, [1.0])), "cannot be read"),
    (data((0, [1.0])), "cannot be read"),
    (data((0, [1.0]), (1, [1.0, 2.0])), "cannot be read"),
    (data((0, [1.0]), (1, ["x"])), "cannot be read"),
    (data((0, [1.0]), (1, [0.0])), "cannot be read"),
    (data((0, []), (1, [])), "cannot be read"),
    (httpx.Response(200, headers=JSON, text=NOT_NUMBERS), "cannot be read"),
    (httpx.Response(200, headers=JSON, text="{"), "cannot be read"),
]


@pytest.mark.parametrize(("response", "sentence"), FINAL)
def test_a_failure_that_stays_ends_at_once_in_one_sentence(
    server: respx.Route, embedder: OpenAIEmbedder, response: httpx.Response, sentence: str
) -> None:
    server.mock(return_value=response)
    with pytest.raises(ModelError) as caught:
        embedder.embed_texts(["a", "b"])
    assert sentence in str(caught.value)
    assert KEY not in str(caught.value)
    assert server.call_count == 1


def test_a_failure_that_may_pass_is_retried(server: respx.Route, embedder: OpenAIEmbedder, waits: list[float]) -> None:
    server.mock(
        side_effect=[httpx.Response(429, headers={"retry-after": "2"}), httpx.ReadTimeout("slow"), data((0, [3, 4]))]
    )
    assert embedder.embed_query("a").tolist() == pytest.approx([0.6, 0.8])
    assert waits == [2.0, 1.0]


def test_retries_end(server: respx.Route, embedder: OpenAIEmbedder, waits: list[float]) -> None:
    server.mock(return_value=httpx.Response(503))
    with pytest.raises(ModelError, match="fails at the moment") as caught:
        embedder.embed_query("a")
    assert caught.value.retryable
    assert waits == [0.5, 1.0]


def test_vectors_of_another_length_than_before_are_refused(server: respx.Route, embedder: OpenAIEmbedder) -> None:
    server.mock(side_effect=[data((0, [1.0, 0.0])), data((0, [1.0]))])
    embedder.embed_query("a")
    with pytest.raises(ModelError, match="vectors of length 1 instead of 2"):
        embedder.embed_query("a")
