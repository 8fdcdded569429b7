"""JSON is cut into records before it is parsed, whatever wraps them and wherever chunks end."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.readers.parsing.json_cut import Cutter
from rag.readers.parsing.json_records import Broken, json_values
from rag.readers.source import Source

ATOMS = st.none() | st.booleans() | st.integers() | st.text(max_size=12)
VALUES = st.recursive(
    ATOMS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
)
RECORDS = st.lists(
    st.dictionaries(st.sampled_from(["title", "abstract", "data", "x"]), VALUES, min_size=1, max_size=4), max_size=6
)


def chunked(text: str, size: int) -> list[str]:
    return [text[at : at + size] for at in range(0, len(text), size)]


def values(text: str) -> list[Any]:
    found = json_values(Source.of_bytes("x.json", text.encode()))
    return ["broken" if isinstance(value, Broken) else value for _, value in found]


@given(
    RECORDS,
    st.integers(1, 40),
    st.sampled_from([None, 2]),
    st.sampled_from(["{}", '{{"meta": {{"a": [1]}}, "results": {}, "b": [{{}}]}}']),
)
def test_records_come_out_whole_however_they_are_wrapped(
    records: list[dict[str, Any]], size: int, indent: int | None, wrapping: str
) -> None:
    text = wrapping.format(json.dumps(records, indent=indent))
    assert [json.loads(one) for one in Cutter().cut(chunked(text, size))] == records


@given(st.text(alphabet=st.sampled_from(list('{}[]",:\\ \nanul1')), max_size=200), st.integers(1, 9))
def test_cutting_gives_the_same_on_every_chunking(text: str, size: int) -> None:
    assert list(Cutter().cut(chunked(text, size))) == list(Cutter().cut([text]))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('[{"title": 1}, {"title": 2}, {"title": 3}]', [{"title": 1}, {"title": 2}, {"title": 3}]),
        ('[{"title": 1}, null, {"title": 3}]', [{"title": 1}, None, {"title": 3}]),
        ('{"data": [{"title": 1}]}', [{"title": 1}]),
        ('{"message": {"title": 1}}', [{"title": 1}]),
        ('{"message": {"n": 2, "items": [{"title": 1}, {"title": 2}]}}', [{"title": 1}, {"title": 2}]),
        ('{\n"title": 1,\n"data": [{"a": 2}]\n}', [{"title": 1, "data": [{"a": 2}]}]),
        ('{"title": 1}\n{"title": 2\n{"title": 3}', [{"title": 1}, "broken", {"title": 3}]),
        ('[{"title": 1}, {"title": 2, {"title": 3}, {"x": 4}]', [{"title": 1}, "broken", {"title": 3}]),
        ('[\n{"title": 1},\n{"title": "b, "x": 2},\n{"title": 3}\n]', [{"title": 1}, "broken", {"title": 3}]),
        ('[{"title": 1}, {"title": 2', [{"title": 1}, "broken"]),
        ("[]", []),
        ('{"results": []}', []),
    ],
)  # fmt: skip
def test_what_is_broken_costs_only_itself(text: str, expected: list[Any]) -> None:
    assert values(text) == expected


@pytest.mark.parametrize("text", ["[" * 50_000, '{"a":' * 25_000, '[{"a": "' * 12_000, '"' * 90_000, "[{" * 30_000])
def test_deep_nesting_is_skipped_and_not_a_crash(text: str) -> None:
    assert all(value == "broken" or isinstance(value, (dict, list, str)) for value in values(text))
