"""Negative controls of the quality gate: it closes when the retriever, the checker or the prompt is broken, and for
answers that only look like answers."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from eval.gate.suite import SET, run_named
from eval.gate.verdict import Thresholds, Verdict, gate_run, load_baseline, load_thresholds, save_baseline
from eval.runs.run import EvaluationRun
from eval.runs.runner import ModelScript
from eval.sets.questions import Question, load_questions
from eval.stand_ins.caching_embedder import CachingEmbedder
from eval.stand_ins.scripted_models import WrittenSentence
from rag.answering import pipeline as run
from rag.answering.checking import check
from rag.answering.checking.check import CheckedAnswer
from rag.answering.prompt.sources import parse_prompt
from rag.library import Library
from rag.models.embedders.minilm import MiniLM
from rag.models.protocols import Message
from rag.retrieval.evidence import Filters, SearchResult

# The healthy runs are made in the set-up of the first test.
pytestmark = pytest.mark.timeout(600)
#: Questions of each category; with them a control takes seconds.
EACH = {"single": 10, "followup": 4, "false_premise": 4, "comparison": 4, "near_miss": 5, "absent": 4}
Gate = Callable[[str, EvaluationRun], Verdict]


@pytest.fixture(scope="module")
def questions() -> list[Question]:
    """Some questions of each kind; those with planted attacks need a library of their own."""
    left = dict(EACH)
    chosen = []
    for question in load_questions(SET):
        if left.get(question.category) and question.attack is None:
            left[question.category] -= 1
            chosen.append(question)
    return chosen


@pytest.fixture(scope="module")
def library(sample_library: Library, minilm: MiniLM) -> Iterator[Library]:
    """The sample library, its embedder remembering what the checks ask for again and again."""
    with Library.open(sample_library.path, embedder=CachingEmbedder(minilm)) as opened:
        yield opened


@pytest.fixture(scope="module")
def healthy(
    questions: list[Question], library: Library, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, EvaluationRun]:
    """What the runs give when nothing is broken."""
    out = tmp_path_factory.mktemp("healthy")
    return {
        name: run_named(name, questions, library, out, workers=2) for name in ("faithful", "unfaithful", "extractive")
    }


@pytest.fixture(scope="module")
def thresholds() -> Thresholds:
    """The shipped metrics; bounds are for the whole set and would mean something else on a part of it."""
    return replace(load_thresholds(), bounds={})


@pytest.fixture(scope="module")
def gate(healthy: dict[str, EvaluationRun], thresholds: Thresholds, tmp_path_factory: pytest.TempPathFactory) -> Gate:
    """The gate with the healthy runs as its baseline."""
    path = save_baseline(healthy, thresholds, tmp_path_factory.mktemp("gate") / "baseline.json")
    return lambda name, run: gate_run(name, run, load_baseline(path), thresholds)


class Shuffled:
    """A retriever that finds what another question asked for."""

    def __init__(self, library: Library, questions: Sequence[Question]) -> None:
        texts = [question.question for question in questions]
        random.Random(1).shuffle(texts)  # noqa: S311 - not for secrets
        self._library, self._texts = library, texts

    def search(self, query: str, k: int = 10, filters: Filters | None = None) -> SearchResult:
        """As the library's, for another query."""
        return self._library.search(self._texts[sum(query.encode()) % len(self._texts)], k, filters)


class Constant:
    """Says the same whatever is asked."""

    def __call__(self, messages: Sequence[Message]) -> str:  # noqa: ARG002 - given
        return "The authors propose a new method that outperforms all baselines [1]."

    def pop_written(self, question_id: str) -> tuple[WrittenSentence, ...]:  # noqa: ARG002 - given
        return ()


class CopiesTopPassage(Constant):
    """Gives the beginning of the first source as the answer."""

    def __call__(self, messages: Sequence[Message]) -> str:
        sources = parse_prompt(messages[-1].content).sources
        return f"{sources[0].passages[0].rstrip('.')} [1]." if sources else "NOT_FOUND"


