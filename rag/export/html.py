"""The HTML of answers, for their export and for the page.

Its templates escape every value, so that nothing from outside can be markup.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from rag.answering.record.markdown import Element, Fragment, unescaped
from rag.language.invisible import visible

# On the page a line feed would end the answer's block for the Markdown parser of the chat.
_LINE_FEED = Markup("&#10;")


class Drawing:
    """Draws the text in the blocks of an answer; here every citation is a link to its reference."""

    prefix = ""
    """The beginning of every CSS class."""

    def inline(self, element: Element, row: Element | None = None) -> Markup:
        """Return the text of a paragraph or a heading, or of a cell in ``row``."""
        link = Markup('<a href="#ref-{0}" class="cite">[{0}]</a>')
        return Markup("").join(
            styled(fragment, in_cell=row is not None) if fragment.citation is None else link.format(fragment.citation)
            for fragment in element.fragments
        )

    def is_aside(self, paragraph: Element) -> bool:  # noqa: ARG002 - subclasses need it
        """Return whether a paragraph is set apart."""
        return False


def blocks(elements: Sequence[Element], draw: Drawing) -> Markup:
    """Return the HTML of an answer's elements, without a line feed."""
    module = environment().get_template("blocks.html.j2").module
    return Markup(module.blocks(elements, draw))  # type: ignore[attr-defined]  # noqa: S704 - a macro of that template


def styled(fragment: Fragment, *, in_cell: bool) -> Markup:
    """Return the text of a fragment in its style."""
    text = visible(unescaped(fragment.text) if in_cell and fragment.style == "code" else fragment.text)
    return Markup("<{0}>{1}</{0}>").format(fragment.style, text) if fragment.style else escape(text)


@cache
def environment() -> Environment:
    """Return the environment of the templates in ``formats``."""
    found = Environment(
        autoescape=True,
        loader=FileSystemLoader(Path(__file__).parent / "formats"),
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        undefined=StrictUndefined,
        finalize=lambda value: visible(value) if type(value) is str else value,
    )
    found.filters["lines"] = lambda code: _LINE_FEED.join(visible(line.expandtabs(4)) for line in code.split("\n"))
    return found
