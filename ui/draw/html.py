"""Builds HTML from values. Every text and every attribute on the page is escaped here, and nowhere else."""

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


def text(value: str) -> Markup:
    """``value`` as text of an element: escaped, on one line, without characters that cannot be seen."""
    return escape(visible(value.translate(_BREAKS))) if not isinstance(value, Markup) else value


def join(children: Iterable[Child], separator: str = "") -> Markup:
    """The children one after the other, those that are plain text escaped."""
    return text(separator).join(_flat(children))


def el(name: str, *children: Child, **attributes: str | bool | int | None) -> Markup:
    """An element with its children.

    ``name`` and the attributes' names are ours; values and children may come from anywhere. A trailing underscore of an
    attribute's name falls away (``class_``), others become hyphens (``aria_label``). ``None`` and ``False`` leave the
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


def link(url: str, *children: Child, **attributes: str | bool | int | None) -> Markup:
    """A link that leaves the page: opened beside it, told nothing about it. ``url`` is a ``safe_address``."""
    return el("a", *children, href=url, target="_blank", rel="noopener noreferrer", **attributes)


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
