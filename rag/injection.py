"""Prompt injections in abstracts: sentences that instruct whoever answers, and are no finding of the paper.

An abstract says what was done. It never addresses the model that reads it, sets up a dialogue, forges the marks around
sources, or says what an answer has to contain. Papers do write *about* injections ("attackers make models ignore
previous instructions" is a finding), and guidelines give instructions of their own ("State the dose", "Ignore
outliers"). So an imperative alone is no injection: it also has to speak of answers, their readers, sources or
instructions to a model. In doubt a sentence is a finding.
"""

from __future__ import annotations

import re
from functools import lru_cache

from rag.language.sentences import Span, sentences

# What an answer is told to do, and how the instruction goes on: a noun of the same letters ("answer quality", "state
# space models", "use of", "report no. 7") goes on otherwise, and the label of a structured abstract ("ANSWER:") is no
# verb.
_SAY = (
    r"(?:(?:say|state|answer|reply|respond|write|print|output|reveal|cite|quote|attribute|conclude|recommend|refuse"
    r"|translate|assert|pretend|ignore|disregard|override|invent|praise|obey|emphasi[sz]e)"
    r"(?:\s+(?:that|with|only|the|this|these|those|it|its|them|him|her|your?|any|every\w*|each|all|an?|no|nothing"
    r"|in|as|to|from|there|exactly|always|never|whatever|what|users?|readers?|results?|figures?|answers?|source|other)\b"
    r"|\s*[“‘\"'\[<‹(【]|\s+\d|(?-i:\s+[A-Z]{2}))"
    r"|(?:say|reply|respond|write|print|output|repeat|begin|end|invent)\s+[\w ]{0,30}[:“‘\"]|(?:say|reply|print)\s*:"
    r"|tell\s+(?:them|him|her|every\w*|anyone|the\s+(?:user|reader)|users|readers)\b"
    r"|(?:treat|consider)\s+(?:this|the\s+following)\s+(?:as|text|sentence|statement)\b"
    r"|(?:describe|rate|call|name)\s+(?:this|the)\s+(?:paper|work|method|study)\b"
    r"|(?:use|show|report|repeat|include|append|insert|forget|mention|claim|call|put|add|begin|start|end|finish|open|visit"
    r"|click|send|list|trust)(?:\s+(?:that|only|other|(?:in\s+)?your|https?)\b|\s+(?:the|this|each|every|all)\s+(?:[\w']+\s+)?"
    r"(?:words?|sentences?|questions?|phrase|link|image|code|heading|rules?|prompts?|instructions?|answers?|repl(?:y|ies)|citations?|paper)\b"
    r"|\s*[“‘\"]))"
)
# What speaks of answering, wherever in the sentence: a guideline's imperative has none of it.
_OF_ANSWERS = (
    r"\b(?:the\s+(?:user|reader|sources|conversation|following)|users?\s+asks?|whatever|language\s+models?|llms?"
    r"|chat\s?bots?|ai|anyone\s+asks?)\b",
    r"\b(?:this|that|these)\s+(?:paper|work|method|study|abstract|article|library|sentence|text|one|source|instruction)\b"
    r"|\b(?:any|other|the\s+other)\s+(?:papers?|abstracts?)\b|\bpapers\s+that\s+follow\b|\babstracts\s+that\s+follow\b"
    r"|\bonly\s+the\s+(?:word|phrase|sentence)\b|\bciting\b|\bcite\s+(?:source|nothing|with|only)|\bcitation\s+range\b|\bwith(?:out)?\s+citations\b",
    r"\b(?:source\s+\d|(?:all|any|every|each|other|no)\s+(?:other\s+)?(?:sources?|questions?|summar(?:y|ies)))\b",
    r"\b(?:an?|any|all|each|every|your|the|of|with)\s+(?:\w+\s+)?(?:answers?|repl(?:y|ies))\b(?!\s+(?:sheet|key|option))",
    r"\byour\s+(?:\w+\s+)?(?:prompts?|instructions?|output|response|summary)\b|\byour\s+rules\b|\bsystem\s+(?:prompt|message)\b"
    r"|\b(?:show|print|reveal|list|ignore|the\s+hidden|(?:all|previous|earlier)(?:\s+\w+)?)\s+(?:the\s+)?(?:rules|prompts?"
    r"|instructions)\b|\binstructions?\s+(?:you|above)\b|\bline\s+verbatim\b",
    # What is to be said comes with it, word for word or as a tag.
    r"\b(?:say|reply|respond|print|output|repeat|invent)\s+[\w ]{0,30}[:“‘\"]|\bNOT_(?:FOUND|STATED)\b"
    r"|\bsource\s\d|\[source|\bcite\s*[(\[【]|\s<\w",
)
_READERS = (
    r"(?:(?:ai|large|all|the|any|every|each|our|these)\s+)*(?:assistants?|chat\s?bots?|language\s+models?|llms?"
    r"|ai(?:\s+(?:systems?|models?|readers?))?|summari[sz]ers?|answer\s+engines?|reviewers?|whoever|anyone|you)"
)
_MODELS = (
    r"(?<!medical )(?<!dental )(?<!physician )(?<!teaching )(?<!nursing )(?<!research )(?<!laboratory )(?<!health )"
    r"\b(?:assistants?|chat\s?bots?|language\s+models?|llms?|ai(?:\s+(?:systems?|models?|readers?))?|summari[sz]ers?"
    r"|answer\s+engines?)"
)
_MUST = r"(?:must|shall|are\s+(?:now\s+)?(?:to|required\s+to|obliged\s+to)|ha(?:s|ve)\s+to|will\s+now|should)"
_POLITE = (
    r"(?:(?:please|kindly|now|then|also|always|just|only|instead|so|and|but|do\s+not|don't|never|must|remember\s+to"
    r"|be\s+sure\s+to|make\s+sure\s+to)\s+)*"
)
_OPEN = r"[\"'“‘(\[*#>\s]*"
#: Who or what an instruction may begin with: "Assistant, ...", "IMPORTANT: ...".
_CALL = (
    rf"(?:(?:{_READERS}|(?:hello|dear|hey)\s+\w+|system|users?|note|important|attention|warning|instructions?|hint"
    r"|p\.?s\.?)\s*[:,;–—-]+\s*)?"
)
_BEFORE = r"(?:instructions?|rules?(?!\s+of\s+thumb)|prompts?|messages?|directions?|orders?)"

