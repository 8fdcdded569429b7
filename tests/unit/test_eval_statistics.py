"""Intervals, paired tests, and figures over all questions and by category."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eval.metrics.metric import median, p95
from eval.metrics.statistics import bootstrap_interval, paired_difference
from eval.metrics.summary import compare_scores, score_answers, summarise
from eval.sets.questions import Question

SHARES = st.lists(st.floats(0, 1, allow_nan=False), min_size=1, max_size=30)


@settings(deadline=None)  # a busy machine is not a failure
@given(SHARES, st.integers(0, 9))
def test_an_interval_lies_within_the_scores_and_repeats_with_its_seed(values: list[float], seed: int) -> None:
    found = bootstrap_interval(values, seed, resamples=200)
    assert min(values) - 1e-9 <= found.low <= found.high <= max(values) + 1e-9
    assert found == bootstrap_interval(values, seed, resamples=200)


def test_an_interval_has_the_width_that_theory_gives_for_a_share() -> None:
    found = bootstrap_interval([1.0] * 50 + [0.0] * 50)
    # Normal approximation: 1.96 * sqrt(0.25 / 100).
    assert found.value == 0.5
    assert found.low == pytest.approx(0.402, abs=0.015)
    assert found.high == pytest.approx(0.598, abs=0.015)


def test_a_figure_need_not_be_a_mean() -> None:
    values = [float(n) for n in range(101)]
    assert bootstrap_interval(values, reduce=median).value == 50
    assert bootstrap_interval(values, reduce=p95).value == 95


def test_there_is_no_figure_of_no_scores() -> None:
    with pytest.raises(ValueError, match="no scores"):
        bootstrap_interval([])


def test_runs_that_do_not_differ_have_p_one() -> None:
    found = paired_difference([0.1, 0.5], [0.1, 0.5])
    assert (found.value, found.low, found.high, found.p) == (0, 0, 0, 1)


def test_the_test_is_exact_where_few_pairs_differ() -> None:
    # Five questions turned from wrong to right: of 32 exchanges two are as extreme.
    found = paired_difference([0.0] * 5 + [1.0] * 20, [1.0] * 25)
    assert found.p == pytest.approx(2 / 32)
    assert found.value == pytest.approx(0.2)


def test_one_question_more_is_chance_and_thirty_are_not() -> None:
    before = [0.0] * 60
    assert paired_difference(before, [1.0] + [0.0] * 59).p == 1
    assert paired_difference(before, [1.0] * 30 + [0.0] * 30).p < 0.001


@settings(deadline=None)  # a busy machine is not a failure
@given(SHARES)
def test_exchanging_the_runs_turns_the_difference_round(values: list[float]) -> None:
    other = list(reversed(values))
    there, back = paired_difference(values, other, resamples=200), paired_difference(other, values, resamples=200)
    assert there.value == pytest.approx(-back.value)
    assert there.p == pytest.approx(back.p)
    assert 0 < there.p <= 1


def test_pairs_must_be_pairs() -> None:
    with pytest.raises(ValueError, match="no pairs"):
        paired_difference([1.0], [1.0, 0.0])


QUESTIONS = [
    Question("a", "single", "", "?", (), ("P",), "g", (("x",),)),
    Question("b", "single", "", "?", (), ("P",), "g", (("x",),)),
    Question("c", "absent", "", "?", answerable=False),
]
GOOD = {
    "a": {"outcome": "answered", "answer": "x"},
    "b": {"outcome": "answered", "answer": "y"},
    "c": {"outcome": "not_found"},
}


def test_a_summary_has_figures_by_category_and_none_where_a_metric_does_not_apply() -> None:
    summary = summarise(QUESTIONS, score_answers(QUESTIONS, GOOD), seed=3)
    assert summary["questions"] == 3
    assert summary["overall"]["correct"]["value"] == 0.5
    assert summary["overall"]["correct"]["n"] == 2
    assert summary["categories"]["absent"]["questions"] == 1
    assert "correct" not in summary["categories"]["absent"]["figures"]
    assert summary["categories"]["absent"]["figures"]["refusal_recall"]["value"] == 1
    assert summary == summarise(QUESTIONS, score_answers(QUESTIONS, GOOD), seed=3)


def test_questions_without_an_answer_are_not_in_the_summary() -> None:
    assert summarise(QUESTIONS, score_answers(QUESTIONS, {"a": GOOD["a"]}))["questions"] == 1


def test_two_runs_are_compared_on_what_both_scored() -> None:
    before = score_answers(QUESTIONS, GOOD)
    after = score_answers(QUESTIONS, {**GOOD, "b": {"outcome": "answered", "answer": "x"}})
    found = compare_scores(before, after)
    assert found["correct"].value == 0.5
    assert found["correct"].n == 2
    assert found["refusal_recall"].value == 0
    assert "cost" not in found