def test_the_same_again_passes_with_other_workers_and_not_one_score_changed(
    questions: list[Question], library: Library, gate: Gate, healthy: dict[str, EvaluationRun], tmp_path: Path
) -> None:
    again = run_named("faithful", questions, library, tmp_path, workers=1)
    assert gate("faithful", again).passed
    scores = [
        {key: {n: v for n, v in own.items() if "_ms_" not in n} for key, own in r.scores.items()}
        for r in (again, healthy["faithful"])
    ]
    assert scores[0] == scores[1]


def test_a_healthy_run_answers_most_and_a_liar_is_mostly_caught(healthy: dict[str, EvaluationRun]) -> None:
    faithful, unfaithful = (healthy[name].figures["overall"] for name in ("faithful", "unfaithful"))
    assert faithful["correct"]["value"] > 0.9
    assert faithful["checker_false_alarms"]["value"] < 0.1
    assert unfaithful["checker_detection"]["value"] > 0.7


def test_a_shuffled_retriever_closes_the_gate(
    questions: list[Question], library: Library, gate: Gate, tmp_path: Path
) -> None:
    broken = run_named("faithful", questions, library, tmp_path, workers=2, searcher=Shuffled(library, questions))
    verdict = gate("faithful", broken)
    assert not verdict.passed
    assert {"ndcg@10", "outcome_accuracy", "correct"} <= {change.metric for change in verdict.fell}


def test_a_prompt_without_its_sources_closes_the_gate(
    questions: list[Question], library: Library, gate: Gate, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rag.answering.prompt.budget.render_sources", lambda _: "")
    verdict = gate("faithful", run_named("faithful", questions, library, tmp_path, workers=2))
    assert not verdict.passed
    assert {"outcome_accuracy", "correct", "citation_recall"} <= {change.metric for change in verdict.fell}


def test_a_prompt_that_no_longer_asks_for_citations_closes_the_gate(
    questions: list[Question], library: Library, gate: Gate, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def load(name: str) -> object:
        prompt = original(name)
        messages = tuple(Message(m.role, m.content.replace("[1]", "(1)")) for m in prompt.messages)
        return replace(prompt, messages=messages)

    from rag.answering import components

    original = components.load_prompt
    monkeypatch.setattr(components, "load_prompt", load)
    verdict = gate("faithful", run_named("faithful", questions, library, tmp_path, workers=2))
    assert not verdict.passed


def test_a_checker_that_is_off_closes_the_gate(
    questions: list[Question], library: Library, gate: Gate, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def trusting(*args: object, **kwargs: object) -> CheckedAnswer:
        checked = check.check_answer(*args, **kwargs)  # type: ignore[arg-type]  # handed on as they come
        believed = tuple(replace(s, support="supported", problems=()) for s in checked.sentences)
        return replace(checked, sentences=believed, ledger=())

    monkeypatch.setattr(run, "check_answer", trusting)
    verdict = gate("unfaithful", run_named("unfaithful", questions, library, tmp_path, workers=2))
    assert not verdict.passed
    assert [change.metric for change in verdict.fell] == ["checker_detection"]
    assert verdict.fell[0].down


@pytest.mark.parametrize("script", [Constant(), CopiesTopPassage()], ids=["constant", "top passage"])
def test_an_answer_that_only_looks_like_one_does_not_win(
    script: ModelScript,
    questions: list[Question],
    library: Library,
    gate: Gate,
    healthy: dict[str, EvaluationRun],
    tmp_path: Path,
) -> None:
    cheap = run_named("faithful", questions, library, tmp_path, workers=2, script=script)
    assert not gate("faithful", cheap).passed
    for honest in (healthy["faithful"], healthy["extractive"]):
        for metric in ("outcome_accuracy", "correct", "refusal_recall"):
            assert cheap.figures["overall"][metric]["value"] < honest.figures["overall"][metric]["value"], metric
