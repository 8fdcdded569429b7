"""Embedder ``openai``: vectors from any server that speaks the OpenAI embeddings protocol."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any

import numpy as np
import openai

from rag.errors import ModelError
from rag.models.embedders.vectors import unit_vectors
from rag.models.openai.endpoint import Endpoint
from rag.models.openai.failures import FAILURES, WebPageError, error_text, explain, wait_asked
from rag.models.openai.retry import RetryPolicy
from rag.models.protocols import Vectors

#: A token is at least one byte, so these bounds in UTF-8 bytes keep every request within OpenAI's limits of 8,191
#: tokens a text and 300,000 a request without knowing the model's tokenizer. A passage has about 900.
MAX_TEXT_BYTES = 8_000
MAX_BATCH_BYTES = 250_000
MAX_BATCH_TEXTS = 128


class OpenAIEmbedder:
    """Unit vectors from one model of one server. Thread-safe.

    A text beyond ``MAX_TEXT_BYTES`` is cut there. A server that refuses a batch as too large gets it in halves.

    Args:
        endpoint: the server, the model and the key.
        dimension: length of the vectors; without it, the first use asks the server.
        retry: when to try again.
    """

    def __init__(self, endpoint: Endpoint, *, dimension: int | None = None, retry: RetryPolicy | None = None) -> None:
        self.name = f"openai:{endpoint.model}"
        self._endpoint = endpoint
        self._dimension = dimension
        self._retry = retry or RetryPolicy()

    @property
    def dimension(self) -> int:
        """Length of every vector.

        Raises:
            ModelError: the server had to be asked for it and failed.
        """
        if self._dimension is None:
            self.embed_query("dimension")
        assert self._dimension is not None  # noqa: S101 - embedding learns it or raises
        return self._dimension

    def embed_texts(self, texts: Sequence[str]) -> Vectors:
        """Embed texts; return vectors in the order given, shape ``(len(texts), dimension)``.

        Raises:
            ModelError: the server failed, for good or after retries, or its reply is not such vectors.
        """
        parts = [self._embed(batch) for batch in _batches([_bounded(text) for text in texts])]
        return np.concatenate(parts) if parts else np.empty((0, self.dimension), dtype=np.float32)

    def embed_query(self, text: str) -> Vectors:
        """Embed one text; return shape ``(dimension,)``. Raises as :meth:`embed_texts` does."""
        vector: Vectors = self._embed([_bounded(text)])[0]
        return vector

    def _embed(self, batch: list[str]) -> Vectors:
        attempts = self._retry.start()
        while True:
            try:
                return self._checked(self._request(batch), len(batch))
            except FAILURES as error:
                if len(batch) > 1 and _batch_too_large(error):
                    middle = len(batch) // 2
                    return np.concatenate([self._embed(batch[:middle]), self._embed(batch[middle:])])
                failure = explain(error, self._endpoint)
                wait = attempts.next_wait(wait_asked(error)) if failure.retryable else None
                if wait is None:
                    raise failure from error
            self._retry.sleep(wait)

    def _request(self, batch: list[str]) -> Any:
        # Floats in plain JSON: base64, the client's default, is not understood by every compatible server.
        answer: Any = self._client.embeddings.create(model=self._endpoint.model, input=batch, encoding_format="float")
        if isinstance(answer, str):
            # What the client hands back for a body that is not declared as JSON.
            raise WebPageError if answer.lstrip().startswith("<") else ValueError("not JSON")
        return answer.data

    def _checked(self, data: Any, count: int) -> Vectors:
        """Return the unit vectors of a response, in the order of the request.

        Raises:
            ValueError, TypeError, AttributeError: the server did not send one vector for each text.
            ModelError: the vectors are not as long as those before.
        """
        rows = sorted(data, key=lambda entry: entry.index)
        if [row.index for row in rows] != list(range(count)):
            raise ValueError("not one vector a text")
        vectors = unit_vectors([row.embedding for row in rows])
        if self._dimension is None:
            self._dimension = vectors.shape[1]
        if vectors.shape[1] != self._dimension:
            raise ModelError(
                f"model {self._endpoint.model!r} now gives vectors of length {vectors.shape[1]} instead of "
                f"{self._dimension}; check {self._endpoint.model_setting}, then run: citewell rebuild"
            )
        return vectors

    @cached_property
    def _client(self) -> openai.OpenAI:
        # The client closes its connections when it is dropped.
        return openai.OpenAI(
            api_key=self._endpoint.key,
            base_url=self._endpoint.base_url,
            timeout=self._endpoint.timeout_s,
            max_retries=0,
        )


def _bounded(text: str) -> str:
    """Make a text acceptable to a server: not empty, without halves of surrogate pairs, and within the bound."""
    data = text.encode("utf-8", "replace")
    return data[:MAX_TEXT_BYTES].decode("utf-8", "ignore") if data.strip() else "."


def _batches(texts: Sequence[str]) -> Iterator[list[str]]:
    batch: list[str] = []
    size = 0
    for text in texts:
        length = len(text.encode())
        if batch and (len(batch) >= MAX_BATCH_TEXTS or size + length > MAX_BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(text)
        size += length
    if batch:
        yield batch


def _batch_too_large(error: Exception) -> bool:
    if not isinstance(error, openai.APIStatusError):
        return False
    return error.status_code == 413 or (error.status_code in (400, 422) and "batch" in error_text(error).lower())
