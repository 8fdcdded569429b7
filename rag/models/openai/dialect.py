"""Which optional parts of the OpenAI protocol a server takes, learned from what it refuses.

Newer OpenAI models want ``max_completion_tokens`` and no temperature; older compatible servers know no
``stream_options``. JSON by schema is known to OpenAI, Ollama, vLLM, llama.cpp and LM Studio; older models and servers
know only ``json_object``, or neither. All of them name the offending parameter when they refuse a request.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any, Literal

import openai
from pydantic import BaseModel

from rag.models.openai.failures import error_text

_REFUSALS = (400, 422, 500)
_ABOUT_JSON = re.compile(r"response_format|json[_ ]schema|json_object|json_validate|validate json", re.IGNORECASE)
#: What to try when a kind of ``response_format`` is refused.
_NEXT_FORMAT: dict[str, Literal["json_object", "text"]] = {"json_schema": "json_object", "json_object": "text"}


@dataclass(frozen=True, slots=True)
class Dialect:
    """The optional parameters sent with a request."""

    usage: bool = True
    temperature: bool = True
    completion_tokens: bool = False
    reply_format: Literal["json_schema", "json_object", "text"] = "json_schema"

    def arguments(self, max_tokens: int, reply_schema: type[BaseModel] | None = None) -> dict[str, Any]:
        """Return the keyword arguments of a streamed chat request.

        Args:
            max_tokens: bound on the tokens of the reply.
            reply_schema: what the reply is to be, in JSON; left out if the server does not take it.
        """
        arguments: dict[str, Any] = {
            "max_completion_tokens" if self.completion_tokens else "max_tokens": max_tokens,
        }
        if self.usage:
            arguments["stream_options"] = {"include_usage": True}
        if not self.temperature:
            arguments["temperature"] = openai.omit
        if reply_schema is not None and self.reply_format != "text":
            arguments["response_format"] = {"type": self.reply_format}
            if self.reply_format == "json_schema":
                schema = {"name": reply_schema.__name__, "schema": reply_schema.model_json_schema(), "strict": True}
                arguments["response_format"]["json_schema"] = schema
        return arguments

    def after(self, error: Exception) -> Dialect | None:
        """Return the dialect to try next when a server refused this one, or ``None`` if ``error`` is about something
        else.

        Every step gives up one thing for good, so a request is repeated at most five times on this account.
        """
        if not isinstance(error, openai.APIStatusError) or error.status_code not in _REFUSALS:
            return None
        said = error_text(error)
        # Older servers of llama.cpp refuse a schema with 500, so this comes before the status says more.
        if self.reply_format in _NEXT_FORMAT and _ABOUT_JSON.search(said):
            return replace(self, reply_format=_NEXT_FORMAT[self.reply_format])
        if error.status_code == 500:
            return None
        if self.usage and "stream_options" in said:
            return replace(self, usage=False)
        if not self.completion_tokens and "max_completion_tokens" in said:
            return replace(self, completion_tokens=True)
        if self.temperature and "temperature" in said:
            return replace(self, temperature=False)
        return None
