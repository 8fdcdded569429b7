"""Token counts without ever fetching a table: exact for OpenAI's models, estimated for all others."""

from __future__ import annotations

import hashlib
import importlib.util
import math
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import tiktoken

# File name (sha1 of the address tiktoken would fetch it from) and sha256 of each table, as tiktoken itself checks them.
_TABLES = {
    "cl100k_base": (
        "9b5ad71b2ce5302211f9c61530b329a4922fc6a4",
        "223921b76ee99bde995b7ff738513eef100fb51d18c93597a113bcffe865b2a7",
    ),
    "o200k_base": (
        "fb374d419588a4632f3f557e76b4b70aebbca790",
        "446a9538cb6c348e3516120d7c08b09f57c36495e2acfffe59a5bf8b0cfb1a2d",
    ),
}
_O200K_MODELS = ("gpt-4o", "gpt-4.1", "gpt-4.5", "gpt-5", "chatgpt-4o", "o1", "o3", "o4")
_CL100K_MODELS = ("gpt-4", "gpt-3.5")
#: Vocabularies of 32,000 entries need up to a fifth more tokens for English than cl100k_base; the rest is margin.
OTHER_TOKENIZER_MARGIN = 1.3
#: Characters outside ASCII may fall back to bytes in a small vocabulary.
_BYTE_FALLBACK = 1.5
_LOAD = threading.Lock()


class TokenCounter(Protocol):
    """Counts the tokens of a text, never fewer than it takes."""

    def count(self, text: str) -> int:
        """Return the tokens of ``text``."""


class TiktokenCounter:
    """Exact for the models that use ``encoding``; ``margin`` widens it for others."""

    def __init__(self, encoding: tiktoken.Encoding, *, margin: float = 1.0) -> None:
        self._encoding = encoding
        self._margin = margin

    def count(self, text: str) -> int:
        """Return the tokens of ``text``; control words in it count as the plain text they are."""
        tokens = len(self._encoding.encode(text, disallowed_special=()))
        if self._margin == 1.0:
            return tokens
        foreign = sum(not c.isascii() for c in text)
        return math.ceil(tokens * self._margin + foreign * _BYTE_FALLBACK)


class ByteCounter:
    """An upper estimate without any table: three bytes a token, which no tokenizer of prose comes near."""

    def count(self, text: str) -> int:
        """Return an upper estimate of the tokens of ``text``."""
        return math.ceil(len(text.encode("utf-8", "replace")) / 3)


@lru_cache(maxsize=8)
def counter_for(model: str | None) -> TokenCounter:
    """Return the counter for a model's name: exact if its tokenizer is known, else cl100k_base with a margin; without
    a model, cl100k_base itself."""
    name = (model or _CL100K_MODELS[0]).rsplit("/", 1)[-1].lower()
    if name.startswith(_O200K_MODELS):
        table, margin = "o200k_base", 1.0
    elif name.startswith(_CL100K_MODELS):
        table, margin = "cl100k_base", 1.0
    else:
        table, margin = "cl100k_base", OTHER_TOKENIZER_MARGIN
    encoding = _encoding(table)
    return ByteCounter() if encoding is None else TiktokenCounter(encoding, margin=margin)


def _encoding(name: str) -> tiktoken.Encoding | None:
    """Load a tiktoken encoding from the tables that llama-index-core ships; return ``None`` if there are none."""
    folder = _tables()
    if folder is None or not _intact(folder, name):
        return None
    import tiktoken

    with _LOAD, _cache_dir(folder):
        return tiktoken.get_encoding(name)


def _tables() -> Path | None:
    """Find the folder with the tables without importing llama_index, which takes seconds."""
    spec = importlib.util.find_spec("llama_index")
    for place in spec.submodule_search_locations or () if spec else ():
        folder = Path(place) / "core" / "_static" / "tiktoken_cache"
        if folder.is_dir():
            return folder
    return None


def _intact(folder: Path, name: str) -> bool:
    """Return whether the table is the one tiktoken expects; any other it would delete and fetch anew."""
    file, digest = _TABLES[name]
    path = folder / file
    return path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == digest


@contextmanager
def _cache_dir(folder: Path) -> Iterator[None]:
    """Point tiktoken at ``folder`` while it loads; it reads the place from the environment and nowhere else."""
    before = os.environ.get("TIKTOKEN_CACHE_DIR")
    os.environ["TIKTOKEN_CACHE_DIR"] = str(folder)
    try:
        yield
    finally:
        if before is None:
            del os.environ["TIKTOKEN_CACHE_DIR"]
        else:
            os.environ["TIKTOKEN_CACHE_DIR"] = before
