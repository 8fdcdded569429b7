"""The words for readers that page, exports and terminal share: outcomes, ledger entries, doubts, failures."""

from __future__ import annotations

import re
from collections.abc import Sequence

from rag.answering.record.answer import LedgerEntry, LedgerKind, Outcome, Sentence, Support

NOT_FOUND_TEXT = "Nothing in the library is about this, so there is no answer; the nearest papers are only suggestions."
NOT_STATED_TEXT = "The library has papers about this, but their abstracts do not state the answer."
EXTRACT_LABEL = "What follows is quoted from the abstracts, not written by a model:"
EXTRACT_EMPTY = "The abstracts found do not state the answer in so many words either."
EMPTY = "The model returned no text."
REFUSED = "The model declined to answer."
CUT_OFF = "The answer ends here because it reached its greatest length; raise CITEWELL_MAX_ANSWER_TOKENS."
UNCITED = "The model's answer cited none of the papers, so it could not be checked and is left out."
DROPPED = "None of the model's sentences was supported by the papers it cited, so they are left out."

_SUPPORT: tuple[tuple[Support, str], ...] = (
    ("supported", "supported"),
    ("weak", "weakly supported"),
    ("unsupported", "unsupported"),
)

# How models open when they decline; only an answer that cites nothing is looked at.
_REFUSAL = re.compile(
    r"^\W{0,5}(?:(?:unfortunately|regrettably|sorry|apologies),? )?(?:but )?"
    r"(?:i(?:'m| am) (?:really |very |so |just )?(?:sorry|unable|not able|afraid (?:that )?i (?:cannot|can't))"
    r"|sorry\b|(?:my |i )apolog|i (?:cannot|can't|can not|won't|will not|must decline|have to decline)"
    r"|i(?:'m| am) not (?:allowed|permitted)|as an? (?:ai|(?:large )?language model)\b)",
    re.IGNORECASE,
)


def text_of(outcome: Outcome) -> str:
    """Return the sentence for an outcome without an answer."""
    return NOT_STATED_TEXT if outcome == "not_stated" else NOT_FOUND_TEXT


def note(entry: LedgerEntry) -> tuple[str, str]:
    """Return the title of a ledger entry and its detail, without what the title says already."""
    detail = entry.detail
    if entry.kind is LedgerKind.UNCITED_SENTENCE:
        detail = detail.removeprefix("no citation: ")
    return entry.kind.label, detail


def doubt(sentence: Sentence) -> str:
    """Return what the checker has against a sentence; empty if nothing."""
    problems = "; ".join(sentence.problems)
    if sentence.support == "unsupported":
        return problems or "not supported by its source"
    if sentence.support == "weak":
        return f"weak support: {problems}" if problems else "weak support"
    return problems


def check_summary(sentences: Sequence[Sentence]) -> str:
    """Return how many sentences were checked and what came of it; empty if none claims anything."""
    claims = [sentence.support for sentence in sentences if sentence.support != "none"]
    if not claims:
        return ""
    found = ", ".join(f"{claims.count(support)} {word}" for support, word in _SUPPORT if support in claims)
    return f"{len(claims)} {'sentence' if len(claims) == 1 else 'sentences'} checked: {found}"


def is_refusal(text: str) -> bool:
    """Return whether a text without citations declines to answer."""
    return bool(_REFUSAL.match(text.replace("’", "'")))


def failed(reason: str) -> str:
    """Return the sentence for a model that failed before anything was shown."""
    return f"The model failed: {_sentence(reason)}"


def cut_short(reason: str) -> str:
    """Return the sentence for a model that failed after some of the answer was shown."""
    return f"The answer ends here because the model failed: {_sentence(reason)}"


def _sentence(text: str) -> str:
    text = " ".join(text.split())
    return text if text.endswith((".", "!", "?")) else f"{text}."
