"""How papers and a question stand in a prompt: numbered, delimited, escaped; and how to read that back.

What comes from outside (titles, authors, abstracts, the question) is data. It is brought to one line, freed of
characters that cannot be seen, and escaped wherever it could be taken for one of our delimiters, for a model's own
control words, or for a source number, so that nothing inside a source can end it or open another.
``parse_prompt`` is the inverse of ``render_source`` and ``render_question``; the extractive backend reads with it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from rag.language.normalise import normalise

# "< 1%", "<5", "<=" and "<-" stay as they are; anything else behind it makes a tag or a control word of it.
_TAG_OPENS = re.compile(r"<(?!\s{0,3}[\d=~.+\-])")
#: Brackets that look like "<". In other scripts they are signs of their own right, and only suspect before our words.
ANGLES = "＜﹤‹〈⟨❮❬˂ᐸ《≺"
_LOOKALIKE_OPENS = re.compile(
    rf"[{ANGLES}](?=\s{{0,3}}/?\s{{0,3}}(?:source|title|about|abstract|question|system|user|assistant|\|))",
    re.IGNORECASE,
)
_AMPERSAND = re.compile(r"&(?=(?:lt|amp|lsqb);)")
# "[3]", "[1, 2]", "【4】", "[Source 2]" in a source are its own reference marks, never numbers of this prompt; "[INST]"
# is a turn mark of some models' templates; "[…]" is our own mark of an omission.
_MARK_OPENS = re.compile(
    r"[\[［【〔](?=\s{0,3}(?:(?:sources?|refs?|citations?|papers?)\W{0,3})?[#^]?\d[\d\s,;–\-]{0,40}[\]］】〕]"
    r"|\s{0,3}/?\s{0,3}(?:INST|SYS)|…\])",
    re.IGNORECASE,
)
_MARK = re.compile(
    r"\s?[\[［【〔]\s{0,3}(?:(?:sources?|refs?|citations?|papers?)\W{0,3})?[#^]?\d[\d\s,;–\-]{0,40}[\]］】〕]",
    re.IGNORECASE,
)
_ENTITY = re.compile(r"&(lt|amp|lsqb);")
_CHARACTERS = {"lt": "<", "amp": "&", "lsqb": "["}
_SOURCE = re.compile(
    r"^<source number=\"(?P<number>\d{1,4})\">\n"
    r"<title>(?P<title>[^\n]*)</title>\n"
    r"(?:<about>(?P<about>[^\n]*)</about>\n)?"
    r"<abstract>(?P<abstract>[^\n]*)</abstract>\n"
    r"</source>$",
    re.MULTILINE,
)
_QUESTION = re.compile(r"^<question>(?P<question>[^\n]*)</question>$", re.MULTILINE)
_GAP = " […] "


@dataclass(frozen=True, slots=True)
class SourceText:
    """One source as it stands in a prompt. ``passages`` are runs of whole sentences in their order; between two of
    them something was left out to keep the prompt short. ``about`` names authors, year and venue, as far as known."""

    number: int
    title: str
    passages: tuple[str, ...]
    about: str = ""


@dataclass(frozen=True, slots=True)
class ParsedPrompt:
    """The sources and the question of a prompt, unescaped."""

    sources: tuple[SourceText, ...]
    question: str


def escape(text: str) -> str:
    """``text`` on one line, without invisible characters, and with nothing in it that reads as a delimiter."""
    text = normalise(text)
    text = _AMPERSAND.sub("&amp;", text)
    text = _LOOKALIKE_OPENS.sub("&lt;", _TAG_OPENS.sub("&lt;", text))
    return _MARK_OPENS.sub("&lsqb;", text)


def unescape(text: str) -> str:
    """The inverse of :func:`escape` up to characters that only looked like a delimiter's."""
    return _ENTITY.sub(lambda match: _CHARACTERS[match.group(1)], text)


def without_marks(text: str) -> str:
    """``text`` of a source without its own reference marks, for quoting: beside ours they would read as citations."""
    return _MARK.sub("", text)


def render_source(source: SourceText) -> str:
    """One source as the prompt holds it; every field stands on a line of its own."""
    lines = [f'<source number="{source.number}">', f"<title>{escape(source.title)}</title>"]
    if source.about:
        lines.append(f"<about>{escape(source.about)}</about>")
    lines.append(f"<abstract>{_GAP.join(escape(p) for p in source.passages)}</abstract>")
    lines.append("</source>")
    return "\n".join(lines)


def render_sources(sources: Sequence[SourceText]) -> str:
    """All sources, in the order given."""
    return "\n".join(render_source(source) for source in sources)


def render_question(question: str) -> str:
    """The question as the prompt holds it."""
    return f"<question>{escape(question)}</question>"


def parse_prompt(text: str) -> ParsedPrompt:
    """The sources and the question in ``text``; an empty question where it holds none.

    Only whole lines in our own form count, and content is always escaped, so that a source cannot add a source.
    """
    sources = tuple(
        SourceText(
            number=int(match["number"]),
            title=unescape(match["title"]),
            passages=tuple(unescape(p) for p in match["abstract"].split(_GAP)),
            about=unescape(match["about"] or ""),
        )
        for match in _SOURCE.finditer(text)
    )
    questions = [match["question"] for match in _QUESTION.finditer(text)]
    return ParsedPrompt(sources, unescape(questions[-1]) if questions else "")
