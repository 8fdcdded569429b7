"""An answer as one HTML page that needs nothing else: text with linked [n], numbered references, what the check found.

The template escapes every value, so that nothing from outside can be markup; the page's policy lets it load and run
nothing.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from rag.answering.record.answer import Answer
from rag.answering.record.markdown import read_markdown, unescaped
from rag.export import facts
from rag.export.references import addresses, authors

# Control characters may not be in a page; directional overrides can make a text read otherwise than it is.
_UNSEEN = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff\u202a-\u202e\u2066-\u2069]"
)


def render(answer: Answer) -> str:
    """The whole page; it ends with a line end."""
    return _template().render(
        answer=answer,
        outcome=facts.OUTCOMES[answer.outcome],
        elements=read_markdown(answer.text, {citation.number for citation in answer.citations}),
        doubts=facts.doubts(answer),
        notes=facts.checks(answer),
        origin=facts.origin(answer),
    )


@cache
def _template() -> Template:
    environment = Environment(
        autoescape=True,
        loader=FileSystemLoader(Path(__file__).parent),
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        undefined=StrictUndefined,
        finalize=_visible,
    )
    environment.filters["unescaped"] = unescaped
    environment.globals |= {"addresses": addresses, "authors": authors, "quotes": facts.quotes}
    return environment.get_template("answer.html.j2")


def _visible(value: object) -> object:
    """A value of the page, a text without characters that cannot be seen."""
    return _UNSEEN.sub("", value) if type(value) is str else value
