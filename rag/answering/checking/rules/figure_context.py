"""Find figures that a source has, but for something else: in another sentence than those that support the answer's, or
with another noun."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from rag.answering.checking.rules.figures import Figure, FigureIndex, figures, missing_figures, same_figure
from rag.answering.checking.words import stems

_BEHIND = re.compile(r"[\s\-]+(?:more\s|of\s)?([^\W\d_][\w\-]*)")
_BEFORE = re.compile(
    r"([^\W\d_][\w\-]*)\s(?:of|at|is|was|reached|reaches|with|=|:)\s?(?:up\sto\s|about\s|over\s|only\s)?\Z"
)
_LOOK_BACK = 60
_LOOK_AHEAD = 5


class _Placed(NamedTuple):
    """A figure with what it counts: the noun after it, or the one it is the value of ("an F1 of 78.17"), and the next
    few words."""

    figure: Figure
    behind: str
    before: str
    following: frozenset[str]


def figures_outside(sentence: str, spans: Sequence[str], title: str) -> list[Figure]:
    """Return the figures in digits of ``sentence`` that are neither in its supporting ``spans`` nor in the title."""
    lost = missing_figures(sentence, [FigureIndex([*spans, title])])
    return [figure for figure in lost if any(c.isdecimal() for c in figure.text)]


def swapped_figures(sentence: str, spans: Sequence[str]) -> list[Figure]:
    """Return the figures of ``sentence`` that ``spans`` have only for another thing, while they have another figure for
    this one: "500 paragraphs" for the source's "4 million paragraphs covering 500 entity types"."""
    stated = [placed for span in spans for placed in _placed(span)]
    return [placed.figure for placed in _placed(sentence) if _is_swapped(placed, stated)]


def _placed(text: str) -> list[_Placed]:
    return [_place(text, figure) for figure in figures(text) if not figure.loose and figure.kind != "date"]


def _place(text: str, figure: Figure) -> _Placed:
    behind = _BEHIND.match(text, figure.end)
    before = _BEFORE.search(text[max(0, figure.start - _LOOK_BACK) : figure.start])
    following = " ".join(text[figure.end :].split()[:_LOOK_AHEAD])
    return _Placed(figure, _head(behind), _head(before), frozenset(stems(following)))


def _head(found: re.Match[str] | None) -> str:
    words = stems(found[1]) if found else []
    return words[0] if words else ""


def _is_swapped(said: _Placed, stated: Sequence[_Placed]) -> bool:
    own = [other for other in stated if same_figure(said.figure, other.figure)]
    rivals = [o for o in stated if o.figure.kind == said.figure.kind and not same_figure(said.figure, o.figure)]
    if not own:
        return False
    if said.behind and all(other.behind not in {"", said.behind} | said.following for other in own):
        return any(rival.behind == said.behind for rival in rivals)
    if said.before and all(other.before not in {"", said.before} for other in own):
        return any(rival.before == said.before for rival in rivals)
    return False
