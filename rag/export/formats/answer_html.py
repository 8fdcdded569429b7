"""An answer as one HTML page that needs nothing else: text with linked [n], numbered references, what the check found.

The page's policy lets it load and run nothing.
"""

from __future__ import annotations

from rag.answering.record.answer import Answer
from rag.answering.record.markdown import read_markdown
from rag.export import facts
from rag.export.html import Drawing, blocks, environment
from rag.export.references import addresses, authors


def render(answer: Answer) -> str:
    """Write the whole page; it ends with a line end."""
    elements = read_markdown(answer.text, {citation.number for citation in answer.citations})
    text = blocks(elements, Drawing())
    page = environment().get_template("answer.html.j2")
    return page.render(answer=answer, text=text, facts=facts, addresses=addresses, authors=authors)
