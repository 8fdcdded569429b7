"""How surely a text speaks of a term of the question: exactly, by inflection, synonym, acronym or misspelling."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise

from rapidfuzz.distance import OSA

from rag.extractive.lexicon import NUMBER_WORDS, synonyms
from rag.extractive.question import Term
from rag.extractive.rarity import is_english, rarity
from rag.language.stems import stem
from rag.language.tokens import pieces, plain_figures, runs, tokens

EXACT = 1.0
SYNONYM = 0.6
RELATED = 0.7
MISSPELT = 0.8
_SHORTEST_SHARED = 5
# Endings that the stemmer leaves on short words: "faster", "ranker", "argument".
_LEFT_ON = frozenset({"er", "est", "ment"})
_SHORTEST_ACRONYM = 2
_SURE_ACRONYM = 3
_LONG = 8
_SHORTEST_NAME = 4


@dataclass(frozen=True, slots=True)
class Words:
    """The words of a text, prepared for matching.

    Attributes:
        stems: of all words and their parts, in order.
        unique: the same as a set.
        joined: the stems of every two neighbours written as one word.
        figures: the numbers in digits.
        cased: the words as written.
        spelt: their parts in lower case.
        numeric: positions in ``stems`` of numbers, in digits or words.
        plain: for every position, whether it is a whole word (``4`` in "4 tasks", not in "GPT-4").
        initials: the first letters of all words, as written.
    """

    stems: tuple[str, ...]
    unique: frozenset[str]
    joined: frozenset[str]
    figures: frozenset[str]
    cased: frozenset[str]
    spelt: frozenset[str]
    numeric: tuple[int, ...]
    plain: tuple[bool, ...]
    initials: str


@lru_cache(maxsize=2_048)
def words_of(text: str) -> Words:
    """Return the words of ``text``, function words too: a question may hang on one."""
    raw: list[str] = []
    plain: list[bool] = []
    initials: list[str] = []
    for token in tokens(text):
        parts = pieces(token.text)
        raw.extend(parts)
        initials.extend(part[0] for part in runs(token.text))
        plain.extend([token.text[0].isdigit() or len(parts) == 1] * len(parts))
    roots = tuple(stem(piece) for piece in raw)
    numeric = tuple(i for i, piece in enumerate(raw) if piece[0].isdigit() or piece in NUMBER_WORDS)
    return Words(
        stems=roots,
        unique=frozenset(roots),
        joined=frozenset(stem(a + b) for words in (roots, raw) for a, b in pairwise(words)),
        figures=plain_figures(text),
        cased=frozenset(token.text for token in tokens(text)),
        spelt=frozenset(raw),
        numeric=numeric,
        plain=tuple(plain),
        initials="".join(initials),
    )


def strength(term: Term, words: Words) -> float:
    """Return how surely ``words`` speak of ``term``, 0 to 1.

    Names match as they are; other words also by their family and their synonyms. A compound counts by the share of
    its parts that are found.
    """
    if term.joined in words.unique or term.joined in words.joined:
        return EXACT
    found = [_part(part, words, name=term.name) for part in term.parts]
    mean = sum(found) / len(found)
    if not term.name:
        return mean
    # "BERT-large" is not in "Large models train BERT".
    together = mean if _in_a_row(term.parts, words.stems) else mean / 2
    return max(together, RELATED if _names_family(term.word, words) else 0.0)


def _part(part: str, words: Words, *, name: bool) -> float:
    if part in words.unique or part in words.joined:
        return EXACT
    if name:
        return 0.0
    beginning = part[: _SHORTEST_SHARED - 1]
    if any(other.startswith(beginning) and _same_family(part, other) for other in words.unique):
        return RELATED
    return SYNONYM if not synonyms(part).isdisjoint(words.unique) else 0.0


def _in_a_row(parts: Sequence[str], roots: Sequence[str]) -> bool:
    """Return whether ``parts`` follow one another in ``roots``."""
    return any(roots[i : i + len(parts)] == parts for i, root in enumerate(roots) if root == parts[0])


def _names_family(name: str, words: Words) -> bool:
    """Return whether ``words`` hold a member of the family that ``name`` names: SOBertBase for SOBert, GPT-4 for GPT,
    but not LAMBADA for LAMB."""
    return len(name) >= _SHORTEST_NAME and any(
        word.startswith(name) and not word[len(name) : len(name) + 1].islower() and not word[len(name) - 1 :].isupper()
        for word in words.cased
        if len(word) > len(name)
    )


def acronym(term: Term, words: Words) -> float:
    """Return how surely an acronym that ``words`` do not hold is spelt out there: ``MLP`` by "multi-layer
    perceptron"."""
    word = term.word.removesuffix("s")
    if not word.isalpha() or not word.isupper() or len(word) < _SHORTEST_ACRONYM:
        return 0.0
    # Two letters meet by chance; only written with capitals do they spell it out.
    initials = words.initials if len(word) < _SURE_ACRONYM else words.initials.lower()
    return SYNONYM if (word if len(word) < _SURE_ACRONYM else word.lower()) in initials else 0.0


def _same_family(a: str, b: str) -> bool:
    """Return whether one stem begins the other and the rest is short: the stemmer takes inflections off ("trained") but
    leaves derivations ("trainer", "accuracy" beside "accurate", "faster")."""
    shorter, longer = sorted((a, b), key=len)
    rest = longer.removeprefix(shorter)
    # To quantize is not a quantity, but what is stabilized has stability; a mode is not a model, but what is faster is
    # fast.
    least = _SHORTEST_SHARED + (rest == "iz") - (rest in _LEFT_ON)
    return len(longer) > len(rest) and len(shorter) >= least and (len(rest) <= 3 or rest in _LEFT_ON)


def corrected(term: Term, vocabulary: Iterable[str]) -> Term:
    """Return ``term`` with its spelling taken from ``vocabulary`` (words in small letters) where it is misspelt: a word
    that general English does not know, one slip away (two in a long word) from one that the sources hold. Names are
    never touched: ALBERT is not BERT."""
    word = term.word
    if term.name or not word.isalpha() or not word.islower() or len(word) < 5 or is_english(word):
        return term
    slips = 1 if len(word) < _LONG else 2
    best = min(
        (
            (OSA.distance(word, other, score_cutoff=slips), other)
            for other in vocabulary
            if other[:1] == word[0] and other.isalpha()
        ),
        default=(slips + 1, word),
    )
    if not 0 < best[0] <= slips:
        return term
    return replace(term, parts=(stem(best[1]),), weight=rarity(best[1]))
