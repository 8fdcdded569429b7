"""Measure yes/no/maybe decisions on PubMedQA with retrieval: the abstract must be found among all of them."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from eval.benchmarks.pubmedqa import HUMAN_ACCURACY, load_pubmedqa
from eval.metrics.decision import UNDECIDED, accuracy, decision_of, macro_f1
from eval.metrics.metric import AnswerRecord, refused
from eval.metrics.statistics import bootstrap_interval
from rag.errors import CitewellError

if TYPE_CHECKING:
    from rag.models.protocols import Backend, Embedder
    from rag.retrieval.evidence import Searcher, SearchResult
    from rag.settings import Settings
    from rag.storage.filters import Filters

#: Added to each question for the answerer; retrieval never sees it.
INSTRUCTION = " Begin the answer with yes, no or maybe."


@dataclass(frozen=True, slots=True)
class _WithoutInstruction:
    """A searcher that gets the question alone."""

    searcher: Searcher

    def search(self, query: str, k: int = 10, filters: Filters | None = None) -> SearchResult:
        return self.searcher.search(query.removesuffix(INSTRUCTION.strip()).strip(), k, filters)


def evaluate_pubmedqa(
    path: Path,
    settings: Settings | None = None,
    *,
    with_conclusions: bool = False,
    only: Path | None = None,
    backend: Backend | None = None,
    embedder: Embedder | None = None,
    seed: int = 0,
    progress: Callable[[str], None] = lambda _: None,
) -> dict[str, Any]:
    """Answer every question from a temporary library of all abstracts of the file, and score the decisions.

    Args:
        path: ``ori_pqal.json``; the first three as :func:`~eval.benchmarks.pubmedqa.load_pubmedqa` takes them.
        settings: name the embedding model and the backend; by default from the environment.
        backend: a backend in place of the one the settings name.
        embedder: an embedding model in place of the one the settings name.
        seed: of the interval.
        progress: called with a few words on how far it is.

    Returns:
        ``{"dataset", "questions", "with_conclusions", "accuracy", "accuracy_low", "accuracy_high", "macro_f1",
        "retrieved", "abstained", "undecided", "failed", "majority_accuracy", "human_accuracy", "backend", "model"}``;
        ``retrieved`` is the share of questions whose own abstract was among the evidence. The human figures are of the
        official test set of 500: comparable only where ``only`` names it.

    Raises:
        DatasetError: the file is not in that layout.
        ModelError: a model cannot be loaded. A single question that fails counts as undecided.
    """
    from rag.answering.assistant import Assistant
    from rag.library import Library
    from rag.settings import Settings

    chosen = settings or Settings.load()
    questions = load_pubmedqa(path, with_conclusions=with_conclusions, only=only)
    records: list[AnswerRecord] = []
    with (
        tempfile.TemporaryDirectory(prefix="citewell-eval-", ignore_cleanup_errors=True) as place,
        Library.open(Path(place) / "library", chosen.local(), create=True, embedder=embedder) as library,
    ):
        library.add((q.paper for q in questions), merge=False, progress=lambda r: progress(f"{r.read} abstracts read"))
        assistant = Assistant(_WithoutInstruction(library), chosen, backend=backend, similarity=library.similarity)
        for number, question in enumerate(questions, 1):
            try:
                records.append(assistant.ask(question.question + INSTRUCTION).to_dict())
            except CitewellError as error:
                records.append({"error": str(error)})
            progress(f"{number} of {len(questions)} questions")
    gold = [question.decision for question in questions]
    decided = [decision_of(record) for record in records]
    interval = bootstrap_interval([float(a == b) for a, b in zip(gold, decided, strict=True)], seed)
    found = [_retrieved(question.paper.id, record) for question, record in zip(questions, records, strict=True)]
    return {
        "dataset": "PubMedQA",
        "questions": len(questions),
        "with_conclusions": with_conclusions,
        "accuracy": round(accuracy(gold, decided), 4),
        "accuracy_low": round(interval.low, 4),
        "accuracy_high": round(interval.high, 4),
        "macro_f1": round(macro_f1(gold, decided), 4),
        "retrieved": _share(found),
        "abstained": _share([refused(record) for record in records]),
        "undecided": _share([decision == UNDECIDED for decision in decided]),
        "failed": _share(["error" in record for record in records]),
        "majority_accuracy": round(max(gold.count(label) for label in set(gold)) / len(gold), 4),
        "human_accuracy": HUMAN_ACCURACY,
        "backend": next((record["backend"] for record in records if "backend" in record), None),
        "model": next((record["model"] for record in records if "model" in record), None),
    }


def _retrieved(paper_id: str, record: AnswerRecord) -> bool:
    return any(entry["paper_id"] == paper_id for entry in record.get("evidence", ()))


def _share(flags: Sequence[bool]) -> float:
    return round(sum(flags) / len(flags), 4)
