"""What an exported answer has besides its text, in words that all formats share: outcome, quotes, doubts, origin."""

from __future__ import annotations

from rag.answering.record import wording as says
from rag.answering.record.answer import Answer, Outcome

OUTCOMES: dict[Outcome, str] = {
    "answered": "Answered",
    "not_stated": "Not stated: papers on the topic, but their abstracts do not state what was asked",
    "not_found": "Not found: no paper of the library is about this",
}


def quotes(answer: Answer, number: int) -> list[str]:
    """Return the deciding sentences of a cited abstract: the best one first, then the others."""
    found: dict[str, None] = {}
    for citation in answer.citations:
        if citation.number == number:
            abstract = citation.paper.abstract
            spans = [q for sentence in answer.sentences for q in sentence.quotes if q.number == number]
            found |= dict.fromkeys([citation.quote, *(abstract[q.start : q.end] for q in spans)])
    return [quote for quote in found if quote.strip()]


def doubts(answer: Answer) -> list[tuple[str, str]]:
    """Return the sentences the checker does not vouch for, each with what is wrong."""
    found = [(sentence, says.doubt(sentence)) for sentence in answer.sentences]
    return [(s.text, f"unsupported: {why}" if s.support == "unsupported" else why) for s, why in found if why]


def checks(answer: Answer) -> list[str]:
    """Return what came of the check, then what the ledger has."""
    summary = says.check_summary(answer.sentences)
    verdict = f"{summary}." if summary else "No sentence claims anything that needed a check."
    return [verdict, *(": ".join(says.note(entry)) for entry in answer.ledger)]


def origin(answer: Answer) -> str:
    """Return who wrote the answer, at which cost."""
    by = answer.backend if answer.backend == answer.model else f"{answer.backend} ({answer.model})"
    usage = answer.usage
    cost = f", {answer.cost} at list prices" if answer.cost else ""
    spent = f", {usage.prompt_tokens} + {usage.completion_tokens} tokens{cost}" if usage.model_calls else ""
    return f"Written by {by}, prompt {answer.prompt}{spent}; checked by Citewell against the cited abstracts."
