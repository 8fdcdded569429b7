"""Make a follow-up question standalone by rules, without a model.

What a question refers to (:mod:`rag.answering.followup.needs_context`) is put in; one that refers to nothing is left
as it is, so that a change of subject is never dragged along.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from rag.answering.followup.items import MARKER, QUOTED, Item, items
from rag.answering.followup.needs_context import NOUNS, OPENER, ORDINAL, PREPOSITION, VERB, WHAT_ABOUT, needs_context
from rag.answering.record.answer import Turn
from rag.language.names import is_technical_name, names
from rag.language.stems import content_words
from rag.language.tokens import runs

_ORDINALS = {
    "first": 0, "second": 1, "third": 2, "fourth": 3, "fifth": 4, "last": -1, "other": 1, "former": 0, "latter": -1,
}  # fmt: skip
_SINGULAR = re.compile(rf"\b(?:it|he|she)\b|\b(?:this|that)\b(?!\s+{NOUNS}\b)|\bthis\s+{NOUNS}\b", re.IGNORECASE)
_POSSESSIVE = re.compile(r"\b(?:its|his|her)\b(?!\s+own\b)", re.IGNORECASE)
# Here the pronoun means a whole statement, not a thing.
_STATEMENT = re.compile(
    r"\b(?:it|this|that)\s+(?:(?:also|still|always|really)\s+)?(?:hold|apply|true|so|the\s+case|happen|mean)\b",
    re.IGNORECASE,
)
# A question for a thing that only the answer names.
_ASKS_WHICH = re.compile(r"^(?:which|what|who|whose|(?:is|are)\s+there|list|name|any)\b", re.IGNORECASE)
_IN_ITS_PLACE = re.compile(r"[\s,]+(?:instead|then|though|too|as\s+well)$", re.IGNORECASE)
_MOST_TERMS = 8
_MOST_NAMES = 3
#: Turns of the conversation that are looked at; older ones no longer say what "it" is.
_TURNS_READ = 8


@dataclass(frozen=True, slots=True)
class _Context:
    """What the conversation is about: the last question as it stood on its own, and the answer to it."""

    question: str
    answer: str

    @property
    def asked(self) -> list[str]:
        """The names in the question."""
        return names(self.question)

    @property
    def told(self) -> list[str]:
        """The names in the answer."""
        return names(MARKER.sub(" ", self.answer))

    @property
    def subject(self) -> str:
        """The name that "it" most likely means; empty if the conversation names nothing."""
        asked = self.asked
        for name in asked:
            if re.search(rf"{VERB.pattern}\s+(?:the\s+)?{re.escape(name)}", self.question, re.IGNORECASE):
                return name
        if _ASKS_WHICH.match(self.question) and (found := self._told_first()):
            return found
        return asked[0] if asked else next(iter(self.told), "")

    def _told_first(self) -> str:
        """What the answer names in reply: a title in quotes, or the first name that the question did not hold."""
        quoted = QUOTED.search(self.answer)
        if quoted:
            return quoted.group(1)
        fresh = [name for name in self.told if name not in self.question]
        # Whoever is named in plain letters is mostly a person.
        return next((name for name in fresh if any(map(is_technical_name, name.split()))), "")

    def whole(self, name: str) -> str:
        """A name as the conversation writes it in full: names that open a sentence lose their first word."""
        known = [*self.asked, *self.told]
        return max((other for other in known if other.endswith(f" {name}")), key=len, default=name)


def standalone(question: str, history: Sequence[Turn]) -> str:
    """Return ``question`` with what it refers to put in; unchanged if it needs no context."""
    context: _Context | None = None
    for turn in history[-_TURNS_READ:]:
        if turn.role == "user":
            context = _Context(_resolve(turn.content, context), "")
        else:
            context = _Context(context.question if context else "", turn.content)
    return _resolve(question, context)


def _resolve(question: str, context: _Context | None) -> str:
    question = " ".join(question.split())
    if context is None or not needs_context(question):
        return question
    picked = _ordinal(question, context)
    return _swap(picked or question, context) or picked or _put_in(question, context)


def _ordinal(question: str, context: _Context) -> str | None:
    """What "the second one" or "[2]" means: the question with the name at that place of the last answer."""
    match = ORDINAL.search(question)
    if not match:
        return None
    found = _pick(match, items(context.answer))
    if not found:
        return None
    return f"{question[: match.start()]}{context.whole(found.name)}{question[match.end() :]}"


def _pick(match: re.Match[str], found: Sequence[Item]) -> Item | None:
    number = match.group(2) or match.group(3)
    if number:
        return next((item for item in found if item.number == int(number)), None)
    at = _ORDINALS[(match.group(1) or match.group(4) or match.group(5)).lower()]
    return found[at] if -len(found) <= at < len(found) else None


def _swap(question: str, context: _Context) -> str | None:
    """The last question with its own "on ..." replaced by "and on X?", or its subject by "what about X?"."""
    what_about = WHAT_ABOUT.match(question)
    rest = OPENER.sub("", question[what_about.end() :] if what_about else question).rstrip(" ?.!")
    rest = _IN_ITS_PLACE.sub("", rest)
    own, before = names(rest), context.asked
    if not own or not before:
        return None
    preposition = PREPOSITION.match(rest)
    if preposition:
        phrase = re.compile(rf"\b{preposition.group(1)}\s+(?:the\s+)?{_any_of(before)}", re.IGNORECASE)
        return phrase.sub(lambda _: rest, context.question, count=1) if phrase.search(context.question) else None
    bare = rest.removeprefix("the ")
    if own[0] != bare:
        return None
    # "What about GPT-Base?" takes the place of "BERT-Base", whoever the subject is.
    alike = max(before, key=lambda name: len(_parts(name) & _parts(bare)))
    replaced = alike if _parts(alike) & _parts(bare) else context.subject
    return context.question.replace(replaced, bare, 1) if replaced in before else None


def _parts(name: str) -> set[str]:
    return set(runs(name.lower()))


def _any_of(found: Sequence[str]) -> str:
    return "(?:" + "|".join(re.escape(name) for name in sorted(found, key=len, reverse=True)) + r")(?![\w-])"


def _put_in(question: str, context: _Context) -> str:
    """The subject in the pronoun's place, and the other words the conversation is about in brackets."""
    bare = OPENER.sub("", question)
    asked, told, subject = context.asked, context.told, context.subject
    text, replaced = bare, 0
    if subject and not _STATEMENT.search(bare):
        text, replaced = _SINGULAR.subn(lambda _: subject, bare, count=1)
        if not replaced:
            text, replaced = _POSSESSIVE.subn(lambda _: f"{subject}'s", bare, count=1)
    if replaced and subject in asked:
        return _with_aside(text, asked[: _MOST_NAMES + 1])
    further = told[:_MOST_NAMES] if not asked or subject not in asked else []
    rest = [*asked[:_MOST_NAMES], *further, *content_words(context.question)]
    return _with_aside(text, rest)


def _with_aside(text: str, rest: Sequence[str]) -> str:
    """A question with the terms it lacks in brackets."""
    seen = {word.lower() for word in re.findall(r"[\w.-]+", text)}
    seen |= {word.removesuffix("'s") for word in seen}
    terms: list[str] = []
    for term in rest:
        if not seen.issuperset(words := {word.lower() for word in re.findall(r"[\w.-]+", term)}):
            seen |= words
            terms.append(term)
    return f"{text.rstrip(' ?')} ({', '.join(terms[:_MOST_TERMS])})?" if terms else text
