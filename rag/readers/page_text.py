"""Tells papers from boilerplate in the text of a saved page, by the shape of its paragraphs alone.

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
#: A paragraph of fewer characters is no abstract, unless its place says so.
MIN_ABSTRACT = 160
#: One that stands where only an abstract can stand may be this short.
MIN_SHORT_ABSTRACT = 60
MAX_TITLE_SHAPE = 400
_WRAP = (50, 160)


class Found(NamedTuple):
    """A title (``None`` where there is none) with its abstract; ``line`` counts from 1, at the abstract."""

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

    An abstract in front of which no title stands is given with the title ``None``; a short stray paragraph
    (a cookie notice, an invitation) without one is left out.
    """
    gaps = list(_gaps(blocks))
    if not gaps:
        return
    often = Counter(_key(block.text) for gap, _ in gaps for block in gap)
    typical = median(len(abstract.text) for _, abstract in gaps)
    rhythm = Counter(min(len(gap), 9) for gap, _ in gaps).most_common(1)[0][0]
    for gap, abstract in gaps:
        title = _title_of(gap, often, rhythm)
        if title is None and len(abstract.text) < 0.4 * typical:
            continue
        yield Found(abstract.line, title, abstract.text)


def looks_like_a_list(blocks: Sequence[Block]) -> bool:
    """Whether most paragraphs of prose have a title of their own, as on a page of papers and as in no essay."""
    found = list(papers_of(blocks))
    titled = sum(1 for one in found if one.title)
    return titled > 0 and titled >= 0.7 * len(found) and median(len(one.abstract) for one in found) >= 300


def _gaps(blocks: Sequence[Block]) -> Iterator[tuple[list[Block], Block]]:
    """Each abstract with the short blocks between it and the one before it."""
    gap: list[Block] = []
    seen = False
    for place, block in enumerate(blocks):
        short = seen and len(gap) > 0 and _is_short_abstract(block.text, gap, blocks[place + 1 : place + 2])
        if is_prose(block.text) or short:
            yield gap, block
            gap, seen = [], True
        else:
            gap.append(block)


def is_prose(text: str) -> bool:
    """Whether a block has the shape of an abstract: long, of many words, with the end of a sentence."""
    if len(text) < MIN_ABSTRACT or len(_WORD.findall(text[:4_000])) < 20:
        return False
    ends = sum(1 for _ in _SENTENCE_END.finditer(text))
    return ends >= 2 or len(text) > MAX_TITLE_SHAPE or (ends == 1 and text.rstrip("\"'”’)]").endswith("."))


def _is_short_abstract(text: str, gap: list[Block], following: Sequence[Block]) -> bool:
    """A full sentence right behind a title and right before the next one is an abstract of a sentence or two."""
    return (
        len(text) >= MIN_SHORT_ABSTRACT
        and len(_WORD.findall(text)) >= 9
        and text.endswith(".")
        and text[0].isupper()
        and _title_score(gap[-1].text) > 0.5
        and len(following) == 1
        and not is_prose(following[0].text)
        and _title_score(following[0].text) > 0.5
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
    """Whether a line lists people: parts of two to four capitalised words each, at commas or dots."""
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
