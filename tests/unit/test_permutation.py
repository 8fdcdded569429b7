"""What models write when asked for an order is read as one, or told to be none."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.answering.assist.permutation import read_order

ALL = (2, 0, 1)


@pytest.mark.parametrize(
    "reply",
    [
        "[3] > [1] > [2]",
        "3,1,2",
        "3\n1\n2",
        "(3) → (1) → (2)",
        "【3】>【1】>【2】",
        "**3** > **1** > **2**",
        '{"ranking": [3, 1, 2]}',
        '{"order": [{"number": 3, "why": "it says 76"}, {"number": 1}, {"number": 2}]}',
        '["[3]", "Paper 1", "2"]',
        "```json\n[3, 1, 2]\n```",
        "1. [3] Some title\n2. [1] Another of 4\n3. [2] A third",
        "- [3]: states it\n- [1]: is about it\n- [2]: is not",
        "Paper 3, Paper 1, Paper 2",
        "Sure! The order is:\n[3] > [1] > [2]\nI hope this helps with the 3 papers of 2019.",
        "I'd put [3] first, then [1] and finally [2].",
        "First thought: [1] > [2] > [3]. But [3] states it, so: [3] > [1] > [2]",
    ],
)
def test_an_order_is_read_in_whatever_form(reply: str) -> None:
    assert read_order(reply, 3) == ALL


@pytest.mark.parametrize("reply", ["[3]", "3", "[3] > [9] > [3] > [0]", "[3] > [1", "[3, 1]", "[3] > [1] > [3] > [1]"])
def test_papers_that_are_missing_follow_in_their_order_and_others_are_passed_over(reply: str) -> None:
    assert read_order(reply, 3) == ALL


@pytest.mark.parametrize(
    "reply",
    [
        "",
        "I cannot rank these papers.",
        "NOT_STATED",
        "A nap raised attention but not recall. [2]",
        "Children slept longer [1]. A nap raised attention [2].",
        "The answer is 3 of 20, from 2019.",
        '{"3": 0.9, "1": 0.5}',
        "[17] > [18]",
        "[" * 5_000 + "]" * 5_000,
    ],
)
def test_a_reply_without_an_order_is_none(reply: str) -> None:
    assert read_order(reply, 3) is None


@given(st.text(alphabet='[]()>,.0123456789 \n{}":apersoucJSON', max_size=300), st.integers(2, 30))
def test_any_reply_gives_a_permutation_or_nothing(reply: str, count: int) -> None:
    order = read_order(reply, count)
    assert order is None or sorted(order) == list(range(count))


@given(
    st.permutations(range(20)), st.sampled_from([" > ", ", ", "\n", " >> ", "; ", " "]), st.sampled_from(["[%d]", "%d"])
)
def test_every_order_is_read_back(order: list[int], sign: str, form: str) -> None:
    assert read_order(sign.join(form % (at + 1) for at in order), 20) == tuple(order)


@pytest.mark.parametrize("piece", ["[1 ", "(((", "1,", "source ", "[1] and ", '{"a":[', "1.[", "- [1]:"])
def test_hostile_repetition_costs_no_more_than_its_length(piece: str) -> None:
    start = time.process_time()
    read_order(piece * 50_000, 20)
    assert time.process_time() - start < 1.0
