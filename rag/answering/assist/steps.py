"""Steps before and after an answer that ask a model for help: off unless the settings ask for them.

Every step is one call. It runs only if the search found something relevant, since otherwise no model is called; if it
fails, everything stays as it was and the ledger says so. Steps before the answer change the evidence; the judge comes
after it (:mod:`rag.answering.assist.model_judge`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rag.answering.assist.step import Step
from rag.answering.record.answer import LedgerEntry, LedgerKind
from rag.models.protocols import Backend
from rag.models.tokens import TokenCounter
from rag.settings import Settings

if TYPE_CHECKING:
    from rag.answering.assist.model_judge import ModelJudge

_ASKED_FOR = {"expand": "question expansion", "rerank": "reranking", "judge": "judging"}
_AS_FOUND = "the papers are as the search found them"
_STAYS = {"expand": _AS_FOUND, "rerank": _AS_FOUND, "judge": "the verdicts are those of the rules"}


def build_steps(settings: Settings, backend: Backend, counter: TokenCounter, limit: int) -> tuple[Step, ...]:
    """Return the steps that the settings ask for, in their order; none for the extractive backend, which has no model.

    Args:
        settings: which steps.
        backend: what would be asked.
        counter: counts the tokens of a request.
        limit: tokens a request may take.

    Raises:
        PromptError: the prompt of a step is missing or malformed.
    """
    if not backend.is_model:
        return ()
    from rag.answering.assist.expansion import Expansion
    from rag.answering.assist.reranking import Reranking
    from rag.answering.prompt.templates import load_prompt

    steps: list[Step] = []
    if settings.expand == "model":
        steps.append(Expansion(load_prompt("expand"), counter, limit))
    if settings.rerank == "model":
        steps.append(Reranking(load_prompt("rerank"), counter, limit))
    return tuple(steps)


def build_judge(settings: Settings, backend: Backend, counter: TokenCounter) -> ModelJudge | None:
    """Return what judges the sentences of an answer, if the settings ask for it and the backend is a model.

    Raises:
        PromptError: its prompt is missing or malformed.
    """
    if not backend.is_model or settings.judge == "off":
        return None
    from rag.answering.assist.model_judge import MAX_VERDICT_TOKENS, ModelJudge
    from rag.answering.prompt.budget import prompt_limit
    from rag.answering.prompt.templates import load_prompt

    return ModelJudge(load_prompt("support"), counter, prompt_limit(settings, MAX_VERDICT_TOKENS))


def without_model(settings: Settings, *, is_model: bool) -> tuple[LedgerEntry, ...]:
    """Return the ledger entries for steps that the settings ask for while the backend is not a model."""
    if is_model:
        return ()
    wanted = [name for name in _ASKED_FOR if getattr(settings, name) == "model"]
    return tuple(
        LedgerEntry(
            LedgerKind(f"{name}_off"),
            f"CITEWELL_{name.upper()}=model has no effect: {_ASKED_FOR[name]} needs a model, and the extractive "
            "backend has none; set CITEWELL_LLM",
        )
        for name in wanted
    )


def failed(name: str, reason: str = "") -> LedgerEntry:
    """Return the ledger entry for a step whose call failed for ``reason``, or gave nothing that can be used."""
    why = reason or "the model's reply could not be read"
    return LedgerEntry(LedgerKind(f"{name}_failed"), f"{_ASKED_FOR[name]} left out, {_STAYS[name]}: {why}")
