"""The thinking before an answer is dropped however the reply is cut into pieces."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.models.openai.thinking import ThinkingFilter


def filtered(pieces: list[str]) -> str:
    thinking = ThinkingFilter()
    return "".join(thinking.feed(piece) for piece in pieces) + thinking.end()


CASES = {
    "": "",
    "LAMB [1].": "LAMB [1].",
    "<think>hm</think>\n\nLAMB [1].": "LAMB [1].",
    "\n <think></think>LAMB": "LAMB",
    "<think>a < b </thin ></think>x</think>y": "x</think>y",
    "<think>never closed": "",
    "<think>closed</think>": "",
    "<thi": "<thi",
    "<thinking about it>": "<thinking about it>",
    "The tag <think>x</think> stays.": "The tag <think>x</think> stays.",
}


@pytest.mark.parametrize(("reply", "answer"), CASES.items())
def test_a_whole_reply(reply: str, answer: str) -> None:
    assert filtered([reply]) == answer


@given(st.sampled_from(sorted(CASES)), st.lists(st.integers(0, 40), max_size=6))
def test_the_cuts_between_pieces_make_no_difference(reply: str, cuts: list[int]) -> None:
    at = [0, *sorted(min(cut, len(reply)) for cut in cuts), len(reply)]
    pieces = [reply[a:b] for a, b in pairwise(at)]
    assert filtered(pieces) == CASES[reply]
