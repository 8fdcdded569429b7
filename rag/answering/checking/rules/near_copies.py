"""Finds the word by which a near copy of a sentence was turned into its opposite.

The two are laid side by side word for word (longest common runs, as Python's difflib does after Ratcliff and Obershelp
1988). Where most of a sentence is another's, what differs is an edit: a "not" put in or left out, or a word that an
antonym takes the place of.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from difflib import SequenceMatcher
from itertools import takewhile
from typing import Final

from rag.answering.checking.rules.polarity import IMPLICIT, OPPOSITES, is_cue, words_of
from rag.language.stems import stem
from rag.language.stopwords import CLAIM_STOPWORDS

#: So much of a sentence must stand in the other for the two to be taken as copies.
_COPIED: Final = 0.6
_FEWEST: Final = 4
#: Content words behind a cue that it may bear on.
_NEAR: Final = 3
#: Words of an edit that leaves out a hedge, and hardly more.
_SHORT: Final = 2
#: Words between a cue and what it may deny.
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


def turned(said: str, stated: str) -> list[str]:
    """The words by which ``said`` turns the near copy ``stated`` around; none where it is no near copy."""
    ours, theirs = words_of(said), words_of(stated)
    own, other = [stem(word) for word in ours], [stem(word) for word in theirs]
    matcher = SequenceMatcher(None, own, other, autojunk=False)
    aligned = {run.a + step: run.b + step for run in matcher.get_matching_blocks() for step in range(run.size)}
    telling = [at for at in range(len(ours)) if _tells(ours[at])]
    shared = [at for at in telling if at in aligned]
    if len(shared) < _FEWEST or len(shared) < _COPIED * len(telling):
        return []
    found: list[str] = []
    taken = {there: here for here, there in aligned.items()}
    for kind, a, b, c, d in matcher.get_opcodes():
        if kind == "equal":
            continue
        denied_here = any(is_cue(word) or word in IMPLICIT for word in theirs[max(0, c - 1) : d + 1])
        denied_there = any(is_cue(word) or word in IMPLICIT for word in ours[max(0, a - 1) : b + 1])
        if not denied_here:
            found += _turning(range(a, b), ours, aligned, theirs)
        if not denied_there and a > 0 and b < len(ours):
            found += _turning(range(c, d), theirs, taken, ours)
        found += _strengthened(ours[a:b], theirs[c:d])
        if b - a == d - c:
            found += [ours[a + step] for step in range(b - a) if _opposites(ours[a + step], theirs[c + step])]
    return list(dict.fromkeys(found))


def _turning(places: range, words: Sequence[str], matched: Mapping[int, int], others: Sequence[str]) -> list[str]:
    """The cues at some places of a sentence that deny what the other sentence has too, and does not deny."""
    cues = [at for at in places if is_cue(words[at])]
    borne_on = [(words[at], _borne_on(at, words, matched)) for at in cues]
    return [cue for cue, place in borne_on if place is not None and not _denied(place, others)]


def _strengthened(ours: Sequence[str], theirs: Sequence[str]) -> list[str]:
    """What takes a hedge's place and claims more: "always" for "often"; a "may" that is left out without another."""
    more = [word for word in ours if any(word in _STRONGER.get(hedge, ()) for hedge in theirs)]
    dropped = [word for word in theirs if word in _DOUBTS and not (_DOUBTS | _MODALS) & set(ours)]
    return more or (dropped if len(theirs) <= _SHORT else [])


def _tells(word: str) -> bool:
    return word not in _STOPS and (word not in CLAIM_STOPWORDS or stem(word) in OPPOSITES)


def _denied(at: int, words: Sequence[str]) -> bool:
    """Whether a cue stands a few words before or behind a place, in the same clause."""
    before = range(at - 1, max(-1, at - 1 - _CLAUSE), -1)
    behind = range(at + 1, min(len(words), at + 1 + _CLAUSE))
    clause = [place for way in (before, behind) for place in takewhile(lambda at: words[at] not in _STOPS, way)]
    return any(is_cue(words[place]) for place in clause)


def _borne_on(at: int, words: Sequence[str], matched: Mapping[int, int]) -> int | None:
    """Where, in the other sentence, the first of the next content words, before any stop, stands that it has too."""
    seen = 0
    for place in range(at + 1, len(words)):
        if words[place] in _STOPS or seen == _NEAR:
            return None
        if _tells(words[place]) and not is_cue(words[place]):
            seen += 1
            if place in matched:
                return matched[place]
    return None


def _opposites(one: str, other: str) -> bool:
    if stem(other) in OPPOSITES.get(stem(one), ()):
        return True
    short, long = sorted((one, other), key=len)
    return len(short) > 3 and any(long == prefix + short for prefix in _PREFIXES)
