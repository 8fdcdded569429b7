"""Texts and addresses made fit for HTML, and the elements inside an answer's text."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TypeAlias

from markupsafe import Markup, escape

from rag.language.invisible import visible

Child: TypeAlias = "str | Markup | Iterable[str | Markup] | None"

_NAME = re.compile(r"[a-z][a-z0-9-]*")
_VOID = frozenset({"br", "hr"})
# A blank line would end the HTML block for the Markdown parser behind the chat.
_BREAKS = dict.fromkeys(map(ord, "\t\n\r\x85\u2028\u2029"), " ")


def clean(value: str) -> str:
    """Return ``value`` on one line, without characters that cannot be seen."""
    return visible(value.translate(_BREAKS))


def text(value: str) -> Markup:
    """Return ``value`` as the text of an element: cleaned and escaped, unless it is markup already."""
    return value if isinstance(value, Markup) else escape(clean(value))


def join(children: Iterable[Child], separator: str = "") -> Markup:
    """Join the children; those that are plain text are escaped."""
    return text(separator).join(_flat(children))


def el(name: str, *children: Child, **attributes: str | bool | int | None) -> Markup:
    """Return an element with its children.

    ``name`` and the attributes' names are ours; values and children may come from anywhere. A trailing underscore of an
    attribute's name is dropped (``class_``), others become hyphens (``aria_label``). ``None`` and ``False`` leave the
    attribute out, ``True`` gives it without a value.
    """
    parts = [Markup("<"), _name(name)]
    for key, value in attributes.items():
        if value is None or value is False:
            continue
        parts += [Markup(" "), _name(key.rstrip("_").replace("_", "-"))]
        if value is not True:
            parts += [Markup('="'), text(str(value)), Markup('"')]
    parts.append(Markup(">"))
    if name not in _VOID:
        parts += [*_flat(children), Markup("</"), _name(name), Markup(">")]
    return Markup("").join(parts)


def _name(name: str) -> Markup:
    if not _NAME.fullmatch(name):
        raise ValueError(f"not the name of an element or an attribute: {name!r}")
    return Markup(name)  # noqa: S704 - letters, digits and hyphens only


def _flat(children: Iterable[Child]) -> list[Markup]:
    flat: list[Markup] = []
    for child in children:
        if child is None:
            continue
        if isinstance(child, str):
            flat.append(text(child))
        else:
            flat.extend(text(part) for part in child)
    return flat
