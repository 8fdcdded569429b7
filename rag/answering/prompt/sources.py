"""The form of papers and a question in a prompt: numbered, delimited, escaped; and how to read that back.

What comes from outside (titles, authors, abstracts, the question) is data. It is put on one line, without characters
that cannot be seen, and escaped wherever it could be taken for one of our delimiters, for a model's own control words,
or for a source number, so that nothing inside a source can end it or open another.
``parse_prompt`` is the inverse of ``render_source`` and ``render_question``; the extractive backend reads with it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from rag.extractive.source import SourceText as SourceText
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
#: Marks whole sentences that were left out: between passages with a blank on either side, else at an end.
_OMISSION = "[…]"
_GAP = f" {_OMISSION} "


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
    """Undo :func:`escape`, up to characters that only looked like a delimiter's."""
    return _ENTITY.sub(lambda match: _CHARACTERS[match.group(1)], text)


def joined_passages(source: SourceText, omission: str) -> str:
    """Return the passages of a source as one text, escaped, with ``omission`` wherever something was left out."""
    text = f" {omission} ".join(escape(passage) for passage in source.passages)
    return f"{omission} " * source.cut_before + text + f" {omission}" * source.cut_after


def render_source(source: SourceText) -> str:
    """Return one source as the prompt holds it, with every field on its own line."""
    lines = [f'<source number="{source.number}">', f"<title>{escape(source.title)}</title>"]
    if source.about:
        lines.append(f"<about>{escape(source.about)}</about>")
    lines.append(f"<abstract>{joined_passages(source, _OMISSION)}</abstract>")
    lines.append("</source>")
    return "\n".join(lines)


def render_sources(sources: Sequence[SourceText]) -> str:
    """Return all sources, in the order given."""
    return "\n".join(render_source(source) for source in sources)


def render_question(question: str) -> str:
    """Return the question as the prompt holds it."""
    return f"<question>{escape(question)}</question>"


def parse_prompt(text: str) -> ParsedPrompt:
    """Parse the sources and the question in ``text``; the question is empty if there is none.

    Only whole lines in our own form count, and content is always escaped, so that a source cannot add a source.
    """
    sources = tuple(_parse_source(match) for match in _SOURCE.finditer(text))
    questions = [match["question"] for match in _QUESTION.finditer(text)]
    return ParsedPrompt(sources, unescape(questions[-1]) if questions else "")


def _parse_source(match: re.Match[str]) -> SourceText:
    abstract = match["abstract"]
    kept = abstract.removeprefix(f"{_OMISSION} ").removesuffix(f" {_OMISSION}")
    return SourceText(
        number=int(match["number"]),
        title=unescape(match["title"]),
        passages=tuple(unescape(p) for p in kept.split(_GAP)),
        about=unescape(match["about"] or ""),
        cut_before=abstract.startswith(f"{_OMISSION} "),
        cut_after=abstract.endswith(f" {_OMISSION}"),
    )
