"""The parts that all questions of one assistant share."""

from __future__ import annotations

from dataclasses import dataclass

from rag.answering.assist.model_judge import ModelJudge
from rag.answering.assist.step import Step
from rag.answering.assist.steps import build_judge, build_steps, without_model
from rag.answering.backends import ExtractiveBackend, build_backend
from rag.answering.checking.check import Similarity
from rag.answering.prompt.budget import prompt_limit
from rag.answering.prompt.templates import Prompt, load_prompt
from rag.answering.record.answer import LedgerEntry
from rag.models.prices import Prices
from rag.models.protocols import Backend
from rag.models.tokens import TokenCounter, counter_for
from rag.settings import Settings


@dataclass(frozen=True, slots=True)
class Components:
    """What answers every question; immutable. ``extractive`` stands in for a ``backend`` that gives nothing usable;
    ``notes`` open the ledger of every answer."""

    settings: Settings
    backend: Backend
    extractive: ExtractiveBackend
    answer_prompt: Prompt
    condense_prompt: Prompt
    counter: TokenCounter
    similarity: Similarity | None
    prices: Prices
    steps: tuple[Step, ...] = ()
    judge: ModelJudge | None = None
    notes: tuple[LedgerEntry, ...] = ()

    @classmethod
    def build(cls, settings: Settings, backend: Backend | None, similarity: Similarity | None) -> Components:
        """Build the parts, with the backend that ``settings`` name if none is given.

        Raises:
            CitewellError: the backend cannot be built, or a prompt or the prices cannot be read.
        """
        backend = backend or build_backend(settings)
        counter = counter_for(backend.model if backend.is_model else None)
        return cls(
            settings=settings,
            backend=backend,
            extractive=ExtractiveBackend(),
            answer_prompt=load_prompt("answer"),
            condense_prompt=load_prompt("condense"),
            counter=counter,
            similarity=similarity,
            prices=Prices.load(settings),
            steps=build_steps(settings, backend, counter, prompt_limit(settings)),
            judge=build_judge(settings, backend, counter),
            notes=without_model(settings, is_model=backend.is_model),
        )
