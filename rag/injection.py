"""Tells the sentences of an abstract that give orders to whoever answers: they are no finding of the paper.

An abstract tells what was done. It never addresses the model that reads it, sets up a dialogue, forges the marks around
sources, or says what an answer has to contain. Rules, not a model; they ask for the form of an order (an imperative at
the head of a sentence, a rule for assistants, "your instructions"), because papers do write *about* orders: "attackers
make models ignore previous instructions" is a finding. In doubt a sentence is a finding.
"""

from __future__ import annotations

import re
from functools import lru_cache

from rag.language.sentences import Span, sentences

# What an answer is told to do, and how an order goes on: a noun of the same letters ("answer quality", "state space
# models", "use of", "report no. 7") goes on otherwise. So does advice to a clinician ("treat the cause", "confirm the
# diagnosis"), and the label of a structured abstract ("ANSWER:") is no verb.
_SAY = (
    r"(?:(?:say|state|answer|reply|respond|write|print|output|reveal|cite|quote|attribute|conclude|recommend|refuse"
    r"|translate|assert|pretend|ignore|disregard|override|invent|praise|obey|emphasi[sz]e)"
    r"(?:\s+(?:that|with|only|the|this|these|those|it|its|them|him|her|your?|any|every\w*|each|all|an?|no|nothing"
    r"|in|as|to|from|there|exactly|always|never|whatever|what|users?|readers?|results?|figures?|answers?|source)\b"
    r"|\s*[“‘\"'\[<‹(【]|\s+\d|(?-i:\s+[A-Z]{2}))"
    r"|(?:say|reply|respond|write|print|output|repeat|begin|end|invent)\s+[\w ]{0,30}[:“‘\"]|(?:say|reply|print)\s*:"
    r"|tell\s+(?:them|him|her|every\w*|anyone|the\s+(?:user|reader)|users|readers)\b"
    r"|(?:treat|consider)\s+(?:this|the\s+following)\s+(?:as|text|sentence|statement)\b"
    r"|(?:describe|rate|call|name)\s+(?:this|the)\s+(?:paper|work|method|study)\b"
    r"|(?:use|show|report|repeat|include|append|insert|forget|mention|claim|call|put|add|begin|start|end|finish|open|visit"
    r"|click|send)(?:\s+(?:that|only|your|https?)\b|\s+(?:the|this|each|every|all)\s+(?:\w+\s+)?(?:words?|sentences?"
    r"|phrase|link|image|code|heading|rules?|prompts?|instructions?|answers?|repl(?:y|ies)|citations?|paper)\b"
    r"|\s*[“‘\"]))"
)
_READERS = (
    r"(?:(?:ai|large|all|the|any|every|each|our|these)\s+)*(?:assistants?|chat\s?bots?|language\s+models?|llms?"
    r"|ai(?:\s+(?:systems?|models?|readers?))?|summari[sz]ers?|answer\s+engines?|reviewers?|whoever|anyone|you)"
)
_MUST = r"(?:must|shall|are\s+(?:now\s+)?(?:to|required\s+to|obliged\s+to)|ha(?:s|ve)\s+to|will\s+now|should)"
_POLITE = (
    r"(?:(?:please|kindly|now|then|also|always|just|only|instead|so|and|but|do\s+not|don't|never|must|remember\s+to"
    r"|be\s+sure\s+to|make\s+sure\s+to)\s+)*"
)
_OPEN = r"[\"'“‘(\[*#>\s]*"
#: Who or what an order may begin with: "Assistant, ...", "IMPORTANT: ...".
_CALL = (
    rf"(?:(?:{_READERS}|(?:hello|dear|hey)\s+\w+|system|users?|note|important|attention|warning|instructions?|hint"
    r"|p\.?s\.?)\s*[:,;–—-]+\s*)?"
)

