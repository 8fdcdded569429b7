"""Find where a sentence says the opposite of a text with the same words, by a negation or an antonym.

Negation has a scope: a cue negates the content words after it, up to the end of its clause (as in NegEx, Chapman et al.
2001), or those before it if hardly anything follows ("was not used"). An antonym counts if the words around it are the
same.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from rag.language.stems import stem
from rag.language.stopwords import CLAIM_STOPWORDS

_WORD = re.compile(r"[^\W_]+(?:[-'’.][^\W_]+)*%?|[.,;:!?()<>]")
_CUES: Final = frozenset(
    """not no never without cannot neither nor none nothing hardly barely lack lacks lacked lacking fail fails failed
    failing unable""".split()
)
_CONTRACTED = ("n't", "n’t")
#: Content words that a cue reaches, and that an implicit one reaches backwards.
_REACH: Final = 5
_BACK: Final = 3
_HEADS: Final = 2
#: Words of any kind that lie between a cue and the last word it reaches.
_FARTHEST: Final = 15
_ENDS_SCOPE: Final = frozenset(". ; : ! ? ( ) but however while whereas although though because since which".split())
# "not only X but also Y", "no less than" and the like negate nothing; a bare "No," answers a question.
_NO_CUE = re.compile(
    r"\bnot (?:only|just|merely|solely|limited|necessarily|to mention)\b|\bno (?:less|fewer|more|matter|doubt)\b"
    r"|\bno longer than\b|\bno,|\bas (?:little|few) as\b|\bnot yet\b",
    re.IGNORECASE,
)
# Negations of several words, as the one word that the rules below read.
_PHRASES: Final = (
    (re.compile(r"\b(?:far from|anything but)\b", re.IGNORECASE), "not"),
    (re.compile(r"\bin (?:the )?absence of\b", re.IGNORECASE), "without"),
    (re.compile(r"\b(?:untrue|false|incorrect|wrong|mistaken)(?= that\b)", re.IGNORECASE), "not true"),
    (re.compile(r"\b(?:no|little) (?:evidence|proof|indication|sign)(?= that\b)", re.IGNORECASE), "not true"),
)
# These negate without a "not". Their scope is less certain: words near them count as neither affirmed nor denied.
IMPLICIT: Final = frozenset(
    """absence absent avoid avoids barely bypass bypasses challenge challenges challenging despite difficult difficulty
    eliminate eliminates except exclude excludes failure failures far few forgo free gap hard hinder hinders ignore
    ignores impossible impractical inability inadequate incapable incompatible insufficient limit limitation limitations
    limited limits little miss misses missing neglect non only overlook overlooked poor poorly prevent prevents problem
    problems rare rarely rather instead scarce seldom struggle struggles suffer suffers unclear
    unexplored unknown unlike unnecessary unsolved yet""".split()
)
# "It is not the case that ...": the cue reaches all of what follows.
_FRAMES: Final = frozenset("case true correct right so accurate".split())
_SIGNS: Final = {"<": "less", ">": "more"}
_OPPOSITES: Final = """
    increase/decrease increase/reduce raise/lower improve/worsen improve/degrade improve/hurt improve/impair gain/reduce
    outperform/underperform higher/lower high/low larger/smaller large/small bigger/smaller faster/slower fast/slow
    more/fewer more/less better/worse best/worst stronger/weaker strong/weak greater/less
    superior/inferior gain/loss gain/drop rise/fall rise/drop above/below least/most exceed/trail surpass/trail
    necessary/unnecessary possible/impossible effective/ineffective efficient/inefficient accurate/inaccurate
    success/failure succeed/fail positive/negative accelerate/decelerate speedup/slowdown cheap/expensive
    accelerate/slow cheaper/costlier simple/complex easy/hard easier/harder same/different supervised/unsupervised
    enable/prevent allow/prevent include/exclude add/remove maximize/minimize maximise/minimise save/waste expand/shrink
    early/late earlier/later offline/online dense/sparse open/closed monolingual/multilingual consistent/inconsistent
    structured/unstructured robust/fragile known/unknown solved/unsolved benefit/harm beneficial/harmful
    independent/joint independently/jointly outperform/trail majority/minority maximum/minimum more/under
    similar/different like/unlike good/poor good/bad long/short thick/thin upper/lower inside/outside before/after
    always/never all/none most/few many/few first/last increase/fall grow/shrink rise/decrease widen/narrow
    internal/external rarely/often seldom/often useful/useless helpful/harmful appropriate/inappropriate common/rare
    substantial/negligible significant/insignificant advantage/disadvantage""".split()


@dataclass(frozen=True, slots=True)
class Word:
    """A content word with its neighbours (the one before, the one behind, and up to three on each side), and whether it
    is denied."""

    stem: str
    denied: bool
    before: str
    behind: str
    around: frozenset[str]


@dataclass(frozen=True, slots=True)
class Polarity:
    """The content words of a text, and what its negations deny: for every cue, the stems it reaches, and as
    ``heads`` the one or two nearest to it. ``shadowed`` are the stems near any cue, implicit ones like "lacks" or
    "hard" included."""

    words: tuple[Word, ...]
    denials: tuple[frozenset[str], ...]
    heads: tuple[frozenset[str], ...]
    shadowed: frozenset[str]

    @property
    def stems(self) -> frozenset[str]:
        """All stems of the text."""
        return frozenset(word.stem for word in self.words)

    @property
    def affirmed(self) -> frozenset[str]:
        """The stems that occur far from anything that could negate them."""
        return frozenset(word.stem for word in self.words if not word.denied) - self.shadowed


def _opposites() -> dict[str, frozenset[str]]:
    table: dict[str, set[str]] = {}
    for pair in _OPPOSITES:
        one, other = (stem(word) for word in pair.split("/"))
        table.setdefault(one, set()).add(other)
        table.setdefault(other, set()).add(one)
    return {word: frozenset(others) for word, others in table.items()}


OPPOSITES: Final = _opposites()


def read_polarity(text: str) -> Polarity:
    """Return the polarity of a text's content words; a question states nothing and has none."""
    if text.rstrip(" \"'”’)").endswith("?"):
        return Polarity((), (), (), frozenset())
    words = words_of(text)
    kept = {at: stem(word) for at, word in enumerate(words) if _counts(word)}
    scopes = _scopes(words, kept)
    denied = {at for scope in scopes for at in scope}
    row = list(kept.items())
    return Polarity(
        words=tuple(
            Word(
                word,
                at in denied,
                row[nth - 1][1] if nth else "",
                row[nth + 1][1] if nth + 1 < len(row) else "",
                frozenset(w for _, w in row[max(0, nth - 3) : nth + 4]) - {word},
            )
            for nth, (at, word) in enumerate(row)
        ),
        denials=tuple(frozenset(kept[at] for at in scope) for scope in scopes),
        heads=tuple(frozenset(kept[at] for at in scope[:_HEADS]) for scope in scopes),
        shadowed=frozenset(kept[at] for at in _shadow(words, kept)),
    )


