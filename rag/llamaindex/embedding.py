"""Embedders: ours as a LlamaIndex ``BaseEmbedding``, and any ``BaseEmbedding`` as ours."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import numpy as np
from llama_index.core.base.embeddings.base import BaseEmbedding
from llama_index.core.bridge.pydantic import PrivateAttr

from rag.errors import ModelError
from rag.models.embedders.vectors import unit_vectors
from rag.models.protocols import Embedder, Vectors


class CitewellEmbedding(BaseEmbedding):
    """An embedder of ours wherever LlamaIndex takes an embedding model."""

    _embedder: Embedder = PrivateAttr()

    def __init__(self, embedder: Embedder, **fields: Any) -> None:
        super().__init__(**{"model_name": embedder.name, "embed_batch_size": 128, **fields})
        self._embedder = embedder

    @classmethod
    def class_name(cls) -> str:
        """The name LlamaIndex files this class under."""
        return "CitewellEmbedding"

    def _get_query_embedding(self, query: str) -> list[float]:
        return _floats(self._embedder.embed_query(query))

    def _get_text_embedding(self, text: str) -> list[float]:
        return self._get_text_embeddings([text])[0]

    def _get_text_embeddings(self, texts: list[str]) -> list[list[float]]:
        return [_floats(vector) for vector in self._embedder.embed_texts(texts)]

    async def _aget_query_embedding(self, query: str) -> list[float]:
        return await asyncio.to_thread(self._get_query_embedding, query)

    async def _aget_text_embedding(self, text: str) -> list[float]:
        return await asyncio.to_thread(self._get_text_embedding, text)

    async def _aget_text_embeddings(self, texts: list[str]) -> list[list[float]]:
        return await asyncio.to_thread(self._get_text_embeddings, texts)


class EmbedderFromLlamaIndex:
    """Any LlamaIndex embedding model as an embedder: its vectors are brought to unit length.

    Args:
        embedding: the model; how it batches and retries is its own affair.
        name: what the library records; two models of one name must give the same vectors. By default the class and
            the model's name.
        failures: exceptions of the model's own library that mean a failed request; ``OSError``, ``ValueError``,
            ``TypeError`` and ``RuntimeError`` always do.
    """

    def __init__(
        self, embedding: BaseEmbedding, *, name: str | None = None, failures: tuple[type[Exception], ...] = ()
    ) -> None:
        self.name = name or f"llamaindex:{embedding.class_name()}:{embedding.model_name}"
        self._embedding = embedding
        self._failures: tuple[type[Exception], ...] = (OSError, ValueError, TypeError, RuntimeError, *failures)
        self._dimension: int | None = None

    @property
    def dimension(self) -> int:
        """Length of every vector; found by embedding a word unless something was embedded before."""
        if self._dimension is None:
            return len(self.embed_query("dimension"))
        return self._dimension

    def embed_texts(self, texts: Sequence[str]) -> Vectors:
        """Embed texts; return vectors in the order given, shape ``(len(texts), dimension)``.

        Raises:
            ModelError: the model failed, or its result is not such vectors.
        """
        if not texts:
            return np.empty((0, self.dimension), dtype=np.float32)
        try:
            vectors = unit_vectors(self._embedding.get_text_embedding_batch(list(texts)))
        except self._failures as error:
            raise self._failed(error) from error
        return self._checked(vectors, len(texts))

    def embed_query(self, text: str) -> Vectors:
        """Embed a question; return shape ``(dimension,)``. Raises as :meth:`embed_texts` does."""
        try:
            vectors = unit_vectors([self._embedding.get_query_embedding(text)])
        except self._failures as error:
            raise self._failed(error) from error
        vector: Vectors = self._checked(vectors, 1)[0]
        return vector

    def _checked(self, vectors: Vectors, count: int) -> Vectors:
        self._dimension = self._dimension or vectors.shape[1]
        if vectors.shape != (count, self._dimension):
            raise ModelError(
                f"embedding model {self.name!r} gave vectors of shape {vectors.shape} where {(count, self._dimension)} "
                "was due; take another model"
            )
        return vectors

    def _failed(self, error: Exception) -> ModelError:
        # What a foreign library says may quote a key; its class is enough to look further.
        return ModelError(
            f"embedding model {self.name!r} failed with {type(error).__name__}; look at it with --debug or take another"
        )


def _floats(vector: Vectors) -> list[float]:
    found: list[float] = vector.tolist()
    return found
