"""One reply of an OpenAI-compatible server: its words, its usage, and whether it is complete."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import httpx
import openai

from rag.models.openai.endpoint import Endpoint
from rag.models.openai.failures import CutError, declined, empty_answer, filtered
from rag.models.openai.responses import ReplyReader, reported_usage
from rag.models.openai.wire import Watch
from rag.models.protocols import Chunk

if TYPE_CHECKING:
    from llama_index.core.base.llms.types import ChatResponse, CompletionResponse


class OpenAIReply(ReplyReader):
    """A reply whose end is checked: by the model's reason for stopping and by what was seen on the wire."""

    def __init__(self, endpoint: Endpoint) -> None:
        super().__init__()
        self.watch = Watch(endpoint.timeout_s)
        self._endpoint = endpoint
        self._finish: str | None = None

    def take(self, response: ChatResponse | CompletionResponse) -> str:
        """As in :class:`ReplyReader`.

        Raises:
            ModelError: the model declines in the field the protocol has for it.
        """
        self.watch.words_came()
        raw: Any = response.raw
        if raw.choices:
            choice = raw.choices[0]
            self._finish = choice.finish_reason or self._finish
            if getattr(getattr(choice, "delta", None), "refusal", None):
                raise declined(self._endpoint)
        return super().take(response)

    def last(self) -> Chunk:
        """Return the end of the reply: words held back, and the usage.

        Raises:
            ModelError: the reply was blocked or is empty.
            CutError: the reply stopped without an end.
            ValueError, TypeError, LookupError: an answer in one piece is malformed.
        """
        body = self.watch.whole_body
        text = self._whole_answer(body) if body else self.rest()
        if not body and not self.words:
            self._take_first_event()
        if self._finish == "content_filter":
            raise filtered(self._endpoint)
        if not (self._finish or self.watch.end_mark_seen):
            raise CutError
        if not self.words:
            raise empty_answer(self._endpoint, out_of_tokens=self._finish == "length")
        return Chunk(text, self.usage, cut_off=self._finish == "length")

    def _take_first_event(self) -> None:
        """Read an end that comes in the first event: LlamaIndex's asynchronous half drops that event if it has no
        content."""
        try:
            choice = json.loads(self.watch.first_event)["choices"][0]
            finish, refused = choice.get("finish_reason"), (choice.get("delta") or {}).get("refusal")
        except (ValueError, LookupError, TypeError, AttributeError):
            return
        if refused:
            raise declined(self._endpoint)
        self._finish = self._finish or finish

    def _whole_answer(self, body: bytes) -> str:
        """Return the words of a reply from a server that does not stream."""
        answer = json.loads(body)
        if "error" in answer:
            # Some gateways report every error with status 200.
            said = answer["error"]
            message = said.get("message") if isinstance(said, dict) else said
            raise openai.APIError(str(message), httpx.Request("POST", self._endpoint.base_url), body=said)
        (choice, *_), counts = answer["choices"], answer.get("usage")
        message = choice.get("message") or {"content": choice["text"]}
        if message.get("refusal"):
            raise declined(self._endpoint)
        self._finish = str(choice.get("finish_reason") or "stop")
        self.usage = reported_usage(counts)
        return self._given(self._thinking.feed(message["content"] or "") + self._thinking.end())
