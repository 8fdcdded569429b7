"""Cassettes: a model's words kept without its keys, found again by the prompt, and a changed prompt named."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import cast

import httpx
import pytest
import respx
from pydantic import SecretStr

from eval.stand_ins.cassettes import CassetteError, Replies, load_cassette, scrub
from eval.stand_ins.mock import mocked_model, reply
from rag.answering.prompt.sources import SourceText, render_question, render_source
from rag.errors import ModelError
from rag.models.openai.backend import OpenAIBackend
from rag.models.openai.endpoint import Endpoint
from rag.models.openai.retry import RetryPolicy
from rag.models.protocols import Message, Usage
from rag.settings import Settings

BASE = "http://model.test/v1"
KEY = "sk-very-secret-0123456789"
SOURCE = render_source(SourceText(1, "LAMB", ("BERT trains in 76 minutes.",)))
MESSAGES = [
    Message("system", "Cite your sources as [1]."),
    Message("user", f"{SOURCE}\n{render_question('How long does BERT train?')}"),
]
Upstream = Callable[[httpx.Request], httpx.Response]


def recording(path: Path, base: str) -> AbstractContextManager[Replies]:
    """The cassette, recording."""
    return cast("AbstractContextManager[Replies]", Replies.use(path=path, base_url=base, replay=False))


def replaying(path: Path) -> AbstractContextManager[Replies]:
    """The cassette, replaying."""
    return cast("AbstractContextManager[Replies]", Replies.use(path=path, base_url=BASE, replay=True))


@contextmanager
def recorded_from(upstream: Upstream, path: Path) -> Iterator[None]:
    """A recording of a server that answers so."""
    with respx.mock(assert_all_called=False) as router, recording(path, BASE):
        router.post(f"{BASE}/chat/completions").mock(side_effect=upstream)
        yield


def backend(base: str, model: str = "some-model") -> OpenAIBackend:
    settings = Settings(llm="openai", openai_api_key=SecretStr(KEY), openai_base_url=base, model=model, retries=0)
    return OpenAIBackend(Endpoint.for_answers(settings), context_window=8_192, retry=RetryPolicy(tries=0))


def ask(
    messages: list[Message] = MESSAGES, *, model: str = "some-model", max_tokens: int = 64, base: str = BASE
) -> tuple[str, Usage]:
    chunks = list(backend(base, model).stream(messages, max_tokens=max_tokens))
    return "".join(chunk.text for chunk in chunks), chunks[-1].usage or Usage()


@pytest.fixture
def upstream() -> Upstream:
    """A server that answers, and gives its client's key and its own headers away."""

    def answer(request: httpx.Request) -> httpx.Response:
        text = f"76 minutes [1]. Your key is {request.headers['authorization']}."
        response = reply(request, lambda _: text)
        response.headers.update({"set-cookie": "session=1", "openai-organization": "org-secret12345"})
        return response

    return answer


@pytest.fixture
def cassette(tmp_path: Path, upstream: Upstream) -> Path:
    path = tmp_path / "tapes" / "one.jsonl"
    with recorded_from(upstream, path):
        ask()
    return path


def test_the_mocked_server_streams_what_its_script_writes_and_counts_tokens() -> None:
    with mocked_model(lambda messages: f"You said {len(messages)} things, and  two blanks.\n\nEnd.", BASE):
        text, usage = ask()
    assert text == "You said 2 things, and  two blanks.\n\nEnd."
    assert usage.model_calls == 1
    assert usage.prompt_tokens > usage.completion_tokens > 5


def test_the_mocked_server_keeps_to_the_limit_on_tokens() -> None:
    with mocked_model(lambda _: "word " * 500, BASE):
        text, _ = ask(max_tokens=20)
    assert 5 < len(text.split()) <= 20


def test_a_request_to_anyone_else_leaves_nothing() -> None:
    with mocked_model(lambda _: "never", "http://elsewhere.test/v1"), pytest.raises(ModelError):
        ask()


def test_a_recording_passes_the_answer_on_and_holds_neither_keys_nor_headers(
    tmp_path: Path, upstream: Upstream
) -> None:
    path = tmp_path / "one.jsonl"
    with recorded_from(upstream, path):
        text, _ = ask()
    assert text.startswith("76 minutes [1].")
    kept = path.read_text()
    for secret in (KEY, "authorization", "Bearer", "session=1", "org-secret", "user-agent"):
        assert secret.lower() not in kept.lower()


def test_a_replay_says_what_was_recorded(cassette: Path) -> None:
    with replaying(cassette):
        text, usage = ask()
    assert text.startswith("76 minutes [1]. Your key is [removed]")
    assert usage.model_calls == 1


def test_a_replay_answers_async_and_parallel_requests_as_any_other(cassette: Path, upstream: Upstream) -> None:
    others = [[MESSAGES[0], Message("user", render_question(f"Why {n}?"))] for n in range(8)]
    with recorded_from(upstream, cassette), ThreadPoolExecutor(4) as pool:
        live = list(pool.map(ask, others))
    assert len(load_cassette(cassette)) == 9

    async def ask_async() -> str:
        return "".join([chunk.text async for chunk in backend(BASE).astream(MESSAGES, max_tokens=64)])

    with replaying(cassette) as replay, ThreadPoolExecutor(4) as pool:
        replayed = list(pool.map(ask, others))
        spoken = asyncio.run(ask_async())
    assert [text.partition("Your key")[0] for text, _ in replayed] == [t.partition("Your key")[0] for t, _ in live]
    assert spoken.startswith("76 minutes [1].")
    assert replay.misses == ()


