"""Runs made of whole cloth, for tests of what is done with runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from eval.runs.run import EvaluationRun, Identity
from eval.runs.runner import score_run
from eval.sets.digests import set_digest
from eval.sets.questions import EvidenceQuote, Question


def question(number: int, *, category: str = "single", text: str = "What does it say?") -> Question:
    """A question on a paper of its own."""
    title = f"Paper {number}"
    return Question(
        id=f"{category}-{number:02d}",
        category=category,
        subtype="",
        question=text,
        relevant=(title,),
        gold_answer="It says 42.",
        must_include=(("42",),),
        evidence=(EvidenceQuote(title, "We say 42."),),
    )


def answer(number: int, text: str = "It says 42.", **changes: Any) -> dict[str, Any]:
    """A right answer to it, or one with other fields."""
    paper = {"id": f"p{number}", "title": f"Paper {number}", "abstract": "We say 42."}
    record: dict[str, Any] = {
        "question": "What does it say?",
        "standalone_question": "What does it say?",
        "outcome": "answered",
        "answer": f"{text[:-1]} [1].",
        "sentences": [{"text": text, "citations": [1], "support": "supported", "problems": []}],
        "citations": [{"number": 1, "paper": paper, "quote": "We say 42.", "start": 0, "end": 10, "support": 0.9}],
        "ledger": [],
        "evidence": [{"paper_id": f"p{number}", "title": f"Paper {number}", "score": 0.9, "passages": []}],
        "suggestions": [],
        "timings_ms": {"embed": 3.0, "generate": 20.0, "total": 30.0},
        "written": [{"text": text, "fault": None, "papers": [f"Paper {number}"]}],
    }
    return {**record, **changes}


def abstention(number: int) -> dict[str, Any]:
    """No answer, though there is one."""
    return answer(number, outcome="not_stated", answer="Not stated.", sentences=[], citations=[], written=[])


def run_of(questions: Sequence[Question], answers: Mapping[str, Mapping[str, Any]], **identity: Any) -> EvaluationRun:
    """The run that these answers make."""
    fields: dict[str, Any] = {
        "set_name": "set",
        "set_digest": set_digest(questions),
        "library": "library",
        "backend": "openai",
        "model": "model",
        "mode": "faithful",
        "settings": {"k": 6},
        "seed": 0,
    }
    return score_run(Identity(**{**fields, **identity}), questions, dict(answers), seconds=1.0)
