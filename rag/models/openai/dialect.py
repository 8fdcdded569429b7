"""Which optional parts of the OpenAI protocol a server takes, learned from what it refuses.

Newer OpenAI models want ``max_completion_tokens`` and no temperature; older compatible servers know no
``stream_options``. All of them name the offending parameter when they refuse a request.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import openai

from rag.models.openai.failures import error_text


@dataclass(frozen=True, slots=True)
class Dialect:
    """The optional parameters sent with a request."""

    usage: bool = True
    temperature: bool = True
    completion_tokens: bool = False

    def arguments(self, max_tokens: int) -> dict[str, Any]:
        """Keyword arguments of a streamed chat request that is bounded to ``max_tokens`` tokens of reply."""
        arguments: dict[str, Any] = {
            "max_completion_tokens" if self.completion_tokens else "max_tokens": max_tokens,
        }
        if self.usage:
            arguments["stream_options"] = {"include_usage": True}
        if not self.temperature:
            arguments["temperature"] = openai.omit
        return arguments

    def after(self, error: Exception) -> Dialect | None:
        """The dialect to try next when a server refused this one, or ``None`` where ``error`` is about something else.

        Every step gives up one thing for good, so a request is repeated at most three times on this account.
        """
        if not isinstance(error, openai.BadRequestError | openai.UnprocessableEntityError):
            return None
        said = error_text(error)
        if self.usage and "stream_options" in said:
            return replace(self, usage=False)
        if not self.completion_tokens and "max_completion_tokens" in said:
            return replace(self, completion_tokens=True)
        if self.temperature and "temperature" in said:
            return replace(self, temperature=False)
        return None
