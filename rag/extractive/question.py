"""What a question asks for: its terms and their weights, its names, and the kind of answer expected."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from rag.extractive.lexicon import (
    COMPARATIVES,
    KIND_NOUNS,
    NOT_NOUNS,
    NUMBER_WORDS,
    QUANTITY_ADJECTIVES,
    QUANTITY_NOUNS,
)
from rag.extractive.rarity import is_english, rarity
from rag.language.names import is_technical_name, names
from rag.language.sentences import sentences
from rag.language.stems import stem
from rag.language.stopwords import STOPWORDS
from rag.language.tokens import Token, pieces, plain_figures, tokens

_HOW_MANY = re.compile(r"\bhow\s+many\b", re.IGNORECASE)
_HOW = re.compile(r"\bhow\s+(\w+)\b", re.IGNORECASE)
_TAKES = r"(?:takes?|took|taken|lasts?|lasted|runs?|ran)"
_DURATION = re.compile(
    rf"\bhow\s+(?:long|quickly)\s+(?:do|does|did|is|was|will|would)\b[^?]{{0,120}}\b{_TAKES}\b"
    r"|\b(?:what(?:'s|\s+is|\s+was)?|which|how\s+much)\s+(?:the\s+)?(?:\w+\s+){0,2}?"
    r"(?:training|inference|running|run|processing|response|execution|computation)\s+time\b",
    re.IGNORECASE,
)
#: "how much does it cost in dollars": what is asked in another unit is not answered.
_IN_UNIT = re.compile(r"\bhow\s+\w+\b[^?;:]{0,120}\bin\s+([a-z]{3,15})\s*\??\s*$", re.IGNORECASE)
_YEAR = re.compile(r"\b(?:when|(?:what|which)\s+years?)\b", re.IGNORECASE)
_REASON = re.compile(r"\bwhy\b|\breasons?\b", re.IGNORECASE)
_MANNER = re.compile(r"\bhow\s+(?:do|does|did|is|are|was|were|can|could|has|have|to|exactly)\b", re.IGNORECASE)
_MEANING = re.compile(
    r"\b(?:stands?\s+for|short\s+for|abbreviat\w{0,8}|acronym|spelled\s+out|mean(?:s|ing)?|full\s+name)\b",
    re.IGNORECASE,
)
_WHAT_IS_ACRONYM = re.compile(r"\b[Ww]hat(?:'s|\s+is|\s+are)\s+(?:the\s+|an?\s+)?[A-Z][A-Z\d]+s?\b")
_WORKS = r"(?:papers|surveys|reviews|works|studies|articles|publications)"
_SEVERAL = re.compile(
    rf"\b(?:which|what|list|name|find|any|are\s+there)\s+(?:\w+\s+){{0,4}}?{_WORKS}\b|\b(?:which|what)\s+of\s+the\s+{_WORKS}\b"
    rf"|\b(?:the|these|different|other|several|two|three)\s+{_WORKS}\s+(?:say|report|find|think|agree|disagree|propose)\b"
    r"|\b(?:which|what)\s+(?:\w+\s+){1,4}?(?:are|is)\s+there\b|\b(?:two|three|several|different|all)\s+ways\b"
    r"|^\W*resources\b",
    re.IGNORECASE,
)
COMPARING = re.compile(
    r"\b(?:compare|comparison\s+of|comparing|vs\.?|versus|differ|differs|difference|differences|contrast|each|both"
    r"|respectively|one\s+(?:paper|is|does|uses)|another)\b",
    re.IGNORECASE,
)
_ABOUT = re.compile(r"\b(?:what|how)\s+(?:does|do|did|is|are|was|were|can|could|has|have)\b", re.IGNORECASE)
_WH = re.compile(r"\b(?:what|which|whose|how\s+much|how\s+many)\b", re.IGNORECASE)
# In brackets, or set aside by the question itself: "besides X, which ...", "in languages other than X".
_ASIDE = re.compile(
    r"\([^()]{0,300}\)"
    r"|\b(?:besides|apart\s+from|aside\s+from|other\s+than|rather\s+than|instead\s+of|except(?:\s+for)?)\b[^,;:?()]{0,80}"
    r"|\bnot\s+(?:just|only|merely)\b[^;:?()]{0,120}",
    re.IGNORECASE,
)
_CREDIT = re.compile(r"\b(?:according\s+to|as\s+per|per\s+the|in\s+the\s+paper)\b[^,;:?]{0,120}", re.IGNORECASE)
_BREAK = re.compile(r"[,;:?!()]|\s[-–—]\s")
_JOINT = re.compile(r",?\s+and\s+|,\s+")
_ORDER = re.compile(
    r"\b(?:ignore|disregard|forget|override)\b[^.?!]{0,60}\b(?:instructions?|rules?|prompts?|above|previous|earlier)\b"
    r"|\byour\s+(?:\w+\s+){0,2}(?:prompts?|instructions?|rules)\b|\bfrom\s+now\s+on\b|\byou\s+are\s+(?:now|no\s+longer)\b"
    r"|\b(?:without|no|omit|skip|drop)\s+(?:\w+\s+){0,2}(?:citations?|citing|sources?\b(?!\s+\w))"
    r"|\b(?:do\s+not|don't|never)\s+(?:cite|mention|name|use)\b"
    r"|\b(?:answer|respond|reply|write)\s+(?:only|in|with|without|as)\b|\bthat(?:'s|\s+is)\s+an\s+order\b",
    re.IGNORECASE,
)
#: Characters of a question that are read.
_MOST_READ = 2_000
_FOCUS_LENGTH = 4
_MOST_PHRASES = 4
# Between a question word and its noun: "what was the ...", "which of the two ...".
_BEFORE_FOCUS = frozenset("is are was were be the a an of its their his her kind kinds type types sort sorts".split())
# Such a word helps to find the place but need not be in it.
_SET_ASIDE = 0.3
_ASKING = ("which", "what", "when")  # "were" is a word of its own, and no slip of "where"
_SHORT_WORD = re.compile(r"\b[A-Za-z]{4,6}\b")


@dataclass(frozen=True, slots=True)
class Term:
    """A word of the question.

    Attributes:
        word: as written.
        parts: the stems of its parts.
        weight: how informative it is, 0 to 1 (:func:`rag.extractive.rarity.rarity`).
        name: it is written as a name.
        hard: it can be nothing but a name, so that a source without it is not about what is asked.
        aside: it is in brackets, or is excepted ("besides X").
    """

    word: str
    parts: tuple[str, ...]
    weight: float
    name: bool
    hard: bool
    aside: bool = False

    @property
    def joined(self) -> str:
        """The parts as one word: ``fine-tuning`` and ``finetuning`` are one."""
        return stem("".join(self.parts)) if len(self.parts) > 1 else self.parts[0]

    @property
    def kind(self) -> bool:
        """Whether it merely names a kind of answer: a sentence with an instance need not have the word."""
        return all(part in KIND_NOUNS for part in self.parts)


@dataclass(frozen=True, slots=True)
class ParsedQuestion:
    """A question, parsed.

    Attributes:
        text: the question without orders, its question words spelt right.
        terms: its content words, each once.
        focus: the noun phrases after its question words: what an answer must speak of.
        subject: the noun phrase after "what does" or "how is".
        pairs: neighbouring terms.
        counted: what "how many" counts.
        figures: its numbers, in digits and words.
        quantity, duration, year, meaning, reason, manner: the kinds of answer it asks for.
        several: more than one paper may answer it.
        compares: each of several papers should answer it.
    """

    text: str
    terms: tuple[Term, ...]
    focus: tuple[tuple[Term, ...], ...]
    subject: tuple[Term, ...]
    pairs: tuple[tuple[Term, Term], ...]
    counted: tuple[Term, ...]
    figures: frozenset[str]
    quantity: bool
    duration: bool
    year: bool
    meaning: bool
    reason: bool
    manner: bool
    several: bool
    compares: bool


def asking(text: str) -> str:
    """Return ``text`` with its question words spelt right if a letter is missing or two are swapped ("wich", "waht").

    Other words are corrected by the words of the sources; these are in none."""

    def mended(match: re.Match[str]) -> str:
        word = match.group()
        return next((asks for asks in _ASKING if word.lower() in _slips(asks)), word)

    return _SHORT_WORD.sub(mended, text)


def _slips(word: str) -> frozenset[str]:
    left_out = {word[:at] + word[at + 1 :] for at in range(1, len(word))}
    turned = {word[:at] + word[at + 1] + word[at] + word[at + 2 :] for at in range(len(word) - 1)}
    return frozenset(slip for slip in left_out | turned if len(slip) > 3) - {word}


def analyse(text: str) -> ParsedQuestion:
    """Parse the question in ``text``, leaving out orders to the answerer."""
    text = asking(without_orders(text[:_MOST_READ]))
    words = list(tokens(text))
    reader = _Reader(text, words)
    terms: dict[tuple[str, ...], Term] = {}
    for token in words:
        term = reader.term(token)
        if term is not None:
            terms.setdefault(term.parts, term)
    focus = tuple(tuple(phrase) for phrase in reader.focus() if phrase)
    asked = (
        {part for term in (t for phrase in focus for t in phrase) for part in term.parts}
        if focus
        else {part for term in terms.values() for part in term.parts}
    )
    counted = tuple(reader.counted())
    adjectives = {match.group(1).lower() for match in _HOW.finditer(text)}
    numbers = {word.text.lower() for word in words} & NUMBER_WORDS
    return ParsedQuestion(
        text=text,
        terms=tuple(terms.values()),
        focus=focus,
        subject=tuple(reader.subject()),
        pairs=tuple(reader.pairs()),
        counted=counted,
        figures=plain_figures(text) | numbers,
        quantity=bool(counted or adjectives & QUANTITY_ADJECTIVES or asked & QUANTITY_NOUNS),
        duration=bool(_DURATION.search(text)),
        year=bool(_YEAR.search(text)),
        meaning=bool(_MEANING.search(text) or _WHAT_IS_ACRONYM.search(text)),
        reason=bool(_REASON.search(text)),
        manner=bool(_MANNER.search(text)),
        several=bool(_SEVERAL.search(text)),
        compares=bool(COMPARING.search(text)),
    )


def without_orders(text: str) -> str:
    """Return ``text`` without the sentences that ask nothing and only order how to answer, or what to ignore."""
    kept = [text[span.start : span.end] for span in sentences(text) if not _ORDER.search(text, span.start, span.end)]
    return " ".join(kept)


class _Reader:
    """Reads terms and phrases off one question."""

    def __init__(self, text: str, words: list[Token]) -> None:
        self._text = text
        self._words = words
        self._names = _name_words(text, words)
        self._credits = [match.span() for match in _CREDIT.finditer(text)]
        self._asides = [match.span() for match in _ASIDE.finditer(text)]

    def term(self, token: Token) -> Term | None:
        """Return a word as a term; ``None`` for function words and bare numbers."""
        word = token.bare
        bare = [p for p in pieces(word) if p not in STOPWORDS]
        if (
            not bare
            or word.lower() in NUMBER_WORDS
            or _is_slip(word)
            or all(p.replace(".", "").isdigit() for p in bare)
        ):
            return None
        name = word in self._names
        # A name is told by its rarest part, a compound by all of them.
        weight = max(map(rarity, bare)) if name else sum(map(rarity, bare)) / len(bare)
        hard = name and not (word.isupper() and is_english(word))
        term = Term(word, tuple(stem(p) for p in bare), weight, name, hard)
        # "According to X": who says it weighs little, unless X is a name.
        credited = not name and any(start <= token.start < end for start, end in self._credits)
        if credited or any(start <= token.start < end for start, end in self._asides):
            return replace(term, weight=weight * _SET_ASIDE, aside=True)
        return term

    def counted(self) -> list[Term]:
        """Return the nouns that "how many" counts: the last words of their phrases."""
        phrases = [self._phrase(match.end()) for match in _HOW_MANY.finditer(self._text)]
        nouns = [[word for word in phrase if word.text.lower() not in COMPARATIVES] for phrase in phrases]
        return [term for phrase in nouns if phrase and (term := self.term(phrase[-1])) is not None]

    def focus(self) -> list[list[Term]]:
        """Return the noun phrases after the question words; without any, the one after a colon ("GLUE: best
        score?")."""
        starts = [match.end() for match in _WH.finditer(self._text)]
        unit = _IN_UNIT.search(self._text)
        if unit:
            starts.append(unit.start(1))
        head, colon, rest = self._text.partition(": ")
        if colon and not _WH.search(rest) and not _HOW.search(rest) and head:
            starts.append(len(head) + len(colon))
        phrases = [phrase for at in starts for phrase in self._joined(at)]
        return [[t for word in phrase if (t := self.term(word)) is not None] for phrase in phrases]

    def subject(self) -> list[Term]:
        """Return the noun phrase that "what does ... do" or "how is ... made" is about."""
        match = _ABOUT.search(self._text)
        return [t for word in self._phrase(match.end()) if (t := self.term(word)) is not None] if match else []

    def _joined(self, start: int) -> list[list[Token]]:
        """The noun phrase at ``start`` and those that "and" or a comma add to it: "which datasets and metrics"."""
        phrases = [self._phrase(start)]
        while phrases[-1] and len(phrases) < _MOST_PHRASES:
            joint = _JOINT.match(self._text, phrases[-1][-1].end)
            phrase = self._phrase(joint.end()) if joint else []
            if not joint or not phrase or phrase[0].start != joint.end():
                break
            phrases.append(phrase)
        return phrases

    def pairs(self) -> list[tuple[Term, Term]]:
        """Return the terms that follow one another without a break or a function word between them."""
        found = []
        for first, second in zip(self._words, self._words[1:], strict=False):
            a, b = self.term(first), self.term(second)
            if a is not None and b is not None and self._text[first.end : second.start].isspace():
                found.append((a, b))
        return found

    def _phrase(self, start: int) -> list[Token]:
        """The content words that follow one another from ``start``, past articles and forms of "to be"; "and" joins."""
        phrase: list[Token] = []
        for word in self._words:
            lower = word.text.lower()
            if word.start < start or (not phrase and (lower in _BEFORE_FOCUS | NUMBER_WORDS or lower.isdigit())):
                continue
            if phrase and _BREAK.search(self._text, phrase[-1].end, word.start):
                break
            if lower in STOPWORDS or lower in NOT_NOUNS or len(phrase) == _FOCUS_LENGTH:
                break
            phrase.append(word)
        return phrase


def _is_slip(word: str) -> bool:
    """Return whether a word is a function word with its letters in disorder: "teh", "waht"."""
    if not word.islower() or len(word) < 3 or is_english(word):
        return False
    return any(len(word) == len(other) and sorted(word) == sorted(other) for other in STOPWORDS)


def _name_words(text: str, words: list[Token]) -> set[str]:
    """The words that are written as names; in a Title Cased Question only those that cannot be anything else."""
    found = {word for name in names(text) for word in name.split()}
    capitals = sum(word.text[0].isupper() for word in words)
    return {word for word in found if is_technical_name(word)} if 2 * capitals > len(words) + 2 else found