def test_a_request_to_another_server_passes_a_replay(cassette: Path, address: str) -> None:
    with replaying(cassette) as replay:
        text, _ = ask(base=f"{address}/v1")
    assert text == KEY[-4:]
    assert replay.misses == ()


def test_a_call_is_on_disk_as_soon_as_it_is_answered(tmp_path: Path, upstream: Upstream) -> None:
    path = tmp_path / "one.jsonl"
    with recorded_from(upstream, path):
        ask()
        assert [call.request["model"] for call in load_cassette(path)] == ["some-model"]


def test_the_same_request_is_recorded_once(cassette: Path, upstream: Upstream) -> None:
    with recorded_from(upstream, cassette):
        ask()
        ask()
    assert len(load_cassette(cassette)) == 1


def test_a_failed_request_is_not_recorded(tmp_path: Path) -> None:
    path = tmp_path / "one.jsonl"
    with (
        recorded_from(lambda _: httpx.Response(401, json={"error": {"message": "wrong key"}}), path),
        pytest.raises(ModelError),
    ):
        ask()
    assert not path.exists()


class _Server(BaseHTTPRequestHandler):
    """Answers one request as a model would, and refuses every other path."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        if self.path != "/v1/chat/completions":
            self.send_error(404)
            return
        response = reply(httpx.Request("POST", BASE, content=body), lambda _: self.headers["authorization"][-4:])
        self.send_response(200)
        self.send_header("content-type", response.headers["content-type"])
        self.end_headers()
        self.wfile.write(response.content)

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing."""


@pytest.fixture
def address() -> Iterator[str]:
    """Where a real server listens."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Server) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_a_recording_reaches_a_real_server_with_the_key(tmp_path: Path, address: str) -> None:
    with recording(tmp_path / "one.jsonl", f"{address}/v1"):
        text, _ = ask(base=f"{address}/v1")
    assert text == KEY[-4:]


def test_what_a_real_server_refuses_is_passed_on(tmp_path: Path, address: str) -> None:
    with recording(tmp_path / "one.jsonl", f"{address}/v2"), pytest.raises(ModelError, match="404"):
        ask(base=f"{address}/v2")


def test_a_server_that_is_not_there_fails_as_without_a_recording(tmp_path: Path) -> None:
    with recording(tmp_path / "one.jsonl", "http://127.0.0.1:9/v1"), pytest.raises(ModelError, match="cannot reach"):
        ask(base="http://127.0.0.1:9/v1")


USER = MESSAGES[1].content


@pytest.mark.parametrize(
    ("messages", "model", "named"),
    [
        ([Message("system", "Answer freely."), MESSAGES[1]], "some-model", "the instructions in prompts/ are others"),
        (MESSAGES, "other", "model was 'some-model' and is 'other'"),
        ([MESSAGES[0], Message("user", USER.replace("76", "77"))], "some-model", "other passages of the same sources"),
        ([MESSAGES[0], Message("user", USER.replace("LAMB", "X"))], "some-model", "1 sources in place of 1"),
        ([MESSAGES[0], Message("user", USER + "\nHi")], "some-model", "the message around the sources is another"),
    ],
)
def test_a_prompt_that_changed_since_recording_is_named(
    cassette: Path, messages: list[Message], model: str, named: str
) -> None:
    with replaying(cassette) as replay, pytest.raises(ModelError):
        ask(messages, model=model)
    (miss,) = replay.misses
    assert named in miss
    assert "How long does BERT train?" in miss


def test_a_question_that_was_never_asked_is_named(cassette: Path) -> None:
    with replaying(cassette) as replay, pytest.raises(ModelError):
        ask([MESSAGES[0], Message("user", render_question("Why?"))])
    assert replay.misses == ("one.jsonl holds no reply to 'Why?'; record it",)


@pytest.mark.parametrize(
    "line", ["{", "[]", '{"request": 1}', '{"request": {}, "status": "x", "kind": "", "body": ""}']
)
def test_a_damaged_cassette_names_the_line(cassette: Path, line: str) -> None:
    with cassette.open("a") as file:
        file.write(line + "\n")
    with pytest.raises(CassetteError, match="damaged in line 2"):
        load_cassette(cassette)


def test_a_cassette_that_is_not_there_says_so(tmp_path: Path) -> None:
    with pytest.raises(CassetteError, match="record it first"):
        load_cassette(tmp_path / "none.jsonl")


@pytest.mark.parametrize(
    "secret", ["sk-abcdefgh12345678", "Bearer abc.def-123456", "org-abcdefgh1234", "hf_abcdefghijkl"]
)
def test_what_looks_like_a_key_is_taken_out(secret: str) -> None:
    assert secret not in scrub(json.dumps({"text": f"x {secret} y"}))


def test_words_that_only_begin_like_a_key_stay() -> None:
    text = "A task-specific sk-learn pipeline, org-wide, in hf-style."
    assert scrub(text) == text
