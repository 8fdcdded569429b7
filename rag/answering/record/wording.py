"""What a reader is told when there is no plain answer to show, in one sentence each."""

from __future__ import annotations

import re

from rag.answering.record.answer import Outcome

NOT_FOUND_TEXT = "Nothing in the library is about this, so there is no answer; the nearest papers are only suggestions."
NOT_STATED_TEXT = "The library has papers about this, but their abstracts do not state the answer."
EXTRACT_LABEL = "What follows is quoted from the abstracts, not written by a model:"
EXTRACT_EMPTY = "The abstracts found do not state the answer in so many words either."
EMPTY = "The model returned no text."
REFUSED = "The model declined to answer."
CUT_OFF = "The answer ends here because it reached its greatest length; raise CITEWELL_MAX_ANSWER_TOKENS."
UNCITED = "The model's answer cited none of the papers, so it could not be checked and is left out."
DROPPED = "None of the model's sentences was supported by the papers it cited, so they are left out."

# How models open when they decline; only an answer that cites nothing is looked at.
_REFUSAL = re.compile(
    r"^\W{0,5}(?:(?:unfortunately|regrettably|sorry|apologies),? )?(?:but )?"
    r"(?:i(?:'m| am) (?:really |very |so |just )?(?:sorry|unable|not able|afraid (?:that )?i (?:cannot|can't))"
    r"|sorry\b|(?:my |i )apolog|i (?:cannot|can't|can not|won't|will not|must decline|have to decline)"
    r"|i(?:'m| am) not (?:allowed|permitted)|as an? (?:ai|(?:large )?language model)\b)",
    re.IGNORECASE,
)


def text_of(outcome: Outcome) -> str:
    """The sentence for an outcome without an answer."""
    return NOT_STATED_TEXT if outcome == "not_stated" else NOT_FOUND_TEXT


def is_refusal(text: str) -> bool:
    """Whether a text without citations declines to answer."""
    return bool(_REFUSAL.match(text.replace("’", "'")))


def failed(reason: str) -> str:
    """Nothing was shown before the model failed."""
    return f"The model failed: {_sentence(reason)}"


def cut_short(reason: str) -> str:
    """Some of the answer was shown before the model failed."""
    return f"The answer ends here because the model failed: {_sentence(reason)}"


def _sentence(text: str) -> str:
    text = " ".join(text.split())
    return text if text.endswith((".", "!", "?")) else f"{text}."
