"""Tells whether two sentences that share their words say the opposite: negation and antonyms.

Negation is read by scope: a cue turns the content words behind it up to the end of its clause (as NegEx does, Chapman
et al. 2001, with a window of five words).
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from rag.answering.words import STOP_WORDS, stem

_WORD = re.compile(r"[^\W_]+(?:[-'’][^\W_]+)*|[.,;:!?()]")
_CUES: Final = frozenset(
    """not no never without cannot neither nor none nothing hardly barely lack lacks lacked lacking fail fails failed
    unable fewer-than instead""".split()
)
_CONTRACTED = ("n't", "n’t")
#: Words a cue reaches; six is NegEx's five and one for an adverb.
_REACH: Final = 6
_ENDS_SCOPE: Final = frozenset(". ; : ! ? ( ) , but however while whereas although though because since".split())
# "not only X but also Y", "no less than", "without loss" turn nothing around.
_NO_CUE = re.compile(
    r"\bnot (?:only|just|merely|solely|limited|necessarily|to mention)\b|\bno (?:less|fewer|more|longer)\b|\bno,",
    re.IGNORECASE,
)
_OPPOSITES: Final = """
    increase/decrease increase/reduce raise/lower improve/worsen improve/degrade improve/hurt improve/impair
    outperform/underperform higher/lower high/low larger/smaller large/small bigger/smaller faster/slower fast/slow
    more/fewer more/less better/worse best/worst longer/shorter long/short stronger/weaker strong/weak
    superior/inferior gain/loss gain/drop rise/fall rise/drop above/below over/under exceed/trail most/least
    necessary/unnecessary possible/impossible effective/ineffective efficient/inefficient accurate/inaccurate
    success/failure succeed/fail positive/negative accelerate/decelerate speedup/slowdown cheap/expensive
    cheaper/costlier simple/complex easy/hard easier/harder same/different similar/different supervised/unsupervised
    enable/prevent allow/prevent include/exclude add/remove maximize/minimize maximise/minimise
    expand/compress expand/shrink early/late earlier/later before/after first/last offline/online dense/sparse open/closed
    monolingual/multilingual structured/unstructured consistent/inconsistent robust/fragile known/unknown
    solved/unsolved encoder/decoder benefit/harm beneficial/harmful benefits/harms
""".split()


class Conflict(NamedTuple):
    """How far a sentence contradicts a text: words said with the other polarity, and antonyms in their place."""

    negated: int
    antonyms: int


def _opposites() -> dict[str, frozenset[str]]:
    table: dict[str, set[str]] = {}
    for pair in _OPPOSITES:
        one, other = (stem(word) for word in pair.split("/"))
        table.setdefault(one, set()).add(other)
        table.setdefault(other, set()).add(one)
    return {word: frozenset(others) for word, others in table.items()}


OPPOSITES: Final = _opposites()


def conflict(sentence: str, text: str) -> Conflict:
    """What of ``sentence`` contradicts ``text``, a stretch that is about the same."""
    said, stated = _polarities(sentence), _polarities(text)
    negated = sum(1 for word, polarity in said.items() if word in stated and polarity.isdisjoint(stated[word]))
    antonyms = sum(
        1
        for word, polarity in said.items()
        if word not in stated
        and any(other in stated and not polarity.isdisjoint(stated[other]) for other in OPPOSITES.get(word, ()))
    )
    return Conflict(negated, antonyms)


def denies(text: str, at: int) -> bool:
    """Whether what stands at ``text[at:]`` is denied: a cue stands before it in its clause."""
    before = _NO_CUE.sub(" ", text[:at])
    reach = 0
    for match in _WORD.finditer(before):
        word = match.group().lower()
        if word in _ENDS_SCOPE - {","}:
            reach = 0
        elif word in _CUES or word.endswith(_CONTRACTED) or word in {"rather", "wrong", "incorrect"}:
            reach = _REACH + 2
        else:
            reach = max(0, reach - 1)
    return reach > 0


def _polarities(text: str) -> dict[str, set[bool]]:
    """For every stem the polarities it occurs with; ``True`` is affirmed."""
    text = _NO_CUE.sub(lambda match: " " * len(match.group()), text)
    found: dict[str, set[bool]] = {}
    reach = 0
    words = [match.group().lower() for match in _WORD.finditer(text)]
    for at, word in enumerate(words):
        if word in _ENDS_SCOPE:
            reach = 0
        elif word in _CUES or word.endswith(_CONTRACTED) or (word == "rather" and words[at + 1 : at + 2] == ["than"]):
            reach = _REACH
        else:
            if _counts(word):
                found.setdefault(stem(word), set()).add(reach == 0)
            reach = max(0, reach - 1)
    return found


def _counts(word: str) -> bool:
    return len(word) > 1 and (word not in STOP_WORDS or stem(word) in OPPOSITES)
