"""Make markup in a streamed answer inert: tags, entities, links to addresses that no source gives.

Answers are plain text with citation markers. Whatever else a model writes, on its own or because an
abstract told it to, must do nothing in a browser, a Markdown viewer or a terminal. A link becomes
:data:`LINK_REMOVED`, a tag a blank, everything else keeps its words; what was removed is kept in ``removed``.
"""

from __future__ import annotations

import html.entities
import re
from collections.abc import Collection, Iterable

from rag.answering.citations.code import StreamPiece
from rag.answering.citations.markers import More, read_bracket

LINK_REMOVED = "[link removed]"
# A longer tag or address is treated as one that never ends.
_LONGEST = 400
# "< 1%", "<5", "<=" and "<-" are comparisons and arrows.
_COMPARES = frozenset(" \t\n=~≈.+-$0123456789")
# "<EOS>" and "</mask_1>" are tokens of a model: bare names, and none that a browser knows.
_BARE_TAG = re.compile(r"</?([A-Za-z][\w\-]{0,39})>")
_TAG_NAME = re.compile(r"<[/!?]?\s{0,3}([A-Za-z][\w\-]{0,39})?")
# "x<y", "0.01<p<0.05" and "x<β" are comparisons too, whatever a browser would make of "<y".
_COMPARED = re.compile(r"<(?:([A-Za-z][\w\-]*)(?=([<≤=]=?\s?[\d.])|[,;=<>‹+*/^)\-]|\.?(?:\s|\Z))|(?![A-Za-z\d_])\w)")
# Names that a browser knows and that can do nothing.
_HARMLESS = frozenset("bipqsu")
# What would act, should a comparison turn out to be a tag: its assignment becomes a colon.
_HANDLER = re.compile(r"((?<![\w:.\-])(?:on[a-z]{1,50}|style)\s*)=", re.IGNORECASE)
_LONGEST_HANDLER = 80
_TAG_ENDS = re.compile(r"[<>\n]")
_HTML_NAMES = frozenset(
    """a abbr acronym address applet area article aside audio b base basefont bdi bdo bgsound big blink blockquote body
    br button canvas caption center cite code col colgroup content data datalist dd del details dfn dialog dir div dl dt
    em embed fieldset figcaption figure font footer form frame frameset h1 h2 h3 h4 h5 h6 head header hgroup hr html i
    iframe image img input ins isindex kbd keygen label layer legend li link listing main map mark marquee math menu
    menuitem meta meter nav nobr noembed noframes noscript object ol optgroup option output p param picture plaintext
    portal pre progress q rb rp rt rtc ruby s samp script search section select slot small source spacer span strike
    strong style sub summary sup svg table tbody td template textarea tfoot th thead time title tr track tt u ul use var
    video wbr xmp""".split()
)
# For the last ones a colon is enough, no "//" is needed; a blank behind it ("data: five sets") makes it prose. What
# stands here for an angle bracket ends an address as the bracket did: checking checked text changes nothing.
_URL = re.compile(
    r"(?:(?:https?|ftps?|file|wss?|blob):/{1,3}|www\.|(?:javascript|vbscript|mailto):|data:[a-z]{1,20}/)"
    r"[^\s<>‹›\"`|\\^{}\[\]]{1,1900}",
    re.IGNORECASE,
)
_LONGEST_URL = 1_900
# By then it is clear whether what opens like an address is one.
_SHORTEST_URL = 30
_URL_STARTS = (
    *("http:/", "https:/", "ftp:/", "ftps:/", "file:/", "ws:/", "wss:/", "blob:/", "www."),
    *("javascript:", "vbscript:", "mailto:", "data:"),
)
_LONGEST_START = max(map(len, _URL_STARTS))
_ENTITY = re.compile(r"&(#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_MAY_BE_ENTITY = re.compile(r"&#?[A-Za-z0-9]{0,32}\Z")
# The first three are how a prompt escapes its sources; models copy what they read.
_ENTITIES = {"lt": "<", "amp": "&", "lsqb": "[", "gt": ">", "quot": '"', "apos": "'", "#39": "'", "nbsp": " "}
# A placeholder for the blank in a tag's place until it is known whether there already is one.
_TAG_BLANK = "\0"
_STOP = re.compile(r"[<&:]|\b[bdfhjmvw]", re.IGNORECASE)
_TRAILING = frozenset(".,;:!?'’”*_~")


class MarkupGuard:
    """Makes the text of a stream of pieces inert; code passes unchanged.

    Args:
        links: addresses that the answer may have, as the sources spell them.
    """

    def __init__(self, links: Collection[str] = ()) -> None:
        self._links = frozenset(links)
        self._pending = ""
        self._previous = ""
        self._after_ampersand = False
        self._after_tag = False
        # What was given out since a comparison that may still become a tag, blanks as one.
        self._compared: str | None = None
        #: What was removed, as the model wrote it.
        self.removed: list[str] = []

    def feed(self, pieces: Iterable[StreamPiece]) -> list[StreamPiece]:
        """Return the pieces that are final once ``pieces`` are known too."""
        settled: list[StreamPiece] = []
        for piece in pieces:
            if piece.is_code:
                settled += [*self._settle(final=True), piece]
                self._previous, self._after_tag = "`", False
            else:
                self._pending += piece.text
                settled += self._settle(final=False)
        return settled

    def finish(self) -> list[StreamPiece]:
        """Return the rest."""
        return self._settle(final=True)

    def _settle(self, *, final: bool) -> list[StreamPiece]:
        parts: list[str] = []
        while self._pending:
            step = self._step(final)
            if step is None:
                break
            if self._after_tag and step:
                # The blank a tag left and the blank behind the tag are one.
                self._after_tag, step = False, step.removeprefix(" ")
            if step == _TAG_BLANK:
                self._after_tag = True
                step = "" if self._previous in "\n " else " "
            step = self._without_handlers(step)
            parts.append(step)
            self._previous = step[-1:] or self._previous
        return [StreamPiece("".join(parts), False)] if any(parts) else []

    def _step(self, final: bool) -> str | None:
        """Return the next final text (perhaps empty), or ``None`` if more input is needed."""
        first = self._pending[0]
        if first == "<":
            return self._tag(final)
        if first == "&":
            return self._ampersand(final)
        if first == ":":
            return self._colon(final)
        if first in "bdfhjmvwBDFHJMVW" and not (self._previous.isalnum() or self._previous == "_"):
            return self._address(final)
        # The first character was looked at; the search starts behind it with the right word boundary.
        found = _STOP.search(self._pending, 1)
        return self._take(found.start() if found else len(self._pending))

    def _take(self, length: int) -> str:
        taken, self._pending = self._pending[:length], self._pending[length:]
        return taken

    def _tag(self, final: bool) -> str | None:
        if len(self._pending) == 1 and not final:
            return None
        if self._pending[1:2] in _COMPARES or len(self._pending) == 1:
            return self._take(1)
        end = _TAG_ENDS.search(self._pending, 1, _LONGEST)
        if end is None and len(self._pending) < _LONGEST and not final:
            return None
        if end is not None and end.group() == "<" and len(self._pending) < end.end() + 2 and not final:
            return None
        if self._opens_comparison(end):
            self._compared = ""
            return self._take(1)
        if end is not None and end.group() == ">":
            tag = self._pending[: end.end()]
            bare, name = _BARE_TAG.fullmatch(tag), _TAG_NAME.match(tag)
            if bare and bare[1].lower() not in _HTML_NAMES:
                return self._take(end.end())
            if name and (tag[1] in "!?" or "=" in tag or (name[1] or "").lower() in _HTML_NAMES):
                self.removed.append(self._take(end.end()))
                return _TAG_BLANK
        self._take(1)
        return "‹"

    def _opens_comparison(self, end: re.Match[str] | None) -> bool:
        found = _COMPARED.match(self._pending)
        if found is None or found[1] is None:
            return found is not None
        is_tag = found[1].lower() in _HTML_NAMES
        if found[2]:
            return not is_tag or found[1].lower() in _HARMLESS
        # Only a letter before it is sure to stay: the number of a source may be taken out.
        if not self._previous.isalpha():
            return False
        left_open = len(self._pending) < _LONGEST if end is None else end.group() == "\n"
        return not is_tag or (left_open and found[1].lower() in _HARMLESS)

    def _without_handlers(self, step: str) -> str:
        before = self._compared
        if before is None or not step:
            return step
        step = _HANDLER.sub(r"\1:", before + step)[len(before) :]
        self._compared = None if ">" in step else " ".join(re.split(r"\s+", before + step))[-_LONGEST_HANDLER:]
        return step

    def _ampersand(self, final: bool) -> str | None:
        entity = _ENTITY.match(self._pending)
        if entity is None:
            if _MAY_BE_ENTITY.match(self._pending) and not final:
                return None
            self._after_ampersand = False
            return self._take(1)
        decoded = None if self._after_ampersand else _ENTITIES.get(entity[1])
        if decoded == "[":
            return self._foreign_bracket(entity.end(), final)
        self._after_ampersand = decoded == "&"
        if decoded is not None:
            # Not final yet: what was written as an entity may still open a tag.
            self._pending = decoded + self._pending[entity.end() :]
            return ""
        self._take(1)
        known = entity[1][0] == "#" or f"{entity[1]};" in html.entities.html5
        return "& " if known else "&"

    def _foreign_bracket(self, length: int, final: bool) -> str | None:
        """Remove a reference mark copied from an abstract: it counts that abstract's references, not our sources."""
        mark = read_bracket("[" + self._pending[length:], 0)
        if isinstance(mark, More):
            if not final:
                return None
            mark = None
        if mark is None:
            self._pending = "[" + self._pending[length:]
            return ""
        # No source has the number nought: whoever reads markers takes this one out.
        self._take(length - 1 + mark[1])
        return "[0]"

    def _colon(self, final: bool) -> str | None:
        if self._pending in {":", ":/"} and not final:
            return None
        of_address = self._pending.startswith("://")
        self._take(1)
        return ": " if of_address else ":"

    def _address(self, final: bool) -> str | None:
        opening = self._pending[:_LONGEST_START].lower()
        if not any(opening.startswith(start) for start in _URL_STARTS):
            grows = not final and any(start.startswith(opening) for start in _URL_STARTS)
            return None if grows else self._take(1)
        found = _URL.match(self._pending)
        length = found.end() if found else 0
        settled = length < len(self._pending) or length >= _LONGEST_URL
        if not final and (not settled or (found is None and len(self._pending) < _SHORTEST_URL)):
            return None
        address = _without_stops(found.group()) if found else ""
        if not _URL.fullmatch(address):
            return self._take(1)
        self._take(len(address))
        if address in self._links:
            return address
        self.removed.append(address)
        return LINK_REMOVED


def _without_stops(address: str) -> str:
    """Return an address without the punctuation of the sentence around it; a bracket that opens in it stays."""
    while address and (address[-1] in _TRAILING or (address[-1] == ")" and address.count("(") < address.count(")"))):
        address = address[:-1]
    return address
