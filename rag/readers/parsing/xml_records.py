"""XML files of any size into elements, one by one; no entity is expanded and nothing is fetched.

Parsed by lxml (libxml2) in its recovering mode: a fault costs the record it is in, or the rest if nothing after it
could be XML.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from html import unescape
from typing import Any

from lxml import etree  # type: ignore[import-untyped]  # lxml ships no types

from rag.errors import ReadError
from rag.readers.base import Skip
from rag.readers.markup.markup import raised
from rag.readers.source import CutError, Source

_DECLARED = re.compile(r"\s*<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([A-Za-z0-9_.\-]{1,40})[\"']")
_ENTITIES = re.compile(r"<!ENTITY\s", re.I)
#: Encodings the source decodes by itself; others are left to the parser, which reads the declaration.
_DECODED = frozenset(
    {"utf-8", "utf8", "us-ascii", "ascii", "utf-16", "iso-8859-1", "latin-1", "latin1", "windows-1252"}
)


def xml_records(source: Source, names: frozenset[str]) -> Iterator[tuple[int, Any] | Skip]:
    """Yield each element whose local name is in ``names`` with its line number, and a skip where the XML breaks.

    An element is valid until the next is asked for; then its memory is freed.

    Raises:
        ReadError: the document declares its own entities, as an XML bomb does.
    """
    if _ENTITIES.search(source.head):
        raise ReadError(
            f"{source.name}: declares XML entities, which exports do not and bombs do; remove them to read it"
        )
    parser = etree.XMLPullParser(
        events=("end",),
        recover=True,
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
        **({} if _left_to_parser(source) else {"encoding": "utf-8"}),
    )
    cut: CutError | None = None
    try:
        for chunk in _bytes(source):
            parser.feed(chunk)
            yield from _finished(parser, names)
    except CutError as error:
        cut = error
    except etree.XMLSyntaxError:
        pass  # told below, from the parser's log
    with suppress(etree.XMLSyntaxError):
        parser.close()
    yield from _finished(parser, names)
    fault = next((entry for entry in parser.error_log if entry.level_name == "FATAL"), None)
    if cut is not None:
        raise cut
    if fault is not None:
        yield Skip(
            source.name, f"line {fault.line}", f"broken XML ({_one_line(fault.message)}); what follows may be lost"
        )


def _left_to_parser(source: Source) -> bool:
    declared = _DECLARED.match(source.head)
    return source.encoding == "utf-8" and declared is not None and declared.group(1).casefold() not in _DECODED


def _bytes(source: Source) -> Iterator[bytes]:
    if _left_to_parser(source):
        with source.binary() as stream:
            while chunk := stream.read(64 * 1024):
                yield chunk
    else:
        for text in source.chunks():
            yield text.encode("utf-8", "replace")


def _finished(parser: Any, names: frozenset[str]) -> Iterator[tuple[int, Any]]:
    for _, element in parser.read_events():
        if local(element) not in names:
            continue
        yield element.sourceline or 0, element
        element.clear()
        parent = element.getparent()
        while parent is not None and element.getprevious() is not None:
            del parent[0]


def _one_line(message: str) -> str:
    return " ".join(message.split())[:120]


def local(element: Any) -> str:
    """Return an element's name without its namespace; empty for comments and the like."""
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def child(element: Any, *path: str) -> Any | None:
    """Return the first element down ``path``, by local names, or ``None``."""
    for name in path:
        element = next((one for one in element if local(one) == name), None) if element is not None else None
    return element


def children(element: Any, *path: str) -> list[Any]:
    """Return all elements of the last name of ``path`` below the first ones of the others."""
    above = child(element, *path[:-1]) if len(path) > 1 else element
    return [one for one in above if local(one) == path[-1]] if above is not None else []


def text_in(element: Any | None) -> str:
    """Return all text inside an element; exponents keep their meaning (``10<sup>-3</sup>`` is ``10^-3``)."""
    if element is None:
        return ""
    parts: list[str] = []
    hidden = 0
    for event, one in etree.iterwalk(element, events=("start", "end")):
        name = local(one)
        silent = name in ("annotation", "tex-math")
        if one.tag is etree.Entity:
            parts.append(unescape(one.text or "") if event == "start" and not hidden else "")
        elif event == "start":
            hidden += silent
            if one.text and not hidden:
                parts.append(raised("".join(parts[-3:]), one.text) if name == "sup" else one.text)
        else:
            hidden -= silent
            if one is not element and one.tail and not hidden:
                parts.append(one.tail)
    return "".join(parts)