def words_of(text: str) -> list[str]:
    """Return the words and stops of a text in lower case, without phrases that only look like a negation."""
    text = _NO_CUE.sub(lambda match: " " * len(match.group()), text)
    for phrase, word in _PHRASES:
        text = phrase.sub(word, text)
    return list(_words(text))


def is_cue(word: str) -> bool:
    """Return whether a word is a negation cue."""
    return word in _CUES or word.endswith(_CONTRACTED)


def _words(text: str) -> Iterator[str]:
    """Yield words and stops; "pre-trained" is one word, "orders-of-magnitude" three, "model's" is "model"."""
    for match in _WORD.finditer(text):
        word = match.group().lower().removesuffix("'s").removesuffix("’s")
        parts = word.split("-")
        if len(parts) == 2 and parts[0] != "non":
            yield "".join(parts)
        else:
            yield from (_SIGNS.get(part, part) for part in parts)


def _scopes(words: Sequence[str], kept: dict[int, str]) -> list[list[int]]:
    """Return the positions of the content words that each cue negates."""
    scopes: list[list[int]] = []
    for at, word in enumerate(words):
        if not is_cue(word):
            continue
        opens = next((place for place in range(at + 1, min(at + 4, len(words))) if words[place] == "that"), 0)
        if opens and words[opens - 1] in _FRAMES:
            ends = next((place for place in range(opens, len(words)) if words[place] in ".;!?"), len(words))
            scopes.append([place for place in range(opens, ends) if place in kept])
            continue
        reached = _reach(range(at + 1, min(len(words), at + _FARTHEST)), words, kept)
        if len(reached) < 2:
            reached += _reach(range(at - 1, max(-1, at - _FARTHEST), -1), words, kept)
        scopes.append(reached)
    return scopes


