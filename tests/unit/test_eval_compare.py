"""Comparing two runs: what counts as a difference, which way is worse, and who is behind it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eval.metrics.statistics import wilson
from eval.runs.compare import comparable, compare, holm

QUESTIONS = [f"q{n:02d}" for n in range(40)]


def scores(metric: str, values: list[float]) -> dict[str, dict[str, float | None]]:
    return {question: {metric: value} for question, value in zip(QUESTIONS, values, strict=False)}


def test_the_same_scores_are_the_same() -> None:
    (change,) = compare(scores("correct", [1.0] * 40), scores("correct", [1.0] * 40)).changes
    assert (change.verdict, change.p, change.down, change.up) == ("same", 1.0, (), ())


def test_a_fall_that_chance_does_not_explain_is_worse_and_names_its_questions() -> None:
    before, after = [1.0] * 40, [0.0] * 9 + [1.0] * 31
    comparison = compare(scores("correct", before), scores("correct", after), names=["correct"])
    (change,) = comparison.worse
    assert change.down == tuple(QUESTIONS[:9])
    assert change.p == pytest.approx(2 / 2**9)


def test_a_fall_that_chance_explains_is_no_verdict() -> None:
    after = scores("correct", [0.0, 0.0] + [1.0] * 38)
    (change,) = compare(scores("correct", [1.0] * 40), after).changes
    assert (change.verdict, change.down) == ("same", ("q00", "q01"))


def test_of_a_metric_where_lower_is_better_a_rise_is_worse() -> None:
    before, after = scores("checker_false_alarms", [0.0] * 40), scores("checker_false_alarms", [1.0] * 12 + [0.0] * 28)
    (change,) = compare(before, after).changes
    assert (change.verdict, len(change.down)) == ("worse", 12)


def test_a_test_for_falls_alone_needs_less_to_see_one_and_sees_no_rise() -> None:
    before, after = scores("correct", [1.0] * 40), scores("correct", [0.0] * 5 + [1.0] * 35)
    assert compare(before, after).changes[0].verdict == "same"
    assert compare(before, after, falls_only=True).changes[0].verdict == "worse"
    assert compare(after, before, falls_only=True).changes[0].verdict == "same"


def test_questions_of_one_run_alone_are_named_and_not_compared() -> None:
    before, after = scores("correct", [1.0, 1.0, 0.0]), scores("correct", [1.0, 0.0])
    comparison = compare(before, after)
    assert (comparison.only_before, comparison.only_after) == (("q02",), ())
    assert comparison.changes[0].difference.n == 2


def test_times_and_money_are_not_compared() -> None:
    assert not {name for name in comparable() if "_ms_" in name or name == "cost"}


def test_holms_correction_as_worked_out_by_hand() -> None:
    corrected = holm({"a": 0.01, "b": 0.04, "c": 0.03})
    assert corrected == pytest.approx({"a": 0.03, "b": 0.06, "c": 0.06})


@given(st.dictionaries(st.text(max_size=3), st.floats(0, 1), max_size=8))
def test_a_corrected_p_is_no_smaller_than_before_and_a_probability(p: dict[str, float]) -> None:
    corrected = holm(p)
    assert set(corrected) == set(p)
    assert all(p[name] <= corrected[name] <= 1 for name in p)


def test_wilsons_interval_as_published() -> None:
    # Newcombe (1998), table I, method 3: 81 of 263 and 0 of 20.
    found, none = wilson(81, 263), wilson(0, 20)
    assert (found.low, found.high) == pytest.approx((0.2553, 0.3662), abs=5e-4)
    assert (none.low, none.high) == pytest.approx((0.0, 0.1611), abs=5e-4)
