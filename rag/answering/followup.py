"""Makes a follow-up stand on its own by rules, without a model.

A question that leans on the conversation does so visibly: by a pronoun ("how fast is it?"), by an ellipsis ("and for
GLUE?"), by an ordinal ("the second one", "[2]"), or by naming nothing at all ("why?"). What it leans on is put in; a
question that shows none of these is left as it is, so that a change of subject is never dragged along.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from rag.answering.answer import Turn
from rag.answering.items import Item, items
from rag.text.terms import content_words, names

_OPENER = re.compile(r"^(?:and|but|so|also|then|ok(?:ay)?|well|thanks|thank\s+you)\b[\s,.!]*", re.IGNORECASE)
_WHAT_ABOUT = re.compile(r"^(?:and\s+)?(?:what|how)\s+about\s+", re.IGNORECASE)
_PREPOSITION = re.compile(r"^(on|for|with|in|against|at|to|over|under|without|from)\s+", re.IGNORECASE)
_VERB = re.compile(
    r"\b(?:is|are|was|were|do|does|did|has|have|had|can|could|will|would|should|may|might|must)\b", re.IGNORECASE
)
_NOUNS = r"(?:paper|model|method|approach|system|work|one|number|figure|result|dataset|benchmark|study|survey)"
# What stands for something said before; "that" only where no clause can follow it.
_PRONOUN = re.compile(
    rf"\b(?:it|its|they|them|their|theirs|this|these|those|he|she|his|her|both|the\s+same|the\s+former|the\s+latter"
    rf"|that(?=\s*(?:[?.,;]|$)|\s+{_NOUNS}\b)|(?:does|do|did|is|was|would|can|will)\s+that)\b",
    re.IGNORECASE,
)
_PLEONASTIC = re.compile(
    r"\b(?:is|was|would|could|can|does)\s+it\s+(?:be\s+)?(?:true|possible|correct|right|known|clear|common|take|that)\b"
    r"|\bthose\s+(?:who|that|of)\b|\bboth\b[^?.,;]{1,60}\band\b|\bthis\s+(?:library|collection)\b",
    re.IGNORECASE,
)
_ORDINAL = re.compile(
    rf"\b(?:the\s+)?(first|second|third|fourth|fifth|last|other)\s+{_NOUNS}\b|\[(\d{{1,2}})\]"
    r"|\b(?:paper|source|reference|number)\s+(\d{1,2})\b",
    re.IGNORECASE,
)
_ORDINALS = {"first": 0, "second": 1, "third": 2, "fourth": 3, "fifth": 4, "last": -1, "other": 1}
_SINGULAR = re.compile(rf"\b(?:it|he|she)\b|\b(?:this|that)\b(?!\s+{_NOUNS}\b)|\bthis\s+{_NOUNS}\b", re.IGNORECASE)
_POSSESSIVE = re.compile(r"\b(?:its|his|her)\b(?!\s+own\b)", re.IGNORECASE)
_MARKER = re.compile(r"\[\d{1,3}\]")
_MOST_TERMS = 8
_MOST_NAMES = 3
#: Turns of the conversation that are looked at; older ones no longer say what "it" is.
_TURNS_READ = 8
_FEW_WORDS = 4


@dataclass(frozen=True, slots=True)
class _Context:
    """What the conversation is about: the last question as it stood on its own, and the answer to it."""

    question: str
    answer: str

    @property
    def subject(self) -> str:
        """The name that "it" most likely stands for; empty where the conversation names nothing."""
        asked = names(self.question)
        for name in asked:
            if re.search(rf"{_VERB.pattern}\s+(?:the\s+)?{re.escape(name)}", self.question, re.IGNORECASE):
                return name
        told = names(_MARKER.sub(" ", self.answer))
        return asked[0] if asked else told[0] if told else ""


def standalone(question: str, history: Sequence[Turn]) -> str:
    """``question`` with what it leans on put in; unchanged where it leans on nothing."""
    context: _Context | None = None
    for turn in history[-_TURNS_READ:]:
        if turn.role == "user":
            context = _Context(_resolve(turn.content, context), "")
        else:
            context = _Context(context.question if context else "", turn.content)
    return _resolve(question, context)


def _resolve(question: str, context: _Context | None) -> str:
    question = " ".join(question.split())
    if context is None or not _leans(question):
        return question
    picked = _ordinal(question, context)
    return _swap(picked or question, context) or picked or _put_in(question, context)


def _leans(question: str) -> bool:
    bare = _OPENER.sub("", question)
    if not bare.strip(" ?.!"):
        return False
    if _ORDINAL.search(bare) or _WHAT_ABOUT.match(question) or _PREPOSITION.match(bare):
        return True
    own, words = names(bare), content_words(bare)
    pronoun = _PRONOUN.search(_PLEONASTIC.sub(" ", bare))
    if pronoun:
        # "Which tasks does ColBERT run, and how fast is it?" carries its own antecedent.
        first = bare.find(own[0]) if own else -1
        return not 0 <= first < bare.lower().find(pronoun.group().lower()) or bool(re.search(r"\bit\s+with\b", bare))
    if bare != question and not _VERB.search(bare):
        return len(words) <= _FEW_WORDS
    return not own and (len(words) <= 1 or (bare != question and len(words) <= _FEW_WORDS))


def _ordinal(question: str, context: _Context) -> str | None:
    """What "the second one" or "[2]" means: the question with the name of what stands there in the last answer."""
    match = _ORDINAL.search(question)
    if not match:
        return None
    found = _pick(match, items(context.answer))
    return f"{question[: match.start()]}{found.name}{question[match.end() :]}" if found else None


def _pick(match: re.Match[str], found: Sequence[Item]) -> Item | None:
    number = match.group(2) or match.group(3)
    if number:
        return next((item for item in found if item.number == int(number)), None)
    at = _ORDINALS[match.group(1).lower()]
    return found[at] if -len(found) <= at < len(found) else None


def _swap(question: str, context: _Context) -> str | None:
    """The last question with its own "on ..." replaced by "and on X?", or its subject by "what about X?"."""
    what_about = _WHAT_ABOUT.match(question)
    rest = _OPENER.sub("", question[what_about.end() :] if what_about else question).rstrip(" ?.!")
    own, before = names(rest), names(context.question)
    if not own or not before:
        return None
    preposition = _PREPOSITION.match(rest)
    if preposition:
        phrase = re.compile(rf"\b{preposition.group(1)}\s+(?:the\s+)?{_any_of(before)}", re.IGNORECASE)
        return phrase.sub(lambda _: rest, context.question, count=1) if phrase.search(context.question) else None
    bare = rest.removeprefix("the ")
    if own[0] == bare and context.subject in before:
        return context.question.replace(context.subject, bare, 1)
    return None


def _any_of(found: Sequence[str]) -> str:
    return "(?:" + "|".join(re.escape(name) for name in sorted(found, key=len, reverse=True)) + r")(?![\w-])"


def _put_in(question: str, context: _Context) -> str:
    """The subject in the pronoun's place, and what else tells what the conversation is about in brackets."""
    bare = _OPENER.sub("", question)
    asked, told = names(context.question), names(_MARKER.sub(" ", context.answer))
    subject, text, replaced = context.subject, bare, 0
    if subject:
        text, replaced = _SINGULAR.subn(lambda _: subject, bare, count=1)
        if not replaced:
            text, replaced = _POSSESSIVE.subn(lambda _: f"{subject}'s", bare, count=1)
    if replaced and asked:
        return _with_aside(text, asked[: _MOST_NAMES + 1])
    rest = [*asked[:_MOST_NAMES], *(told[:_MOST_NAMES] if not asked else []), *content_words(context.question)]
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
