"""One plain sentence for each way a model server can fail, which says what to do. No sentence holds a key."""

from __future__ import annotations

import re
from collections.abc import Iterator

import httpx
import openai

from rag.errors import ModelError
from rag.models.openai.endpoint import Endpoint
from rag.models.openai.retry import retry_after

_CONTEXT = re.compile(
    r"context[ _](?:length|size|window)|maximum (?:context|model length)|prompt is too long|too many tokens"
    r"|input is too (?:long|large)|exceeds? the maximum number of tokens|request too large|reduce your message size",
    re.I,
)
_FILTER = re.compile(r"content[ _](?:filter|management policy|policy)", re.I)
_QUOTA = re.compile(r"insufficient_quota|billing_hard_limit|credit balance", re.I)
# A word that opens like a key and holds a digit or the asterisks of a redaction; "key parameter" is prose.
_KEY_LIKE = re.compile(r"\b(?:sk|pk|gsk|hf|key|bearer)[-_ ](?=\S{0,200}[\d*])[\w*.\-]{6,}", re.I)
_EXCERPT = 160


class WebPageError(Exception):
    """A server answered with a web page instead of data."""


class ReplyTooLongError(Exception):
    """A server sent more than any answer can be."""


class CutError(Exception):
    """A reply ended without its end mark."""


#: What the openai client, httpx and LlamaIndex raise for a server that fails or talks nonsense: the last line are the
#: ways in which reading a malformed event fails, since neither client nor LlamaIndex validates events.
FAILURES: tuple[type[Exception], ...] = (
    openai.OpenAIError, httpx.HTTPError, httpx.StreamError, OSError, WebPageError, ReplyTooLongError, CutError,
    ValueError, TypeError, AttributeError, LookupError, RecursionError,
)  # fmt: skip


def explain(error: Exception, endpoint: Endpoint, *, started: bool = False) -> ModelError:
    """Return the error with the sentence for ``error``, one of ``FAILURES``.

    ``started`` says that part of an answer was given already.
    """
    if isinstance(error, openai.APIStatusError):
        return _status(error, endpoint)
    if isinstance(error, openai.APITimeoutError | httpx.TimeoutException | TimeoutError):
        return _timeout(endpoint, started)
    server = f"the model server at {endpoint.host}"
    # The client wraps what is raised while it receives a response.
    causes = list(_causes(error))
    if any(isinstance(cause, WebPageError) for cause in causes):
        return ModelError(
            f"{server} answered with a web page instead of data; check OPENAI_BASE_URL (most end in /v1) and any "
            "proxy in between"
        )
    if any(isinstance(cause, ReplyTooLongError) for cause in causes):
        return ModelError(
            f"{server} sent far more than an answer; check {endpoint.model_setting} or {endpoint.way_out}"
        )
    if started and isinstance(
        error, CutError | openai.APIConnectionError | httpx.HTTPError | httpx.StreamError | OSError
    ):
        return ModelError(f"{server} broke off in the middle of the answer; try again", retryable=True)
    if any(isinstance(cause, httpx.ConnectError) for cause in causes):
        # Where nothing listens it is of no use to try again before the user has started it.
        refused = any(isinstance(cause, ConnectionRefusedError) for cause in causes)
        why = "nothing listens there" if refused else "no connection"
        return ModelError(
            f"cannot reach {server} ({why}); start it, correct OPENAI_BASE_URL, or set {endpoint.way_out}",
            retryable=not refused,
        )
    if isinstance(error, CutError | openai.APIConnectionError | httpx.HTTPError | httpx.StreamError | OSError):
        return ModelError(f"{server} closed the connection before it answered; try again", retryable=True)
    if isinstance(error, openai.APIError):
        return _event(error, endpoint)
    if started:
        return ModelError(f"{server} sent something in the middle of the answer that cannot be read; try again")
    return ModelError(
        f"{server} sent an answer that cannot be read; check that OPENAI_BASE_URL is an OpenAI-compatible address "
        "(most end in /v1)"
    )


def wait_asked(error: Exception) -> float | None:
    """Return the seconds a server asks to wait before the next request, or ``None`` if it names none."""
    return retry_after(error.response.headers) if isinstance(error, openai.APIStatusError) else None


def empty_answer(endpoint: Endpoint, *, out_of_tokens: bool) -> ModelError:
    """Return the error for a reply without a word; ``out_of_tokens`` if the bound on its length was reached."""
    if out_of_tokens:
        return ModelError(
            f"model {endpoint.model!r} used up its tokens before it answered; raise CITEWELL_MAX_ANSWER_TOKENS or set "
            f"{endpoint.model_setting} to a model that thinks less"
        )
    return ModelError(
        f"model {endpoint.model!r} gave an empty answer; try again or set {endpoint.model_setting} to another model",
        retryable=True,
    )


