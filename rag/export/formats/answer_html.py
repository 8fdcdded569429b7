"""An answer as one HTML page that needs nothing else: text with linked [n], numbered references, what the check found.

The page is built as a tree, never as a string, so that nothing from outside can be markup; its policy lets it load and
run nothing.
"""

from __future__ import annotations

from collections.abc import Iterator

from lxml import html  # type: ignore[import-untyped]  # lxml ships no types
from lxml.html.builder import E  # type: ignore[import-untyped]  # as above

from rag.answering.record.answer import Answer
from rag.bibliography.names import byline
from rag.export import facts
from rag.export.blocks import Block, Piece, blocks
from rag.language.invisible import visible
from rag.paper import Paper

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
_STYLE = """
:root { color-scheme: light dark; --ink: #1d1f23; --quiet: #5c6370; --rule: #d9dce1; --accent: #1f5f8b;
  --doubt: #9a5b00; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6e7ea; --quiet: #a2a8b3; --rule: #3a3f48; --accent: #7db8e0; --doubt: #e0a95a; }
  body { background: #16181c; }
}
body { margin: 0 auto; max-width: 44rem; padding: 2.5rem 1.25rem; color: var(--ink); overflow-wrap: anywhere;
  font: 1.05rem/1.6 Georgia, "Times New Roman", serif; }
h1 { font-size: 1.5rem; line-height: 1.3; margin: 0 0 .5rem; }
h2 { font: 600 .8rem/1.4 system-ui, sans-serif; letter-spacing: .04em; color: var(--quiet); margin: 2rem 0 .5rem; }
.quiet, footer { font: .85rem/1.5 system-ui, sans-serif; color: var(--quiet); }
a { color: var(--accent); } a.cite { text-decoration: none; font: .8em system-ui, sans-serif; }
ol.references { padding-left: 1.6rem; } ol.references > li { margin-bottom: 1rem; }
blockquote { margin: .4rem 0 0; padding-left: .9rem; border-left: 3px solid var(--rule); color: var(--quiet); }
li.doubt { color: var(--doubt); }
.wide { overflow-x: auto; margin: 1rem 0; } table { border-collapse: collapse; overflow-wrap: break-word; }
th, td { border: 1px solid var(--rule); padding: .3rem .6rem; text-align: left; vertical-align: top; min-width: 5rem; }
.right { text-align: right; } .center { text-align: center; }
footer { margin-top: 2rem; border-top: 1px solid var(--rule); padding-top: .75rem; }
"""


def render(answer: Answer) -> str:
    """The whole page; it ends with a line end."""
    head = E.head(
        E.meta(charset="utf-8"),
        E.meta({"http-equiv": "Content-Security-Policy", "content": _POLICY}),
        E.meta(name="viewport", content="width=device-width, initial-scale=1"),
        E.meta(name="referrer", content="no-referrer"),
        E.title(_text(answer.question)),
        E.style(_STYLE),
    )
    body = E.body(E.main(*_parts(answer)), E.footer(_text(facts.origin(answer))))
    page = html.tostring(E.html(head, body, lang="en"), doctype="<!DOCTYPE html>", encoding="unicode")
    return f"{page}\n"


def _parts(answer: Answer) -> Iterator[html.HtmlElement]:
    yield E.h1(_text(answer.question))
    if answer.standalone_question.strip() != answer.question.strip():
        yield E.p({"class": "quiet"}, _text(f"Read as: {answer.standalone_question}"))
    yield E.p({"class": "quiet"}, f"{facts.OUTCOMES[answer.outcome]}.")
    numbers = frozenset(citation.number for citation in answer.citations)
    yield from map(_block, blocks(answer.text, numbers))
    doubts = [E.li({"class": "doubt"}, _text(f"“{text}”: {why}")) for text, why in facts.doubts(answer)]
    yield from _section("Doubts", E.ul(*doubts))
    yield from _section(
        "References", E.ol({"class": "references"}, *(_cited(answer, c.number) for c in answer.citations))
    )
    yield from _section("Nearest papers, not cited", E.ul(*(E.li(*_reference(p)) for p in answer.suggestions)))
    notes = [f"{entry.kind.replace('_', ' ')}: {entry.detail}" for entry in answer.ledger]
    yield from _section("How it was checked", E.ul(*(E.li(_text(note)) for note in (facts.verdict(answer), *notes))))


def _section(heading: str, items: html.HtmlElement) -> Iterator[html.HtmlElement]:
    if len(items):
        yield E.h2(heading)
        yield items


def _cited(answer: Answer, number: int) -> html.HtmlElement:
    paper = next(citation.paper for citation in answer.citations if citation.number == number)
    quotes = [E.blockquote(_text(quote)) for quote in facts.quotes(answer, number)]
    return E.li({"id": f"ref-{number}", "value": str(number)}, *_reference(paper), *quotes)


def _reference(paper: Paper) -> Iterator[html.HtmlElement | str]:
    authors = byline(paper.authors, 10)
    yield _text(f"{authors or 'Anonymous'} ({paper.year or 'n.d.'}). ")
    yield E.strong(_text(paper.title))
    yield ". "
    if paper.venue:
        yield E.em(_text(paper.venue))
        yield ". "
    for address in paper.addresses:
        yield E.a({"href": address.url, "rel": "noopener noreferrer"}, _text(address.name))
        yield " "


def _block(block: Block) -> html.HtmlElement:
    rows = [[list(map(_piece, cell)) for cell in row] for row in block.rows]
    if block.kind == "p":
        return E.p(*rows[0][0])
    if block.kind == "table":
        head, *rest = [E.tr(*map(_cell, row, block.aligns, [at == 0] * len(row))) for at, row in enumerate(rows)]
        return E.div({"class": "wide"}, E.table(E.thead(head), *([E.tbody(*rest)] if rest else [])))
    make = E.ul if block.kind == "ul" else E.ol
    return make(*(E.li(*row[0]) for row in rows))


def _cell(content: list[html.HtmlElement | str], align: str, is_head: bool) -> html.HtmlElement:
    facts = {"class": align} if align else {}
    # A head without a word names nothing.
    return E.th({"scope": "col", **facts}, *content) if is_head and content else E.td(facts, *content)


def _piece(piece: Piece) -> html.HtmlElement | str:
    if piece.citation:
        return E.a({"href": f"#ref-{piece.citation}", "class": "cite"}, f"[{piece.citation}]")
    text = _text(piece.text)
    return getattr(E, piece.style)(text) if piece.style else text


def _text(text: str) -> str:
    return visible(text)
