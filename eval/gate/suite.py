"""The runs of the gate: the sample questions on the sample library, with each scripted model and without any."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from eval.runs.plan import LIVE, Plan, run_plan
from eval.runs.run import ANSWERS, RUN, EvaluationRun
from eval.runs.runner import ModelScript, Progress
from eval.sets.attacked_library import attacked_library
from eval.sets.questions import Question
from eval.stand_ins.caching_embedder import CachingEmbedder
from rag.library import IngestReport, Library
from rag.models.protocols import Embedder
from rag.models.registry import build_embedder
from rag.retrieval.evidence import Searcher
from rag.sample import sample_papers
from rag.settings import Settings

SET = Path(__file__).parents[1] / "sets" / "sample.jsonl"
#: ``extractive`` is the backend that needs no model; the others are scripts of the mocked model.
RUNS = ("faithful", "unfaithful", "obeying", "extractive")


def default_settings() -> Settings:
    """The settings as shipped: the gate must not depend on the environment."""
    return Settings.model_construct()


@contextmanager
def sample_library(
    questions: Sequence[Question],
    cache: Path,
    *,
    embedder: Embedder | None = None,
    progress: Callable[[IngestReport], None] = lambda _: None,
) -> Iterator[Library]:
    """The shipped sample with the set's attacks in it, built once and kept in ``cache``."""
    papers = sample_papers()
    settings = default_settings()
    remembering = CachingEmbedder(embedder or build_embedder(settings))
    with attacked_library(papers, questions, settings, cache, embedder=remembering, progress=progress) as library:
        yield library


def run_named(
    name: str,
    questions: Sequence[Question],
    library: Library,
    out: Path,
    *,
    seed: int = 0,
    workers: int = 1,
    searcher: Searcher | None = None,
    script: ModelScript | None = None,
    progress: Progress = lambda *_: None,
) -> EvaluationRun:
    """Make one of :data:`RUNS`.

    Args:
        name: which one.
        questions: the set.
        library: with the set's attacks in it.
        out: directory of the runs; this one's directory is named after it, and what was there is replaced.
        seed: of faults, intervals and tests.
        workers: questions under way at a time.
        searcher: searched in place of the library.
        script: of the mocked model, in place of the one the run is named after.
        progress: see :data:`eval.runs.runner.Progress`.
    """
    settings, mode = default_settings(), name
    if name == "extractive":
        settings, mode = settings.model_copy(update={"llm": "extractive"}), LIVE
    asked = [q for q in questions if name != "obeying" or q.has_injection]
    plan = Plan("sample", mode, seed=seed, workers=workers)
    # What an interrupted run of the suite left; it is made again in seconds.
    for left in (ANSWERS, RUN):
        (out / name / left).unlink(missing_ok=True)
    return run_plan(plan, asked, library, settings, out / name, searcher=searcher, script=script, progress=progress)
