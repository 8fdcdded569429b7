"""Citation keys: surname, year and first word of the title, as ``winter2021tall``."""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import count, product
from string import ascii_lowercase

from rag.language.tokens import runs
from rag.paper import Paper, surname_key

# Words that open many titles and distinguish none.
_EMPTY = frozenset("a an the on in of for to and is are do does what how why when towards toward from with".split())


def citation_keys(papers: Sequence[Paper]) -> list[str]:
    """Return a unique key of ASCII letters and digits for each paper, in order.

    Papers with the same key get ``a``, ``b``, ``c`` after it in the order of their ids, so that a key does not depend
    on the order of the list.
    """
    bases = [_base(paper) for paper in papers]
    alike: dict[str, list[int]] = defaultdict(list)
    for place, base in enumerate(bases):
        alike[base].append(place)
    keys = list(bases)
    taken = set(bases)
    for base in sorted(alike):
        places = alike[base]
        if len(places) > 1:
            letters = _letters()
            for place in sorted(places, key=lambda at: (papers[at].id, at)):
                keys[place] = next(key for key in (base + letter for letter in letters) if key not in taken)
                taken.add(keys[place])
    return keys


def _base(paper: Paper) -> str:
    words = [_ascii(word) for word in runs(paper.title)]
    telling = next((word for word in words if word and word not in _EMPTY), "") or next(filter(None, words), "")
    return f"{_ascii(surname_key(paper.authors))[:40] or 'anon'}{paper.year or 'nd'}{telling[:40]}"


def _ascii(text: str) -> str:
    bare = unicodedata.normalize("NFKD", text.replace("ß", "ss").replace("ø", "o").replace("ł", "l"))
    return "".join(c for c in bare if c.isascii() and c.isalnum()).lower()


def _letters() -> Iterator[str]:
    """Count ``a`` to ``z``, then ``aa``, ``ab`` and on."""
    for length in count(1):
        for letters in product(ascii_lowercase, repeat=length):
            yield "".join(letters)
