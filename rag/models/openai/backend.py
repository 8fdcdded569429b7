"""Backend ``openai``: any server that speaks the OpenAI chat protocol, through LlamaIndex ``OpenAILike``.

Each request has an HTTP client of its own. Opening one costs a third of a millisecond; in return closing it is certain
to close the connection (the openai client leaves that to the garbage collector when a stream is dropped half-way), no
connection outlives its event loop, and nothing is left to close at the end.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import aclosing
from functools import cached_property
from typing import Any

import httpx
import openai
from llama_index.llms.openai_like import OpenAILike
from pydantic import BaseModel

from rag.errors import ModelError, SettingsError
from rag.models.openai.dialect import Dialect
from rag.models.openai.endpoint import Endpoint
from rag.models.openai.failures import FAILURES, explain, wait_asked
from rag.models.openai.reply import OpenAIReply
from rag.models.openai.responses import chat_messages
from rag.models.openai.retry import Attempts, RetryPolicy
from rag.models.openai.wire import Watch
from rag.models.protocols import BasePrompt, Chunk, Message

_ENDS: tuple[type[Exception], ...] = (ModelError, *FAILURES)
#: A server that cannot be reached shows within seconds; the long time-out is for the model.
CONNECT_TIMEOUT_S = 10.0
#: A compressed event stream is delayed by its compressor, and the watch could not read it.
_PLAIN = {"Accept-Encoding": "identity"}


class OpenAIBackend:
    """Streams answers from one model of one server. Thread-safe; holds no connection between answers.

    A failure before the first word is retried as ``retry`` says, where that can help; after it a failure ends the
    stream with a :class:`rag.errors.ModelError`, and the words given stay given.

    Args:
        endpoint: the server, the model and the key.
        context_window: tokens the model reads and writes in one call; LlamaIndex asks for it.
        retry: when to try again.
        name: what the answer's record gives as backend.
        base_prompt: given for a model without a chat template. It turns a request into a text that the model continues
            at the completions address, held by a grammar, which llama.cpp's server understands and others may not.

    Raises:
        SettingsError: LlamaIndex knows that the model does not speak this protocol.
    """

    is_model = True

    def __init__(
        self,
        endpoint: Endpoint,
        *,
        context_window: int,
        retry: RetryPolicy | None = None,
        name: str = "openai",
        base_prompt: BasePrompt | None = None,
    ) -> None:
        self.name = name
        self.model = endpoint.model
        self._endpoint = endpoint
        self._context_window = context_window
        self._retry = retry or RetryPolicy()
        self._base_prompt = base_prompt
        # Learned once and kept: losing it to a race between two requests costs one more refused request.
        self._dialect = Dialect()
        try:
            self._llm()
        except ValueError as error:
            raise SettingsError(
                f"{endpoint.model_setting}: {endpoint.model!r} does not answer chat requests; name another model"
            ) from error

    def stream(
        self, messages: Sequence[Message], *, max_tokens: int, reply_schema: type[BaseModel] | None = None
    ) -> Iterator[Chunk]:
        """Yield the reply, piece by piece; the last one carries the usage if the server reports it.

        Args:
            messages: the request.
            max_tokens: bound on the tokens of the reply.
            reply_schema: what the reply is to be, in JSON; left out for a base model and for a server that refuses it.

        Raises:
            ModelError: the request failed, for good or after its retries, or the reply is cut, empty or blocked.
        """
        attempts = self._retry.start()
        while True:
            reply, dialect = OpenAIReply(self._endpoint), self._dialect
            try:
                with self._client(reply.watch) as client:
                    llm = self._llm(http_client=client)
                    send = llm.stream_complete if self._base_prompt else llm.stream_chat
                    for response in send(**self._request(messages, dialect, max_tokens, reply_schema)):
                        if text := reply.take(response):
                            yield Chunk(text)
                    last = reply.last()
            except _ENDS as error:
                wait = self._wait_or_raise(error, reply, dialect, attempts)
            else:
                yield last
                return
            self._retry.sleep(wait)

    async def astream(
        self, messages: Sequence[Message], *, max_tokens: int, reply_schema: type[BaseModel] | None = None
    ) -> AsyncIterator[Chunk]:
        """As :meth:`stream`, asynchronously; cancelling the task closes the request as well."""
        attempts = self._retry.start()
        while True:
            reply, dialect = OpenAIReply(self._endpoint), self._dialect
            try:
                async with self._async_client(reply.watch) as client:
                    llm = self._llm(async_http_client=client)
                    send: Any = llm.astream_complete if self._base_prompt else llm.astream_chat
                    responses = await send(**self._request(messages, dialect, max_tokens, reply_schema))
                    async with aclosing(responses):
                        async for response in responses:
                            if text := reply.take(response):
                                yield Chunk(text)
                    last = reply.last()
            except _ENDS as error:
                wait = self._wait_or_raise(error, reply, dialect, attempts)
            else:
                yield last
                return
            await self._retry.asleep(wait)

    def _wait_or_raise(self, error: Exception, reply: OpenAIReply, dialect: Dialect, attempts: Attempts) -> float:
        """Return the seconds to wait before the next try; raise the failure if there is no next try."""
        adapted = dialect.after(error)
        if adapted is not None:
            self._dialect = adapted
            return 0.0
        failure = error if isinstance(error, ModelError) else explain(error, self._endpoint, started=reply.words)
        wait = attempts.next_wait(wait_asked(error)) if failure.retryable and not reply.words else None
        if wait is not None:
            return wait
        if failure is error:
            raise failure
        raise failure from error

    def _request(
        self, messages: Sequence[Message], dialect: Dialect, max_tokens: int, reply_schema: type[BaseModel] | None
    ) -> dict[str, Any]:
        """Return the keyword arguments of LlamaIndex's request."""
        connect = min(CONNECT_TIMEOUT_S, self._endpoint.timeout_s)
        timeout = {"timeout": httpx.Timeout(self._endpoint.timeout_s, connect=connect)}
        if self._base_prompt is None:
            return timeout | {"messages": chat_messages(messages)} | dialect.arguments(max_tokens, reply_schema)
        text = self._base_prompt(messages)
        continued = {
            "prompt": text.prompt,
            "formatted": True,
            "stop": list(text.stops),
            "extra_body": {"grammar": text.grammar},
        }
        return timeout | continued | dialect.arguments(max_tokens)

    def _llm(self, **clients: Any) -> OpenAILike:
        return OpenAILike(
            model=self._endpoint.model,
            api_base=self._endpoint.base_url,
            api_key=self._endpoint.key,
            context_window=self._context_window,
            is_chat_model=self._base_prompt is None,
            temperature=0.0,
            timeout=self._endpoint.timeout_s,
            # Retries are ours: the client would repeat a request without our limit and without telling.
            max_retries=0,
            **clients,
        )

    @cached_property
    def _shared(self) -> dict[str, Any]:
        """Arguments that all clients share: reading the certificate authorities takes 50 ms, too long for each."""
        # A proxy that the environment names cannot reach a server on this machine.
        return {"verify": httpx.create_ssl_context(), "headers": _PLAIN, "trust_env": not self._endpoint.is_local}

    def _client(self, watch: Watch) -> httpx.Client:
        return openai.DefaultHttpxClient(**self._shared, event_hooks={"response": [watch.see]})

    def _async_client(self, watch: Watch) -> httpx.AsyncClient:
        return openai.DefaultAsyncHttpxClient(**self._shared, event_hooks={"response": [watch.asee]})
