"""Embedder ``fastembed``: larger embedding models through the package of that name, for those who can download them.

The package is an extra. It downloads a model at its first use and runs it by onnxruntime. The text that some models
want before a question or a passage is left to its caller.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from typing import Any

import numpy as np

from rag.errors import ModelError, SettingsError
from rag.models.cache import user_cache
from rag.models.embedders.vectors import unit_vectors
from rag.models.protocols import Vectors

INSTALL = "install it with: pip install 'citewell[fastembed]'"
#: Texts of one run; fastembed pads all of them to the longest.
_TEXTS_A_RUN = 32
_SEARCHING = "Represent this sentence for searching relevant passages: "
_INSTRUCT = "Instruct: Given a web search query, retrieve relevant passages that answer the query\nQuery:"
# What to put before a question and before a passage, as the models' own pages say, by a part of the model's name.
_PREFIXES: tuple[tuple[str, str, str], ...] = (
    ("bge-small-zh", "为这个句子生成表示以用于检索相关文章：", ""),
    ("/bge-", _SEARCHING, ""),
    ("mxbai-embed", _SEARCHING, ""),
    ("arctic-embed", _SEARCHING, ""),
    ("nomic-embed", "search_query: ", "search_document: "),
    ("multilingual-e5", "query: ", "passage: "),
    ("embeddinggemma", "task: search result | query: ", "title: none | text: "),
    ("qwen3-embedding", _INSTRUCT, ""),
    ("stella-en", _INSTRUCT, ""),
)
_FAILURES = (OSError, ValueError, RuntimeError, TypeError)


class FastEmbed:
    """Unit vectors from one of fastembed's models, which is loaded, and downloaded if need be, at the first text.

    Thread-safe. Models stay in ``FASTEMBED_CACHE_PATH``, else in the user's cache directory.

    Args:
        model: a name of fastembed's list, in any case.
        threads: threads of one run; 0 takes every core.

    Raises:
        SettingsError: fastembed is not installed, or does not know the model.
    """

    def __init__(self, model: str, *, threads: int = 0) -> None:
        self._package = _fastembed()
        known = {entry["model"].lower(): entry for entry in self._package.TextEmbedding.list_supported_models()}
        if model.lower() not in known:
            raise SettingsError(
                f"CITEWELL_EMBEDDING_MODEL: fastembed does not know {model!r}; it knows {_some(known, model)}"
            )
        entry = known[model.lower()]
        self._model = str(entry["model"])
        self.dimension = int(entry["dim"])
        # Vectors with and without the prefixes do not fit together: their table is part of the name.
        self.name = f"fastembed:{self._model}@1"
        self._threads = threads or None
        prefixes = next(((q, p) for part, q, p in _PREFIXES if part in self._model.lower()), ("", ""))
        self._before_query, self._before_passage = prefixes
        self._loading = threading.Lock()
        self._loaded: Any = None

    def embed_texts(self, texts: Sequence[str]) -> Vectors:
        """Embed passages; return vectors in the order given. Texts of similar length run together, longest first.

        Raises:
            ModelError: the model cannot be loaded or downloaded, or failed.
        """
        if not texts:
            return np.empty((0, self.dimension), dtype=np.float32)
        rows = sorted(range(len(texts)), key=lambda row: -len(texts[row]))
        model, ordered = self._load(), [_whole(self._before_passage + texts[row]) for row in rows]
        vectors = np.empty((len(texts), self.dimension), dtype=np.float32)
        vectors[rows] = self._checked(lambda: model.passage_embed(ordered, batch_size=_TEXTS_A_RUN), len(texts))
        return vectors

    def embed_query(self, text: str) -> Vectors:
        """Embed a question; return shape ``(dimension,)``. Raises as :meth:`embed_texts` does."""
        model = self._load()
        vector: Vectors = self._checked(lambda: model.query_embed(_whole(self._before_query + text)), 1)[0]
        return vector

    def _checked(self, embed: Any, count: int) -> Vectors:
        try:
            vectors = unit_vectors(list(embed()))
        except _FAILURES as error:
            raise ModelError(
                f"embedding model {self._model!r} failed ({error}); take another or run with --debug"
            ) from error
        due = (count, self.dimension)
        if vectors.shape != due:
            raise ModelError(
                f"embedding model {self._model!r} gave vectors of shape {vectors.shape}, not {due}; take another"
            )
        return vectors

    def _load(self) -> Any:
        with self._loading:
            if self._loaded is None:
                self._loaded = self._stored() or self._downloaded()
            return self._loaded

    def _stored(self) -> Any:
        """Load the model from files that are here already; return ``None`` if they are not."""
        try:
            return self._made(local_files_only=True)
        except _FAILURES:
            return None

    def _downloaded(self) -> Any:
        try:
            return self._made()
        except _FAILURES as error:
            raise ModelError(
                f"the embedding model {self._model!r} is not here and cannot be downloaded; connect to the network and "
                "run: citewell doctor (or point FASTEMBED_CACHE_PATH to a folder that holds it, or set "
                "CITEWELL_EMBEDDING=minilm)"
            ) from error

    def _made(self, **arguments: Any) -> Any:
        cache = os.environ.get("FASTEMBED_CACHE_PATH") or str(user_cache() / "fastembed")
        with _quiet():
            return self._package.TextEmbedding(self._model, cache_dir=cache, threads=self._threads, **arguments)


def _fastembed() -> Any:
    try:
        return import_module("fastembed")
    except ImportError as error:
        raise SettingsError(f"CITEWELL_EMBEDDING=fastembed needs the package fastembed; {INSTALL}") from error


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep fastembed's own log of each failed try off the terminal; we report the result in one line."""
    try:
        logger: Any = import_module("loguru").logger
    except ImportError:
        yield
        return
    logger.disable("fastembed")
    try:
        yield
    finally:
        logger.enable("fastembed")


def _some(known: dict[str, Any], model: str) -> str:
    """List a few known names, those that resemble the given one first."""
    wanted = set(model.lower().replace("/", "-").split("-"))
    names = sorted(known, key=lambda name: (-len(wanted & set(name.replace("/", "-").split("-"))), name))
    return ", ".join(str(known[name]["model"]) for name in names[:4]) + " and others"


def _whole(text: str) -> str:
    """Make a text acceptable to a tokenizer: half a surrogate pair becomes ``?``."""
    return text.encode("utf-8", "replace").decode("utf-8")