def filtered(endpoint: Endpoint) -> ModelError:
    """Return the error for a reply that the provider's content filter stopped."""
    return ModelError(
        f"the content filter of the model server at {endpoint.host} blocked the answer; rephrase the question or set "
        f"{endpoint.way_out}"
    )


def declined(endpoint: Endpoint) -> ModelError:
    """Return the error for a model that refuses, in the field the protocol has for it."""
    return ModelError(f"model {endpoint.model!r} declined to answer; rephrase the question or set {endpoint.way_out}")


def error_text(error: openai.APIError) -> str:
    """Return all that a server said about an error (code, type, message, body), to search in and not to show."""
    return " ".join(str(part) for part in (error.code, error.type, error.message, error.body) if part)


def _status(error: openai.APIStatusError, endpoint: Endpoint) -> ModelError:
    status, server, text = error.status_code, f"the model server at {endpoint.host}", error_text(error)
    if status == 401:
        if not endpoint.has_key:
            return ModelError(f"{server} asks for a key (401) and none is set; set OPENAI_API_KEY")
        return ModelError(f"{server} does not accept the key (401); set OPENAI_API_KEY to a valid one")
    if status == 402 or (status == 429 and _QUOTA.search(text)):
        return ModelError(
            f"the account at {endpoint.host} has no credit left ({status}); add some, or set {endpoint.way_out}"
        )
    if status == 403:
        return ModelError(
            f"{server} does not let this key use model {endpoint.model!r} (403); check the key's rights or set "
            f"{endpoint.model_setting} to another model"
        )
    if status == 404:
        return ModelError(
            f"{server} has no model {endpoint.model!r} at this address (404); check {endpoint.model_setting} and "
            "OPENAI_BASE_URL (most end in /v1)"
        )
    if status == 429:
        wait = wait_asked(error)
        when = "in a minute" if wait is None else f"in {max(1, round(wait))} s"
        return ModelError(f"{server} gets too many requests (429); try again {when}", retryable=True)
    if status in (408, 504):
        return _timeout(endpoint, started=False)
    if status >= 500 or status in (409, 425):
        return ModelError(f"{server} fails at the moment ({status}); try again later", retryable=True)
    return _refused(error, endpoint, f"refused the request ({status})")


def _event(error: openai.APIError, endpoint: Endpoint) -> ModelError:
    """Return the error for one that came as an event of the stream, after a status of success."""
    return _refused(error, endpoint, "reported an error while it answered", retryable=True)


def _refused(error: openai.APIError, endpoint: Endpoint, what: str, *, retryable: bool = False) -> ModelError:
    text = error_text(error)
    if _CONTEXT.search(text):
        return ModelError(f"the text sent is longer than model {endpoint.model!r} reads; {endpoint.shorten}")
    if _FILTER.search(text):
        return filtered(endpoint)
    said = _excerpt(_message(error.body) or error.message, endpoint.key)
    return ModelError(
        f"the model server at {endpoint.host} {what}: {said}; check {endpoint.model_setting}", retryable=retryable
    )


def _message(body: object) -> str:
    """Return what a server says in the body of an error.

    OpenAI's servers say it as ``message``; FastAPI's as ``detail``, a text or records with ``msg``.
    """
    if not isinstance(body, dict):
        return ""
    found = body.get("message") or body.get("detail")
    first = found[0] if isinstance(found, list) and found else found
    said = first.get("msg") if isinstance(first, dict) else first
    return said if isinstance(said, str) else ""


def _timeout(endpoint: Endpoint, started: bool) -> ModelError:
    what = "stopped in the middle of the answer for" if started else "gave no answer within"
    return ModelError(
        f"the model server at {endpoint.host} {what} {endpoint.timeout_s:g} s; try again, raise CITEWELL_TIMEOUT_S, or "
        f"set {endpoint.model_setting} to a faster model",
        retryable=True,
    )


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield ``error`` and what it was raised from, each once: chains that run in a circle do occur.

    The HTTP library keeps the system's error as an argument, and its async half, which tries several addresses, a group
    of them.
    """
    waiting, seen = [error], set[int]()
    while waiting:
        cause = waiting.pop(0)
        if id(cause) in seen:
            continue
        seen.add(id(cause))
        yield cause
        group = cause.exceptions if isinstance(cause, BaseExceptionGroup) else ()
        waiting += [inner for inner in (*cause.args, *group, cause.__cause__) if isinstance(inner, BaseException)]


def _excerpt(text: str, key: str) -> str:
    """Return a server's own words, fit for one line of a terminal: short, printable, and without the key."""
    if text.lstrip().startswith("<"):
        return "a web page"
    words = _KEY_LIKE.sub("[key]", text.replace(key, "[key]"))
    line = " ".join("".join(c if c.isprintable() else " " for c in words[:2_000]).split())
    return (line[: _EXCERPT - 1] + "…" if len(line) > _EXCERPT else line).rstrip(".;") or "no reason given"