# At the head of a sentence; matched there, without looking at the rest of it.
_AT_HEAD = (
    # Told to set aside what came before, or what else there is.
    rf"{_OPEN}{_CALL}{_POLITE}(?:ignore|disregard|forget|override|bypass)\s+(?:all|any|every\w*|the|your|previous|prior"
    rf"|earlier|what\w*|about)\b[^.?!]{{0,80}}\b(?:{_BEFORE}|the\s+question|(?:other|all)\s+sources?|you|said)\b",
    rf"{_OPEN}{_CALL}{_POLITE}(?:ignore|disregard|forget|override|bypass)\s+(?:everything\s+else\b|(?:everything|anything|all|(?:all\s+(?:of\s+)?)?the"
    r"|what\w*)\s+(?:\w+\s+){0,2}(?:above|before|previously|earlier)\s*(?:\Z|[.,;:!]|and\b))",
    rf"{_OPEN}{_CALL}{_POLITE}(?:ignore|disregard|forget|override|bypass)\s+(?:\w+\s+)?(?:your|safety|content|system)\s+(?:\w+\s+)?"
    r"guidelines\b",
    rf"{_OPEN}{_CALL}(?:act\s+as\s+(?:\w+\s+){{0,4}}(?:models?|assistant|ai|chat\s?bot|dan|persona|developer|pirate)\b"
    r"|switch\s+to\s+(?:\w+\s+){1,2}mode\b|new\s+(?:tasks?|instructions?|system\s+prompt)\s*:)",
    # Told what to say in so many words, or how to answer.
    rf"{_OPEN}{_CALL}{_POLITE}(?:(?:say|state|answer|reply|respond|write|print|output|claim|pretend)\s+(?:\w+ly\s+)?that\b"
    r"|(?:answer|reply|respond)\s+(?:only\b|exactly\b|always\b|never\b|with\b|in\s+(?-i:[A-Z])|in\s+one\b|yes\b|no\b)"
    r"|cite\s+(?:(?:only\s+)?this\s+(?:paper|work|study|abstract|source|as\s+\[)|nothing\b)|invent\s+(?:figures|results|numbers)\b)",
    rf"{_OPEN}{_CALL}(?:give|write)\s+an?\s+(?:positive|favou?rable|glowing|good)\s+(?:\w+\s+)?(?:review|rating|verdict"
    r"|assessment|score|recommendation)\b",
    rf"{_OPEN}{_CALL}{_POLITE}praise\s+(?:the|this|its|all)\s+(?:\w+\s+)?(?:papers?|authors?|work|method|results?)\b",
    rf"{_OPEN}{_CALL}(?:reveal|repeat|print)\s+(?:your|all\s+your)\b",
    # Spoken to by name.
    rf"{_OPEN}(?:(?:hello|dear|hey|attention)\s+(?:ai|assistant|model|llm|chat\s?bot|reader)|system|{_MODELS})\s*[:,;–—-]+\s*{_POLITE}{_SAY}",
    r"\W*(?:antworte|antwortet|schreibe?|sage?|gib|réponds|répondez|écris|écrivez|dis|dites|responde|escribe|di)\s+"
    r"(?:ab|nur|auf|mit|in|dass|immer|que|en|uniquement|seulement|toujours|solo|solamente|siempre|con|ahora)\b",
    # A dialogue set up, or a source forged.
    r"\W*(?:assistant|user|human)\s*:\s|\W*source\s+\d+\s*:|\[\d+\]:",
)
# An imperative at the head of a sentence, also behind a condition; an injection if the sentence speaks of answering.
_IMPERATIVE = (
    rf"{_OPEN}{_CALL}{_POLITE}{_SAY}",
    rf"{_OPEN}(?:if|when(?:ever)?|before|after|once|as\s+soon\s+as|whatever|no\s+matter|regardless)\b[^,.?!]{{0,120}},"
    rf"\s*{_POLITE}{_SAY}",
    rf"{_OPEN}{_CALL}(?:do\s+not|don't|never)\s+(?:(?:highlight|mention|critici[sz]e|reveal)\b"
    r"|(?:use|trust|read|cite|rely\s+on|consider)\s+(?:\w+\s+){0,5}(?:sources?|papers?|abstracts?|documents?)\b)",
    rf"{_OPEN}{_CALL}{_POLITE}pay\s+no\s+attention\b",
)
# Behind a condition about being asked, saying something is answering.
_ASKED = (
    rf"{_OPEN}(?:if|when(?:ever)?|before|after|once|whatever)\b[^,.?!]{{0,120}}\b(?:(?:you\s+are|users?|readers?|anyone|someone)\s+"
    rf"(?:\w+\s+)?(?:asked|asks?)|(?:is|are)\s+mentioned|answering|summari[sz]ing|replying|quoting)\b[^,.?!]{{0,120}},\s*{_POLITE}{_SAY}",
)
# Anywhere in a sentence that has one of the cues.
_CUES = frozenset(
    """you your must shall should to has have will now jetzt maintenant ahora is question questions answer answers
    ignoriere ignoriert vergiss vergesst ignorez oubliez ignora olvida llm: ai: model: models: assistant: assistants:
    chatbots: reviewers:""".split()
)
_WITH_CUE = (
    # Spoken to.
    r"\byour\s+(?:\w+\s+)?(?:prompts?|instructions?|reply|response(?!\s+to)|output|answer|developers?)\b"
    r"|\byour\s+(?:(?:own|hidden|previous|prior|system|safety|secret)\s+)*(?:rules|guidelines)\b|\byour\s+task\s+has\b",
    r"\byou\s+(?:must\s+|now\s+|will\s+now\s+)?(?:are\s+(?:now|no\s+longer|an?\b)|act\s+as\b|obey\b)",
    r"\bfrom\s+now\s+on\b|\bab\s+jetzt\b|\bà\s+partir\s+de\s+maintenant\b|\ba\s+partir\s+de\s+ahora\b",
    r"\bif\s+(?:the\s+reader|you)\s+(?:is|are)\s+an?\s+(?:ai|llm|large|language|assistant|model|chat\s?bot)\b",
    # A rule for those who answer, or for answers.
    rf"{_MODELS}\s+{_MUST}\s+(?:\w+ly\s+|always\s+|never\s+|not\s+)?{_SAY}",
    rf"\b(?:you|reviewers?)\s+{_MUST}\s+(?:\w+ly\s+|always\s+|never\s+|not\s+)?(?:{_SAY}[^.?!]{{0,80}}\b)?"
    r"(?:recommend|praise|accept|cite|quote|rate)\s+(?:this|the)\s+(?:paper|work|method|study|sentence|authors)\b",
    rf"\byou\s+{_MUST}\s+(?:\w+ly\s+|always\s+|never\s+)?(?:say|state|answer|reply|respond|claim)\s+that\b",
    r"\bas\s+an?\s+(?:ai|assistant|language\s+model|llm)\W+you\b",
    r"\b(?:anyone|whoever|everyone)\s+(?:who\s+)?(?:reads?|summari[sz]\w+|asks?\s+about|asking\s+about|answers?|answering"
    rf"|quot\w+|cit\w+)\b[^.?!]{{0,80}}\b{_MUST}\s+(?:{_SAY}|be\s+(?:told|answered)\b)",
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
    # A link to a page is none: abstracts give the address of their code.
    r"!\[[^\]]{0,80}\]\s?\(\s*(?:https?:|//)|\]\(\s*(?:javascript|data):|\bjavascript:|\bdata:text/html",
)
_HEADS, _IMPERATIVES, _ANSWERING, _ADDRESSED, _FORGED = (
    re.compile("|".join(forms), re.IGNORECASE)
    for forms in ((*_AT_HEAD, *_ASKED), _IMPERATIVE, _OF_ANSWERS, _WITH_CUE, _WITH_MARK)
)
_MARK_ENDS = re.compile(r"(?<=[>›＞〉⟩])\s+(?=[A-Z])")


