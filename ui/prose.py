"""Turns the text of an answer into safe markup: paragraphs, lists, emphasis and code, citations as links, and the
sentences the checker doubts marked. No other formatting exists, and no HTML passes."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise

from markupsafe import Markup

from rag.answering.answer import Sentence
from ui.html import el, join

# Every alternative stops at its own closing sign, so that a scan never runs twice over the same text.
_INLINE = re.compile(
    r"\[(?P<cite>\d{1,3})\]"
    r"|\*\*(?P<strong>[^*\n]+)\*\*"
    r"|\*(?P<em>[^*\s](?:[^*\n]*[^*\s])?)\*"
    r"|`(?P<code>[^`\n]+)`"
)
_MARKER = re.compile(r"\s?\[\d{1,3}\]")
_ITEM = re.compile(r"[ \t]{0,8}(?:(?P<bullet>[-*•])|(?P<number>\d{1,3})[.)])[ \t]+")
_HEADING = re.compile(r"[ \t]{0,3}#{1,6}[ \t]+")

_OPENING = "\"'“‘«([*`"

Cite = Callable[[int, Sentence | None], Markup]


@dataclass(frozen=True, slots=True)
class _Block:
    """A run of the text that makes one paragraph, list item or heading: ``text[start:end]``."""

    kind: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class _Atom:
    """A piece of text of one style, or a citation."""

    start: int
    content: str
    style: str = ""
    citation: int | None = None


@dataclass(frozen=True, slots=True)
class Doubt:
    """How a doubted sentence is shown: the class of its span and the words behind it."""

    css: str
    note: str


def render(text: str, cite: Cite, sentences: Sequence[Sentence] = ()) -> tuple[Markup, tuple[Sentence, ...]]:
    """The markup of ``text``, and those doubted sentences that could not be found in it (to be shown apart).

    ``cite`` gives the markup of a citation number and the sentence it stands behind, where that is known.
    """
    starts, found, lost = _locate(text, sentences)
    # A sentence ends in the last block that holds some of it: that is where its note belongs.
    blocks = list(_blocks(text))
    rendered: list[tuple[str, Markup]] = []
    asides = _asides(text, starts, found)
    for position, block in enumerate(blocks):
        following = blocks[position + 1].start if position + 1 < len(blocks) else len(text)
        kind = "aside" if block.kind == "p" and asides(block) else block.kind
        rendered.append((kind, _block(text, block, following, cite, starts, found)))
    parts: list[Markup] = []
    for kind, group in groupby(rendered, key=lambda pair: pair[0]):
        items = [markup for _, markup in group]
        if kind in {"ul", "ol"}:
            parts.append(el(kind, [el("li", item) for item in items]))
        elif kind == "h":
            parts.extend(el("p", el("strong", item)) for item in items)
        else:
            parts.extend(el("p", item, class_="cw-aside" if kind == "aside" else None) for item in items)
    return join(parts), lost


def inline(text: str) -> Markup:
    """The markup of a sentence that stands alone: emphasis and code, no citations."""
    return join(_atom(atom, lambda number, _: join([f"[{number}]"]), None) for atom in _atoms(text, 0, len(text)))


def doubt(sentence: Sentence) -> Doubt | None:
    """What the reader is told about a sentence, or ``None`` where the checker has nothing against it."""
    problems = "; ".join(sentence.problems)
    if sentence.support == "unsupported":
        return Doubt("unsupported", problems or "not supported by its source")
    if sentence.support == "weak":
        return Doubt("weak", f"weak support: {problems}" if problems else "weak support")
    return Doubt("weak", problems) if problems else None


def _asides(text: str, starts: list[int], found: list[Sentence | None]) -> Callable[[_Block], bool]:
    """Tells of a block whether all it says claims nothing: ours about the answer, or a model's about what follows."""

    def is_aside(block: _Block) -> bool:
        first = bisect_right(starts, block.start) - 1
        last = bisect_right(starts, block.end - 1)
        edges = [block.start, *starts[first + 1 : last], block.end]
        said = [found[first + i] for i, (a, b) in enumerate(pairwise(edges)) if any(c.isalnum() for c in text[a:b])]
        return bool(said) and all(s is not None and s.support == "none" and not s.citations for s in said)

    return is_aside


