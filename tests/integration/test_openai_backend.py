"""The openai backend at the wire: what is sent, what is read, and the sentence for each way a server can fail."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
import respx
from pydantic import BaseModel, SecretStr

from rag.answering.backends import build_backend
from rag.errors import ModelError, SettingsError
from rag.models.openai import wire
from rag.models.openai.backend import OpenAIBackend
from rag.models.openai.endpoint import Endpoint
from rag.models.openai.retry import RetryPolicy
from rag.models.protocols import Backend, Chunk, Message, Usage
from rag.settings import Settings

BASE = "http://model.test/v1"
KEY = "sk-secret-0123456789"
MESSAGES = [Message("system", "Cite your sources."), Message("user", "[1] BERT trains in 76 minutes. Which optimizer?")]
Drive = Callable[[Backend], tuple[list[Chunk], ModelError | None]]


def drive_sync(backend: Backend) -> tuple[list[Chunk], ModelError | None]:
    chunks = []
    try:
        for chunk in backend.stream(MESSAGES, max_tokens=64):
            chunks.append(chunk)
    except ModelError as error:
        return chunks, error
    return chunks, None


def drive_async(backend: Backend) -> tuple[list[Chunk], ModelError | None]:
    async def collect() -> tuple[list[Chunk], ModelError | None]:
        chunks = []
        try:
            async for chunk in backend.astream(MESSAGES, max_tokens=64):
                chunks.append(chunk)
        except ModelError as error:
            return chunks, error
        return chunks, None

    return asyncio.run(collect())


@pytest.fixture(params=[drive_sync, drive_async], ids=["sync", "async"])
def drive(request: pytest.FixtureRequest) -> Drive:
    found: Drive = request.param
    return found


@pytest.fixture
def waits() -> list[float]:
    return []


@pytest.fixture
def backend(waits: list[float]) -> OpenAIBackend:
    async def asleep(seconds: float) -> None:
        waits.append(seconds)

    settings = Settings(
        llm="openai", openai_api_key=SecretStr(KEY), openai_base_url=BASE, model="some-model", timeout_s=30
    )
    retry = RetryPolicy(tries=2, budget_s=30, sleep=waits.append, asleep=asleep, jitter=lambda: 0.0)
    return OpenAIBackend(Endpoint.for_answers(settings), context_window=8_192, retry=retry)


@pytest.fixture
def server() -> Iterator[respx.Route]:
    with respx.mock() as router:
        yield router.post(f"{BASE}/chat/completions")


def event(data: Any) -> str:
    return f"data: {json.dumps(data)}\n\n"


def words(text: str | None, *, finish: str | None = None, **delta: Any) -> str:
    choice = {"index": 0, "delta": {"content": text, **delta}, "finish_reason": finish}
    return event({"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [choice]})


ROLE = words(None, role="assistant")
END = words(None, finish="stop") + "data: [DONE]\n\n"
USAGE = event({"id": "c", "choices": [], "usage": {"prompt_tokens": 30, "completion_tokens": 4, "total_tokens": 34}})


def stream(*events: str, kind: str = "text/event-stream") -> httpx.Response:
    return httpx.Response(200, headers={"content-type": kind}, text="".join(events))


def refusal(status: int, message: str = "no", *, headers: dict[str, str] | None = None, **more: str) -> httpx.Response:
    return httpx.Response(status, headers=headers, json={"error": {"message": message, **more}})


def text_of(chunks: list[Chunk]) -> str:
    return "".join(chunk.text for chunk in chunks)


def test_the_request_holds_the_messages_and_the_bounds(
    server: respx.Route, backend: OpenAIBackend, drive: Drive
) -> None:
    server.mock(return_value=stream(words("LAMB [1]."), END))
    drive(backend)
    request = server.calls.last.request
    body = json.loads(request.content)
    assert body["messages"] == [{"role": m.role, "content": m.content} for m in MESSAGES]
    assert {k: body[k] for k in ("model", "max_tokens", "temperature", "stream")} == {
        "model": "some-model",
        "max_tokens": 64,
        "temperature": 0.0,
        "stream": True,
    }
    assert request.headers["authorization"] == f"Bearer {KEY}"


def test_a_stream_gives_its_pieces_and_its_usage(server: respx.Route, backend: OpenAIBackend, drive: Drive) -> None:
    server.mock(return_value=stream(words("", role="assistant"), words("LAMB "), words("[1]."), USAGE, END))
    chunks, error = drive(backend)
    assert error is None
    assert [chunk.text for chunk in chunks if chunk.text] == ["LAMB ", "[1]."]
    assert chunks[-1].usage == Usage(30, 4, 1)


def test_usage_that_is_not_reported_is_not_made_up(server: respx.Route, backend: OpenAIBackend, drive: Drive) -> None:
    server.mock(return_value=stream(words("LAMB [1]."), END))
    chunks, _ = drive(backend)
    assert [chunk.usage for chunk in chunks] == [None] * len(chunks)


def test_a_server_that_does_not_stream_is_read_as_well(
    server: respx.Route, backend: OpenAIBackend, drive: Drive
) -> None:
    answer = {
        "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "LAMB [1]."}}],
        "usage": {"prompt_tokens": 30, "completion_tokens": 4},
    }
    server.mock(return_value=httpx.Response(200, json=answer))
    assert drive(backend) == ([Chunk("LAMB [1].", Usage(30, 4, 1))], None)


def test_thinking_is_not_part_of_the_answer(server: respx.Route, backend: OpenAIBackend, drive: Drive) -> None:
    server.mock(return_value=stream(words("<thi"), words("nk>[7]?</think>\n"), words("\nLAMB"), words(" [1]."), END))
    assert text_of(drive(backend)[0]) == "LAMB [1]."


def test_a_server_without_a_key_gets_a_placeholder(server: respx.Route, drive: Drive) -> None:
    server.mock(return_value=stream(words("LAMB"), END))
    backend = build_backend(Settings(llm="openai", openai_api_key=None, openai_base_url=BASE, model="m"))
    assert drive(backend)[1] is None
    assert server.calls.last.request.headers["authorization"] == "Bearer not-needed"


@pytest.mark.parametrize(
    ("parameter", "message", "gone"),
    [
        ("stream_options", "Unrecognized request argument supplied: stream_options", "stream_options"),
        ("max_tokens", "'max_tokens' is not supported; use 'max_completion_tokens' instead.", "max_tokens"),
        ("temperature", "'temperature' does not support 0 with this model.", "temperature"),
    ],
)
def test_an_optional_parameter_that_a_server_refuses_is_left_out(
    server: respx.Route, backend: OpenAIBackend, drive: Drive, parameter: str, message: str, gone: str
) -> None:
    server.mock(side_effect=[refusal(400, message, param=parameter), stream(words("LAMB"), END)])
    chunks, error = drive(backend)
    assert (text_of(chunks), error) == ("LAMB", None)
    assert gone not in json.loads(server.calls.last.request.content)


class Grade(BaseModel):
    grade: int


@pytest.mark.parametrize(
    ("refused", "sent"),
    [
        ([], ["json_schema"]),
        (
            ["'response_format' of type 'json_schema' is not supported"],
            ["json_schema", "json_object"],
        ),
        (["This response_format type is unavailable now"] * 2, ["json_schema", "json_object", None]),
        (["JSON schema conversion failed"], ["json_schema", "json_object"]),
        (["Failed to validate JSON"], ["json_schema", "json_object"]),
    ],
)
def test_a_reply_in_json_is_asked_for_in_the_way_a_server_takes_and_a_refusal_is_remembered(
    server: respx.Route, backend: OpenAIBackend, refused: list[str], sent: list[str | None]
) -> None:
    replies = [refusal(400, message) for message in refused]
    server.mock(side_effect=[*replies, *[stream(words('{"grade": 1}'), END)] * 2])
    for _ in range(2):
        assert text_of(list(backend.stream(MESSAGES, max_tokens=64, reply_schema=Grade))) == '{"grade": 1}'
    formats = [json.loads(call.request.content).get("response_format") for call in server.calls]
    assert [asked and asked["type"] for asked in formats] == [*sent, sent[-1]]
    assert formats[0]["json_schema"] == {"name": "Grade", "schema": Grade.model_json_schema(), "strict": True}


def test_a_server_that_fails_over_a_schema_is_asked_without_it(server: respx.Route, backend: OpenAIBackend) -> None:
    failure = refusal(500, 'response_format type must be one of "text" or "json_object", but got: json_schema')
    server.mock(side_effect=[failure, stream(words('{"grade": 1}'), END)])
    assert text_of(list(backend.stream(MESSAGES, max_tokens=64, reply_schema=Grade))) == '{"grade": 1}'
    assert json.loads(server.calls.last.request.content)["response_format"] == {"type": "json_object"}


def test_the_asynchronous_half_asks_for_json_as_well(server: respx.Route, backend: OpenAIBackend) -> None:
    async def ask() -> str:
        return "".join([c.text async for c in backend.astream(MESSAGES, max_tokens=64, reply_schema=Grade)])

    server.mock(return_value=stream(words('{"grade": 1}'), END))
    assert asyncio.run(ask()) == '{"grade": 1}'
    assert json.loads(server.calls.last.request.content)["response_format"]["type"] == "json_schema"


def test_what_a_server_refuses_is_not_sent_again(server: respx.Route, backend: OpenAIBackend) -> None:
    server.mock(side_effect=[refusal(400, "stream_options?"), *[stream(words("LAMB"), END)] * 2])
    drive_sync(backend)
    drive_sync(backend)
    assert server.call_count == 3


STATUSES = [
    (refusal(401, f"Incorrect API key provided: {KEY}"), "does not accept the key (401); set OPENAI_API_KEY"),
    (refusal(402), "no credit left (402)"),
    (refusal(403), "does not let this key use model 'some-model' (403)"),
    (refusal(404, code="model_not_found"), "has no model 'some-model' at this address (404); check CITEWELL_MODEL"),
    (refusal(429, code="insufficient_quota", headers={"retry-after": "1"}), "no credit left (429)"),
    (refusal(400, "too long", code="context_length_exceeded"), "lower CITEWELL_MAX_PROMPT_TOKENS"),
    (refusal(400, "This model's maximum context length is 4096 tokens"), "lower CITEWELL_MAX_PROMPT_TOKENS"),
    (refusal(400, "the request exceeds the available context size"), "lower CITEWELL_MAX_PROMPT_TOKENS"),
    (refusal(400, "The prompt is longer than the maximum model length of 4096."), "lower CITEWELL_MAX_PROMPT_TOKENS"),
    (refusal(400, "input exceeds the maximum number of tokens allowed"), "lower CITEWELL_MAX_PROMPT_TOKENS"),
    (refusal(413, "please reduce your message size and try again"), "lower CITEWELL_MAX_PROMPT_TOKENS"),
    (refusal(400, "blocked", code="content_filter"), "content filter of the model server at model.test blocked"),
    (refusal(418, f"odd \x1b[31m\nthing, key {KEY}"), "refused the request (418): odd [31m thing, key [key]; check"),
    (
        refusal(418, "the key parameter of sk-other-987654"),
        "refused the request (418): the key parameter of [key]; check",
    ),
    (
        httpx.Response(422, json={"detail": [{"loc": [], "msg": "field required"}]}),
        "(422): field required; check",
    ),
    (httpx.Response(422, json={"detail": "no such thing"}), "(422): no such thing; check"),
    (httpx.Response(400, text="<html><body>Bad</body></html>"), "refused the request (400): a web page; check"),
    (httpx.Response(200, html="<h1>Log in</h1>"), "answered with a web page"),
    (httpx.Response(200, text="\n<!doctype html>"), "answered with a web page"),
    (httpx.Response(200, json={"choices": "none"}), "cannot be read"),
    (httpx.Response(200, json=["?"]), "cannot be read"),
    (httpx.Response(200, json={"choices": [{"message": {"content": ["x"]}}]}), "cannot be read"),
    (httpx.Response(200, json={"choices": [{"message": {"refusal": "No."}}]}), "declined to answer"),
    (stream("data: {broken\n\n", END), "cannot be read"),
    (stream(event({"choices": None}), END), "cannot be read"),
    (stream(event({"choices": [{"delta": {"content": ["x"]}}]}), END), "cannot be read"),
    (stream(event(["x"]), END), "cannot be read"),
    (stream("data: " + "[" * 100_000 + "\n\n", END), "cannot be read"),
    (stream(ROLE, words(None, finish="content_filter")), "content filter"),
    (stream(words(None, finish="content_filter"), "data: [DONE]\n\n"), "content filter"),
    (stream(ROLE, words(None, refusal="I cannot."), END), "declined to answer"),
    (stream(words(None, refusal="I cannot."), END), "declined to answer"),
    (stream(ROLE, words(None, finish="length")), "raise CITEWELL_MAX_ANSWER_TOKENS"),
    (stream(words("<think>hm, hm", finish="length")), "raise CITEWELL_MAX_ANSWER_TOKENS"),
]


@pytest.mark.parametrize(("response", "sentence"), STATUSES, ids=[sentence[:40] for _, sentence in STATUSES])
def test_a_failure_that_stays_ends_at_once_in_one_sentence(
    server: respx.Route, backend: OpenAIBackend, drive: Drive, response: httpx.Response, sentence: str
) -> None:
    server.mock(
        side_effect=lambda _: httpx.Response(response.status_code, headers=response.headers, content=response.content)
    )
    chunks, error = drive(backend)
    assert chunks == []
    assert error is not None
    assert sentence in str(error)
    assert server.call_count == 1
    assert KEY not in str(error)
    assert str(error).isprintable()


PASSING = [
    (refusal(429, headers={"retry-after": "3"}), [3.0, 3.0], "too many requests (429); try again in 3 s"),
    (refusal(429), [0.5, 1.0], "too many requests (429); try again in a minute"),
    (refusal(500), [0.5, 1.0], "fails at the moment (500)"),
    (refusal(502), [0.5, 1.0], "fails at the moment (502)"),
    (refusal(503, headers={"retry-after": "2"}), [2.0, 2.0], "fails at the moment (503)"),
    (httpx.ReadTimeout("slow"), [0.5, 1.0], "gave no answer within 30 s"),
    (httpx.ConnectError("no route"), [0.5, 1.0], "cannot reach the model server at model.test"),
    (httpx.RemoteProtocolError("bye"), [0.5, 1.0], "closed the connection before it answered"),
    (stream(words("")), [0.5, 1.0], "closed the connection before it answered"),
    (stream(words(" "), END), [0.5, 1.0], "gave an empty answer"),
    (
        stream(event({"error": {"message": "overloaded"}})),
        [0.5, 1.0],
        "reported an error while it answered: overloaded",
    ),
    (httpx.Response(200, json={"error": {"message": "overloaded"}}), [0.5, 1.0], "reported an error while it answered"),
]


@pytest.mark.parametrize(("outcome", "expected", "sentence"), PASSING, ids=[sentence[:40] for *_, sentence in PASSING])
def test_a_failure_that_may_pass_is_retried_and_then_told_in_one_sentence(
    server: respx.Route,
    backend: OpenAIBackend,
    drive: Drive,
    waits: list[float],
    outcome: httpx.Response | Exception,
    expected: list[float],
    sentence: str,
) -> None:
    server.mock(side_effect=[outcome] * 3)
    chunks, error = drive(backend)
    assert (chunks, waits) == ([], expected)
    assert error is not None
    assert error.retryable
    assert sentence in str(error)


def test_a_retry_that_succeeds_gives_the_answer(server: respx.Route, backend: OpenAIBackend, drive: Drive) -> None:
    server.mock(side_effect=[refusal(429, headers={"retry-after": "1"}), stream(words("LAMB [1]."), END)])
    chunks, error = drive(backend)
    assert (text_of(chunks), error) == ("LAMB [1].", None)


def test_a_server_that_asks_for_too_long_a_wait_is_not_waited_for(
    server: respx.Route, backend: OpenAIBackend, drive: Drive, waits: list[float]
) -> None:
    server.mock(return_value=refusal(429, headers={"retry-after": "3600"}))
    _, error = drive(backend)
    assert "try again in 3600 s" in str(error)
    assert waits == []


CUTS = [
    (stream(words("LAMB ")), "broke off in the middle of the answer"),
    (stream(words("LAMB "), "data: {broken\n\n"), "sent something in the middle of the answer that cannot be read"),
    (stream(words("LAMB "), event({"error": {"message": "overloaded"}})), "reported an error while it answered"),
    (stream(words("LAMB ", finish="content_filter")), "content filter"),
]


@pytest.mark.parametrize(("response", "sentence"), CUTS, ids=[sentence[:30] for _, sentence in CUTS])
def test_a_failure_in_the_middle_keeps_what_was_given_and_is_not_retried(
    server: respx.Route, backend: OpenAIBackend, drive: Drive, response: httpx.Response, sentence: str
) -> None:
    server.mock(return_value=response)
    chunks, error = drive(backend)
    assert text_of(chunks) == "LAMB "
    assert sentence in str(error)
    assert server.call_count == 1


class Broken(httpx.SyncByteStream, httpx.AsyncByteStream):
    """A body that gives one word and then fails."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    def __iter__(self) -> Iterator[bytes]:
        yield words("LAMB ").encode()
        raise self.error

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield words("LAMB ").encode()
        raise self.error


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (httpx.RemoteProtocolError("incomplete chunked read"), "broke off in the middle of the answer"),
        (httpx.ReadError("reset"), "broke off in the middle of the answer"),
        (httpx.ReadTimeout("slow"), "stopped in the middle of the answer for 30 s"),
    ],
)
def test_a_connection_that_fails_in_the_middle_keeps_what_was_given(
    server: respx.Route, backend: OpenAIBackend, drive: Drive, error: Exception, sentence: str
) -> None:
    server.mock(return_value=httpx.Response(200, headers={"content-type": "text/event-stream"}, stream=Broken(error)))
    chunks, failure = drive(backend)
    assert text_of(chunks) == "LAMB "
    assert sentence in str(failure)
    assert server.call_count == 1


