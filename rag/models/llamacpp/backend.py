"""Backend ``llamacpp``: a GGUF file run by llama.cpp inside this process, and nothing leaves the machine.

The package ``xllamacpp`` includes llama.cpp's own server, which speaks the OpenAI protocol on a loopback port; so the
client is that of the openai backend, which handles failures and cancelling.
"""

from __future__ import annotations

import asyncio
import secrets
import threading
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import aclosing
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from rag.errors import ModelError, SettingsError
from rag.models.llamacpp.gguf import read_facts
from rag.models.openai.endpoint import Endpoint
from rag.models.openai.retry import RetryPolicy
from rag.models.protocols import BasePrompt, Chunk, Message

if TYPE_CHECKING:
    from rag.models.openai.backend import OpenAIBackend

INSTALL = "install it with: pip install 'citewell[local]'"


class LlamaCpp:
    """Streams answers from a GGUF file. The model is loaded at the first question and serves one at a time.

    A file without a chat template is a base model: it gets a text to continue instead of messages.

    Args:
        gguf: the model.
        base_prompt: turns a request into that text.
        context_window: tokens read and written in one call; never more than the model was trained for.
        timeout_s: seconds without a word after which a request counts as failed.
        threads: threads that compute; 0 takes every core.
        retry: when to try again.

    Raises:
        ModelError: the file cannot be read or is not a GGUF file.
        SettingsError: llama.cpp is not installed.
    """

    name = "llamacpp"
    is_model = True

    def __init__(
        self,
        gguf: Path,
        *,
        base_prompt: BasePrompt,
        context_window: int,
        timeout_s: float,
        threads: int = 0,
        retry: RetryPolicy | None = None,
    ) -> None:
        facts = read_facts(gguf)
        self.model = facts.name
        self._gguf = gguf
        self._base_prompt = None if facts.has_chat_template else base_prompt
        self._context_window = min(context_window, facts.context_length or context_window)
        self._timeout_s = timeout_s
        self._threads = threads
        self._retry = retry
        self._loading = threading.Lock()
        self._server: Any = None
        self._client: OpenAIBackend | None = None
        _xllamacpp()

    def stream(
        self, messages: Sequence[Message], *, max_tokens: int, reply_schema: type[BaseModel] | None = None
    ) -> Iterator[Chunk]:
        """Yield the reply, piece by piece; closing the iterator stops the computation. A base model follows no
        ``reply_schema``.

        Raises:
            ModelError: the model cannot be loaded, or failed as a server can.
        """
        yield from self._loaded().stream(messages, max_tokens=max_tokens, reply_schema=reply_schema)

    async def astream(
        self, messages: Sequence[Message], *, max_tokens: int, reply_schema: type[BaseModel] | None = None
    ) -> AsyncIterator[Chunk]:
        """As :meth:`stream`, asynchronously."""
        client = await asyncio.to_thread(self._loaded)
        chunks: Any = client.astream(messages, max_tokens=max_tokens, reply_schema=reply_schema)
        async with aclosing(chunks):
            async for chunk in chunks:
                yield chunk

    def _loaded(self) -> OpenAIBackend:
        """Return the client of the running server; start the server first if it does not run yet."""
        with self._loading:
            if self._client is None:
                self._client = self._start()
            return self._client

    def _start(self) -> OpenAIBackend:
        from rag.models.openai.backend import OpenAIBackend

        xllamacpp = _xllamacpp()
        # Any program of this machine can reach the port; only this process knows the key.
        key = secrets.token_urlsafe(32)
        parameters = xllamacpp.CommonParams()
        parameters.model.path = str(self._gguf)
        parameters.n_ctx = self._context_window
        parameters.hostnames = ["127.0.0.1"]
        parameters.api_keys = [key]
        # Nothing is fetched, shown or logged.
        parameters.offline = True
        parameters.ui = False
        parameters.endpoint_slots = False
        parameters.verbosity = -1
        for cores in (parameters.cpuparams, parameters.cpuparams_batch):
            cores.n_threads = self._threads or -1
            # Threads that spin while they wait for each other starve a machine that has other work.
            cores.poll = 0
        try:
            self._server = xllamacpp.Server(parameters)
        except RuntimeError as error:
            raise ModelError(
                f"llama.cpp cannot load {self._gguf}: it does not know the model, or memory is short; set "
                "CITEWELL_GGUF to another file or lower CITEWELL_CONTEXT_WINDOW"
            ) from error
        endpoint = Endpoint(
            base_url=f"{self._server.listening_address}/v1",
            model=self.model,
            key=key,
            timeout_s=self._timeout_s,
            model_setting="CITEWELL_GGUF",
            shorten="lower CITEWELL_MAX_PROMPT_TOKENS or CITEWELL_K",
            way_out="CITEWELL_LLM=extractive",
        )
        return OpenAIBackend(
            endpoint,
            context_window=self._context_window,
            retry=self._retry,
            name=self.name,
            base_prompt=self._base_prompt,
        )


def _xllamacpp() -> Any:
    try:
        return import_module("xllamacpp")
    except ImportError as error:
        raise SettingsError(f"CITEWELL_LLM=llamacpp needs llama.cpp; {INSTALL}") from error
