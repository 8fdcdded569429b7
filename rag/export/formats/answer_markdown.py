"""An answer as Markdown: text with [n], numbered references with the deciding sentences, and what the check found.

All text from outside is escaped; the only marks are those written here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rag.answering.record.answer import Answer
from rag.export import facts
from rag.export.blocks import Block, Piece, blocks
from rag.export.formats.markdown import escaped, reference

_MARKS = {"": "", "strong": "**", "em": "*", "code": ""}
_RULES = {"": "---", "left": ":---", "center": ":---:", "right": "---:"}


def render(answer: Answer) -> str:
    """The whole document; it ends with a line end."""
    return "\n\n".join(_parts(answer)) + "\n"


def _parts(answer: Answer) -> Iterator[str]:
    yield f"# {escaped(answer.question)}"
    if answer.standalone_question.strip() != answer.question.strip():
        yield f"Read as: {escaped(answer.standalone_question)}"
    yield f"*{facts.OUTCOMES[answer.outcome]}.*"
    numbers = frozenset(citation.number for citation in answer.citations)
    yield from map(_block, blocks(answer.text, numbers))
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


def _block(block: Block) -> str:
    rows = [[_cell(cell, opens=block.kind in {"p", "ul", "ol"}) for cell in row] for row in block.rows]
    if block.kind == "table":
        head, *rest = [f"| {' | '.join(row)} |" for row in rows]
        return "\n".join([head, f"| {' | '.join(_RULES[align] for align in block.aligns)} |", *rest])
    if block.kind == "p":
        return rows[0][0]
    return "\n".join(f"{'-' if block.kind == 'ul' else f'{at}.'} {row[0]}" for at, row in enumerate(rows, 1))


def _cell(pieces: Sequence[Piece], *, opens: bool) -> str:
    parts: list[str] = []
    for piece in pieces:
        if piece.citation:
            parts.append(f"[{piece.citation}]")
            continue
        # Only at the head of a line may text open a list; behind a citation, "(" and ":" would make it a link.
        text = escaped(piece.text) if opens and not parts else escaped(f"x{piece.text}")[1:]
        if parts and text[:1] in {"(", ":"}:
            text = f"\\{text}"
        inner = text.strip()
        before, after = (" " * (piece.text[:1] == " " and bool(parts))), " " * piece.text.endswith(" ")
        mark = _MARKS[piece.style] if inner else ""
        parts.append(f"{before}{mark}{inner}{mark}{after}" if inner else before or after)
    return "".join(parts).strip()
