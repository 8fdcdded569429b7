"""PubMedQA (Jin et al., 2019): questions on biomedical abstracts, to be decided yes, no or maybe.

Reads the layout of the expert-labelled ``ori_pqal.json``: an object by PubMed id of ``{"QUESTION", "CONTEXTS",
"LONG_ANSWER", "final_decision", "YEAR"}``. ``CONTEXTS`` is the abstract without its conclusion, ``LONG_ANSWER`` the
conclusion.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias, get_args

from eval.sets.dataset_files import DatasetError, document, text
from rag.language.normalise import normalise
from rag.paper import Paper
from rag.readers.base import year_of

Decision: TypeAlias = Literal["yes", "no", "maybe"]
DECISIONS: tuple[Decision, ...] = get_args(Decision)
#: Accuracy of a single human on the test set of 500 questions, as the paper reports it, by what was to be read.
HUMAN_ACCURACY = {"without_conclusions": 0.780, "with_conclusions": 0.904}


@dataclass(frozen=True, slots=True)
class PubMedQuestion:
    """A question with the paper it was made from. The paper's title is its PubMed id: the question of this benchmark is
    the real title, and with it retrieval would be a matter of comparing strings."""

    id: str
    question: str
    decision: Decision
    paper: Paper


def load_pubmedqa(path: Path, *, with_conclusions: bool = False, only: Path | None = None) -> list[PubMedQuestion]:
    """The questions of a file, in its order.

    Args:
        path: ``ori_pqal.json``.
        with_conclusions: whether abstracts hold their conclusions too, which mostly say the answer.
        only: a JSON object whose keys are the PubMed ids to keep, as ``test_ground_truth.json``.

    Raises:
        DatasetError: a file is missing or a record is wrong.
    """
    records = _object(path)
    kept = set(_object(only)) if only is not None else None
    questions = [
        _question(pmid, record, f"{path}, record {pmid!r}", with_conclusions=with_conclusions)
        for pmid, record in records.items()
        if kept is None or pmid in kept
    ]
    if not questions:
        raise DatasetError(f"{path} holds no questions{' that ' + str(only) + ' names' if only else ''}")
    return questions


def _question(pmid: str, record: Any, where: str, *, with_conclusions: bool) -> PubMedQuestion:
    if not isinstance(record, dict):
        raise DatasetError(f"{where}: a JSON object is expected")
    contexts = record.get("CONTEXTS")
    if not isinstance(contexts, list) or not all(isinstance(context, str) for context in contexts):
        raise DatasetError(f'{where}, field "CONTEXTS": a list of texts is expected')
    decision = text(record, "final_decision", where).lower()
    if decision not in DECISIONS:
        raise DatasetError(f'{where}, field "final_decision": {decision!r} is none of {", ".join(DECISIONS)}')
    parts = [*contexts, text(record, "LONG_ANSWER", where, required=False)] if with_conclusions else contexts
    abstract = normalise(" ".join(parts))
    if not abstract:
        raise DatasetError(f'{where}, field "CONTEXTS": is empty')
    paper = Paper.create(
        title=f"PubMed {pmid}",
        abstract=abstract,
        year=year_of(record.get("YEAR")),
        pmid=pmid,
        paper_id=f"pmid:{pmid}",
        source="PubMedQA",
    )
    return PubMedQuestion(pmid, text(record, "QUESTION", where), decision, paper)


def _object(path: Path) -> Mapping[str, Any]:
    value = document(path)
    if not isinstance(value, dict):
        raise DatasetError(f"{path}: a JSON object by PubMed id is expected")
    return value
