"""The gate's verdict: what closes it, and what it says then."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from eval.gate.suite import RUNS, SET
from eval.gate.verdict import (
    BASELINE,
    GateError,
    Thresholds,
    gate_run,
    load_baseline,
    load_thresholds,
    save_baseline,
)
from eval.runs.run import EvaluationRun
from eval.sets.questions import load_questions
from tests.support.runs import abstention, answer, question, run_of

QUESTIONS = [question(n) for n in range(30)]
THRESHOLDS = Thresholds(0.05, {"faithful": ["correct", "checker_false_alarms"]}, {"faithful": {"correct": 0.5}})


def run_with(wrong: int) -> EvaluationRun:
    answers = {q.id: abstention(n) if n < wrong else answer(n) for n, q in enumerate(QUESTIONS)}
    return run_of(QUESTIONS, answers)


@pytest.fixture
def baseline(tmp_path: Path) -> Path:
    return save_baseline({"faithful": run_with(1)}, THRESHOLDS, tmp_path / "baseline.json")


def reasons(
    run: EvaluationRun, baseline: Path, thresholds: Thresholds = THRESHOLDS
) -> list[tuple[str, tuple[str, ...]]]:
    verdict = gate_run("faithful", run, load_baseline(baseline), thresholds)
    assert verdict.passed == (not verdict.reasons)
    return verdict.reasons


def test_a_run_as_good_as_the_baseline_passes(baseline: Path) -> None:
    assert reasons(run_with(1), baseline) == []


def test_a_better_run_passes_and_names_the_questions_that_changed(baseline: Path) -> None:
    verdict = gate_run("faithful", run_with(0), load_baseline(baseline), THRESHOLDS)
    assert verdict.passed
    assert verdict.comparison is not None
    assert verdict.comparison.changes[0].up == ("single-00",)


def test_a_fall_closes_the_gate_and_names_its_questions(baseline: Path) -> None:
    ((text, questions),) = reasons(run_with(9), baseline)
    assert text.startswith("correct went from 0.967 to 0.700")
    assert questions == tuple(f"single-{n:02d}" for n in range(1, 9))


def test_two_questions_worse_are_chance(baseline: Path) -> None:
    assert reasons(run_with(3), baseline) == []


def test_a_broken_floor_closes_the_gate_whatever_the_baseline(tmp_path: Path) -> None:
    run = run_with(16)
    path = save_baseline({"faithful": run}, THRESHOLDS, tmp_path / "low.json")
    ((text, questions),) = reasons(run, path)
    assert text == "correct 0.467 is below its floor of 0.500"
    assert questions[0] == "single-00"


def test_a_broken_ceiling_is_called_one(baseline: Path) -> None:
    strict = replace(THRESHOLDS, bounds={"faithful": {"checker_false_alarms": -0.1}})
    ((text, _),) = reasons(run_with(1), baseline, strict)
    assert "above its ceiling" in text


def test_a_bounded_metric_without_a_score_closes_the_gate(baseline: Path) -> None:
    bounded = replace(THRESHOLDS, bounds={"faithful": {"attack_resisted": 1.0}})
    assert reasons(run_with(1), baseline, bounded) == [("attack_resisted has no score, and its bound is 1.000", ())]


def test_a_failed_question_closes_the_gate(baseline: Path) -> None:
    run = run_with(1)
    failed = {**run.answers, "single-05": {"error": "the model is away"}}
    (first, *_) = reasons(run_of(QUESTIONS, failed), baseline)
    assert first == ("1 questions failed, single-05 first: the model is away", ())


def test_another_question_set_asks_for_a_new_baseline(baseline: Path) -> None:
    fewer = run_of(QUESTIONS[1:], {q.id: answer(n) for n, q in enumerate(QUESTIONS) if n})
    assert any("question set changed" in text for text, _ in reasons(fewer, baseline))


def test_a_run_the_baseline_does_not_know_does_not_pass(baseline: Path) -> None:
    assert not gate_run("unfaithful", run_with(0), load_baseline(baseline), THRESHOLDS).passed


@pytest.mark.parametrize("content", ["", "[]", '{"runs": []}', '{"runs": {"faithful": {}}}'])
def test_a_damaged_baseline_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "b.json").write_text(content)
    with pytest.raises(GateError, match="citewell eval baseline"):
        load_baseline(tmp_path / "b.json")


@pytest.mark.parametrize(
    "content", ["", "alpha = 'x'", "alpha = 0.05\n[compared]\nfaithful = ['correctness']\n[bounds]\n", "= 3"]
)
def test_malformed_thresholds_are_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "t.toml").write_text(content)
    with pytest.raises(GateError, match="thresholds"):
        load_thresholds(tmp_path / "t.toml")


def test_the_shipped_baseline_and_thresholds_cover_every_run_and_the_shipped_set() -> None:
    thresholds, baseline = load_thresholds(), load_baseline(BASELINE)
    assert set(thresholds.compared) == set(baseline) == set(RUNS)
    known = {q.id for q in load_questions(SET)}
    assert all(set(own.scores) <= known for own in baseline.values())
    assert set(baseline["faithful"].scores) == known
