"""What a model gives away of its instructions does not reach the reader, however the reply is cut."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.answering.prompt.leak import RUN, LeakGuard
from rag.answering.prompt.templates import load_prompt

INSTRUCTIONS = load_prompt("answer").messages[0].content


def through(text: str, cuts: list[int] | None = None, instructions: str = INSTRUCTIONS) -> str:
    guard = LeakGuard(instructions)
    ends = sorted({c % (len(text) + 1) for c in cuts or []} | {len(text)})
    starts = [0, *ends[:-1]]
    return "".join(guard.feed(text[a:b]) for a, b in zip(starts, ends, strict=True)) + guard.finish()


def test_the_instructions_word_for_word_are_taken_out() -> None:
    assert through(INSTRUCTIONS).strip() == ""


@pytest.mark.parametrize(
    "dress", [str.upper, str.title, lambda t: t.replace(" ", "\n> "), lambda t: t.replace(",", " —")]
)
def test_another_case_or_punctuation_does_not_help(dress: object) -> None:
    assert len(through(dress(INSTRUCTIONS)).split()) < RUN  # type: ignore[operator]  # each is a str -> str


def test_what_stands_around_a_leak_stays() -> None:
    leak = " ".join(INSTRUCTIONS.split()[:20])
    assert through(f"Sure! {leak} That was it [1].").startswith("Sure!")
    assert through(f"Sure! {leak} That was it [1].").endswith("That was it [1].")


def test_an_ordinary_answer_passes_unchanged() -> None:
    text = "LAMB reduces BERT training time from 3 days to 76 minutes [1]. The sources do not name a schedule [2]."
    assert through(text) == text


def test_words_taken_out_are_counted() -> None:
    guard = LeakGuard("one two three four five six seven eight nine ten")
    guard.feed("one two three four five six seven eight nine ten. ")
    guard.finish()
    assert guard.removed == 10


@given(st.lists(st.sampled_from("a b c d e f g h i j x, . \n".split(" ")), max_size=60), st.lists(st.integers(0, 200)))
def test_the_cuts_of_a_stream_do_not_matter(words: list[str], cuts: list[int]) -> None:
    text, instructions = " ".join(words), "a b c d e f g h i j a b c"
    assert through(text, cuts, instructions) == through(text, None, instructions)


@given(st.lists(st.sampled_from("abcdefghij"), min_size=RUN, max_size=40))
def test_no_run_of_the_instructions_is_left(words: list[str]) -> None:
    instructions = list("abcdefghij")
    left = through(" ".join(words), None, " ".join(instructions)).split()
    runs = {tuple(instructions[i : i + RUN]) for i in range(len(instructions) - RUN + 1)}
    before = {tuple(words[i : i + RUN]) for i in range(len(words) - RUN + 1)}
    assert not runs & before or len(left) < len(words)
