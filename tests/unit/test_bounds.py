"""Bounds of figures, and comparisons that were turned round."""

from __future__ import annotations

import pytest

from rag.answering.checking.rules.bounds import bound_of, reversed_bounds
from rag.answering.checking.rules.comparisons import reversed_comparisons
from rag.answering.checking.rules.figures import figures


@pytest.mark.parametrize(
    ("text", "bound"),
    [
        ("at least 50%", "lower"),
        ("no less than 50%", "lower"),
        ("more than 50%", "lower"),
        ("upwards of 90x", "lower"),
        ("> 5%", "lower"),
        ("50 or more", "lower"),
        ("up to 50%", "upper"),
        ("no more than 50%", "upper"),
        ("less than a 2%", "upper"),
        ("<1%", "upper"),
        ("as much as 50%", "upper"),
        ("50 or fewer", "upper"),
        ("exactly 50%", "exact"),
        ("about 50%", "none"),
        ("with 50%", "none"),
    ],
)
def test_a_bound_is_read_from_the_words_around_its_figure(text: str, bound: str) -> None:
    (figure,) = figures(text)
    assert bound_of(text, figure) == bound


@pytest.mark.parametrize(
    ("said", "stated", "turned"),
    [
        ("saves at least 50%", "saves up to 50%", True),
        ("saves less than 20%", "saves over 20%", True),
        ("saves exactly 25%", "saves about 25%", True),
        ("saves exactly 25%", "saves up to 25%", True),
        ("saves more than 20%", "saves over 20%", False),
        ("saves over 20%", "saves 20%", False),
        ("saves 50%", "saves up to 50%", False),
        ("saves at least 50%", "saves up to 50%; never less than 50%", False),
        ("saves at least 40%", "saves up to 50%", False),
    ],
)
def test_a_figure_bounded_the_other_way_everywhere_is_found(said: str, stated: str, turned: bool) -> None:
    assert bool(reversed_bounds(said, [stated])) is turned


STATED = ["On GLUE, ZipLM outperforms DistilGPT2 by far.", "The small model is faster than the large baseline."]


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ("DistilGPT2 outperforms ZipLM.", True),
        ("ZipLM is outperformed by DistilGPT2.", True),
        ("DistilGPT2 beats ZipLM on every task.", True),
        ("The large baseline is faster than the small model.", True),
        ("ZipLM surpasses DistilGPT2.", False),
        ("DistilGPT2 is outperformed by ZipLM.", False),
        ("The small model is faster than others.", False),
        ("The large baseline is larger than the small model.", False),
    ],
)
def test_a_comparison_told_the_other_way_round_is_found(said: str, found: bool) -> None:
    assert bool(reversed_comparisons(said, STATED)) is found