def test_a_server_that_does_not_stop_is_stopped(
    server: respx.Route, backend: OpenAIBackend, drive: Drive, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wire, "MAX_BYTES", 1_000)
    server.mock(return_value=stream(": " + "x" * 2_000))
    _, error = drive(backend)
    assert "sent far more than an answer" in str(error)


def test_questions_at_the_same_time_get_their_own_answers(server: respx.Route, backend: OpenAIBackend) -> None:
    def echo(request: httpx.Request) -> httpx.Response:
        asked = json.loads(request.content)["messages"][0]["content"]
        return stream(*[words(f"{asked} ") for _ in range(5)], END)

    def ask(number: int) -> str:
        return text_of(list(backend.stream([Message("user", str(number))], max_tokens=64)))

    server.mock(side_effect=echo)
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(ask, range(24))) == [f"{number} " * 5 for number in range(24)]


def test_an_answer_that_reached_its_bound_is_an_answer_and_says_so(
    server: respx.Route, backend: OpenAIBackend, drive: Drive
) -> None:
    server.mock(return_value=stream(words("LAMB trains BERT in", finish="length")))
    chunks, error = drive(backend)
    assert (text_of(chunks), error) == ("LAMB trains BERT in", None)
    assert chunks[-1].cut_off


def test_half_a_surrogate_pair_in_a_message_does_not_stop_the_request(
    server: respx.Route, backend: OpenAIBackend
) -> None:
    server.mock(return_value=stream(words("LAMB"), END))
    assert text_of(list(backend.stream([Message("user", "a\ud800b")], max_tokens=64))) == "LAMB"


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ({"openai_api_key": None, "openai_base_url": None}, "OPENAI_API_KEY is not set"),
        ({"openai_api_key": "sk-a\nb"}, "OPENAI_API_KEY holds a blank"),
        ({"openai_base_url": "localhost:11434/v1"}, "OPENAI_BASE_URL is not an http address"),
        ({"openai_base_url": "http://host:99999/v1"}, "OPENAI_BASE_URL is not an http address"),
        ({"openai_base_url": "file:///etc/passwd"}, "OPENAI_BASE_URL is not an http address"),
        ({"model": "gpt-5.2-pro"}, "CITEWELL_MODEL: 'gpt-5.2-pro' does not answer chat requests"),
    ],
)
def test_settings_that_cannot_work_are_refused_before_any_request(given: dict[str, Any], name: str) -> None:
    settings = Settings(**{"llm": "openai", "openai_api_key": KEY, "openai_base_url": BASE, **given})
    with pytest.raises(SettingsError) as caught:
        build_backend(settings)
    assert name in str(caught.value)
    assert "sk-a" not in str(caught.value)


def test_a_password_in_the_address_is_not_shown(drive: Drive) -> None:
    settings = Settings(llm="openai", openai_base_url="http://user:hunter2@127.0.0.1:9/v1", retries=0)
    _, error = drive(build_backend(settings))
    assert "127.0.0.1:9 (nothing listens there)" in str(error)
    assert "hunter2" not in str(error)


def test_the_global_settings_of_llamaindex_stay_untouched(server: respx.Route, backend: OpenAIBackend) -> None:
    from llama_index.core import Settings as GlobalSettings

    server.mock(return_value=stream(words("LAMB"), END))
    drive_sync(backend)
    assert GlobalSettings._llm is None
