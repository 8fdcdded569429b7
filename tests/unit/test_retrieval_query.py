"""What a query says outright."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.paper import title_key
from rag.retrieval.query import MAX_CHARACTERS, clean, identifier_keys, title_keys


@pytest.mark.parametrize(
    ("query", "keys"),
    [
        ("what does 2404.07999v2 say?", ["arxiv:2404.07999"]),
        ("https://arxiv.org/abs/1810.04805", ["arxiv:1810.04805"]),
        ("compare hep-th/9901001 and arXiv:1706.03762", ["arxiv:hep-th/9901001", "arxiv:1706.03762"]),
        ("see https://doi.org/10.1145/3397271.3401075.", ["doi:10.1145/3397271.3401075"]),
        ("PMID: 123456 and pmid 99", ["pmid:123456", "pmid:99"]),
        ("what is attention?", []),
    ],
)
def test_identifiers_become_the_keys_of_the_manifest(query: str, keys: list[str]) -> None:
    assert identifier_keys(query) == keys


def test_a_title_within_a_question_is_among_the_keys() -> None:
    keys = title_keys("what does Attention Is All You Need say about recurrence?")
    assert title_key("Attention is all you need") in keys


def test_a_short_title_counts_when_quoted_or_when_it_is_the_whole_query() -> None:
    assert title_key("Deep Sets") in title_keys('who wrote "Deep Sets"?')
    assert title_key("Deep Sets") in title_keys("deep sets")
    assert title_key("Deep Sets") not in title_keys("who learns with deep sets of images?")


def test_longer_titles_are_tried_before_titles_within_them() -> None:
    keys = title_keys("a survey of large language models")
    assert keys.index(title_key("a survey of large language models")) < keys.index(title_key("large language models"))


def test_spaces_and_line_ends_become_single_spaces() -> None:
    assert clean("  two\n\twords ") == "two words"


@given(st.text(max_size=400))
def test_any_text_is_read_without_error(text: str) -> None:
    assert all(title_keys(clean(text)))
    assert identifier_keys(text) == identifier_keys(text)


@pytest.mark.parametrize("piece", ["10.1234/", "a.", "'a ", '"a', "pmid ", "a-b", "1234.5678"])
def test_hostile_repetition_costs_no_more_than_its_length(piece: str) -> None:
    query = piece * (MAX_CHARACTERS // len(piece))
    start = time.process_time()
    identifier_keys(query)
    title_keys(query)
    assert time.process_time() - start < 2.0