def is_injection(sentence: str) -> bool:
    """Return whether a sentence of an abstract instructs whoever answers instead of saying what the paper found."""
    return bool(
        _HEADS.match(sentence)
        or (_IMPERATIVES.match(sentence) and _ANSWERING.search(sentence))
        or (not _CUES.isdisjoint(sentence.lower().split()) and _ADDRESSED.search(sentence))
        or (not _MARKS.isdisjoint(sentence) and _FORGED.search(sentence))
    )


def without_injections(text: str) -> tuple[Span, ...]:
    """Return the sentences of an abstract (:func:`rag.language.sentences.sentences`) that are no injections."""
    return split_injections(text)[0]


@lru_cache(maxsize=1_024)
def split_injections(text: str) -> tuple[tuple[Span, ...], tuple[Span, ...]]:
    """Return the sentences of an abstract that tell findings, and those that are injections. A sentence that forged
    marks run into is parted from them."""
    told: list[Span] = []
    injected: list[Span] = []
    for span in sentences(text):
        if not is_injection(text[span.start : span.end]):
            told.append(span)
            continue
        cuts = list(_MARK_ENDS.finditer(text, span.start, span.end))
        starts, ends = [span.start, *(cut.end() for cut in cuts)], [*(cut.start() for cut in cuts), span.end]
        for part in map(Span, starts, ends):
            (injected if is_injection(text[part.start : part.end]) else told).append(part)
    return tuple(told), tuple(injected)
