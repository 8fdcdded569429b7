"""Numbers written as words: ``seven``, ``twenty-five``, ``two hundred``, ``tenfold``, ``three quarters``."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Final

_UNITS: Final = dict(
    zip(
        """zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen
        seventeen eighteen nineteen""".split(),
        range(20),
        strict=True,
    )
)
_TENS: Final = dict(
    zip("twenty thirty forty fifty sixty seventy eighty ninety".split(), range(20, 100, 10), strict=True)
)
SCALES: Final = {
    "hundred": Decimal(100),
    "thousand": Decimal(1000),
    "million": Decimal(10**6),
    "billion": Decimal(10**9),
    "trillion": Decimal(10**12),
}
#: Multipliers of one word, but for "<number>fold".
MULTIPLIERS: Final = {"twice": Decimal(2), "thrice": Decimal(3), "double": Decimal(2), "doubles": Decimal(2)} | {
    "doubled": Decimal(2),
    "doubling": Decimal(2),
    "triple": Decimal(3),
    "triples": Decimal(3),
    "tripled": Decimal(3),
    "quadruple": Decimal(4),
    "quadrupled": Decimal(4),
}
#: Parts of a whole, in percent; a third, which has no exact figure in percent, is a third of 100.
PARTS: Final = {
    "third": Decimal(100) / 3,
    "quarter": Decimal(25),
    "fifth": Decimal(20),
    "tenth": Decimal(10),
}
#: Words that are numbers by themselves.
CARDINALS: Final = (*_UNITS, *_TENS, *SCALES)
_CARDINAL = "|".join(CARDINALS)
#: One or more number words: "twenty-five", "two hundred and six".
WORDS: Final = rf"(?:{_CARDINAL})(?:(?:[ \-]|[ ]and[ ])(?:{_CARDINAL}))*"
_SPLIT = re.compile(r"[ \-]+")


def value_of(words: str) -> Decimal:
    """Return the number that ``words`` (a match of :data:`WORDS`, in any case) name; a bare ``hundred`` is 100."""
    total, group = Decimal(0), Decimal(0)
    for word in _SPLIT.split(words.lower()):
        if word in SCALES:
            scaled = (group or 1) * SCALES[word]
            if word == "hundred":
                group = scaled
            else:
                total, group = total + scaled, Decimal(0)
        elif word != "and":
            group += _UNITS.get(word, _TENS.get(word, 0))
    return total + group
