"""Tell check-worthy sentences, which claim something about the papers, from those that only lead through an answer."""

from __future__ import annotations

import re

from rag.answering.checking.rules.figures import figures
from rag.answering.checking.words import stems

# What speaks about the sources themselves: "the abstracts do not say", "[no] source mentions", "is not stated".
_SOURCES = r"(?:abstracts?|sources?|papers?|documents?|passages?|context|excerpts?|texts?|library|information|evidence)"
_SAY = (
    r"(?:say|state|mention|specif|provide|give|contain|report|include|discuss|address|cover|indicate|describe|disclose"
    r"|answer|explain|detail|name|tell)\w*"
)
_SILENCE = re.compile(
    rf"\b{_SOURCES}\b[^.;:]{{0,60}}?\b(?:do(?:es)?|did|is|are|was|were)(?:\s+not|n['’]t)\b(?:\s+\w+){{0,2}}?\s+{_SAY}\b"
    rf"|\b(?:no|none|neither|not one)\b(?:\s+[\w-]+){{0,6}}?\s+{_SOURCES}\b[^.;:]{{0,60}}?\b{_SAY}\b"
    rf"|\b(?:none|neither|nothing)\b[^.;:]{{0,40}}?\b{_SAY}\b"
    r"|\b(?:is|are|was|were)(?:\s+not|n['’]t)\b(?:\s+\w+){0,2}?\s+(?:stated|mentioned|specified|given|reported|provided"
    r"|disclosed|answerable|covered|available|described|named)\b"
    r"|\bthere\s+(?:is|are)\s+no\b(?:\s+[\w-]+){0,3}?\s+(?:information|mention|details?|evidence\b(?!\s+that)|data|answer)\b"
    r"|\b(?:cannot|can['’]?t|could\s+not|couldn['’]t|unable\s+to|not\s+able\s+to)\b(?:\s+\w+){0,2}?\s+"
    r"(?:answer|determine|find|tell|say|confirm|conclude|provide)\b",
    re.IGNORECASE,
)
_LEADING = re.compile(
    r"(?:here\s+(?:is|are)|below|the\s+following|as\s+follows|in\s+(?:short|summary|brief|conclusion)[:,]?\Z"
    r"|(?:the\s+)?(?:two|three|four|these|several)\s+(?:papers?|sources?|abstracts?)\s+(?:address|discuss|cover|bear)"
    r"|(?:i\s+hope|let\s+me|please|sorry|thanks?|thank\s+you|sure|certainly|of\s+course|note\s+that\s*:?\Z)"
    r"|(?:sources?|references?|citations?|bibliography|see\s+also|answer)\s*:?\Z)",
    re.IGNORECASE,
)
_VERDICT = re.compile(
    r"(?:(?:yes|no)\b\W*)?(?:yes|no|both|neither|correct|right|wrong|not\s+(?:quite|exactly|really)"
    r"|(?:the|this|that|your)\s+(?:premise|assumption|question)\b[^.;:]{0,40}?\s(?:wrong|false|incorrect|mistaken|mixes|mixed"
    r"|confuses|not)\b[^.;:,]{0,20}"
    r"|(?:it|this|that)\s+(?:does|do|did|is|was)\s*(?:not|n['’]t)\s+(?:do\s+)?(?:that|this|so|the\s+case|quite|true|correct"
    r"|right)\b[^.;:,]{0,20})?\W*\Z",
    re.IGNORECASE,
)
_LONGEST_META = 40


def is_checkworthy(text: str) -> bool:
    """Return whether a sentence (without its markers) claims something that a source has to back."""
    if text.rstrip(" \"'”’)").endswith("?"):
        return False
    return bool(figures(text)) or (bool(stems(text)) and not is_about_answer(text))


def is_about_answer(text: str) -> bool:
    """Return whether a text leads through the answer, gives a bare verdict or says that the sources are silent.

    With a figure in it, or longer than sentences usually are, it is a claim all the same: "the abstract does not say
    why 9 of 10 models fail" claims that they do.
    """
    if _VERDICT.match(text.strip()):
        return True
    if figures(text) or len(text.split()) > _LONGEST_META:
        return False
    return bool(_SILENCE.search(text) or _LEADING.match(text.strip()) or text.rstrip().endswith(":"))
