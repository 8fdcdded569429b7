"""Tell brackets of mathematics and chemistry from citation markers: intervals, array indexes, names of compounds.

They look the same ("[1, 5]"), so what is written around them decides. Each rule has an example that it is for and a
counter-example that it must leave a citation; in doubt, brackets are a citation.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from rag.answering.citations.markers import MORE, More
from rag.answering.citations.runs import MarkerRun


class Rule(NamedTuple):
    """Brackets that are no citation: patterns of what is right before and right after them, either may be empty.

    ``pairs_only`` rules hold for "[1, 5]" and "[1-5]" alone, the others for every marker.
    """

    name: str
    before: str
    after: str
    pairs_only: bool
    example: str
    counter_example: str


_VERBS = (
    r"(?:lie|lies|lying|falls?|falling|rang(?:e|es|ed|ing)|var(?:y|ies|ied|ying)|(?:re)?scal(?:e|ed|es|ing)"
    r"|normali[sz](?:e|ed|es|ing)|clip(?:s|ped|ping)?|clamp(?:s|ed|ing)?|bounded|mapped|uniform|uniformly"
    r"|(?:values?|ratings?|integers?|reals?)(?:\s(?:is|are|be))?)"
)
_TO = r"(?:in|into|to|within|on|over|from|between|inside|across)"
_COMPOUNDS = r"rotaxane|catenane|fullerene|helicene|annulene|radialene|cyclo|para|meta|crown"
RULES: Final = (
    Rule("product", r"\][ ]?×[ ]?", "", False, "cells of [1, 5] × [2, 3]", "it is 3.3× [1, 2]"),
    Rule("relation", r"(?:[=∈≤≥]|\\(?:in|leq?|geq?))[ ]?", "", False, "take x ∈ [1, 5]", "an F1 of 0.9 [1, 5]"),
    Rule("formula", r"(?:(?<![^\s(])\$|\\\()", "", False, "so $[1, 5]$ holds", "it costs $5 [1, 2]"),
    Rule("index", r"(?:(?<![^\W_])(?<![.'’-])[a-z]|[^\W_]_[^\W_]{1,20})", "", False, "as x[1] is", "it is fast[1]"),
    Rule("assignment", r"\w", r"[ ]?[=←∈]", False, "set A[2] = 3", "and BERT[2] is fast"),
    Rule("range", rf"\b(?i:{_VERBS})\s(?:\w{{1,12}}ly\s)?{_TO}\s", "", True, "scores lie in [1, 5]", "as in [1, 5]"),
    Rule("bounds", r"\b(?i:within|between)\s", "", True, "ratings between [1, 5]", "it improves over [1, 5]"),
    Rule("variable", r"(?<!\w)[b-zα-ω]\s(?:in|on)\s", "", True, "for all x in [1, 5]", "it is reported in [1, 5]"),
    Rule("interval", r"\b(?i:intervals?)\s(?:of\s)?", "", True, "on the interval [1, 5]", "for periods [1, 5]"),
    Rule("scale", r"\b(?i:the\s(?:range|scale)|an?\sscale|likert\sscale)\s(?:of\s|from\s)?", "", True,
         "on a scale of [1-5]", "over a wide range [1, 5]"),
    Rule("noun", r"\b(?i:an?|the)\s", r"[ -](?:interval|range|scale)\b", True, "on a [1-5] scale", "but [1, 5] scale"),
    Rule("power", "", r"(?:\^\{?\w|[²³ᵈⁿ]|[ ]?×)", True, "a point of [1, 5]^d", "it is fast [1, 5]^"),
    Rule("shift", "", r"-(?!based|style|like|type)[^\W\d_]", True, "a [3,3]-sigmatropic shift", "a [1,2]-based method"),
    Rule("compound", "", rf"(?:pseudo)?(?:{_COMPOUNDS})", False, "the [3]rotaxane forms", "it is fast [3]and small"),
)  # fmt: skip
_COMPILED: Final = [(rule, re.compile(rf"{rule.before}\Z"), re.compile(rule.after)) for rule in RULES]
_PAIR = re.compile(r"\\?[\[(][ ]?(\d{1,4})[ ]?[,;–-][ ]?(\d{1,4})[ ]?\\?[\])]")
_LOOK_BACK = 60
# By then it is clear whether something of a rule comes after the brackets.
_LOOK_AHEAD = 16


def is_mathematics(text: str, run: MarkerRun, before: str, final: bool) -> bool | More:
    """Return whether brackets that read like markers are none; ``before`` is the line so far.

    ``MORE`` if the text ends before that is clear, unless it is ``final``.
    """
    is_pairs = all(_is_ascending_pair(mark.raw) for mark in run.marks)
    rules = [(rule, following) for rule, preceding, following in _COMPILED if preceding.search(before[-_LOOK_BACK:])]
    rules = [(rule, following) for rule, following in rules if is_pairs or not rule.pairs_only]
    if any(not rule.after for rule, _ in rules):
        return True
    rest = text[run.end : run.end + _LOOK_AHEAD]
    may_go_on = (bool(rest) and rest[0].isalpha()) or (is_pairs and rest[:1] in tuple(" -^"))
    if rules and may_go_on and not final and len(rest) < _LOOK_AHEAD and "\n" not in rest:
        return MORE
    return any(following.match(text, run.end) for _, following in rules)


def _is_ascending_pair(raw: str) -> bool:
    pair = _PAIR.fullmatch(raw)
    return pair is not None and int(pair[1]) <= int(pair[2])
