"""Separate papers from boilerplate in the text of a saved page, by the shape of its paragraphs alone.

A list of papers, whatever site it comes from, alternates short lines with one long paragraph of prose: the abstract.
Among the short lines in front of an abstract one is the title; the others are dates, counts, names and buttons.
Nothing here knows a site's words.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from statistics import median
from typing import NamedTuple

_WORD = re.compile(r"[^\W\d_][\w'’\-]*")
_SENTENCE_END = re.compile(r"[.!?][\"'”’)\]]*(?:\s|$)")
_MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?"
_DATE = re.compile(
    rf"\W*(?:[a-z ]{{0,24}})?(?:(?:{_MONTH}\s+\d{{1,2}}(?:st|nd|rd|th)?|\d{{1,2}}\s+{_MONTH}|{_MONTH})(?:,?\s+\d{{4}})?"
    r"|\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}"
    r"|(?:about )?(?:an?|\d+) (?:minute|hour|day|week|month|year)s? ago)\W*",
    re.I,
)
_ADDRESS = re.compile(r"(?:https?://|www\.)\S+|\S+@\S+\.\S+")
_MARKED = re.compile(r"#|[-*+] |```|>>>|\d{1,2}[.)] |\$ |\.\. |=====|-----|\|")
#: A paragraph of fewer characters is no abstract, unless its place says so.
MIN_ABSTRACT = 160
#: A paragraph in the place of an abstract may be this short.
MIN_SHORT_ABSTRACT = 60
MAX_TITLE_SHAPE = 400
_WRAP = (50, 160)


class Found(NamedTuple):
    """A title (``None`` if there is none) with its abstract; ``line`` counts from 1, at the abstract."""

    line: int
    title: str | None
    abstract: str


class Block(NamedTuple):
    """One line or paragraph of a page, with the number of its first line."""

    line: int
    text: str


def blocks_of(lines: Iterable[str]) -> list[Block]:
    """The non-empty lines of a text; a paragraph that was wrapped to a narrow width is one block again."""
    blocks: list[Block] = []
    run: list[Block] = []
    for number, line in enumerate(lines, 1):
        text = " ".join(line.split())
        if text:
            run.append(Block(number, text))
        else:
            blocks.extend(_unwrapped(run))
            run = []
    blocks.extend(_unwrapped(run))
    return blocks


def _unwrapped(run: list[Block]) -> list[Block]:
    """Lines between two blank lines are one wrapped paragraph where all but the last are about equally long."""
    if len(run) < 2:
        return run
    lengths = [len(block.text) for block in run]
    low, high = _WRAP
    if min(lengths[:-1]) >= low and max(lengths) <= high and max(lengths) - min(lengths[:-1]) <= 25:
        return [Block(run[0].line, " ".join(block.text for block in run))]
    return run


def papers_of(blocks: Sequence[Block]) -> Iterator[Found]:
    """The titles and abstracts of a page, in order.

    An abstract without a title before it is given with the title ``None``; a short stray paragraph
    (a cookie notice, an invitation) without one is left out.
    """
    gaps = list(_gaps(blocks, None))
    if not gaps:
        return
    # The first gap is the head of the page, longer than those between papers.
    rhythm = Counter(min(len(gap), 9) for gap, _ in gaps[1:] or gaps).most_common(1)[0][0]
    gaps = list(_gaps(blocks, rhythm))
    often = Counter(_key(block.text) for gap, _ in gaps for block in gap)
    lengths = sorted(len(abstract.text) for _, abstract in gaps)
    typical = lengths[int(0.6 * len(lengths))]
    for gap, abstract in gaps:
        title = _title_of(gap, often, rhythm)
        if _is_stray(title, abstract.text, typical):
            continue
        yield Found(abstract.line, title, abstract.text)


def _is_stray(title: str | None, text: str, typical: float) -> bool:
    """Return whether a paragraph is page furniture: shorter than abstracts here are, with nothing like a title before
    it."""
    if title is None:
        return len(text) < 0.4 * typical
    return len(text) < 0.7 * typical and _title_score(title) < 0.75 and len(_SENTENCE_END.findall(text)) < 2


def looks_like_a_list(blocks: Sequence[Block]) -> bool:
    """Return whether a text is a page of papers and not an essay, a licence or a manual: at least two papers, each long
    paragraph with a title of its own, little text beside them, and no marks of Markdown or code."""
    found = [one for one in papers_of(blocks) if one.title]
    whole = sum(len(block.text) for block in blocks)
    taken = sum(len(one.abstract) + len(one.title or "") for one in found)
    marked = sum(1 for block in blocks if _MARKED.match(block.text))
    return (
        len(found) >= 2
        and sum(1 for block in blocks if is_prose(block.text)) <= 1.3 * len(found) + 1
        and median(len(one.abstract) for one in found) >= 200
        and median(len(_SENTENCE_END.findall(one.abstract)) for one in found) >= 2
        and median(_title_score(one.title or "") for one in found) >= 0.6
        and taken >= 0.6 * whole
        and marked <= 0.1 * len(blocks)
    )


def _gaps(blocks: Sequence[Block], rhythm: int | None) -> Iterator[tuple[list[Block], Block]]:
    """Each abstract with the short blocks between it and the one before it.

    With a ``rhythm``, the usual number of those blocks, abstracts of a sentence or two are found as well.
    """
    gap: list[Block] = []
    seen = False
    for block in blocks:
        in_rhythm = seen and rhythm is not None and abs(min(len(gap), 9) - rhythm) <= 1
        if is_prose(block.text) or (in_rhythm and _is_short_abstract(block.text, gap)):
            yield gap, block
            gap, seen = [], True
        else:
            gap.append(block)


def is_prose(text: str) -> bool:
    """Return whether a block has the shape of an abstract: long, of many words, with the end of a sentence."""
    if len(text) < MIN_ABSTRACT or len(_WORD.findall(text[:4_000])) < 20:
        return False
    if sum(map(str.isupper, text)) > 0.5 * sum(map(str.isalpha, text)):
        return False
    ends = sum(1 for _ in _SENTENCE_END.finditer(text))
    return ends >= 2 or len(text) > MAX_TITLE_SHAPE or (ends == 1 and text.rstrip("\"'”’)]").endswith("."))


def _is_short_abstract(text: str, gap: list[Block]) -> bool:
    """Return whether a full sentence, too short for prose elsewhere, is in an abstract's place: after a title."""
    return (
        len(text) >= MIN_SHORT_ABSTRACT
        and len(_WORD.findall(text)) >= 9
        and text.endswith(".")
        and text[0].isupper()
        and any(_title_score(block.text) > 0.7 for block in gap[-3:])
    )


