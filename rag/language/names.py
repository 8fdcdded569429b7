"""Names as texts write them, and whether a text has a name in whatever spelling."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final, NamedTuple

from rag.language.stopwords import CLAIM_STOPWORDS, FUNCTION_WORDS, STOPWORDS
from rag.language.tokens import runs, tokens, without_genitive

#: Upper-case words that every question about papers may hold without naming anything of its own.
_NOT_NAMES = frozenset("I A OK AI ML NLP LLM LLMs PLM PLMs MLM SOTA API APIs vs II III IV PS FAQ USA UK EU".split())
_SENTENCE_START = re.compile(r"(?:^|[.!?:;]\s+|[-–—]\s+|[\"“(]\s*)$")
_HYPHEN = re.compile(r"[-.]")
# "8-bit" and "3rd" are no names.
_COUNTED = re.compile(r"\d[\d.,:]*[-]?[a-z]+")


def names(text: str) -> list[str]:
    """Return what ``text`` calls by name, in order and without repeats.

    Names are words with capitals or digits inside (``LAMB``, ``bert2BERT``, ``SQuAD``), and capitalised words that do
    not open a sentence; neighbouring ones stay together (``Optimal BERT Surgeon``).
    """
    found: list[str] = []
    last_end = -2
    for token in tokens(text):
        word = token.bare
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
    return is_technical_name(word) or (word[0].isupper() and not opens and len(word) > 1)


def is_technical_name(word: str) -> bool:
    """Return whether a word is written as only names are: a capital behind its first letter, or letters with digits."""
    if word in _NOT_NAMES:
        return False
    mixed = any(c.isdigit() for c in word) and any(c.isalpha() for c in word)
    return _has_inner_capital(word.split("-")) or (mixed and not _COUNTED.fullmatch(word))


def _has_inner_capital(parts: Iterable[str]) -> bool:
    return any(c.isupper() for part in parts for c in part[1:])


class NamedWord(NamedTuple):
    """A single word that is written as a name.

    ``strong`` ones cannot be ordinary words: letters and digits mixed, or capitals inside (BERT, RoBERTa, GPT-2, T5);
    others merely have a capital and do not open the text (Adam, Korean).
    """

    word: str
    start: int
    strong: bool


def named_words(text: str) -> list[NamedWord]:
    """Return the words of a sentence that are written as names, in order."""
    found: list[NamedWord] = []
    for at, token in enumerate(tokens(text)):
        word = token.bare.rstrip("'’")
        if len(word) < 2 or word[0].isdecimal() or word.lower() in CLAIM_STOPWORDS:
            continue
        # In "CPU-inference" and "BERT-based" the capitals are the first part's, in "Transformer-XL" the second's.
        strong = any(c.isdecimal() for c in word) or _has_inner_capital(_HYPHEN.split(word))
        if strong or (word[0].isupper() and at > 0):
            found.append(NamedWord(word, token.start, strong))
    return found


class NameIndex:
    """Finds names in texts, however these spell them: ``GPT2`` for ``GPT-2``, ``NER`` for ``named entity
    recognition``."""

    def __init__(self, texts: Iterable[str]) -> None:
        rows = [runs(text) for text in texts]
        parts = [part for row in rows for part in row]
        spelled = {"".join(row[at : at + count]).lower() for row in rows for at in range(len(row)) for count in _JOINED}
        # "LLaMA" may stand for "LLaMA2".
        spelled |= {part.lower().rstrip("0123456789") for part in parts}
        self._spelled = frozenset(word.removesuffix("s") for word in spelled)
        self._initials = "".join(part[0].lower() for part in parts)
        self._long_initials = "".join(part[0].lower() for part in parts if part.lower() not in FUNCTION_WORDS)

    def __contains__(self, name: str) -> bool:
        parts = runs(without_genitive(name))
        bare = "".join(parts).lower()
        singular = bare.removesuffix("s")
        if not bare or singular in self._spelled or bare in _COMMON:
            return True
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
# Names of the field at large, which every abstract may be spoken of with.
_COMMON: Final = frozenset("ai ml nlp llm llms lm lms".split())


def _is_acronym(name: str) -> bool:
    bare = name.removesuffix("s")
    return 3 <= len(bare) <= 6 and bare.isalpha() and bare.isupper()
