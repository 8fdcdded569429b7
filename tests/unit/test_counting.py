"""Counts agree with their nouns."""

from __future__ import annotations

import pytest

from rag.language.counting import counted


@pytest.mark.parametrize(("count", "words"), [(0, "0 papers"), (1, "1 paper"), (2, "2 papers"), (1234, "1234 papers")])
def test_a_noun_agrees_with_its_count(count: int, words: str) -> None:
    assert counted(count, "paper") == words


def test_a_verb_can_agree_with_the_count_too() -> None:
    assert counted(1, "paper was", "papers were") == "1 paper was"
    assert counted(3, "paper was", "papers were") == "3 papers were"