# At the head of a sentence; matched there, without looking at the rest of it.
_AT_HEAD = (
    # Told to set aside what came before, or what else there is.
    rf"{_OPEN}{_CALL}{_POLITE}(?:ignore|disregard|forget|override|bypass)\s+(?:all|any|every\w*|the|your|previous|prior"
    r"|earlier|what\w*|about)\b[^.?!]{0,80}\b(?:instructions?|rules?|prompts?|guidelines|above|previous|earlier"
    r"|preceding|question|sources?|you|said)\b",
    rf"{_OPEN}{_CALL}{_POLITE}pay\s+no\s+attention\b",
    rf"{_OPEN}{_CALL}(?:act\s+as\b|switch\s+to\s+(?:\w+\s+){{1,2}}mode\b|new\s+(?:tasks?|instructions?|system\s+prompt)\s*:)",
    # An imperative, also behind a condition.
    rf"{_OPEN}{_CALL}{_POLITE}{_SAY}",
    rf"{_OPEN}(?:if|when(?:ever)?|before|after|once|as\s+soon\s+as|whatever|no\s+matter|regardless)\b[^,.?!]{{0,120}},"
    rf"\s*{_POLITE}{_SAY}",
    rf"{_OPEN}{_CALL}(?:do\s+not|don't|never)\s+(?:(?:highlight|mention|critici[sz]e|reveal)\b"
    r"|(?:use|trust|read|cite|rely\s+on|consider)\s+(?:\w+\s+){0,5}(?:sources?|papers?|abstracts?|documents?)\b)",
    rf"{_OPEN}{_CALL}(?:give|write)\s+an?\s+(?:\w+\s+)?(?:positive|favou?rable|glowing|good)\b",
    r"\W*(?:antworte|antwortet|schreibe?|sage?|gib|réponds|répondez|écris|écrivez|dis|dites|responde|escribe|di)\s+"
    r"(?:ab|nur|auf|mit|in|dass|immer|que|en|uniquement|seulement|toujours|solo|solamente|siempre|con|ahora)\b",
    # A dialogue set up, or a source forged.
    r"\W*(?:assistant|user|human)\s*:\s|\W*source\s+\d+\s*:|\[\d+\]:",
)
# Anywhere in a sentence that has one of the cues.
_CUES = frozenset(
    """you your must shall should to has have will now jetzt maintenant ahora is question questions answer answers
    ignoriere ignoriert vergiss vergesst ignorez oubliez ignora olvida llm: ai: model: models: assistant: assistants:
    chatbots: reviewers:""".split()
)
_WITH_CUE = (
    # Spoken to.
    r"\byour\s+(?:\w+\s+){0,2}(?:prompts?|instructions?|rules|guidelines|answers?|reply|response|output|tasks?|developers?)\b",
    r"\byou\s+(?:now\s+|will\s+now\s+)?(?:are\s+(?:now|no\s+longer|an?\b)|act\s+as\b|obey\b)",
    r"\bfrom\s+now\s+on\b|\bab\s+jetzt\b|\bà\s+partir\s+de\s+maintenant\b|\ba\s+partir\s+de\s+ahora\b",
    r"\bif\s+(?:the\s+reader|you)\s+(?:is|are)\s+an?\s+(?:ai|llm|large|language|assistant|model|chat\s?bot)\b",
    # A rule for those who answer, or for answers.
    rf"\b{_READERS}\s+{_MUST}\s+(?:\w+ly\s+|always\s+|never\s+|not\s+)?{_SAY}",
    rf"\b(?:anyone|whoever|everyone)\b[^.?!]{{0,80}}\b{_MUST}\s+(?:{_SAY}|be\s+(?:told|answered)\b)",
    rf"\bread(?:s|ing)?\s+this\b[^.?!]{{0,40}}\b{_MUST}\b",
    rf"\byou\s+will\s+{_SAY}",
    r"\b(?:answers?|repl(?:y|ies)|responses?|summar(?:y|ies)|outputs?)\b[^.?!]{0,60}"
    rf"\b{_MUST}\s+(?:begin|start|end|open|close|contain|include)\b[^.?!]{{0,30}}\b(?:words?|phrase|sentence|code|heading)\b",
    r"\banswers?\s+to\s+(?:any|all|every|each)\s+questions?\b|\bfor\s+(?:any|all|every)\s+questions?\b[^.?!]{0,60}"
    r"\banswer\s+is\b",
    r"\b(?:notes?|messages?|instructions?|orders?|reminders?|memo)\s+(?:to|for)\s+(?:the\s+|all\s+|any\s+)?"
    r"(?:ai|assistants?|chat\s?bots?|language\s+models?|llms?|models?|summari[sz]ers?|reviewers?)\s*:",
    # Other languages' ways to say so.
    r"\b(?:ignorier\w*|vergiss|vergesst|ignorez|oubliez|ignora|olvida)\b.{0,60}"
    r"\b(?:anweisung\w*|regeln|vorgaben|consignes|instructions|règles|instrucciones|reglas|indicaciones)\b",
)
# Marks of sources and of dialogues forged, and active content, in a sentence that has one of these characters.
_MARKS = frozenset("<‹＜〈⟨[{_=:")
_WITH_MARK = (
    r"<\s*\|?\s*/?\s*(?:im_start|im_end|system|user|assistant|start_of_turn|end_of_turn|endoftext|eot_id)\b",
    r"<<\s*/?\s*(?:sys|system|user|assistant)\s*>>|\[\s*/?\s*inst\s*\]",
    r"[<‹＜〈⟨]\s*/?\s*(?:abstract|source|sources|title|question)\b[^.?!]{0,40}[>›＞〉⟩]|</?about>",
    r"\{\{\s*\w+\s*\}\}|\bNOT_(?:FOUND|STATED)\b",
    r"<\s*/?\s*(?:script|img|iframe|svg|style|object|embed|a\s+href|meta|link|form)\b|\bon(?:error|load|click)\s*=",
    r"!\[[^\]]{0,80}\]\s?\(|\]\(\s*(?:javascript|data|https?):|\bjavascript:|\bdata:text/html",
)
_HEADS, _ADDRESSED, _FORGED = (
    re.compile("|".join(forms), re.IGNORECASE) for forms in (_AT_HEAD, _WITH_CUE, _WITH_MARK)
)
_MARK_ENDS = re.compile(r"(?<=[>›＞〉⟩])\s+(?=[A-Z])")


