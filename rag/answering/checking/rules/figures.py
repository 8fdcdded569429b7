"""Find the figures of a sentence (numbers, percentages, multipliers, orders of magnitude, dates) and compare them by
value.

``3.3x``, ``3.3 times`` and ``3.3-fold`` are one figure, as are ``1,024`` and ``1024``, ``51.6 %`` and ``51.6%``,
``330M`` and ``330 million``, ``nine`` and ``9``. Digits inside a name (GPT-2, T5, i2b2-2009) belong to the
name, the number of a list item or an enumeration to nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import pairwise
from typing import Final, Literal

from rag.language.number_words import MULTIPLIERS, PARTS, SCALES, WORDS, value_of
from rag.language.tokens import runs

Kind = Literal["number", "percent", "times", "magnitude", "date"]

_MONTHS: Final = tuple("January February March April May June July August September October November December".split())
_MONTH = "|".join([*_MONTHS, *(m[:3] + r"\b\.?" for m in _MONTHS), r"Sept\b\.?"])
_LETTER_SCALES: Final = {
    **dict.fromkeys(["k", "K"], 10**3),
    **dict.fromkeys(["M", "mn"], 10**6),
    **dict.fromkeys(["B", "b", "bn"], 10**9),
    "T": 10**12,
}
_UNITS: Final = {
    **dict.fromkeys(["ms", "msec", "millisecond", "milliseconds"], "ms"),
    **dict.fromkeys(["s", "sec", "secs", "second", "seconds"], "s"),
    **dict.fromkeys(["min", "mins", "minute", "minutes"], "min"),
    **dict.fromkeys(["h", "hr", "hrs", "hour", "hours"], "h"),
    **dict.fromkeys(["day", "days"], "day"),
    **dict.fromkeys(["week", "weeks"], "week"),
    **dict.fromkeys(["month", "months"], "month"),
    **dict.fromkeys(["year", "years"], "year"),
    **{f"{prefix}B": f"{prefix}B" for prefix in "KMGT"},
    **{f"{prefix}iB": f"{prefix}B" for prefix in "KMGT"},
    **dict.fromkeys(["bit", "bits"], "bit"),
    **dict.fromkeys(["point", "points"], "point"),
    **dict.fromkeys(["deg", "degree", "degrees", "°"], "degree"),
}
_PERCENT = r"\s?%|[\s\-](?i:percent\b|per\s?cent\b|pct\b|percentage[ ]points?\b)"
_TIMES = r"[x×X](?!\w)|[ ][x×X](?!\w|[ ]?\d)|[\s\-]?(?i:times|folds?)\b"
_MAGNITUDE = r"[\s\-](?i:orders?[\s\-]of[\s\-]magnitude)\b"
_UNIT = r"[\s\-]?(?:" + "|".join(sorted(_UNITS, key=len, reverse=True)) + r")(?![\w])"
_SCALE = rf"(?:{'|'.join(_LETTER_SCALES)})(?![\w])|[ ](?:M|B|bn)(?![\w])|[\s\-](?i:{'|'.join(SCALES)})\b"


def _suffix(number: int) -> str:
    return (
        rf"(?P<percent{number}>{_PERCENT})|(?P<times{number}>{_TIMES})|(?P<magnitude{number}>{_MAGNITUDE})"
        rf"|(?P<unit{number}>{_UNIT})"
    )


# Alternatives are tried in this order, and each takes the whole of what it names, so that nothing is read twice.
_FIGURE = re.compile(
    rf"""
      (?P<url>(?:https?://|www\.)\S+)
    | \b(?P<month1>{_MONTH})[ ](?P<day1>\d{{1,2}})(?:st|nd|rd|th)?(?:,?[ ](?P<year1>\d{{4}}))?(?![\w%]|[.,]\d)
    | \b(?P<month2>{_MONTH}),?[ ](?P<year2>\d{{4}})\b
    | \b(?P<day3>\d{{1,2}})[ ](?P<month3>{_MONTH})(?![\w])(?:,?[ ](?P<year3>\d{{4}})\b)?
    | (?<![\w\-])(?P<year4>\d{{4}})-(?P<month4>\d\d)-(?P<day4>\d\d)(?![\w\-])
    | \b(?i:(?P<part>half
        |(?:(?P<parts>one|two|three|four)[ \-]|an?[ ](?=\w{{1,9}}[ ]of\b))(?P<of>{"|".join(PARTS)})s?))\b
    | \b(?i:(?P<multiplier>{"|".join(MULTIPLIERS)}))\b(?!-)
    | \b(?i:an?[ ](?P<order>order)[ ]of[ ]magnitude)\b
    | \b(?P<words>(?i:{WORDS}))(?:(?P<fold>(?i:fold))\b|\b(?:{_suffix(1)})?)
    | (?P<item>\((?:\d{{1,2}}|[ivx]{{1,4}})\)(?=[ ]\w))
    | (?P<name>[^\W\d_]\w*(?:[\-–.'’@+]\w+)*)
    | (?P<by>(?<!\d)(?<!\d[ ])×[ ]?)?
      (?P<number>\d{{1,3}}(?:,\d{{3}})+(?!\d)(?:\.\d+)?|\d+[:,]\d{{1,2}}(?=\s?%)|\d+(?:\.\d+)?(?:[eE][+\-]?\d{{1,2}})?|\.\d+)
      (?:(?P<rest>(?:st|nd|rd|th|D)(?![\w]))|(?P<scale>{_SCALE})?(?:{_suffix(2)})?(?P<more>[^\W\d_]\w*(?:[\-.]\w+)*)?)
    """,
    re.VERBOSE,
)
_GIVEN = re.compile(r"\b(?:the|these|those|both|other|all|first|last|between)[ ]\Z", re.IGNORECASE)
_META_NOUN = re.compile(r"[ ](?:papers?|sources?|abstracts?|studies|works|articles)\b", re.IGNORECASE)
_RANGE = re.compile(r"\s?[-–—]\s?|\s(?:to|and|or)\s")
_NAME_BEFORE = re.compile(r"([^\W_][\w.\-]*)[\s\-]\Z")


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure of a text: ``text[start:end] == self.text``.

    ``value`` is the number itself; for ``percent`` the percentage, for ``times`` the multiplier, for ``magnitude`` the
    exponent, for a ``date`` the year (or 0). ``loose`` figures ("one", "the two") claim nothing a source must state.
    """

    text: str
    start: int
    end: int
    kind: Kind
    value: Decimal
    unit: str = ""
    month: int = 0
    day: int = 0
    loose: bool = False


def figures(text: str) -> list[Figure]:
    """Return the figures of ``text``, in order."""
    found = [figure for match in _FIGURE.finditer(text) if (figure := _read(match)) is not None]
    for at, (low, high) in enumerate(pairwise(found)):
        found[at] = _as_range(low, high, text)
    return found


def same_figure(one: Figure, other: Figure) -> bool:
    """Return whether two figures say the same to a careful reader."""
    if "date" in (one.kind, other.kind):
        return _same_date(one, other)
    if one.kind == other.kind:
        return one.value == other.value and (one.unit == other.unit or not one.unit or not other.unit)
    kinds = {one.kind, other.kind}
    if kinds == {"times", "magnitude"}:
        times, magnitude = (one, other) if one.kind == "times" else (other, one)
        return magnitude.value <= 12 and times.value == Decimal(10) ** int(magnitude.value)
    if kinds == {"percent", "number"}:
        percent, number = (one, other) if one.kind == "percent" else (other, one)
        # Scores are printed with and without the sign ("an F1 of 78.17"), and as a share of one; counts are not.
        broken = number.value != number.value.to_integral_value()
        # A share of something is not a difference of shares: 5 points are no 5%.
        return (broken and not number.unit) and percent.value in {number.value, number.value * 100}
    return False


class FigureIndex:
    """Index of the figures of some texts, as of a title and an abstract."""

    def __init__(self, texts: Iterable[str]) -> None:
        texts = list(texts)
        self._figures = [figure for text in texts for figure in figures(text)]
        self._compact = ["".join(runs(text.lower())) for text in texts]
        # "+2.3% (90.7% vs. 88.4%)" are points, whatever they are called.
        shares = [figure.value for figure in self._figures if figure.kind == "percent"]
        apart = {abs(one - other) for at, one in enumerate(shares) for other in shares[max(0, at - 3) : at]}
        self._points = apart & set(shares)

    def has(self, figure: Figure, sentence: str) -> bool:
        """Return whether the texts have ``figure``, a figure of ``sentence``."""
        if figure.unit == "point" and figure.value in self._points:
            return True
        return any(same_figure(figure, other) for other in self._figures) or self._names(figure, sentence)

    def _names(self, figure: Figure, sentence: str) -> bool:
        """Return whether the figure is part of a name that the texts spell differently: ``GPT 4`` for ``GPT-4``."""
        before = _NAME_BEFORE.search(sentence[max(0, figure.start - 40) : figure.start])
        if figure.kind != "number" or before is None or before[1].islower():
            return False
        name = "".join(runs((before[1] + figure.text).lower()))
        return any(name in text for text in self._compact)


def missing_figures(sentence: str, indexes: Sequence[FigureIndex]) -> list[Figure]:
    """Return the figures of ``sentence`` that none of ``indexes`` has."""
    wanted = [figure for figure in figures(sentence) if not figure.loose]
    return [figure for figure in wanted if not any(index.has(figure, sentence) for index in indexes)]


def _same_date(one: Figure, other: Figure) -> bool:
    if one.kind != other.kind:
        date, number = (one, other) if one.kind == "date" else (other, one)
        return number.kind == "number" and not number.unit and number.value == date.value
    # What one of them leaves out cannot contradict the other.
    pairs = [(one.value, other.value), (one.month, other.month), (one.day, other.day)]
    return all(a == b or not a or not b for a, b in pairs)


def _read(match: re.Match[str]) -> Figure | None:
    # Most matches are words, and asking for one group is cheaper than for all.
    if match.lastgroup in {"name", "url", "item", "rest", "more"}:
        return None
    group = match.groupdict()
    base = Figure(match.group(), match.start(), match.end(), "number", Decimal(0))
    for form in "1234":
        if group.get(f"month{form}"):
            return _date(base, group, form)
    if group["part"]:
        share = Decimal(50) if group["of"] is None else PARTS[group["of"].lower()]
        return replace(base, kind="percent", value=share * value_of(group["parts"] or "one"))
    if group["multiplier"]:
        return replace(base, kind="times", value=MULTIPLIERS[group["multiplier"].lower()])
    if group["order"]:
        return replace(base, kind="magnitude", value=Decimal(1))
    if group["words"]:
        return _worded(base, match)
    value = Decimal(group["number"].replace(":", ".")) if ":" in group["number"] else _digits(group["number"])
    if group["scale"]:
        value *= _scale(group["scale"])
    kind = _kind(group, 2)
    return replace(base, kind="times" if group["by"] else kind, value=value, unit=_unit(group, 2))


def _worded(base: Figure, match: re.Match[str]) -> Figure:
    group = match.groupdict()
    value, kind = value_of(group["words"]), "times" if group["fold"] else _kind(group, 1)
    given = value <= 3 and _GIVEN.search(match.string, 0, match.start())
    meta = value <= 20 and _META_NOUN.match(match.string, match.end())
    loose = kind == "number" and (value <= 1 or bool(given) or bool(meta))
    return replace(base, kind=kind, value=value, unit=_unit(group, 1), loose=loose)


def _date(base: Figure, group: dict[str, str | None], form: str) -> Figure:
    month = group[f"month{form}"] or ""
    number = int(month) if month.isdecimal() else [m[:3] for m in _MONTHS].index(month[:3].title()) + 1
    day, year = group.get(f"day{form}"), group.get(f"year{form}")
    return replace(base, kind="date", value=Decimal(year or 0), month=number, day=int(day or 0))


def _digits(text: str) -> Decimal:
    whole = text.replace(",", "") if re.fullmatch(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?", text) else text.replace(",", ".")
    return Decimal(whole)


def _scale(text: str) -> Decimal:
    word = text.strip(" -")
    return Decimal(_LETTER_SCALES[word]) if word in _LETTER_SCALES else SCALES[word.lower()]


def _kind(group: dict[str, str | None], form: int) -> Kind:
    if percent := group[f"percent{form}"]:
        return "number" if _says_points(percent) else "percent"
    if group[f"times{form}"]:
        return "times"
    return "magnitude" if group[f"magnitude{form}"] else "number"


def _says_points(percent: str) -> bool:
    return "point" in percent.lower()


def _unit(group: dict[str, str | None], form: int) -> str:
    if _says_points(group[f"percent{form}"] or ""):
        return "point"
    text = group[f"unit{form}"]
    return _UNITS[text.strip(" -\t\n")] if text else ""


def _as_range(low: Figure, high: Figure, text: str) -> Figure:
    """Return ``low`` with the unit or scale that "95-330M", "10 to 20%" and "2-3x" write only once."""
    between = text[low.end : high.start]
    if low.kind != "number" or low.unit or not _RANGE.fullmatch(between) or not low.text[-1].isdigit():
        return low
    if between.strip() in {"and", "or"} and not re.search(r"\bbetween\s\Z", text[: low.start], re.IGNORECASE):
        return low
    if high.kind in {"percent", "times", "magnitude"}:
        return replace(low, kind=high.kind)
    scale = re.search(rf"({_SCALE})\Z", high.text)
    if high.kind == "number" and scale is not None:
        return replace(low, value=low.value * _scale(scale[1]))
    return replace(low, unit=high.unit) if high.kind == "number" else low
