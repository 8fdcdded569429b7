"""What an exported answer says besides its text: outcome, quotes, doubts and origin, in words every format shares."""

from __future__ import annotations

from rag.answering.record.answer import Answer, Outcome, Sentence

OUTCOMES: dict[Outcome, str] = {
    "answered": "Answered",
    "not_stated": "Not stated: papers on the topic, but their abstracts do not state what was asked",
    "not_found": "Not found: no paper of the library is about this",
}
_WORDS = (("supported", "supported"), ("weak", "weakly supported"), ("unsupported", "unsupported"))


def quotes(answer: Answer, number: int) -> list[str]:
    """The sentences of a cited abstract that decide: the best one first, then what else the answer rests on."""
    found: dict[str, None] = {}
    for citation in answer.citations:
        if citation.number == number:
            abstract = citation.paper.abstract
            spans = [q for sentence in answer.sentences for q in sentence.quotes if q.number == number]
            found |= dict.fromkeys([citation.quote, *(abstract[q.start : q.end] for q in spans)])
    return [quote for quote in found if quote.strip()]


def doubts(answer: Answer) -> list[tuple[str, str]]:
    """Sentences the checker does not vouch for, each with what is wrong."""
    return [(s.text, _doubt(s)) for s in answer.sentences if s.problems or s.support in {"weak", "unsupported"}]


def _doubt(sentence: Sentence) -> str:
    problems = "; ".join(sentence.problems)
    if sentence.support == "unsupported":
        return f"unsupported: {problems}" if problems else "unsupported: no cited abstract backs this"
    return f"weak support: {problems}" if sentence.support == "weak" and problems else problems or "weak support"


def verdict(answer: Answer) -> str:
    """How many sentences were checked and what came of it."""
    claims = [s for s in answer.sentences if s.support != "none"]
    counts = [(sum(s.support == support for s in claims), word) for support, word in _WORDS]
    if not claims:
        return "No sentence claims anything that needed a check."
    found = ", ".join(f"{count} {word}" for count, word in counts if count)
    return f"{len(claims)} {'sentence' if len(claims) == 1 else 'sentences'} checked: {found}."


def origin(answer: Answer) -> str:
    """What wrote the answer."""
    by = answer.backend if answer.backend == answer.model else f"{answer.backend} ({answer.model})"
    usage = answer.usage
    cost = f", {answer.cost} at list prices" if answer.cost else ""
    spent = f", {usage.prompt_tokens} + {usage.completion_tokens} tokens{cost}" if usage.model_calls else ""
    return f"Written by {by}, prompt {answer.prompt}{spent}; checked by Citewell against the cited abstracts."
