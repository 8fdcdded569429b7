"""A run on disk: it survives being killed, is gone on with, and is never mixed with another."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from eval.runs.run import ANSWERS, RUN, Identity, Journal, RunError, load_run, save_run
from eval.runs.runner import run_questions, score_run
from eval.sets.questions import Question
from rag.answering.record.answer import Answer, Turn
from rag.errors import ModelError, UsageError
from rag.retrieval.evidence import SearchResult

IDENTITY = Identity("set", "digest", "library", "openai", "model", "live", {"k": 6}, 0)
QUESTIONS = [
    Question(id=f"q{n}", category="absent", subtype="", question=f"What is {n}?", answerable=False) for n in range(6)
]


class Answerer:
    """Finds nothing; fails on the questions named. Counts what it is asked."""

    def __init__(self, failing: tuple[str, ...] = ()) -> None:
        self.failing = failing
        self.asked: list[str] = []

    def ask(self, question: str, history: Any = ()) -> Answer:  # noqa: ARG002 - the signature is given
        self.asked.append(question)
        if question in self.failing:
            raise ModelError("the model is away; try again")
        return Answer(question, question, "not_found", "Nothing.", (), (), (), (), (), "b", "m", "answer@1")

    def search(self, query: str, k: int = 10, filters: object = None) -> SearchResult:  # noqa: ARG002 - as above
        return SearchResult(query, (), 0)


def test_a_run_comes_back_as_it_was_saved(tmp_path: Path) -> None:
    question = replace(QUESTIONS[0], history=(Turn("user", "Before?"),))
    answer = {"outcome": "not_found", "written": [{"text": "x", "fault": "negation", "papers": []}]}
    run = score_run(IDENTITY, [question], {"q0": answer}, seconds=1.5)
    save_run(run, tmp_path)
    back = load_run(tmp_path)
    assert back.to_dict() == run.to_dict()
    assert (back.questions, back.faults) == ((question,), {"negation": (1, 1)})


@pytest.mark.parametrize(
    "content", [None, "", "[]", '{"format": 99}', '{"format": 1}', '{"format": 1, "identity": 3}', "[" * 10_000]
)
def test_what_is_no_run_is_refused_in_one_line(tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (tmp_path / RUN).write_text(content)
    with pytest.raises(RunError, match="citewell eval answers") as caught:
        load_run(tmp_path)
    assert "\n" not in str(caught.value)


def test_answers_do_not_depend_on_the_number_of_workers(tmp_path: Path) -> None:
    runs = [
        run_questions(QUESTIONS, Answerer(), Answerer(), IDENTITY, tmp_path / str(n), workers=n).to_dict()
        for n in (1, 4)
    ]
    for run in runs:
        del run["seconds"], run["workers"]
    assert runs[0] == runs[1]


def test_a_question_that_fails_is_a_record_and_the_rest_go_on(tmp_path: Path) -> None:
    run = run_questions(QUESTIONS, Answerer(("What is 2?",)), Answerer(), IDENTITY, tmp_path)
    assert run.answers["q2"] == {"error": "the model is away; try again"}
    assert run.scores["q2"]["outcome_accuracy"] == 0.0
    assert run.figures["overall"]["outcome_accuracy"]["n"] == 6


def test_a_resumed_run_asks_only_what_is_missing_or_failed(tmp_path: Path) -> None:
    journal = Journal(tmp_path, IDENTITY, resume=False)
    journal.add("q0", {"outcome": "not_found"})
    journal.add("q1", {"error": "away"})
    with (tmp_path / ANSWERS).open("a") as file:
        file.write('{"id": "q2", "ans')
    asker = Answerer()
    run = run_questions(QUESTIONS, asker, asker, IDENTITY, tmp_path, resume=True)
    assert sorted(asker.asked) == [f"What is {n}?" for n in (1, 2, 3, 4, 5)]
    assert set(run.answers) == {q.id for q in QUESTIONS}


def test_an_interrupted_run_keeps_what_was_answered(tmp_path: Path) -> None:
    def interrupt(done: int, total: int, failed: int) -> None:
        if done == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_questions(QUESTIONS, Answerer(), Answerer(), IDENTITY, tmp_path, progress=interrupt)
    assert not (tmp_path / RUN).exists()
    lines = (tmp_path / ANSWERS).read_text().splitlines()
    assert len([json.loads(line) for line in lines]) == 1 + 3


def test_an_unfinished_run_is_not_written_over(tmp_path: Path) -> None:
    Journal(tmp_path, IDENTITY, resume=False).add("q0", {"outcome": "not_found"})
    with pytest.raises(UsageError, match=r"1 question answered.*--resume"):
        Journal(tmp_path, IDENTITY, resume=False)


def test_a_run_of_another_kind_is_not_gone_on_with(tmp_path: Path) -> None:
    Journal(tmp_path, IDENTITY, resume=False).add("q0", {"outcome": "not_found"})
    with pytest.raises(UsageError, match="differs in model, seed"):
        Journal(tmp_path, replace(IDENTITY, model="other", seed=1), resume=True)


def test_a_finished_run_makes_room_for_the_next(tmp_path: Path) -> None:
    for identity in (IDENTITY, replace(IDENTITY, seed=1)):
        run_questions(QUESTIONS, Answerer(), Answerer(), identity, tmp_path)
    assert load_run(tmp_path).identity.seed == 1


def test_a_place_that_cannot_be_written_is_said_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(RunError, match="--out"):
        run_questions(QUESTIONS, Answerer(), Answerer(), IDENTITY, tmp_path / "file" / "run")
