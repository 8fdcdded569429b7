"""Words as questions and abstracts share them: stems, content words, names."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

#: Function words, question words and the verbs of asking: they tell how is asked, never what about.
STOPWORDS = frozenset(
    """a about above according actually after again against all almost also although always am among an and another
    any anybody anyone anything are around as at away back be because been before being below besides between
    both but by came can cannot could did do does doing done down during each either else enough especially even
    ever every exactly few first for from further get gets give given gives go goes going good got had has have
    having he hence her here hers him his how however i ie if in instead into is it its itself just kind know
    known let like likely list long look looking made make makes many may me might mine more most much must my
    name near need needs neither never next no nor not now of off often on once one only onto or other others
    our ours out over own paper papers per perhaps please possible quite rather really right say said says same
    see seem seems several shall she should show shown shows since so some somebody someone something sort still
    such take taken tell than that the their theirs them then there therefore these they thing things this those
    though through thus to together too toward towards two under until up upon us use used uses using very via
    want was way ways we well were what whatever when where whether which while who whole whom whose why will
    with within without would yes yet you your yours eg etc vs versus compared com author authors article study
    work works abstract abstracts answer question explain describe find found called mean means stand stands
    come comes put anyone's it's what's that's don't doesn't didn't isn't i'm can't there's ok okay hello hi
    thanks im ive id dont doesnt didnt cant whats thats era style styled based aware sized exact precise
    precisely actual overall specific particular main acronym acronyms abbreviation
    refer refers referred denote denotes conclude concludes concluded argue argues argued
    claim claims claimed suggest suggests suggested""".split()
)
#: Upper-case words that every question about papers may hold without naming anything of its own.
_NOT_NAMES = frozenset("I A OK AI ML NLP LLM LLMs PLM PLMs MLM SOTA API APIs vs II III IV PS FAQ USA UK EU".split())
_TOKEN = re.compile(r"[^\W_]+(?:[.,:'’@/&+\-_][^\W_]+)*[%+#]?", re.UNICODE)
_PIECE = re.compile(r"[^\W_]+", re.UNICODE)
_SENTENCE_START = re.compile(r"(?:^|[.!?:;]\s+|[-–—]\s+|[\"“(]\s*)$")


@dataclass(frozen=True, slots=True)
class Token:
    """A word with its place: ``text[start:end]``."""

    text: str
    start: int
    end: int


def tokens(text: str) -> Iterator[Token]:
    """The words of ``text``; inner hyphens, points and apostrophes hold a word together (``bert-base``, ``1.5``)."""
    for match in _TOKEN.finditer(text):
        yield Token(match.group(), match.start(), match.end())


def pieces(word: str) -> list[str]:
    """The parts of a word between hyphens and points, in lower case; a decimal number stays whole."""
    if word[:1].isdigit() and word.replace(".", "").replace(",", "").rstrip("%").isdigit():
        return [word.lower().rstrip("%").replace(",", "")]
    return [piece.lower() for piece in _PIECE.findall(word.replace("'s", "").replace("’s", ""))]


def stems(text: str) -> list[str]:
    """The stems of all content words of ``text``, in order, hyphenated words by their parts."""
    return [stem(p) for token in tokens(text) for p in pieces(token.text) if p not in STOPWORDS]


def content_words(text: str) -> list[str]:
    """The words of ``text`` that carry its subject, as written and without repeats."""
    found: dict[str, str] = {}
    for token in tokens(text):
        word = token.text.removesuffix("'s").removesuffix("’s")
        if word.lower() not in STOPWORDS and len(word) > 1:
            found.setdefault(word.lower(), word)
    return list(found.values())


def names(text: str) -> list[str]:
    """What ``text`` calls by name: words with capitals or digits inside (``LAMB``, ``bert2BERT``, ``SQuAD``), and
    capitalised words that do not open a sentence; neighbouring ones stay together (``Optimal BERT Surgeon``)."""
    found: list[str] = []
    last_end = -2
    for token in tokens(text):
        word = token.text.removesuffix("'s").removesuffix("’s")
        if not _is_name(word, opens=bool(_SENTENCE_START.search(text, 0, token.start))):
            continue
        if found and token.start == last_end + 1 and text[last_end] == " " and word.lower() not in STOPWORDS:
            found[-1] = f"{found[-1]} {word}"
        else:
            found.append(word)
        last_end = token.start + len(word)
    return list(dict.fromkeys(found))


def _is_name(word: str, *, opens: bool) -> bool:
    if word in _NOT_NAMES or word.lower() in STOPWORDS or not any(c.isalpha() for c in word):
        return False
    if is_technical_name(word):
        return True
    return word[0].isupper() and not opens and len(word) > 1


def is_technical_name(word: str) -> bool:
    """Whether a word is written as only names are: a capital behind its first letter, or letters with digits."""
    if word in _NOT_NAMES:
        return False
    inner_capital = any(c.isupper() for part in word.split("-") for c in part[1:])
    mixed = any(c.isdigit() for c in word) and any(c.isalpha() for c in word)
    return inner_capital or (mixed and not re.fullmatch(r"\d[\d.,:]*[-]?[a-z]+", word))


@lru_cache(maxsize=65_536)
def stem(word: str) -> str:
    """A light English stem in lower case: inflections and the commonest derivations fall together.

    Meant for matching a question with a sentence (``compresses``, ``compression``, ``compressed``), not for display.
    """
    word = word.lower()
    if len(word) <= 3 or not word.isalpha():
        return word
    word = f"{word[:-3]}y" if word[-3:] in {"ied", "ies"} else _strip(word, _INFLECTIONS, 3)
    word = _strip(_strip(word, _DERIVATIONS, 4), _DERIVATIONS, 4)
    if len(word) > 4 and word[-1] == word[-2] and word[-1] not in "aeiouls":
        word = word[:-1]
    return word.rstrip("ey") if len(word) > 4 else word


def _strip(word: str, endings: tuple[tuple[str, str], ...], shortest: int) -> str:
    for ending, kept in endings:
        if word.endswith(ending) and len(word) - len(ending) >= shortest:
            return word[: -len(ending)] + kept
    return word


_INFLECTIONS = (
    ("sses", "ss"),
    ("ings", ""),
    ("ing", ""),
    ("edly", ""),
    ("eed", "eed"),
    ("ed", ""),
    ("xes", "x"),
    ("ches", "ch"),
    ("shes", "sh"),
    ("ss", "ss"),
    ("us", "us"),
    ("is", "is"),
    ("s", ""),
)
# The longest that fits is taken off; a second pass takes what stands before it ("ability" behind "interpret").
_DERIVATIONS = tuple(
    sorted(
        (
            # What is left keeps its "iz": to quantize is not a quantity.
            *(("i" + x, "iz") for x in ("se", "ze", "ser", "zer", "sing", "zing", "sation", "zation", "s", "z")),
            *((x, "") for x in "ational ation ition fulness iveness ment ness ability ibility able ible".split()),
            *((x, "") for x in "ically ically ical ally ive ity ly al ic ance ence ancy ency ant ent".split()),
            *((x, "") for x in "ator ating ated at ate or er est ac acy".split()),
            ("ification", "if"),
            ("ssion", "ss"),
            ("ction", "ct"),
            ("tion", "t"),
            ("sion", "s"),
        ),
        key=lambda pair: -len(pair[0]),
    )
)
