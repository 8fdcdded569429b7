"""Fill the page's templates. Every text and every attribute on the page is escaped here."""

from __future__ import annotations

import json
import re
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from jinja2.ext import Extension
from markupsafe import Markup

from ui.draw import papers
from ui.draw.html import clean


class _OneLine(Extension):
    """Drop line ends and indentation from templates, whose tags and expressions are each written on one line.

    A blank line would end the HTML block for the Markdown parser behind the chat.
    """

    def preprocess(self, source: str, *_: object, **__: object) -> str:
        """Return the source on one line."""
        return re.sub(r"\s*\n\s*", "", source)


def fill(template: str, **values: Any) -> Markup:
    """Return ``templates/<template>.html.jinja`` filled with ``values``, those that are not markup escaped.

    Raises:
        jinja2.UndefinedError: the template uses a value that is not given.
    """
    markup = _environment().get_template(f"{template}.html.jinja").render(values)
    return Markup(markup)  # noqa: S704 - the environment has escaped every value


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("ui.draw"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=lambda value: clean(value) if type(value) is str else value,
        extensions=[_OneLine],
    )
    environment.filters.update(addresses=papers.addresses, byline=papers.byline, json=json.dumps, mark=papers.mark)
    return environment
