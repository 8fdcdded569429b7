"""A mocked model server: respx answers each chat request in place of the network, so that the engine runs its real
``openai`` backend, client and streaming included, on words that a script writes.

The script (:data:`Script`) is a function from the messages of a request to the text of the reply and sees nothing else,
like a model. ``eval.stand_ins.scripted_models`` and ``eval.stand_ins.fault_injection`` hold such scripts.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import httpx
from pydantic import SecretStr

from rag.models.openai.endpoint import NO_KEY
from rag.models.protocols import Message
from rag.models.tokens import counter_for
from rag.settings import Settings

#: ``.invalid`` is reserved (RFC 2606): without the mock the request would reach nobody.
BASE_URL = "http://mocked-model.invalid/v1"
#: The tokenizer is found by the last part of the name, so prompts are cut to size as for the default model.
MODEL_PREFIX = "mocked"
Script = Callable[[Sequence[Message]], str]
_PIECE = re.compile(r"\S+\s*|\s+")
_WORDS_A_PIECE = 4


@contextmanager
def mocked_model(script: Script, base_url: str = BASE_URL) -> Iterator[None]:
    """Answer every chat request to ``base_url`` with what ``script`` writes, as long as the context lasts.

    Requests to any other address fail instead of leaving the machine. Safe for requests from several threads if
    ``script`` is.
    """
    import respx

    with respx.mock(assert_all_called=False, assert_all_mocked=True) as router:
        router.post(f"{base_url}/chat/completions").mock(side_effect=lambda request: reply(request, script))
        yield


def mocked_settings(settings: Settings, model: str, base_url: str = BASE_URL) -> Settings:
    """The same settings for a model in place of the network: no key leaves, no failure is retried."""
    server = {"llm": "openai", "openai_base_url": base_url, "openai_api_key": SecretStr(NO_KEY)}
    return settings.model_copy(update={**server, "model": model, "retries": 0})


def reply(request: httpx.Request, script: Script) -> httpx.Response:
    """The response of a server that speaks the OpenAI chat protocol, streamed or in one piece as the request asks."""
    try:
        body = json.loads(request.content)
        messages = [Message(m["role"], str(m["content"])) for m in body["messages"]]
        model, streamed, limit = str(body["model"]), bool(body.get("stream")), int(body.get("max_tokens") or 0)
    except (ValueError, TypeError, LookupError) as error:
        return httpx.Response(400, json={"error": {"message": f"not a chat request ({error})", "type": "invalid"}})
    counter = counter_for(model)
    text, finish = script(messages), "stop"
    if limit and counter.count(text) > limit:
        text, finish = _cut(text, limit, counter.count), "length"
    usage = {
        "prompt_tokens": sum(counter.count(m.content) for m in messages),
        "completion_tokens": counter.count(text),
    }
    usage["total_tokens"] = sum(usage.values())
    if streamed:
        events = _events(model, text, finish, usage)
        return httpx.Response(200, headers={"content-type": "text/event-stream"}, text=events)
    message = {"role": "assistant", "content": text}
    choice = {"index": 0, "message": message, "finish_reason": finish}
    return httpx.Response(200, json={"id": "mocked", "model": model, "choices": [choice], "usage": usage})


def _events(model: str, text: str, finish: str, usage: dict[str, int]) -> str:
    words = _PIECE.findall(text)
    pieces = ["".join(words[i : i + _WORDS_A_PIECE]) for i in range(0, len(words), _WORDS_A_PIECE)]
    head = {"id": "mocked", "object": "chat.completion.chunk", "created": 0, "model": model}
    choices: list[list[dict[str, Any]]] = [
        [{"index": 0, "delta": {"role": "assistant", "content": ""}, "finish_reason": None}],
        *([{"index": 0, "delta": {"content": piece}, "finish_reason": None}] for piece in pieces),
        [{"index": 0, "delta": {}, "finish_reason": finish}],
    ]
    chunks: list[dict[str, Any]] = [{**head, "choices": choice} for choice in choices]
    chunks.append({**head, "choices": [], "usage": usage})
    return "".join(f"data: {json.dumps(chunk)}\n\n" for chunk in chunks) + "data: [DONE]\n\n"


def _cut(text: str, limit: int, count: Callable[[str], int]) -> str:
    words = _PIECE.findall(text)
    while words and count("".join(words)) > limit:
        words.pop()
    return "".join(words)
