"""Builds the backend and the embedder that the settings name. Imports each late: some take seconds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rag.models.openai.endpoint import OPENAI_BASE_URL, Endpoint
from rag.models.openai.retry import RetryPolicy

if TYPE_CHECKING:
    from rag.models.protocols import Backend, Embedder
    from rag.settings import Settings

_DIMENSIONS = {"text-embedding-3-small": 1536, "text-embedding-3-large": 3072, "text-embedding-ada-002": 1536}


def build_backend(settings: Settings) -> Backend:
    """The backend ``settings.backend`` names, with ``auto`` resolved; never another one in its place.

    Raises:
        SettingsError: the settings of this backend do not fit together, or it is not installed.
        ModelError: the file of the model is none.
    """
    if settings.backend == "openai":
        endpoint = Endpoint.for_answers(settings)
        from rag.models.openai.backend import OpenAIBackend

        return OpenAIBackend(endpoint, context_window=settings.context_window, retry=_retry(settings))
    if settings.backend == "llamacpp":
        from rag.answering.prompt.base_model import base_prompt
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
    from rag.extractive import Extractive

    return Extractive()


def build_embedder(settings: Settings) -> Embedder:
    """The embedder ``settings.embedding`` names.

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
