"""Follow-ups in many styles about the sample papers: what each leans on is put in, and nothing else is dragged along.

``tests/fixtures/followups.jsonl``: the turns before, user first; the question; the paper it is about; what the
standalone question has to hold (alternatives parted by ``|``) and must not hold.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from rag.answering.followup.needs_context import needs_context
from rag.answering.followup.standalone import standalone
from rag.answering.record.answer import Turn
from rag.library import Library
from tests.conftest import ROOT

_FILE = ROOT / "tests" / "fixtures" / "followups.jsonl"
DIALOGUES: list[dict[str, Any]] = [json.loads(line) for line in _FILE.read_text(encoding="utf-8").splitlines()]


def _standalone(dialogue: dict[str, Any]) -> str:
    turns = [Turn("assistant" if at % 2 else "user", text) for at, text in enumerate(dialogue["turns"])]
    return standalone(dialogue["question"], turns)


@pytest.mark.parametrize("dialogue", DIALOGUES, ids=[f"{d['style']}: {d['question']}" for d in DIALOGUES])
def test_a_follow_up_holds_what_it_leans_on_and_nothing_of_a_subject_left_behind(dialogue: dict[str, Any]) -> None:
    made = _standalone(dialogue)
    assert all(any(word in made for word in wanted.split("|")) for wanted in dialogue["says"]), made
    assert not any(word in made for word in dialogue["lacks"]), made


@pytest.mark.parametrize(
    "dialogue",
    [d for d in DIALOGUES if d["style"].startswith("change of subject")],
    ids=lambda d: d["question"],
)
def test_a_change_of_subject_is_left_as_it_is(dialogue: dict[str, Any]) -> None:
    assert _standalone(dialogue) == dialogue["question"]


def test_the_paper_that_a_follow_up_is_about_comes_first(sample_library: Library) -> None:
    first = [sample_library.search(_standalone(d), k=1).evidence[0].paper.title == d["paper"] for d in DIALOGUES]
    assert sum(first) / len(first) >= 0.95


@pytest.mark.parametrize(
    "question",
    ["how many GPUs was it tried on?", "does ThinK beat it?", "what gain does the former show?", "number of authors?"],
)
def test_a_name_that_is_counted_or_acts_is_not_what_a_pronoun_stands_for(question: str) -> None:
    assert needs_context(question)


@pytest.mark.parametrize(
    "question",
    [
        "Which tasks does ColBERT run, and how fast is it?",
        "How large is BERT when it is pruned?",
        "size matters for BERT",
        "sparse attention on long documents",
    ],
)
def test_a_question_with_its_own_antecedent_or_none_to_find_does_not_lean(question: str) -> None:
    assert not needs_context(question)
