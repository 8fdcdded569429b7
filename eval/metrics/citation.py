"""Citations compared with the gold papers, and with the sentences that cite."""

from __future__ import annotations

from eval.metrics.metric import AnswerRecord, answered, failed, metric
from eval.sets.questions import Question
from rag.answering.checking.scorer import SUPPORTED
from rag.paper import title_key

FAMILY = "citation"
_COMPANIONS = ("citation_precision", "citation_recall", "outcome_accuracy", "correct")


def cited_titles(answer: AnswerRecord) -> frozenset[str]:
    """Keys of the titles of the papers that an answer cites."""
    return frozenset(title_key(citation["paper"]["title"]) for citation in answer.get("citations", ()))


def citation_precision(question: Question, answer: AnswerRecord) -> float | None:
    """Share of the cited papers that are relevant, over the answerable questions whose answer cites any."""
    cited = cited_titles(answer)
    if not question.answerable or not question.relevant or not answered(answer) or not cited:
        return None
    return len(cited & question.relevant_keys) / len(cited)


def citation_recall(question: Question, answer: AnswerRecord) -> float | None:
    """Share of the relevant papers that the answer cites, over all answerable questions; abstaining cites none."""
    if not question.answerable or not question.relevant or failed(answer):
        return None
    cited = cited_titles(answer) if answered(answer) else frozenset()
    return len(cited & question.relevant_keys) / len(question.relevant_keys)


def citation_f1(question: Question, answer: AnswerRecord) -> float | None:
    """Harmonic mean of a question's citation precision and recall, 0 where nothing relevant is cited; over all
    answerable questions. It says nothing about what the answer claims: never read it alone."""
    recall = citation_recall(question, answer)
    if recall is None:
        return None
    precision = citation_precision(question, answer) or 0.0
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def sentence_citation_recall(_question: Question, answer: AnswerRecord) -> float | None:
    """Share of an answer's claims that their own citations support, as the checker judges it (citation recall of ALCE,
    Gao et al., 2023, with the checker in place of the entailment model); a claim without citation counts as not
    supported. Over answers with a claim."""
    if not answered(answer):
        return None
    claims = [s for s in answer.get("sentences", ()) if s["citations"] or s["support"] != "none"]
    if not claims:
        return None
    backed: list[bool] = [bool(s["citations"]) and s["support"] == "supported" for s in claims]
    return sum(backed) / len(backed)


def sentence_citation_precision(_question: Question, answer: AnswerRecord) -> float | None:
    """Share of the citations in an answer, counted once a sentence, that stand behind a sentence that their union
    supports and that help to support it (citation precision of ALCE, Gao et al., 2023): a lone citation of a supported
    sentence does, one of several does where the checker found support for a sentence in its paper. Over answers that
    cite."""
    if not answered(answer):
        return None
    support = {citation["number"]: citation["support"] for citation in answer.get("citations", ())}
    pairs = [(sentence, number) for sentence in answer.get("sentences", ()) for number in sentence["citations"]]
    if not pairs:
        return None
    precise: list[bool] = [
        sentence["support"] == "supported"
        and (len(sentence["citations"]) == 1 or support.get(number, 0.0) >= SUPPORTED)
        for sentence, number in pairs
    ]
    return sum(precise) / len(precise)


CITATION = (
    metric("citation_precision", FAMILY, citation_precision, companions=("citation_recall",)),
    metric("citation_recall", FAMILY, citation_recall, companions=("citation_precision",)),
    metric("citation_f1", FAMILY, citation_f1, companions=_COMPANIONS),
    metric("sentence_citation_recall", FAMILY, sentence_citation_recall, companions=("outcome_accuracy", "correct")),
    metric(
        "sentence_citation_precision", FAMILY, sentence_citation_precision, companions=("sentence_citation_recall",)
    ),
)
