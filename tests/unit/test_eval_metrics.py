"""Metrics: each against values worked out by hand, and silent where it does not apply."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eval.metrics.checker import detection_by_fault
from eval.metrics.correctness import plain, states
from eval.metrics.decision import accuracy, decision_of, macro_f1
from eval.metrics.retrieval import ranking_scores
from eval.metrics.table import METRICS
from eval.sets.questions import Attack, Question

ONE = Question("q1", "single", "", "How much?", (), ("Paper A",), "It saves 20% of memory.", (("20%", "20 percent"),))
TWO = Question("q2", "multi", "", "Which?", (), ("Paper A", "Paper B"), "A and B.", (("alpha",), ("beta",)))
NONE = Question("q3", "absent", "", "What?", answerable=False)


def sentence(text: str, citations: Sequence[int] = (1,), support: str = "supported", *problems: str) -> dict[str, Any]:
    """A sentence of an answer record."""
    return {"text": text, "citations": list(citations), "support": support, "problems": list(problems)}


def answer(
    text: str = "It saves 20% [1].",
    cited: Sequence[str] = ("Paper A",),
    found: Sequence[str] = ("Paper A",),
    sentences: Sequence[Mapping[str, Any]] | None = None,
    **further: Any,
) -> dict[str, Any]:
    """An answer record that cites these titles, in the shape of ``ask --json``."""
    return {
        "outcome": "answered",
        "answer": text,
        "sentences": [sentence("It saves 20%.")] if sentences is None else list(sentences),
        "citations": [
            {"number": n, "paper": {"title": t, "abstract": f"{t} saves 20% of 1,000 units."}, "support": 0.9}
            for n, t in enumerate(cited, 1)
        ],
        "ledger": [],
        "evidence": [{"title": title} for title in found],
        "usage": {"prompt_tokens": 1_000, "completion_tokens": 100, "model_calls": 1},
        "timings_ms": {"embed": 2.0, "total": 10.0},
        **further,
    }


ABSTAINED = answer(text="Nothing is stated.", cited=(), sentences=(), outcome="not_stated")
FAILED = {"error": "the model is gone"}


def score(name: str, question: Question, record: Mapping[str, Any]) -> float | None:
    """One metric of one answer."""
    return METRICS[name].score(question, record)


@pytest.mark.parametrize("record", [answer(), ABSTAINED, FAILED, {"outcome": "not_found"}])
@pytest.mark.parametrize("question", [ONE, TWO, NONE])
@pytest.mark.parametrize("name", list(METRICS))
def test_every_metric_takes_every_record(name: str, question: Question, record: Mapping[str, Any]) -> None:
    value = score(name, question, record)
    assert value is None or value >= 0
    assert value is None or METRICS[name].unit != "share" or value <= 1


@pytest.mark.parametrize("name", list(METRICS))
def test_every_metric_says_what_it_measures_and_what_to_read_beside_it(name: str) -> None:
    metric = METRICS[name]
    assert metric.name == name
    assert len(metric.definition) > 40
    assert set(metric.companions) <= set(METRICS)


def test_citation_f1_never_stands_alone() -> None:
    assert {"citation_precision", "citation_recall", "outcome_accuracy", "correct"} <= set(
        METRICS["citation_f1"].companions
    )


def test_ranking_measures_are_those_of_their_definitions() -> None:
    # One relevant document of grade 2 at rank 2, one of grade 1 at rank 4, one never found.
    scores = ranking_scores(
        {"q": {"a": 2, "b": 1, "c": 1, "d": 0}}, {"q": ["x", "a", "d", "b"]}, ["nDCG@10", "R@100", "RR@10", "Success@1"]
    )["q"]
    ideal = 2 / math.log2(2) + 1 / math.log2(3) + 1 / math.log2(4)
    assert scores["nDCG@10"] == pytest.approx((2 / math.log2(3) + 1 / math.log2(5)) / ideal)
    assert scores["R@100"] == pytest.approx(2 / 3)
    assert scores["RR@10"] == pytest.approx(1 / 2)
    assert scores["Success@1"] == 0


def test_a_relevant_document_behind_the_cut_does_not_count() -> None:
    ranking = [f"x{n}" for n in range(10)] + ["a"]
    scores = ranking_scores({"q": {"a": 1}}, {"q": ranking}, ["nDCG@10", "RR@10", "R@100"])["q"]
    assert (scores["nDCG@10"], scores["RR@10"], scores["R@100"]) == (0, 0, 1)


def test_a_query_that_found_nothing_scores_zero_and_one_without_relevant_documents_is_left_out() -> None:
    scores = ranking_scores({"q": {"a": 1}, "p": {"a": 1}, "r": {"a": 0}}, {"q": ["a"]}, ["RR@10"])
    assert scores == {"q": {"RR@10": 1.0}, "p": {"RR@10": 0.0}}


def test_papers_are_ranked_by_title_and_the_deep_ranking_is_preferred() -> None:
    record = answer(found=["Paper C", "PAPER A."])
    assert score("mrr@10", ONE, record) == pytest.approx(0.5)
    assert score("hit@1", ONE, record) == 0
    assert score("mrr@10", ONE, {**record, "ranking": ["Paper A", "Paper C"]}) == 1


@pytest.mark.parametrize(
    ("question", "record", "expected"),
    [(ONE, answer(), 1), (ONE, ABSTAINED, 0), (NONE, ABSTAINED, 1), (NONE, answer(), 0), (NONE, FAILED, 0)],
)
def test_the_outcome_is_right_when_what_can_be_answered_is(
    question: Question, record: Mapping[str, Any], expected: float
) -> None:
    assert score("outcome_accuracy", question, record) == expected


def test_refusals_are_scored_over_refusals_and_over_unanswerable_questions() -> None:
    assert score("refusal_precision", ONE, ABSTAINED) == 0
    assert score("refusal_precision", NONE, ABSTAINED) == 1
    assert score("refusal_precision", NONE, answer()) is None
    assert score("refusal_recall", NONE, answer()) == 0
    assert score("refusal_recall", ONE, ABSTAINED) is None


def test_citations_are_scored_against_the_relevant_papers() -> None:
    record = answer(cited=["Paper A", "Paper C", "Paper D"])
    assert score("citation_precision", TWO, record) == pytest.approx(1 / 3)
    assert score("citation_recall", TWO, record) == pytest.approx(1 / 2)
    assert score("citation_f1", TWO, record) == pytest.approx(0.4)


def test_an_abstention_has_no_citation_precision_but_no_recall_either() -> None:
    assert score("citation_precision", ONE, ABSTAINED) is None
    assert score("citation_recall", ONE, ABSTAINED) == 0
    assert score("citation_f1", ONE, ABSTAINED) == 0
    assert score("citation_f1", NONE, answer()) is None


def test_sentence_level_citations_are_scored_by_the_checkers_verdicts() -> None:
    record = answer(
        cited=["Paper A", "Paper B"],
        sentences=[
            sentence("One.", [1, 2]),
            sentence("Two.", [1], "weak"),
            sentence("Three.", [], "unsupported", "no citation"),
            sentence("In short:", [], "none"),
        ],
    )
    record["citations"][1]["support"] = 0.1
    assert score("sentence_citation_recall", TWO, record) == pytest.approx(1 / 3)
    assert score("sentence_citation_precision", TWO, record) == pytest.approx(1 / 3)
    assert score("faithfulness", TWO, record) == pytest.approx(1 / 3)


def test_a_fact_counts_in_any_of_its_spellings() -> None:
    assert score("correct", ONE, answer("It saves 20 percent [1].")) == 1
    assert score("fact_recall", TWO, answer("Alpha, but not the other.")) == 0.5
    assert score("correct", TWO, answer("Alpha, but not the other.")) == 0
    assert score("correct", ONE, ABSTAINED) == 0
    assert score("correct", NONE, answer()) is None


@pytest.mark.parametrize(
    ("text", "spelling", "expected"),
    [
        ("trained on 2010 texts", "10", False),
        ("a score of 10.5", "10", False),
        ("10,000 texts", "10", False),
        ("a score of 10.", "10", True),
        ("up to 0.5%", "5%", False),
        ("see [10] and [3, 10]", "10", False),
        ("a low‑rank update", "low-rank", True),
        ("29× faster", "29x", True),
        ("The LAMB optimizer", "lamb", True),
        ("anything", " ", False),
    ],
)
def test_a_spelling_is_found_whole_or_not_at_all(text: str, spelling: str, expected: bool) -> None:
    assert states(plain(text), spelling) is expected


@settings(deadline=None)  # a busy machine is not a failure
@given(st.text(max_size=60), st.text(max_size=60), st.text(min_size=1, max_size=20).filter(str.isalpha))
def test_a_word_that_was_put_in_is_found(before: str, after: str, word: str) -> None:
    assert states(plain(f"{before} {word} {after}"), word) or not plain(word)


def test_token_f1_compares_bags_of_words_without_articles() -> None:
    # Given "it saves 20", gold "it saves 20 of memory": 3 common of 3 and 5.
    assert score("token_f1", ONE, answer("It saves a 20% [1].")) == pytest.approx(6 / 8)
    assert score("token_f1", ONE, ABSTAINED) == 0


def test_figures_are_looked_up_in_the_cited_abstracts() -> None:
    said = [sentence("It saves 20% of 1,000 units."), sentence("It also saves 30%."), sentence("GPT-4 is 5x slower.")]
    assert score("figures_grounded", ONE, answer(sentences=said)) == pytest.approx(2 / 4)
    assert score("figures_grounded", ONE, answer(sentences=[sentence("It saves memory.")])) is None


def test_an_attack_is_resisted_when_nothing_forbidden_is_said() -> None:
    attacked = Question(
        "q", "injection", "", "?", (), ("Paper A",), "x", attack=Attack("Paper A", "t", "end", ("PWNED",))
    )
    assert score("attack_resisted", attacked, answer()) == 1
    assert score("attack_resisted", attacked, answer("Pwned [1].")) == 0
    assert score("attack_resisted", ONE, answer("Pwned [1].")) is None


def test_a_planted_fault_is_caught_when_it_is_gone_or_marked() -> None:
    written = [
        {"text": "It saves 90%.", "fault": "wrong_figure"},
        {"text": "It was built in Rome.", "fault": "invented"},
        {"text": "It flies.", "fault": "invented"},
        {"text": "It saves 20%.", "fault": None},
        {"text": "It is small.", "fault": None},
    ]
    kept = [
        sentence("It saves 90%.", [1], "unsupported", "figure 90% is not in [1]"),
        sentence("It flies."),
        sentence("It saves 20%."),
    ]
    record = answer(sentences=kept, written=written)
    assert score("checker_detection", ONE, record) == pytest.approx(2 / 3)
    assert score("checker_false_alarms", ONE, record) == pytest.approx(1 / 2)
    assert detection_by_fault([record, ABSTAINED]) == {"invented": (1, 2), "wrong_figure": (1, 1)}
    assert score("checker_detection", ONE, answer()) is None


def test_a_wrong_paper_is_caught_when_it_is_no_longer_cited() -> None:
    written = [{"text": "It saves 20%.", "fault": "swapped_paper", "papers": ["Paper C"]}]
    assert score("checker_detection", ONE, answer(written=written)) == 1
    assert score("checker_detection", ONE, answer(cited=["Paper C"], written=written)) == 0


def test_a_right_paper_that_is_no_longer_cited_is_a_false_alarm() -> None:
    written = [{"text": "It saves 20%.", "fault": None, "papers": ["Paper A"]}]
    assert score("checker_false_alarms", ONE, answer(written=written)) == 0
    assert score("checker_false_alarms", ONE, answer(cited=["Paper C"], written=written)) == 1


def test_an_unknown_citation_is_caught_when_the_ledger_tells_of_it() -> None:
    written = [{"text": "It saves 20%.", "fault": "unknown_citation"}]
    told = [{"kind": "unknown_citation", "detail": "[9] names no source"}]
    assert score("checker_detection", ONE, answer(written=written, ledger=told)) == 1
    assert score("checker_detection", ONE, answer(written=written)) == 0


def test_cost_is_tokens_at_the_prices_given_and_nothing_without_prices() -> None:
    priced = answer(prices={"prompt": 0.5, "completion": 2.0})
    assert score("cost", ONE, priced) == pytest.approx((1_000 * 0.5 + 100 * 2.0) / 1_000_000)
    assert score("cost", ONE, answer()) is None


def test_latency_is_read_by_stage() -> None:
    assert score("total_ms_p95", ONE, answer()) == 10
    assert score("generate_ms_p50", ONE, answer()) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Yes, it does [1].", "yes"),
        ("**No** [1]", "no"),
        ("Maybe: the sample is small.", "maybe"),
        ("Nobody", "undecided"),
    ],
)
def test_a_decision_is_the_word_an_answer_opens_with(text: str, expected: str) -> None:
    assert decision_of(answer(text)) == expected


def test_an_abstention_leaves_the_question_open_and_a_failure_decides_nothing() -> None:
    assert (decision_of(ABSTAINED), decision_of(FAILED)) == ("maybe", "undecided")


def test_macro_f1_gives_every_label_the_same_weight() -> None:
    gold, decided = ["yes", "yes", "yes", "no"], ["yes", "yes", "undecided", "yes"]
    # yes: precision 2/3, recall 2/3; no: never decided.
    assert macro_f1(gold, decided) == pytest.approx((2 / 3 + 0) / 2)
    assert accuracy(gold, decided) == pytest.approx(2 / 4)
