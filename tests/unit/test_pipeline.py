"""The pipeline of a question does no I/O: whoever drives it sees each step and decides what comes of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from rag.answering.components import Components
from rag.answering.effects import NextChunk, Output, Search, StartModel, StopModel, advance
from rag.answering.pipeline import AnswerPipeline
from rag.answering.record.answer import Answer, Turn
from rag.answering.record.events import Condensed, Finished, Retrieved, TextDelta
from rag.errors import ModelError
from rag.models.protocols import Chunk, Usage
from rag.settings import Settings
from tests.support.models import PAPERS, ScriptedModel, WordShelf

QUESTION = "How many charts does MARLIN sort?"
GOOD = [
    Chunk("MARLIN sorts 4,200 charts "),
    Chunk("in 37 minutes [1]. It is 2.5x faster than TURBOT [1].", Usage(9, 8, 1)),
    None,
]
HISTORY = [Turn("user", "What is MARLIN?"), Turn("assistant", "MARLIN is a method that sorts charts [1].")]


def driven(
    received: Sequence[Chunk | ModelError | None],
    question: str = QUESTION,
    history: Sequence[Turn] = (),
    **settings: Any,
) -> list[Output]:
    """All outputs of a question's pipeline, with ``received`` for one ``NextChunk`` after the other."""
    components = Components.build(Settings(**settings), ScriptedModel([]), None)
    flow, chunks, outputs = AnswerPipeline(components, question, history).run(), iter(received), list[Output]()
    answers: dict[type, Callable[[Any], object]] = {
        Search: lambda output: output.find(WordShelf(PAPERS)),
        NextChunk: lambda _: next(chunks),
    }
    sent: object = None
    while (output := advance(flow, sent)) is not None:
        outputs.append(output)
        sent = answers.get(type(output), lambda _: None)(output)
    assert next(chunks, "all read") == "all read"
    return outputs


def kinds(outputs: Sequence[Output]) -> list[type]:
    return [type(output) for output in outputs]


def answer_of(outputs: Sequence[Output]) -> Answer:
    assert isinstance(outputs[-1], Finished)
    return outputs[-1].answer


def test_the_steps_of_a_question_come_in_one_order() -> None:
    outputs = driven(GOOD)
    model = [StartModel, NextChunk, NextChunk, TextDelta, NextChunk, StopModel]
    assert kinds(outputs) == [Condensed, Search, Retrieved, *model, TextDelta, Finished]
    assert answer_of(outputs).usage == Usage(9, 8, 1)


def test_a_follow_up_asks_the_model_for_a_question_first() -> None:
    outputs = driven([Chunk(QUESTION), None, *GOOD], "how many does it sort?", HISTORY)
    assert kinds(outputs)[:6] == [StartModel, NextChunk, NextChunk, StopModel, Condensed, Search]
    assert answer_of(outputs).standalone_question == QUESTION


def test_with_nothing_relevant_no_model_is_started() -> None:
    assert kinds(driven([], "zzz qqq?")) == [Condensed, Search, Retrieved, TextDelta, Finished]


@pytest.mark.parametrize("before", [[], GOOD[:2]])
def test_a_failure_of_the_model_is_received_as_data(before: list[Chunk | None]) -> None:
    outputs = driven([*before, ModelError("the server is away")])
    assert kinds(outputs).count(StopModel) == 1
    assert "the server is away" in answer_of(outputs).text


def test_a_reply_past_its_bound_is_stopped_without_reading_on() -> None:
    outputs = driven([GOOD[0], Chunk("in 37 minutes [1]. ", cut_off=True)])
    assert kinds(outputs).count(NextChunk) == 2
    assert "answer_cut_off" in [entry.kind for entry in answer_of(outputs).ledger]


def test_every_request_is_stopped_before_the_next_begins() -> None:
    ranking = [Chunk("[1] > [2]"), None]
    verdicts = [ModelError("the server is away")]
    outputs = driven([*ranking, *GOOD, *verdicts], rerank="model", judge="model")
    open_requests = [output for output in kinds(outputs) if output in (StartModel, StopModel)]
    assert open_requests == [StartModel, StopModel] * 3
    assert "judge_failed" in [entry.kind for entry in answer_of(outputs).ledger]
