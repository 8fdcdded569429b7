"""Ranking metrics, computed by ``ir-measures`` (MacAvaney et al., 2022), which wraps trec_eval."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from eval.metrics.metric import AnswerRecord, Metric, failed
from eval.sets.questions import Question
from rag.paper import title_key

FAMILY = "retrieval"
_DEFINITIONS = {
    "nDCG": "Discounted cumulative gain of the first {k} papers over the best (Järvelin and Kekäläinen, 2002).",
    "R": "Share of the relevant papers that are among the first {k}.",
    "RR": "Reciprocal rank of the first relevant paper, 0 where it is not among the first {k} (mean: MRR@{k}).",
    "Success": "Whether a relevant paper is among the first {k} (hit rate).",
}
_SHOWN = {"nDCG": "ndcg", "R": "recall", "RR": "mrr", "Success": "hit"}


def ranking_scores(
    relevant: Mapping[str, Mapping[str, int]], rankings: Mapping[str, Sequence[str]], measures: Sequence[str]
) -> dict[str, dict[str, float]]:
    """Every measure of every query that has a relevant document.

    Args:
        relevant: grades by document, by query; a grade below 1 is not relevant.
        rankings: documents found, best first, by query; a query that is missing has found nothing.
        measures: names of ``ir-measures``: ``nDCG@10``, ``R@100``, ``RR@10``, ``Success@1``.

    Returns:
        The measures by name, by query.
    """
    import ir_measures

    judged = {query: dict(grades) for query, grades in relevant.items() if any(g > 0 for g in grades.values())}
    # Falling scores without ties: trec_eval orders by score and would break ties by name.
    run = {query: {doc: float(-rank) for rank, doc in enumerate(rankings.get(query, ()))} for query in judged}
    parsed = [_measure(name) for name in measures]
    # A query with an empty ranking is not reported; it has found nothing and scores 0.
    scores = {query: dict.fromkeys(measures, 0.0) for query in judged}
    found = {query: ranking for query, ranking in run.items() if ranking}
    if found:
        for result in ir_measures.iter_calc(parsed, {query: judged[query] for query in found}, found):
            scores[result.query_id][str(result.measure)] = float(result.value)
    return scores


@lru_cache(maxsize=64)
def _measure(name: str) -> Any:
    import ir_measures

    return ir_measures.parse_measure(name)


def ranked_titles(answer: AnswerRecord) -> list[str]:
    """Keys of the titles found, best first and without repeats: the deep ranking if there is one, else the
    evidence."""
    titles = answer.get("ranking")
    if titles is None:
        titles = [entry["title"] for entry in answer.get("evidence", ())]
    return list(dict.fromkeys(title_key(title) for title in titles))


def ranking_metric(kind: str, k: int) -> Metric:
    """A ranking metric at a cut-off: ``kind`` is one of ``nDCG``, ``R``, ``RR``, ``Success``."""
    measure = f"{kind}@{k}"

    def score(question: Question, answer: AnswerRecord) -> float | None:
        if not question.answerable or not question.relevant or failed(answer):
            return None
        relevant = {"q": dict.fromkeys(question.relevant_keys, 1)}
        return ranking_scores(relevant, {"q": ranked_titles(answer)}, [measure])["q"][measure]

    definition = f"{_DEFINITIONS[kind].format(k=k)} Answerable questions only; papers are compared by title."
    return Metric(f"{_SHOWN[kind]}@{k}", FAMILY, score, "higher", definition)


RETRIEVAL = (
    ranking_metric("nDCG", 10),
    ranking_metric("R", 5),
    ranking_metric("R", 10),
    ranking_metric("RR", 10),
    ranking_metric("Success", 1),
    ranking_metric("Success", 5),
)
