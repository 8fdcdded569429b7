"""Facts about a model, read from the header of its GGUF file without loading the weights.

The format is that of the GGUF specification in the ggml project, versions 2 and 3: a magic word, counts, then key-value
pairs of which each is a string, a type and a value of that type; little-endian throughout.
"""

from __future__ import annotations

import mmap
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from rag.errors import ModelError

Value: TypeAlias = int | float | bool | str

_SCALARS = {0: "<B", 1: "<b", 2: "<H", 3: "<h", 4: "<I", 5: "<i", 6: "<f", 7: "<?", 10: "<Q", 11: "<q", 12: "<d"}
_STRING, _ARRAY = 8, 9
#: No model has near as many; a damaged count would otherwise be followed to the end of a file of gigabytes.
_MOST_KEYS = 10_000


@dataclass(frozen=True, slots=True)
class GgufFacts:
    """Facts about a model.

    ``name`` is the file's if the header gives none; ``context_length`` is what the model was trained for, in tokens. A
    model without a chat template is a base model, which continues text.
    """

    name: str
    context_length: int | None
    has_chat_template: bool


def read_facts(path: Path) -> GgufFacts:
    """Read the header of a GGUF file.

    Raises:
        ModelError: the file cannot be read or is not a GGUF file.
    """
    try:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            values = _Header(data).values()
    except OSError as error:
        raise ModelError(f"{path}: {error.strerror or 'cannot be read'}; set CITEWELL_GGUF to a GGUF file") from error
    except (ValueError, struct.error) as error:
        # An empty file cannot be mapped, which is a ValueError as well.
        raise ModelError(f"{path} is not a whole GGUF file; set CITEWELL_GGUF to one") from error
    architecture = values.get("general.architecture", "")
    context = values.get(f"{architecture}.context_length")
    return GgufFacts(
        name=str(values.get("general.name") or path.stem),
        context_length=context if isinstance(context, int) and context > 0 else None,
        has_chat_template=bool(values.get("tokenizer.chat_template")),
    )


class _Header:
    """Reads a header once, from front to back."""

    def __init__(self, data: mmap.mmap) -> None:
        self._data = data
        self._at = 0

    def values(self) -> dict[str, Value]:
        """Return all values but arrays, by key."""
        if self._data[:4] != b"GGUF":
            raise ValueError("no magic word")
        self._at = 4
        version, _, count = self._number("<I"), self._number("<Q"), self._number("<Q")
        if version not in (2, 3) or count > _MOST_KEYS:
            raise ValueError("no such version")
        found: dict[str, Value] = {}
        for _ in range(int(count)):
            key, kind = self._string(), int(self._number("<I"))
            if kind == _ARRAY:
                self._skip_array()
            else:
                found[key] = self._string() if kind == _STRING else self._scalar(kind)
        return found

    def _scalar(self, kind: int) -> Value:
        return self._number(_format(kind))

    def _number(self, layout: str) -> int | float | bool:
        (value,) = struct.unpack_from(layout, self._data, self._at)
        self._at += struct.calcsize(layout)
        number: int | float | bool = value
        return number

    def _string(self) -> str:
        start = self._skip_string()
        return self._data[start : self._at].decode("utf-8", "replace")

    def _skip_string(self) -> int:
        """Move behind a string and return where its characters begin."""
        length = int(self._number("<Q"))
        start = self._at
        self._forward(length)
        return start

    def _skip_array(self) -> None:
        kind, count = int(self._number("<I")), int(self._number("<Q"))
        if kind == _STRING:
            for _ in range(count):
                self._skip_string()
        else:
            self._forward(count * struct.calcsize(_format(kind)))

    def _forward(self, length: int) -> None:
        if length > len(self._data) - self._at:
            raise ValueError("ends within a value")
        self._at += length


def _format(kind: int) -> str:
    if kind not in _SCALARS:
        raise ValueError("no such type")
    return _SCALARS[kind]
