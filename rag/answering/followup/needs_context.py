"""Whether a question needs the conversation before it to be understood, and by which words.

It does so visibly: by a pronoun ("how fast is it?"), by an ellipsis ("and for GLUE?"), by an ordinal ("the second one",
"[2]"), by asking for a property of nothing ("size of the training corpus?"), or by naming nothing at all ("why?").
"""

from __future__ import annotations

import re

from rag.language.names import names
from rag.language.stems import content_words

OPENER = re.compile(r"^(?:and|but|so|also|then|ok(?:ay)?|well|thanks|thank\s+you)\b[\s,.!]*", re.IGNORECASE)
WHAT_ABOUT = re.compile(r"^(?:and\s+)?(?:what|how)\s+about\s+", re.IGNORECASE)
PREPOSITION = re.compile(r"^(on|for|with|in|against|at|to|over|under|without|from)\s+", re.IGNORECASE)
VERB = re.compile(
    r"\b(?:is|are|was|were|do|does|did|has|have|had|can|could|will|would|should|may|might|must)\b", re.IGNORECASE
)
NOUNS = r"(?:paper|model|method|approach|system|work|one|number|figure|result|dataset|benchmark|study|survey)"
ORDINAL = re.compile(
    rf"\b(?:the\s+)?(first|second|third|fourth|fifth|last|other)\s+{NOUNS}\b|\[(\d{{1,2}})\]"
    r"|\b(?:paper|source|reference|number)\s+(\d{1,2})\b"
    rf"|\bthe\s+(former|latter)\b(?:\s+{NOUNS}\b)?"
    r"|\bthe\s+(first|second|third|fourth|fifth|last)(?=\s*(?:[?.!,;]|$))",
    re.IGNORECASE,
)
# Words for something said before; "that" only if no clause can follow it.
_PRONOUN = re.compile(
    rf"\b(?:it|its|they|them|their|theirs|this|these|those|he|she|his|her|both|the\s+same"
    rf"|that(?=\s*(?:[?.,;]|$)|\s+{NOUNS}\b)|(?:does|do|did|is|was|would|can|will)\s+that)\b",
    re.IGNORECASE,
)
_PLEONASTIC = re.compile(
    r"\b(?:is|was|would|could|can|does)\s+it\s+(?:be\s+)?(?:true|possible|correct|right|known|clear|common|take|that)\b"
    r"|\bthose\s+(?:who|that|of)\b|\bboth\b[^?.,;]{1,60}\band\b|\bthis\s+(?:library|collection)\b",
    re.IGNORECASE,
)
# Between two clauses: a pronoun after it may mean a name before it.
_CLAUSE_ENDS = re.compile(
    r"[,;:.?!]|\b(?:and|but|or|when|while|if|because|since|that|what|how|where|whether|which|so|before|after)\b",
    re.IGNORECASE,
)
_ASKS_HOW_MANY = re.compile(r"^(?:how\s+(?:many|much)|what|which|whose|in|on|at|with|for)\b", re.IGNORECASE)
_LAST_WORD = re.compile(r"[\s?.!]*$")
# Properties that are of something, and seldom begin the name of a subject.
_PROPERTY = re.compile(
    r"^(?:the\s+|any\s+)?(?:size|number|amount|costs?|authors?|year|venue|licen[cs]e|limits|limitations|baselines?"
    r"|results?|hours|accuracy|reasons?|examples?)\b",
    re.IGNORECASE,
)
_FEW_WORDS = 4


def needs_context(question: str) -> bool:
    """Return whether a question cannot be understood without the conversation before it."""
    bare = OPENER.sub("", question)
    if not bare.strip(" ?.!"):
        return False
    if ORDINAL.search(bare) or WHAT_ABOUT.match(question) or PREPOSITION.match(bare):
        return True
    own, words = names(bare), content_words(bare)
    pronoun = _PRONOUN.search(_PLEONASTIC.sub(lambda match: " " * len(match.group()), bare))
    if pronoun:
        return not any(_may_mean(bare, name, pronoun) for name in own)
    if not VERB.search(bare) and len(words) <= _FEW_WORDS and (bare != question or (_PROPERTY.match(bare) and not own)):
        return True
    return not own and (len(words) <= 1 or (bare != question and len(words) <= _FEW_WORDS))


def _may_mean(text: str, name: str, pronoun: re.Match[str]) -> bool:
    """Return whether a pronoun may mean a name of its own sentence: "Which tasks does ColBERT run, how fast is it?".

    Within one clause it does not if the name is what is counted or chosen ("how many GPUs was it tried on?") or
    where the pronoun is the object ("does ThinK beat it?").
    """
    start = text.find(name)
    if not 0 <= start < pronoun.start():
        return False
    if _CLAUSE_ENDS.search(text, start + len(name), pronoun.start()):
        return True
    counted = _ASKS_HOW_MANY.match(text) and not VERB.search(text, 0, start)
    return not (counted or _LAST_WORD.match(text, pronoun.end()))
