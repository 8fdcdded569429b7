"""Makes a follow-up stand on its own by rules, without a model.

A question that leans on the conversation does so visibly: by a pronoun ("how fast is it?"), by an ellipsis ("and for
GLUE?"), by an ordinal ("the second one"), or by naming nothing at all ("why?"). What it leans on is put in; a
question that shows none of these is left as it is, so that a change of subject is never dragged along.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from rag.answering.answer import Turn
from rag.text.terms import content_words, names

_OPENER = re.compile(r"^(?:and|but|so|also|then|ok(?:ay)?|well)\b[\s,]*", re.IGNORECASE)
_WHAT_ABOUT = re.compile(r"^(?:and\s+)?(?:what|how)\s+about\s+", re.IGNORECASE)
_PREPOSITION = re.compile(r"^(on|for|with|in|against|at|to|over|under|without|from)\s+", re.IGNORECASE)
# A demonstrative stands for something said before; "that" only where no clause can follow it.
_PRONOUN = re.compile(
    r"\b(it|its|they|them|their|theirs|this|these|those|he|she|his|her|both|the same|the former|the latter"
    r"|that(?=\s*(?:[?.,;]|$|paper|model|method|approach|system|work|one|number|figure|result|dataset|benchmark)))\b",
    re.IGNORECASE,
)
_PLEONASTIC = re.compile(
    r"\b(?:is|was|would|could|can|does|what does)\s+it\s+(?:be\s+)?"
    r"(?:true|possible|correct|right|known|clear|common|take|that)\b"
    r"|\bthose\s+(?:who|that|of)\b|\bboth\b[^?.,;]{1,60}\band\b",
    re.IGNORECASE,
)
_ORDINAL = re.compile(
    r"\b(?:the\s+)?(first|second|third|fourth|fifth|last|other)\s+(?:one|paper|model|method|approach)\b", re.I
)
_ORDINALS = {"first": 0, "second": 1, "third": 2, "fourth": 3, "fifth": 4, "last": -1, "other": 1}
_MARKER = re.compile(r"\[\d{1,3}(?:\s*[,;–-]\s*\d{1,3})*\]")
_SINGULAR = re.compile(
    r"\b(?:it|this|that|he|she)\b(?!\s+(?:paper|model|method|approach|system|work|one|number|figure))", re.IGNORECASE
)
_POSSESSIVE = re.compile(r"\b(?:its|his|her)\b", re.IGNORECASE)
_MOST_TERMS = 8
_MOST_NAMES = 3
#: Turns of the conversation that are looked at; older ones no longer say what "it" is.
_TURNS_READ = 8


@dataclass(frozen=True, slots=True)
class _Context:
    """What the conversation is about: the last question as it stood on its own, and the answer to it."""

    question: str
    answer: str


def standalone(question: str, history: Sequence[Turn]) -> str:
    """``question`` with what it leans on put in; unchanged where it leans on nothing."""
    context: _Context | None = None
    for turn in history[-_TURNS_READ:]:
        if turn.role == "user":
            context = _Context(_resolve(turn.content, context), "")
        elif context is not None:
            context = _Context(context.question, turn.content)
        else:
            context = _Context("", turn.content)
    return _resolve(question, context)


def _resolve(question: str, context: _Context | None) -> str:
    question = " ".join(question.split())
    if context is None or not _leans(question):
        return question
    picked = _ordinal(question, context)
    if picked is not None:
        return picked
    swapped = _swap(question, context)
    if swapped is not None:
        return swapped
    return _put_in(question, context)


def _leans(question: str) -> bool:
    bare = _OPENER.sub("", question)
    if _ORDINAL.search(bare) or _WHAT_ABOUT.match(question) or _PREPOSITION.match(bare):
        return True
    pronoun = _PRONOUN.search(_PLEONASTIC.sub(" ", bare))
    own = names(bare)
    if pronoun:
        # "Which tasks does ColBERT run, and how fast is it?" carries its own antecedent.
        first = bare.find(own[0]) if own else -1
        return not (0 <= first < bare.lower().find(pronoun.group().lower()))
    words = content_words(bare)
    return not own and (len(words) <= 1 or (bare != question and len(words) <= 4))


def _ordinal(question: str, context: _Context) -> str | None:
    """What "the second one" means: the question with the name that stands second in the last answer."""
    match = _ORDINAL.search(question)
    if not match:
        return None
    items = [found for part in _parts(context.answer) if (found := names(part))]
    at = _ORDINALS[match.group(1).lower()]
    if not items or not -len(items) <= at < len(items):
        return None
    return f"{question[: match.start()]}{items[at][0]}{question[match.end() :]}"


def _parts(answer: str) -> list[str]:
    """The answer by the papers it names: cut behind each marker, or else at line ends and sentence ends."""
    parts = [part for part in _MARKER.split(answer) if part.strip(" .,;\n")]
    if len(parts) > 1:
        return parts
    parts = [part for part in answer.splitlines() if part.strip()]
    return parts if len(parts) > 1 else re.split(r"(?<=[.;])\s+|,\s+(?:and\s+)?|\s+and\s+", answer)


def _swap(question: str, context: _Context) -> str | None:
    """The last question with its own "on ..." replaced by "and on X?", or its one name by "what about X?"."""
    what_about = _WHAT_ABOUT.match(question)
    rest = _OPENER.sub("", question[what_about.end() :] if what_about else question).rstrip(" ?.!")
    preposition = _PREPOSITION.match(rest)
    if preposition:
        phrase = re.compile(
            rf"\b{preposition.group(1)}\s+(?:the\s+)?{_alternatives(names(context.question))}", re.IGNORECASE
        )
        if names(rest) and names(context.question) and phrase.search(context.question):
            return phrase.sub(lambda _: rest, context.question, count=1)
        return None
    own, before = names(rest), names(context.question)
    if what_about and len(before) == 1 and own and own[0] == rest.removeprefix("the "):
        return context.question.replace(before[0], rest, 1)
    return None


def _alternatives(found: Sequence[str]) -> str:
    return "(?:" + "|".join(re.escape(name) for name in sorted(found, key=len, reverse=True)) + r")(?![\w-])"


def _put_in(question: str, context: _Context) -> str:
    """The subject in the pronoun's place, and what else tells what the conversation is about in brackets."""
    bare = _OPENER.sub("", question)
    asked, told = names(context.question), names(_MARKER.sub(" ", context.answer))
    subject = asked[0] if asked else told[0] if told else ""
    text = bare
    if subject:
        text, replaced = _SINGULAR.subn(lambda _: subject, bare, count=1)
        if not replaced:
            text, replaced = _POSSESSIVE.subn(lambda _: f"{subject}'s", bare, count=1)
        if replaced and asked:
            return text
    rest = [*asked[:_MOST_NAMES], *(told[:_MOST_NAMES] if not asked else []), *content_words(context.question)]
    seen = {word.lower() for word in re.findall(r"[\w.-]+", text)}
    terms: list[str] = []
    for term in rest:
        if term.lower() not in seen:
            seen.update(word.lower() for word in re.findall(r"[\w.-]+", term))
            terms.append(term)
    return f"{text.rstrip(' ?')} ({', '.join(terms[:_MOST_TERMS])})?" if terms else text
