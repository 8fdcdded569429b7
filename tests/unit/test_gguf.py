"""What the header of a GGUF file says, and what is said of a file that is none."""

from __future__ import annotations

import struct
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.errors import ModelError
from rag.models.llamacpp.gguf import GgufFacts, read_facts

Value = tuple[int, bytes]


def string(text: str) -> bytes:
    data = text.encode()
    return struct.pack("<Q", len(data)) + data


def text(value: str) -> Value:
    return 8, string(value)


def number(value: int) -> Value:
    return 4, struct.pack("<I", value)


def strings(values: list[str]) -> Value:
    return 9, struct.pack("<IQ", 8, len(values)) + b"".join(string(value) for value in values)


def floats(values: list[float]) -> Value:
    return 9, struct.pack("<IQ", 6, len(values)) + struct.pack(f"<{len(values)}f", *values)


def header(values: dict[str, Value], *, version: int = 3, count: int | None = None) -> bytes:
    pairs = b"".join(string(key) + struct.pack("<I", kind) + data for key, (kind, data) in values.items())
    return b"GGUF" + struct.pack("<IQQ", version, 7, len(values) if count is None else count) + pairs


CHAT = {
    "general.architecture": text("tiny"),
    "general.name": text("Tiny Chat"),
    "tokenizer.ggml.tokens": strings(["a", "", "ä"]),
    "tokenizer.ggml.scores": floats([0.5, 1.5]),
    "tiny.context_length": number(2_048),
    "tokenizer.chat_template": text("{{ messages }}"),
}


def facts(data: bytes) -> GgufFacts:
    path = Path("model-name.gguf")
    path.write_bytes(data)
    return read_facts(path)


@pytest.mark.parametrize("version", [2, 3])
def test_a_model_with_a_chat_template_is_told_as_such(version: int) -> None:
    assert facts(header(CHAT, version=version) + b"weights") == GgufFacts("Tiny Chat", 2_048, has_chat_template=True)


def test_a_model_without_one_is_a_base_model() -> None:
    values = {key: value for key, value in CHAT.items() if key != "tokenizer.chat_template"}
    assert not facts(header(values)).has_chat_template


def test_a_model_that_says_nothing_is_named_by_its_file() -> None:
    assert facts(header({})) == GgufFacts("model-name", None, has_chat_template=False)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"GGUF",
        b"PK\x03\x04 a zip archive",
        header(CHAT, version=1),
        header(CHAT, count=2**63),
        header(CHAT, count=7),
        header(CHAT)[:-3],
        header({"x": (8, struct.pack("<Q", 2**62))}),
        header({"x": (9, struct.pack("<IQ", 6, 2**62))}),
        header({"x": (9, struct.pack("<IQ", 8, 2**62))}),
        header({"x": (99, b"")}),
        header({"x": (9, struct.pack("<IQ", 9, 1))}),
    ],
)
def test_anything_else_is_refused_in_one_sentence(data: bytes) -> None:
    with pytest.raises(ModelError, match=r"model-name\.gguf is not a whole GGUF file; set CITEWELL_GGUF"):
        facts(data)


def test_a_missing_file_is_told_as_such() -> None:
    with pytest.raises(ModelError, match=r"^no-such\.gguf: No such file or directory; set CITEWELL_GGUF"):
        read_facts(Path("no-such.gguf"))


@given(st.integers(0, len(header(CHAT)) - 1), st.binary(min_size=1, max_size=8))
def test_no_damage_breaks_the_reading(tmp_path_factory: pytest.TempPathFactory, at: int, damage: bytes) -> None:
    whole = header(CHAT)
    path = tmp_path_factory.getbasetemp() / "damaged.gguf"
    path.write_bytes(whole[:at] + damage + whole[at + len(damage) :])
    # A damaged name is a name all the same; only a ModelError may say otherwise.
    with suppress(ModelError):
        assert read_facts(path).name
