"""Figures: what counts as one, and which say the same."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.answering.checking.rules.figures import Figure, FigureIndex, figures, missing_figures, same_figure


def test_points_stand_where_the_shares_they_lie_between_do() -> None:
    index = FigureIndex(["It gains +2.3% on SQuAD (90.7% vs. 88.4%)."])
    assert not missing_figures("It gains 2.3 points.", [index])
    assert missing_figures("It gains 90.7 points.", [index])
    assert missing_figures("It gains 2.3%.", [FigureIndex(["It gains 2.3 points."])])


def only(text: str) -> Figure:
    (figure,) = figures(text)
    return figure


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("3.3x", "3.3 times"),
        ("3.3x", "3.3times"),
        ("3.3x", "3.3-fold"),
        ("3.3x", "3.3×"),
        ("10x", "tenfold"),
        ("10 times", "ten times"),
        ("2x", "twice"),
        ("1,024", "1024"),
        ("51.6 %", "51.6%"),
        ("51.6%", "51.6 percent"),
        ("51.6%", "51.6 per cent"),
        ("4:52%", "4.52%"),
        ("50%", "half"),
        ("75%", "three quarters"),
        ("330M", "330 million"),
        ("1.04B", "1.04 billion"),
        ("128k", "128,000"),
        ("8.3 billion", "8.3B"),
        ("nine", "9"),
        ("twenty-five", "25"),
        ("two hundred", "200"),
        ("64GB", "64 GB"),
        ("100ms", "100 ms"),
        ("76 minutes", "76 min"),
        ("8-card", "8 cards"),
        ("January 6, 2021", "6 January 2021"),
        ("January 6, 2021", "2021-01-06"),
        ("Jan 2021", "January 6, 2021"),
        ("two orders of magnitude", "100x"),
        ("two orders-of-magnitude", "2 orders of magnitude"),
        ("+0.9%", "0.9%"),
        ("~50%", "50%"),
        ("78.17%", "78.17"),
        ("2.7 points", "2.7 percentage points"),
        ("10degree", "10 degrees"),
    ],
)
def test_figures_written_in_two_ways_say_the_same(one: str, other: str) -> None:
    assert same_figure(only(one), only(other))
    assert same_figure(only(other), only(one))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("3.3x", "3.4x"),
        ("42%", "42"),
        ("2.7 points", "2.7%"),
        ("2.7 percentage points", "2.7%"),
        ("10 degrees", "10 minutes"),
        ("10x", "10"),
        ("330M", "330B"),
        ("100 ms", "100 s"),
        ("two orders of magnitude", "2x"),
        ("January 6, 2021", "February 6, 2021"),
        ("51.6%", "516%"),
        ("1,024", "1.024"),
    ],
)
def test_figures_that_differ_do_not(one: str, other: str) -> None:
    assert not same_figure(only(one), only(other))


@pytest.mark.parametrize(
    "text",
    [
        *("GPT-2 and T5", "Llama-2-7B", "BERT-base", "SuperGLUE", "i2b2-2009", "WikiText103", "SQuAD v2.0", "RTX4090"),
        *("Qwen2.5-7B", "MRR@10", "hit@5", "a 3D model", "the 2nd", "F1", "https://a.example/10/20", "www.a.example/7"),
        "we propose (1) a method, (2) a dataset and (iii) a test",
    ],
)
def test_digits_that_belong_to_a_name_or_an_enumeration_are_no_figures(text: str) -> None:
    assert figures(text) == []


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("95M to 330M", [95_000_000, 330_000_000]),
        ("95-330M", [95_000_000, 330_000_000]),
        ("10 to 20%", [10, 20]),
        ("0.770-0.876", [0.770, 0.876]),
        ("(90.2% vs. 91.1%)", [90.2, 91.1]),
        ("15.75% and 18.68%", [15.75, 18.68]),
        ("1e-4", [0.0001]),
    ],
)
def test_ranges_and_pairs_give_both_figures(text: str, values: list[float]) -> None:
    assert [float(figure.value) for figure in figures(text)] == pytest.approx(values)


def test_the_lower_end_of_a_range_has_the_kind_of_the_upper() -> None:
    assert [figure.kind for figure in figures("10 to 20%, 2-3x, between 3 and 4 times")] == [
        *("percent", "percent", "times", "times", "times", "times")
    ]


@pytest.mark.parametrize("text", ["one of them", "the two models", "two papers", "these three"])
def test_counting_words_that_claim_nothing_are_loose(text: str) -> None:
    assert all(figure.loose for figure in figures(text))


def test_missing_figures_are_those_that_no_source_has() -> None:
    sources = [
        FigureIndex(["A title of 2021", "It is 3.3times faster on GPT-4."]),
        FigureIndex(["", "It has 1,024 units."]),
    ]
    lost = missing_figures("In 2021 it was 3.3x faster than GPT 4, had 1024 units and 51.6% accuracy.", sources)
    assert [figure.text for figure in lost] == ["51.6%"]


@given(st.text(alphabet="0123456789.,%x× -–MBkGandtofive()½e+:/", max_size=60))
def test_a_figure_is_where_it_says_and_equals_itself(text: str) -> None:
    for figure in figures(text):
        assert text[figure.start : figure.end] == figure.text
        assert same_figure(figure, figure)


@pytest.mark.parametrize("unit", ["1,", "one ", "1-", "a-", "two hundred ", "1.", "january 1 ", "a order of ", "((1"])
def test_hostile_repetition_costs_linear_time(unit: str) -> None:
    start = time.process_time()
    figures(unit * (30_000 // len(unit)))
    assert time.process_time() - start < 3