def is_order(sentence: str) -> bool:
    """Whether a sentence of an abstract speaks to whoever answers instead of telling what the paper found."""
    return bool(
        _HEADS.match(sentence)
        or (not _CUES.isdisjoint(sentence.lower().split()) and _ADDRESSED.search(sentence))
        or (not _MARKS.isdisjoint(sentence) and _FORGED.search(sentence))
    )


def findings(text: str) -> tuple[Span, ...]:
    """The sentences of an abstract, see :func:`rag.language.sentences.sentences`, but for those that are orders."""
    return sorted_out(text)[0]


@lru_cache(maxsize=1_024)
def sorted_out(text: str) -> tuple[tuple[Span, ...], tuple[Span, ...]]:
    """The sentences of an abstract that tell findings, and those that give orders. A sentence that forged marks run
    into is parted from them."""
    told: list[Span] = []
    orders: list[Span] = []
    for span in sentences(text):
        if not is_order(text[span.start : span.end]):
            told.append(span)
            continue
        cuts = list(_MARK_ENDS.finditer(text, span.start, span.end))
        starts, ends = [span.start, *(cut.end() for cut in cuts)], [*(cut.start() for cut in cuts), span.end]
        for part in map(Span, starts, ends):
            (orders if is_order(text[part.start : part.end]) else told).append(part)
    return tuple(told), tuple(orders)