def _locate(text: str, sentences: Sequence[Sentence]) -> tuple[list[int], list[Sentence | None], tuple[Sentence, ...]]:
    """Where the stretches of ``text`` start, which sentence each is (``None``: none), and what was not found.

    Letters and digits alone are compared: sentences come without markers, and blanks and emphasis may differ.
    """
    offsets: list[int] = []
    at = 0
    for marker in _MARKER.finditer(text):
        offsets += [i for i in range(at, marker.start()) if text[i].isalnum()]
        at = marker.end()
    offsets += [i for i in range(at, len(text)) if text[i].isalnum()]
    bare = "".join(text[i] for i in offsets)
    starts, found, lost = [0], list[Sentence | None]([None]), []
    cursor = 0
    for sentence in sentences:
        letters = "".join(c for c in sentence.text if c.isalnum())
        begin = bare.find(letters, cursor) if letters else -1
        if begin < 0:
            if doubt(sentence):
                lost.append(sentence)
            continue
        cursor = begin + len(letters)
        start = offsets[begin]
        while start > starts[-1] and text[start - 1] in _OPENING:
            start -= 1
        starts += [start, _end(text, offsets[cursor - 1] + 1)]
        found += [sentence, None]
    return starts, found, tuple(lost)


def _end(text: str, at: int) -> int:
    """Where a sentence ends whose last letter stands before ``at``: behind its stop and its citations."""
    while at < len(text):
        if marker := _MARKER.match(text, at):
            at = marker.end()
        elif text[at].isalnum() or text[at] == "\n" or (text[at] in _OPENING and text[at - 1].isspace()):
            break
        else:
            at += 1
    return at


def _blocks(text: str) -> Iterator[_Block]:
    open_block: _Block | None = None
    at = 0
    for line in text.splitlines(keepends=True):
        end = at + len(line.rstrip())
        item, heading = _ITEM.match(line), _HEADING.match(line)
        if not line.strip() or item or heading:
            if open_block:
                yield open_block
            open_block = None
        if item:
            open_block = _Block("ul" if item["bullet"] else "ol", at + item.end(), end)
        elif heading:
            yield _Block("h", at + heading.end(), end)
        elif line.strip():
            open_block = _Block(open_block.kind, open_block.start, end) if open_block else _Block("p", at, end)
        at += len(line)
    if open_block:
        yield open_block


def _block(
    text: str, block: _Block, following: int, cite: Cite, starts: list[int], found: list[Sentence | None]
) -> Markup:
    atoms = [piece for atom in _atoms(text, block.start, block.end) for piece in _cut(atom, starts)]
    parts: list[Markup] = []
    for index, group in groupby(atoms, key=lambda atom: bisect_right(starts, atom.start) - 1):
        sentence = found[index]
        body = join(_atom(atom, cite, sentence) for atom in group)
        verdict = doubt(sentence) if sentence else None
        if verdict is None:
            parts.append(body)
            continue
        parts.append(el("span", body, class_=f"cw-sentence cw-{verdict.css}"))
        ends_here = index + 1 >= len(starts) or starts[index + 1] <= following
        if ends_here:
            parts += [
                Markup(" "),
                el("span", verdict.note, class_=f"cw-flag cw-{verdict.css}", role="note"),
                Markup(" "),
            ]
    return join(parts)


def _atoms(text: str, start: int, end: int, style: str = "") -> Iterator[_Atom]:
    at = start
    for match in _INLINE.finditer(text, start, end):
        if match.start() > at:
            yield _Atom(at, text[at : match.start()], style)
        kind = match.lastgroup or ""
        if kind == "cite":
            yield _Atom(match.start(), "", style, int(match["cite"]))
        elif kind == "code":
            yield _Atom(match.start(kind), match[kind], "code")
        else:
            yield from _atoms(text, match.start(kind), match.end(kind), kind)
        at = match.end()
    if at < end:
        yield _Atom(at, text[at:end], style)


def _cut(atom: _Atom, starts: list[int]) -> Iterator[_Atom]:
    """The atom in pieces, so that none belongs to two sentences."""
    if atom.citation is not None:
        yield atom
        return
    end = atom.start + len(atom.content)
    inner = [s for s in starts[bisect_right(starts, atom.start) :] if s < end]
    edges = [atom.start, *inner, end]
    for begin, stop in pairwise(edges):
        yield _Atom(begin, atom.content[begin - atom.start : stop - atom.start], atom.style)


def _atom(atom: _Atom, cite: Cite, sentence: Sentence | None) -> Markup:
    if atom.citation is not None:
        return cite(atom.citation, sentence)
    return el(atom.style, atom.content) if atom.style else join([atom.content])
