"""An answer as Markdown: text with [n], numbered references with the deciding sentences, and what the check found.

All text from outside is escaped; the only marks are those written here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from textwrap import indent

from rag.answering.record.answer import Answer
from rag.answering.record.markdown import Element, Fragment, read_markdown, unescaped
from rag.export import facts
from rag.export.formats.markdown import escaped, reference

_MARKS = {"": "", "strong": "**", "em": "*", "code": ""}
_RULES = {"": "---", "left": ":---", "center": ":---:", "right": "---:"}


def render(answer: Answer) -> str:
    """Write the whole document; it ends with a line end."""
    return "\n\n".join(_parts(answer)) + "\n"


def _parts(answer: Answer) -> Iterator[str]:
    yield f"# {escaped(answer.question)}"
    if answer.standalone_question.strip() != answer.question.strip():
        yield f"Read as: {escaped(answer.standalone_question)}"
    yield f"*{facts.OUTCOMES[answer.outcome]}.*"
    yield from _blocks(read_markdown(answer.text, {citation.number for citation in answer.citations}))
    doubts = [f"- “{escaped(text)}”: {escaped(why)}" for text, why in facts.doubts(answer)]
    yield from _section("Doubts", doubts)
    yield from _section("References", [_reference(answer, citation.number) for citation in answer.citations])
    yield from _section("Nearest papers, not cited", [f"- {reference(paper)}" for paper in answer.suggestions])
    checks = [*facts.checks(answer), facts.origin(answer)]
    yield from _section("How it was checked", [f"- {escaped(check)}" for check in checks])


def _section(heading: str, items: Sequence[str]) -> Iterator[str]:
    if items:
        yield f"## {heading}"
        yield "\n".join(items)


def _reference(answer: Answer, number: int) -> str:
    paper = next(citation.paper for citation in answer.citations if citation.number == number)
    indent = " " * (len(str(number)) + 2)
    quotes = "".join(f"\n{indent}> {escaped(quote)}\n{indent}>" for quote in facts.quotes(answer, number))
    return f"{number}. {reference(paper)}\n{quotes.removesuffix('>').rstrip()}\n"


def _blocks(elements: Iterable[Element]) -> Iterator[str]:
    return (_block(element) for element in elements if element.kind != "heading" or element.fragments)


def _block(element: Element) -> str:
    if element.kind == "fence":
        fence = "`" * max(3, 1 + max(map(len, re.findall("`+", element.code)), default=0))
        return f"{fence}{escaped(element.language)}\n{element.code}\n{fence}"
    if element.kind == "table":
        rows = [f"| {' | '.join(_inline(cell, opens=False) for cell in row.children)} |" for row in element.children]
        rules = " | ".join(_RULES[cell.align] for cell in element.children[0].children)
        return "\n".join([rows[0], f"| {rules} |", *rows[1:]])
    if element.kind == "blockquote":
        return indent("\n\n".join(_blocks(element.children)), "> ", lambda _: True)
    if element.kind in {"bullet_list", "ordered_list"}:
        return "\n".join(
            _item(item, f"{number}." if element.kind == "ordered_list" else "-")
            for number, item in enumerate(element.children, element.first_number)
        )
    return _inline(element, opens=True)


def _item(item: Element, sign: str) -> str:
    text = ""
    for part in item.children:
        # A list that starts with its item needs no blank line before it; other blocks do.
        joint = "\n" if part.kind == "bullet_list" else "\n\n"
        text += (joint if text else "") + _block(part)
    return f"{sign} {indent(text, ' ' * (len(sign) + 1)).lstrip()}".rstrip()


def _inline(element: Element, *, opens: bool) -> str:
    """Return the text of a paragraph, a heading or a cell; if it ``opens`` a line, it is escaped so as not to open a
    list."""
    parts: list[str] = []
    for (style, citation), group in groupby(element.fragments, key=lambda f: (f.style, f.citation)):
        fragments = list(group)
        if citation is not None:
            parts += [fragment.text for fragment in fragments]
            continue
        text = "".join(map(_text, fragments)) if element.kind == "td" else "".join(f.text for f in fragments)
        # Only at the head of a line may text open a list; behind a citation, "(" and ":" would make it a link.
        line = escaped(text) if opens and not parts else escaped(f"x{text}")[1:]
        if parts and line[:1] in {"(", ":"}:
            line = f"\\{line}"
        inner = line.strip()
        before, after = (" " * (text[:1] == " " and bool(parts))), " " * text.endswith(" ")
        mark = _MARKS[style or ("strong" if element.kind == "heading" else "")] if inner else ""
        parts.append(f"{before}{mark}{inner}{mark}{after}" if inner else before or after)
    return "".join(parts).strip()


def _text(fragment: Fragment) -> str:
    return unescaped(fragment.text) if fragment.style == "code" else fragment.text
