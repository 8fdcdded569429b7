"""ScholarQABench (Asai et al., 2024) and records like its own: a question, a long answer, and the passages it rests on.

A record is an object of a JSON array or of JSON Lines. The question is its ``input``, ``question`` or
``initial_prompt``; the gold answer its ``output`` or ``answer``; the passages its ``gold_ctxs`` or ``gold_ctx``, else
its ``ctxs``, each ``{"title", "text"}``. Passages of one title become one paper, whose abstract they make up in their
order. Records without passages (ScholarQA-CS, -Bio and -Neuro ask of all literature) are skipped with the reason: there
would be nothing to search.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from eval.sets.dataset_files import DatasetError, records, text
from eval.sets.questions import EvidenceQuote, Question
from rag.language.normalise import normalise
from rag.paper import Paper, title_key
from rag.readers.base import MAX_TITLE, Skip

_QUESTIONS = ("input", "question", "initial_prompt")
_ANSWERS = ("output", "answer")
_PASSAGES = ("gold_ctxs", "gold_ctx", "ctxs")
_WORDS_OF_A_TITLE = 12
_CATEGORY = "scholarqa"


@dataclass(slots=True)
class ScholarQA:
    """Questions and the papers they are asked on; ``skipped`` says what was left out and why."""

    questions: list[Question] = field(default_factory=list)
    papers: list[Paper] = field(default_factory=list)
    skipped: list[Skip] = field(default_factory=list)


def load_scholarqa(path: Path) -> ScholarQA:
    """The questions of a file and the papers made of their passages. Facts to include are not part of these benchmarks:
    correctness is token F1 alone.

    Raises:
        DatasetError: the file cannot be read, or a record is wrong.
    """
    found = ScholarQA()
    texts: dict[str, tuple[str, list[str]]] = {}
    asked: list[tuple[str, str, str, list[tuple[str, str]]]] = []
    for number, (where, record) in enumerate(records(path), 1):
        passages = _passages(record, where)
        answer = _first(record, _ANSWERS, where)
        if not passages or not answer:
            reason = "no passages to search" if not passages else "no gold answer"
            found.skipped.append(Skip(str(path), where.rpartition(", ")[2], reason))
            continue
        question = _first(record, _QUESTIONS, where)
        if not question:
            raise DatasetError(f'{where}, field "input": is missing or empty')
        for title, passage in passages:
            _, own = texts.setdefault(title_key(title), (title, []))
            if passage not in own:
                own.append(passage)
        asked.append((f"{_CATEGORY}-{number:04d}", question, answer, passages))
    found.papers = [
        Paper.create(title=title, abstract=" ".join(own), source=path.name) for title, own in texts.values()
    ]
    found.questions = [_question(*record) for record in asked]
    return found


def convert_scholarqa(path: Path, directory: Path) -> ScholarQA:
    """Write ``papers.jsonl``, to be ingested, and ``questions.jsonl``, to be asked on them, into a directory.

    Raises:
        DatasetError: as :func:`load_scholarqa`, no question is left, or the directory cannot be written.
    """
    found = load_scholarqa(path)
    if not found.questions:
        raise DatasetError(f"{path} holds no question with passages and a gold answer")
    try:
        directory.mkdir(parents=True, exist_ok=True)
        _write(directory / "papers.jsonl", [{"title": p.title, "abstract": p.abstract} for p in found.papers])
        _write(directory / "questions.jsonl", [question.to_dict() for question in found.questions])
    except OSError as error:
        raise DatasetError(f"{directory} cannot be written ({error.strerror}); choose another directory") from error
    return found


def _question(question_id: str, question: str, answer: str, passages: Sequence[tuple[str, str]]) -> Question:
    titles = {title_key(title): title for title, _ in passages}
    return Question(
        id=question_id,
        category=_CATEGORY,
        subtype="label" if len(answer.split()) == 1 else "long",
        question=question,
        relevant=tuple(titles.values()),
        gold_answer=answer,
        evidence=tuple(EvidenceQuote(title, passage) for title, passage in passages),
    )


def _passages(record: Mapping[str, Any], where: str) -> list[tuple[str, str]]:
    name = next((name for name in _PASSAGES if record.get(name)), None)
    if name is None:
        return []
    values = record[name]
    if not isinstance(values, list):
        raise DatasetError(f'{where}, field "{name}": a list of {{"title", "text"}} is expected')
    passages = []
    for number, value in enumerate(values, 1):
        inside = f'{where}, field "{name}", entry {number}'
        if not isinstance(value, dict):
            raise DatasetError(f'{inside}: {{"title", "text"}} is expected')
        passage = text(value, "text", inside, required=False)
        if passage:
            title = text(value, "title", inside, required=False)
            # A passage without a title is named by how it begins.
            passages.append((title[:MAX_TITLE] or " ".join(passage.split()[:_WORDS_OF_A_TITLE]), passage))
    return passages


def _first(record: Mapping[str, Any], names: Sequence[str], where: str) -> str:
    """The first of these fields that holds a text; a list of texts (several gold answers) gives its first."""
    for name in names:
        value = record.get(name)
        if isinstance(value, list) and value and isinstance(value[0], str):
            value = value[0]
        if value is not None and (found := normalise(text({name: value}, name, where, required=False))):
            return found
    return ""


def _write(path: Path, values: Sequence[Mapping[str, Any]]) -> None:
    path.write_text("".join(json.dumps(value, ensure_ascii=False) + "\n" for value in values), encoding="utf-8")
