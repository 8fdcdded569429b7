"""What an answer says compared with what it must say."""

from __future__ import annotations

import re
import string
import unicodedata
from collections import Counter

from eval.metrics.metric import AnswerRecord, answered, failed, metric
from eval.sets.questions import Question

FAMILY = "correctness"
_MARKER = re.compile(r"\s?\[\d{1,4}(?:\s?[,;–-]\s?\d{1,4}){0,30}\]")
_SPACES = re.compile(r"\s+")
_ARTICLES = frozenset({"a", "an", "the"})
# Typography that writers and models choose freely: hyphens and minus, quotation marks, the sign of times.
_FOLDED = str.maketrans(
    {**dict.fromkeys("‐‑‒–—−", "-"), **dict.fromkeys("’‘", "'"), **dict.fromkeys("“”", '"'), "×": "x"}
)
_PUNCTUATION = str.maketrans("", "", string.punctuation)


def plain(text: str) -> str:
    """Text without citation markers, in compatibility form, lower case, with single spaces and plain hyphens."""
    text = unicodedata.normalize("NFKC", _MARKER.sub("", text)).translate(_FOLDED)
    return _SPACES.sub(" ", text).casefold().strip()


def states(text: str, spelling: str) -> bool:
    """Whether ``text`` (as :func:`plain` gives it) holds a spelling, not as part of a longer number: ``10`` is not in
    ``2010``, ``10.5`` or ``10,000``, ``0.5%`` not in ``10.5%``."""
    wanted = plain(spelling)
    if not wanted:
        return False
    before = r"(?<!\d)(?<!\d[.,])" if wanted[0].isdigit() else ""
    after = r"(?!\d)(?![.,]\d)" if wanted[-1].isdigit() else ""
    return re.search(before + re.escape(wanted) + after, text) is not None


def fact_recall(question: Question, answer: AnswerRecord) -> float | None:
    """Share of a question's facts (groups of spellings) that the answer states, over the answerable questions with
    facts; abstaining states none. Citation markers do not count as figures."""
    if not question.answerable or not question.must_include or failed(answer):
        return None
    text = plain(answer.get("answer", "")) if answered(answer) else ""
    stated = [any(states(text, spelling) for spelling in group) for group in question.must_include]
    return sum(stated) / len(stated)


def correct(question: Question, answer: AnswerRecord) -> float | None:
    """Whether the answer states every fact it must (one spelling of each group), over the answerable questions with
    facts."""
    recall = fact_recall(question, answer)
    return None if recall is None else float(recall == 1.0)


def token_f1(question: Question, answer: AnswerRecord) -> float | None:
    """Harmonic mean of precision and recall of the answer's words against the gold answer's, as bags without case,
    punctuation and articles (SQuAD, Rajpurkar et al., 2016), over answerable questions; 0 for an abstention. A longer
    gold answer than needed costs recall, so it compares systems rather than grades one."""
    if not question.answerable or not question.gold_answer or failed(answer):
        return None
    given = _words(answer.get("answer", "")) if answered(answer) else Counter[str]()
    gold = _words(question.gold_answer)
    common = (given & gold).total()
    return 2 * common / (given.total() + gold.total()) if common else 0.0


def _words(text: str) -> Counter[str]:
    words = plain(text).translate(_PUNCTUATION).split()
    return Counter(word for word in words if word not in _ARTICLES)


CORRECTNESS = (
    metric("correct", FAMILY, correct),
    metric("fact_recall", FAMILY, fact_recall),
    metric("token_f1", FAMILY, token_f1, companions=("correct",)),
)
