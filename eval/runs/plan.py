"""Who answers in a run: the configured backend, a scripted model in its place, or a cassette."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from eval.runs.run import EvaluationRun, Identity
from eval.runs.runner import ModelScript, Progress, run_questions
from eval.sets.digests import library_digest, set_digest
from eval.sets.questions import Question
from eval.stand_ins.caching_embedder import CachingEmbedder
from eval.stand_ins.fault_injection import FaultInjectingModel
from eval.stand_ins.mock import MODEL_PREFIX, mocked_model, mocked_settings
from eval.stand_ins.scripted_models import FaithfulModel, ObedientModel
from rag.answering.assistant import Assistant
from rag.answering.prompt.templates import load_prompt
from rag.errors import UsageError
from rag.library import Library
from rag.models.openai.endpoint import OPENAI_BASE_URL
from rag.retrieval.evidence import Searcher
from rag.settings import Settings

if TYPE_CHECKING:
    from eval.stand_ins.cassettes import Replies

#: Scripts for the mocked model, by name; each is made from the questions and the seed.
SCRIPTS: Mapping[str, Callable[[Sequence[Question], int], ModelScript]] = {
    "faithful": lambda questions, seed: FaithfulModel(questions),  # noqa: ARG005 - one signature for all scripts
    "unfaithful": FaultInjectingModel,
    "obeying": lambda questions, seed: ObedientModel(questions),  # noqa: ARG005 - one signature for all scripts
}
LIVE = "live"
#: Settings that an answer depends on, named in every run.
_DECISIVE = ("k", "context_window", "max_prompt_tokens", "max_answer_tokens", "unsupported", "embedding")


@dataclass(frozen=True, slots=True)
class Plan:
    """How a set is asked. ``mode`` is ``live``, a name of :data:`SCRIPTS`, or ``replay`` with its ``cassette``. With a
    cassette, ``live`` records. ``prices`` are for a million prompt tokens and a million completion tokens."""

    set_name: str
    mode: str = LIVE
    cassette: Path | None = None
    seed: int = 0
    workers: int = 1
    resume: bool = False
    prices: tuple[float, float] | None = None


def run_plan(
    plan: Plan,
    questions: Sequence[Question],
    library: Library,
    settings: Settings,
    out: Path,
    *,
    searcher: Searcher | None = None,
    script: ModelScript | None = None,
    progress: Progress = lambda *_: None,
) -> EvaluationRun:
    """Ask a set of questions as planned and write the run to ``out``.

    Args:
        plan: who answers, and how.
        questions: the set.
        library: what is searched.
        settings: of the assistant; a script or a cassette takes the place of the model they name.
        out: the run's directory.
        searcher: searched in place of the library.
        script: of the mocked model if it is none of :data:`SCRIPTS`; the plan's mode is then only its name.
        progress: see :data:`eval.runs.runner.Progress`.

    Raises:
        UsageError: an unknown mode, or options that exclude each other.
        CassetteError: the cassette does not hold what was asked for; the run is written all the same.
    """
    chosen = settings
    if script is None and plan.mode in SCRIPTS:
        script = SCRIPTS[plan.mode](questions, plan.seed)
    if script is not None:
        chosen = mocked_settings(settings, f"{MODEL_PREFIX}/{settings.model}")
    elif plan.mode == "replay":
        if plan.cassette is None:
            raise UsageError("a replay needs the cassette to replay; give it with --replay FILE")
        chosen = mocked_settings(settings, settings.model, settings.openai_base_url or OPENAI_BASE_URL)
    elif plan.mode != LIVE:
        raise UsageError(f"there is no mode {plan.mode!r}; the modes are {', '.join((LIVE, 'replay', *SCRIPTS))}")
    with ExitStack() as stack:
        replay = stack.enter_context(_wire(plan, script, chosen))
        found = searcher or library
        run = run_questions(
            questions,
            Assistant(found, chosen, similarity=library.similarity),
            found,
            identity_of(plan, questions, library, chosen),
            out,
            workers=plan.workers,
            resume=plan.resume,
            script=script,
            prices=plan.prices,
            progress=progress,
        )
    if replay is not None and replay.misses:
        from eval.stand_ins.cassettes import CassetteError

        raise CassetteError(f"{len(replay.misses)} requests found no reply. First: {replay.misses[0]}")
    return run


def identity_of(plan: Plan, questions: Sequence[Question], library: Library, settings: Settings) -> Identity:
    """Everything that decides the answers of a run."""
    decisive: dict[str, Any] = {name: getattr(settings, name) for name in _DECISIVE}
    # Named only if they are on, so that a run without them has the identity it had before they existed.
    helped = [name for name in ("expand", "rerank") if getattr(settings, name) == "model"]
    decisive |= dict.fromkeys(helped, "model")
    prompts = [load_prompt(name) for name in ("answer", "condense", *helped)]
    decisive["prompts"] = " ".join(prompt.label for prompt in prompts)
    decisive["prompts_digest"] = hashlib.sha256(repr([p.messages for p in prompts]).encode()).hexdigest()[:16]
    # Such a run's times are too good to be true, and its report must say so.
    decisive["remembered_vectors"] = isinstance(library.embedder, CachingEmbedder)
    return Identity(
        set_name=plan.set_name,
        set_digest=set_digest(questions),
        library=library_digest(library.papers(), library.embedder.name),
        backend=settings.backend,
        model=settings.answering_model,
        mode=plan.mode,
        settings=decisive,
        seed=plan.seed,
    )


@contextmanager
def _wire(plan: Plan, script: ModelScript | None, settings: Settings) -> Iterator[Replies | None]:
    """Put the scripted model or the cassette in the place of the network; a live run without a cassette uses it."""
    base_url = settings.openai_base_url or OPENAI_BASE_URL
    if script is not None:
        with mocked_model(script, base_url):
            yield None
    elif plan.cassette is not None:
        from eval.stand_ins.cassettes import Replies

        replay = plan.mode == "replay"
        if not replay and settings.backend != "openai":
            raise UsageError("only a model on a server can be recorded; choose it with --backend openai")
        with Replies.use(path=plan.cassette, base_url=base_url, replay=replay) as replies:
            yield replies
    else:
        yield None
