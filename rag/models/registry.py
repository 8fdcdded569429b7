"""The model and the embedder that the settings name. Each is imported late: some take seconds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rag.errors import SettingsError
from rag.models.openai.endpoint import OPENAI_BASE_URL, Endpoint
from rag.models.openai.retry import RetryPolicy

if TYPE_CHECKING:
    from rag.models.protocols import Backend, BasePrompt, Embedder
    from rag.settings import Settings

_DIMENSIONS = {"text-embedding-3-small": 1536, "text-embedding-3-large": 3072, "text-embedding-ada-002": 1536}


def build_model(settings: Settings, base_prompt: BasePrompt) -> Backend:
    """Return the language model ``settings.backend`` names, with ``auto`` resolved; never another one in its place.

    Args:
        settings: which model.
        base_prompt: what a model without a chat template is given instead of messages.

    Raises:
        SettingsError: the settings name no model, do not fit together, or it is not installed.
        ModelError: the model's file is not a model.
    """
    if settings.backend == "openai":
        endpoint = Endpoint.for_answers(settings)
        from rag.models.openai.backend import OpenAIBackend

        return OpenAIBackend(endpoint, context_window=settings.context_window, retry=_retry(settings))
    if settings.backend == "llamacpp":
        from rag.models.llamacpp.backend import LlamaCpp
        from rag.models.llamacpp.small_model import small_model

        return LlamaCpp(
            settings.gguf or small_model(),
            base_prompt=base_prompt,
            context_window=settings.context_window,
            timeout_s=settings.timeout_s,
            threads=settings.threads,
            retry=_retry(settings),
        )
    raise SettingsError("the settings name no language model; set CITEWELL_LLM to openai or llamacpp")


def build_embedder(settings: Settings) -> Embedder:
    """Return the embedder ``settings.embedding`` names.

    Raises:
        SettingsError: the settings of this embedder do not fit together, or it is not installed.
        ModelError: the bundled model is damaged.
    """
    if settings.embedding == "openai":
        endpoint = Endpoint.for_embeddings(settings)
        from rag.models.embedders.openai import OpenAIEmbedder

        # Known lengths save asking the server before a library is opened, if only to list its papers.
        known = _DIMENSIONS.get(endpoint.model) if endpoint.base_url == OPENAI_BASE_URL else None
        return OpenAIEmbedder(endpoint, dimension=known, retry=_retry(settings))
    if settings.embedding == "fastembed":
        from rag.models.embedders.fastembed import FastEmbed

        return FastEmbed(settings.embedding_model_name, threads=settings.threads)
    from rag.models.embedders.minilm import MiniLM

    return MiniLM(settings.threads)


def _retry(settings: Settings) -> RetryPolicy:
    # A request that used up its time is not repeated: nobody waits for an answer twice as long as allowed.
    return RetryPolicy(tries=settings.retries, budget_s=settings.timeout_s)
