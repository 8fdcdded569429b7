"""Find the edits that turn a near copy of a sentence into its opposite.

The two are aligned word for word (longest common runs, as Python's difflib does after Ratcliff and Obershelp 1988). If
most of a sentence is another's, what differs is an edit: a "not" added or removed, or an antonym in a word's place.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from difflib import SequenceMatcher
from itertools import takewhile
from typing import Final

from rag.answering.checking.rules.polarity import IMPLICIT, OPPOSITES, is_cue, words_of
from rag.language.stems import stem
from rag.language.stopwords import CLAIM_STOPWORDS

#: The share of a near copy's content words that the other sentence has.
_COPIED: Final = 0.6
_FEWEST: Final = 4
#: Content words after a cue that it may negate.
_NEAR: Final = 3
#: Words of an edit that removes a hedge, and hardly more.
_SHORT: Final = 2
#: Words between a cue and what it may negate.
_CLAUSE: Final = 10
_PREFIXES: Final = ("non", "un", "in", "im", "ir", "il", "dis")
_ALL: Final = frozenset("all every always each any invariably whenever entirely".split())
_STRONGER: Final = {
    **dict.fromkeys("some several few most many often sometimes usually generally typically frequently".split(), _ALL),
    **dict.fromkeys(
        "suggest suggests suggested indicate indicates indicated".split(), frozenset(["prove", "proves", "proved"])
    ),
}
_DOUBTS: Final = frozenset("may might possibly perhaps".split())
_MODALS: Final = frozenset("can could would should potentially likely".split())
_STOPS: Final = frozenset(",.;:!?()<>")


def reversing_edits(said: str, stated: str) -> list[str]:
    """Return the words by which ``said`` reverses ``stated``; none if it is no near copy of it."""
    ours, theirs = words_of(said), words_of(stated)
    own, other = [stem(word) for word in ours], [stem(word) for word in theirs]
    matcher = SequenceMatcher(None, own, other, autojunk=False)
    aligned = {run.a + step: run.b + step for run in matcher.get_matching_blocks() for step in range(run.size)}
    content = [at for at in range(len(ours)) if _is_content(ours[at])]
    shared = [at for at in content if at in aligned]
    if len(shared) < _FEWEST or len(shared) < _COPIED * len(content):
        return []
    found: list[str] = []
    taken = {there: here for here, there in aligned.items()}
    for kind, a, b, c, d in matcher.get_opcodes():
        if kind == "equal":
            continue
        denied_here = any(is_cue(word) or word in IMPLICIT for word in theirs[max(0, c - 1) : d + 1])
        denied_there = any(is_cue(word) or word in IMPLICIT for word in ours[max(0, a - 1) : b + 1])
        if not denied_here:
            found += _added_negations(range(a, b), ours, aligned, theirs)
        if not denied_there and a > 0 and b < len(ours):
            found += _added_negations(range(c, d), theirs, taken, ours)
        found += _strengthened(ours[a:b], theirs[c:d])
        if b - a == d - c:
            found += [ours[a + step] for step in range(b - a) if _opposites(ours[a + step], theirs[c + step])]
    return list(dict.fromkeys(found))


def _added_negations(
    places: range, words: Sequence[str], matched: Mapping[int, int], others: Sequence[str]
) -> list[str]:
    """Return the cues at ``places`` that negate what the other sentence has too, but not negated."""
    cues = [at for at in places if is_cue(words[at])]
    negated = [(words[at], _negated_match(at, words, matched)) for at in cues]
    return [cue for cue, place in negated if place is not None and not _is_negated(place, others)]


def _strengthened(ours: Sequence[str], theirs: Sequence[str]) -> list[str]:
    """Return the words that claim more than a hedge: "always" for "often", or a "may" that is gone."""
    more = [word for word in ours if any(word in _STRONGER.get(hedge, ()) for hedge in theirs)]
    dropped = [word for word in theirs if word in _DOUBTS and not (_DOUBTS | _MODALS) & set(ours)]
    return more or (dropped if len(theirs) <= _SHORT else [])


def _is_content(word: str) -> bool:
    return word not in _STOPS and (word not in CLAIM_STOPWORDS or stem(word) in OPPOSITES)


def _is_negated(at: int, words: Sequence[str]) -> bool:
    """Return whether a cue is a few words before or after a place, in the same clause."""
    before = range(at - 1, max(-1, at - 1 - _CLAUSE), -1)
    behind = range(at + 1, min(len(words), at + 1 + _CLAUSE))
    clause = [place for way in (before, behind) for place in takewhile(lambda at: words[at] not in _STOPS, way)]
    return any(is_cue(words[place]) for place in clause)


def _negated_match(at: int, words: Sequence[str], matched: Mapping[int, int]) -> int | None:
    """Return the place in the other sentence of the first word that the cue at ``at`` negates and both have."""
    seen = 0
    for place in range(at + 1, len(words)):
        if words[place] in _STOPS or seen == _NEAR:
            return None
        if _is_content(words[place]) and not is_cue(words[place]):
            seen += 1
            if place in matched:
                return matched[place]
    return None


def _opposites(one: str, other: str) -> bool:
    if stem(other) in OPPOSITES.get(stem(one), ()):
        return True
    short, long = sorted((one, other), key=len)
    return len(short) > 3 and any(long == prefix + short for prefix in _PREFIXES)