def _title_of(gap: list[Block], often: Counter[str], rhythm: int) -> str | None:
    """The block of ``gap`` that has most of a title's shape; of equals the one nearest to the abstract."""
    best, best_score = None, 0.0
    for distance, block in enumerate(reversed(gap)):
        repeated = often[_key(block.text)]
        if repeated >= 4 or (repeated >= 2 and len(block.text) < 25):
            continue
        near = 0.15 if distance == 0 else 0.1 if distance < rhythm else -0.05 * min(distance, 6)
        score = _title_score(block.text)
        if score > 0 and score + near > best_score:
            best, best_score = block.text, score + near
    return best if best_score > 0.2 else None


def _title_score(text: str) -> float:
    """From 0 (not a title) to 1, by length, words, and what no title is: a date, an address, a list of names."""
    words = _WORD.findall(text[: MAX_TITLE_SHAPE + 1])
    if not words or not 4 <= len(text) <= MAX_TITLE_SHAPE or _ADDRESS.fullmatch(text) or _DATE.fullmatch(text[:80]):
        return 0.0
    if sum(c.isalpha() for c in text) < 0.5 * len(text.replace(" ", "")):
        return 0.0
    if _is_names(text):
        return 0.05
    score = min(len(words), 6) / 6 * 0.6 + min(len(text), 50) / 50 * 0.3
    if text[-1] in ".,;!…·" and not text.endswith("..."):
        score -= 0.35
    if text[0].islower() and not any(c.isupper() or c.isdigit() for c in text.split()[0]):
        score -= 0.3
    if "·" in text or "•" in text or "|" in text:
        score -= 0.2
    return max(score, 0.0)


def _is_names(text: str) -> bool:
    """Return whether a line lists people: parts of two to four capitalised words each, at commas or dots."""
    parts = [part.strip() for part in re.split(r"[,;·•&]| and ", text) if part.strip()]
    if len(parts) < 2:
        return False
    full = sum(1 for part in parts if 2 <= len(part.split()) <= 4 and all(_is_name_word(w) for w in part.split()))
    return full >= 2 and full >= 0.75 * len(parts)


def _is_name_word(word: str) -> bool:
    return (word[0].isupper() and word.rstrip(".").replace("-", "").replace("'", "").isalpha()) or word in {
        "de", "da", "di", "del", "der", "den", "van", "von", "la", "le", "al", "bin", "ter", "dos",
    }  # fmt: skip


def _key(text: str) -> str:
    """What repeated boilerplate has in common: its text without counts."""
    return re.sub(r"\d+", "0", text.casefold())