def _shadow(words: Sequence[str], kept: dict[int, str]) -> set[int]:
    shadow: set[int] = set()
    for at, word in enumerate(words):
        if is_cue(word) or word in IMPLICIT:
            shadow.update(_reach(range(at + 1, min(len(words), at + _FARTHEST)), words, kept))
            shadow.update(_reach(range(at - 1, max(-1, at - _FARTHEST), -1), words, kept)[:_BACK])
    return shadow


def _reach(positions: Iterable[int], words: Sequence[str], kept: dict[int, str]) -> list[int]:
    reached: list[int] = []
    for position in positions:
        ends = words[position] in _ENDS_SCOPE or (words[position] == "," and _leads_on(words, position))
        if ends or len(reached) == _REACH or (words[position] == "," and not reached):
            break
        if position in kept:
            reached.append(position)
    return reached


def _leads_on(words: Sequence[str], comma: int) -> bool:
    """Return whether a comma ends a scope: in a list the next item follows it, elsewhere a function word."""
    following = words[comma + 1] if comma + 1 < len(words) else ""
    return not following or following in CLAIM_STOPWORDS


def _counts(word: str) -> bool:
    return (len(word) > 1 and word not in CLAIM_STOPWORDS and word not in _ENDS_SCOPE) or stem(word) in OPPOSITES


def contradictions(said: Polarity, nearest: Polarity, stated: Sequence[Polarity]) -> list[str]:
    """Return the stems by which ``said`` contradicts a text.

    - ``said`` denies what a sentence affirms, for the most part of it, and none comes near to denying it too.
    - The ``nearest`` sentences deny what ``said`` affirms, and ``said`` says hardly more than that. Abstracts open with
      what was not possible before; so this counts only where no sentence affirms it.
    - An antonym is among the same words.

    Args:
        said: a clause of an answer.
        nearest: the sentences of the text that are most like it.
        stated: every sentence of the text.
    """
    found: list[str] = []
    for denial, head in zip(said.denials, said.heads, strict=True):
        affirms = any(_holds(denial, other.affirmed) for other in stated)
        shared = any(
            len(denial & other) >= 2 or head & other_head
            for text in stated
            for other, other_head in zip(text.denials, text.heads, strict=True)
        )
        if affirms and not shared and not any(len(denial & other.shadowed) * 2 >= len(denial) for other in stated):
            found += sorted(denial)
    own = said.affirmed
    for denial in nearest.denials:
        restated = _holds(denial, own) and len(own & nearest.stems) * 5 >= len(said.stems) * 4
        if restated and not any(_holds(denial, other.affirmed) for other in stated):
            found += sorted(denial)
    found += [word.stem for word in said.words if word.stem in OPPOSITES and _opposed(word, said, [nearest, *stated])]
    return list(dict.fromkeys(found))


def _holds(denial: frozenset[str], words: frozenset[str]) -> bool:
    """Return whether ``words`` have two or more of what is denied, and at least half of it."""
    shared = len(denial & words)
    return shared >= 2 and shared * 2 >= len(denial)


def _opposed(word: Word, said: Polarity, stated: Sequence[Polarity]) -> bool:
    """Return whether an antonym has the word's place: the same neighbour, and another shared word near by. A text or
    clause that has both words compares them."""
    opposites = OPPOSITES[word.stem]
    if opposites & said.stems or any(_beside(word, o) for text in stated for o in text.words if o.stem == word.stem):
        return False
    return any(
        other.stem in opposites
        and other.denied == word.denied
        and _beside(word, other)
        and len(word.around & other.around) >= 2
        for text in stated
        if word.stem not in text.stems
        for other in text.words
    )


def _beside(one: Word, other: Word) -> bool:
    return one.before == other.before != "" or one.behind == other.behind != ""


def is_negated(text: str, at: int) -> bool:
    """Return whether the word at ``text[at:]`` is negated: a cue, or a verdict ("the wrong figure"), comes before it in
    its clause."""
    reach = 0
    for match in _WORD.finditer(_NO_CUE.sub(" ", text[:at])):
        word = match.group().lower()
        if word in _ENDS_SCOPE:
            reach = 0
        elif is_cue(word) or word in {"rather", "instead", "wrong", "incorrect"}:
            reach = _REACH + 3
        else:
            reach = max(0, reach - 1)
    return reach > 0
