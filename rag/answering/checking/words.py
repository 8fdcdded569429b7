"""Words as the checker compares them: content words by their stem, names by their letters and digits."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final, NamedTuple

STOP_WORDS: Final = frozenset(
    """a about above after again all also although am among an and any are as at be because been before being below
    between both but by can could did do does doing down due during each either etc few for from further had has have
    having he her here hers him his how however i if in into is it its itself just may me might more moreover most must
    my neither nor not of off on once only onto or other our out over own per rather same she should since so some such
    than that the their them then there these they this those through thus to too under until up upon us very via was
    we were what when where whether which while who whom whose why will with within without would yes no you your
    according based use used uses using show shows shown showed report reports reported present presents presented
    propose proposes proposed paper papers abstract abstracts study studies work works author authors source sources
    respectively e.g i.e namely called named known well several many much new e g""".split()
)
_TOKEN = re.compile(r"[^\W_]+(?:[-'’.+][^\W_]+)*\+{0,2}")
_COMPACT = re.compile(r"[\W_]+")
_PARTS = re.compile(r"[-'’.+]+")
_VOWEL = re.compile(r"[aeiouy]")


class Token(NamedTuple):
    """A word of a text: ``text[start:start + len(word)] == word``; ``opens`` where it is the first of its sentence."""

    word: str
    start: int
    opens: bool


def tokens(text: str) -> list[Token]:
    """The words of a text; hyphenated ones are one word."""
    return [Token(m.group(), m.start(), at == 0) for at, m in enumerate(_TOKEN.finditer(text))]


def stem(word: str) -> str:
    """A word without inflection, crudely: enough that "outperforms" meets "outperformed" and "reduction" "reduce".

    Steps are after Porter's first ones (An algorithm for suffix stripping, 1980), without his measure.
    """
    word = word.lower()
    if len(word) <= 3 or not word.isalpha():
        return word
    for suffix, replacement in _SUFFIXES.get(word[-1], ()):
        if word.endswith(suffix) and len(word) - len(suffix) >= 3 and _VOWEL.search(word[: -len(suffix)]):
            word = word[: -len(suffix)] + replacement
            break
    if len(word) > 4 and word[-1] == word[-2] and word[-1] not in "lsz":
        word = word[:-1]
    return word.removesuffix("e") if len(word) > 3 else word


def _suffixes() -> dict[str, tuple[tuple[str, str], ...]]:
    """Endings and what takes their place, by last letter; the longest that fits is taken off."""
    endings = {
        **dict.fromkeys("izations isations ization isation izing ising ized ised izes ises ize ise".split(), "iz"),
        **dict.fromkeys("ations ation ating ated ates ate ators ator ative".split(), "at"),
        **dict.fromkeys("ctions ction".split(), "c"),
        **dict.fromkeys("ies ied y".split(), "i"),
        **dict.fromkeys("ments ment ings ing edly ed ers er ors or ably ible able ness ly es s".split(), ""),
        **{"sses": "ss", "ss": "ss", "us": "us", "is": "is"},
    }
    longest_first = sorted(endings.items(), key=lambda pair: -len(pair[0]))
    return {last: tuple(pair for pair in longest_first if pair[0][-1] == last) for last in {e[-1] for e in endings}}


_SUFFIXES: Final = _suffixes()


def stems(text: str) -> list[str]:
    """The stems of a text's content words, in order, parts of hyphenated words beside the whole; figures are none."""
    found: list[str] = []
    for match in _TOKEN.finditer(text):
        word = match.group()
        if word.isalnum():
            parts = [word]
        else:
            parts = [_compact(word), *_PARTS.split(word)]
            parts = parts if len(parts) <= 5 else parts[:1]
        found += [
            stem(part) for part in parts if len(part) > 1 and not part[0].isdecimal() and part.lower() not in STOP_WORDS
        ]
    return found


class Name(NamedTuple):
    """A name as it is written. ``strong`` ones cannot be ordinary words: letters and digits mixed, or capitals inside
    (BERT, RoBERTa, GPT-2, T5); others merely have a capital where no sentence opens (Adam, Korean)."""

    word: str
    start: int
    strong: bool


def names(text: str) -> list[Name]:
    """The names in a text, in order."""
    return [name for token in tokens(text) if (name := _name(token)) is not None]


def _name(token: Token) -> Name | None:
    word = _bare(token.word)
    if len(word) < 2 or word[0].isdecimal() or word.lower() in STOP_WORDS:
        return None
    # In "CPU-inference" and "BERT-based" the capitals are the first part's, in "Transformer-XL" the second's.
    strong = any(c.isdecimal() for c in word) or any(_has_inner_capital(part) for part in re.split(r"[-.]", word))
    capital = word[0].isupper() and not token.opens
    return Name(word, token.start, strong) if strong or capital else None


def _has_inner_capital(part: str) -> bool:
    return any(c.isupper() for c in part[1:])


def _bare(word: str) -> str:
    return word.removesuffix("'s").removesuffix("’s").removesuffix("'").removesuffix("’")


class NameIndex:
    """Finds names in texts, however these spell them: ``GPT2`` for ``GPT-2``, ``NER`` for ``named entity
    recognition``."""

    def __init__(self, texts: Iterable[str]) -> None:
        rows = [[part for token in tokens(text) for part in _PARTS.split(token.word) if part] for text in texts]
        parts = [part for row in rows for part in row]
        spelled = {"".join(row[at : at + count]).lower() for row in rows for at in range(len(row)) for count in _JOINED}
        # "LLaMA" may stand for "LLaMA2".
        spelled |= {part.lower().rstrip("0123456789") for part in parts}
        self._spelled = frozenset(word.removesuffix("s") for word in spelled)
        self._initials = "".join(part[0].lower() for part in parts)
        self._long_initials = "".join(part[0].lower() for part in parts if part.lower() not in _SMALL_WORDS)

    def __contains__(self, name: str) -> bool:
        bare = _compact(_bare(name))
        singular = bare.removesuffix("s")
        if not bare or singular in self._spelled or bare in _COMMON:
            return True
        parts = [part for part in _PARTS.split(_bare(name)) if part]
        proper = [part for part in parts if not part.islower()]
        if len(proper) < len(parts):
            # Of "BERT-based" and "GPT-2-like" only the first parts are a name.
            return "-".join(proper) in self
        if len(parts) > 1 and not any(part.isdecimal() for part in parts):
            return all(part in self for part in parts)
        if len(singular) >= _TELLING and singular.isalpha() and any(s.startswith(singular) for s in self._spelled):
            return True
        return _is_acronym(name) and (singular in self._initials or singular in self._long_initials)


# How many parts a name is spelled in at most: "Llama", "2", "7B", "Instruct".
_JOINED: Final = (1, 2, 3, 4, 5, 6)
# A name of so many letters may be cut short: "SOBert" for "SOBertLarge".
_TELLING: Final = 5
_SMALL_WORDS: Final = frozenset("of the and for in to with a an on by".split())
# Names of the field at large, which every abstract may be spoken of with.
_COMMON: Final = frozenset("ai ml nlp llm llms lm lms".split())


def _is_acronym(name: str) -> bool:
    bare = name.removesuffix("s")
    return 3 <= len(bare) <= 6 and bare.isalpha() and bare.isupper()


def _compact(text: str) -> str:
    return _COMPACT.sub("", text).lower()
