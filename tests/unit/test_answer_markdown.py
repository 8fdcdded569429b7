"""The Markdown of an answer: every piece is where it says it is, nothing is lost, and no text takes long."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.answering.checking.segments import segments
from rag.answering.record.markdown import Element, read_markdown


def leaves(elements: Iterable[Element]) -> Iterator[Element]:
    for element in elements:
        yield element
        yield from leaves(element.children)


def kinds(text: str) -> list[str]:
    return [element.kind for element in leaves(read_markdown(text))]


def cited(text: str, numbers: Iterable[int] | None = None) -> list[int]:
    elements = leaves(read_markdown(text, None if numbers is None else set(numbers)))
    return [f.citation for element in elements for f in element.fragments if f.citation is not None]


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("a [1], **b [2]** and [[3]]", [1, 2, 3]),
        ("`[1]` ``x ` [2]`` [3]", [3]),
        ("```\n[1]\n```\n[2]", [2]),
        ("- a\n\n  ~~~\n  [1]\n  ~~~\n\n  [2]", [2]),
        ("`a\n[1] b`", [1]),
        ("\\`[1]` and [link](x) [2]: y", [1, 2]),
        ("[1]: https://evil.example", [1]),
        ("![1](x) [1234] [n]", [1]),
        ("    [1]", [1]),
    ],
)
def test_citations_are_read_outside_of_code(text: str, numbers: list[int]) -> None:
    assert cited(text) == numbers


def test_a_number_that_no_citation_has_is_text() -> None:
    assert cited("a [1][7] [2]", [1, 2]) == [1, 2]
    (paragraph,) = read_markdown("a [7]", {1})
    assert [fragment.text for fragment in paragraph.fragments] == ["a [7]"]


def test_what_would_act_or_hide_text_is_text() -> None:
    text = "<b>x</b> [a](javascript:y) ![i](u) <https://e.example> &lt; a&nbsp;b"
    assert kinds(text) == ["paragraph"]
    assert "".join(f.text for f in read_markdown(text)[0].fragments) == text
    assert kinds("a\n---\n\n***\n\n    code") == ["paragraph"] * 3


def test_lists_within_lists_end_at_a_depth() -> None:
    depth = kinds("- " * 60 + "x").count("bullet_list")
    assert 5 <= depth <= 20
    (fragment,) = [f for element in leaves(read_markdown("> - " * 40 + "x")) for f in element.fragments]
    assert fragment.text.endswith("> - x")


_SIGNS = ["***", "**", "*", "_", "`", "``", "[1]", "\\", "\\*", "- ", "3. ", "> ", "# ", "|", "• ", "<b>", "&amp;"]
_FENCES = ["```\n", "~~~\n"]
_BLANKS = ["\n", "\n\n", "  ", "\t", "\r\n", "\u2028", "\x00"]
_PARTS = [*_SIGNS, *_FENCES, *_BLANKS, "a", "é", "b c. ", "7%", "| x | y |\n", "|---|:-:|\n"]


@given(st.lists(st.sampled_from(_PARTS), max_size=40).map("".join))
def test_every_piece_is_where_it_says_it_is(text: str) -> None:
    for element in leaves(read_markdown(text)):
        for fragment in element.fragments:
            there = text[fragment.start : fragment.end]
            assert len(there) == len(fragment.text)
            assert there == fragment.text or there.split() == fragment.text.split()
        for line in element.lines:
            assert 0 <= line.start <= line.end <= len(text)


@given(st.lists(st.sampled_from(_PARTS), max_size=40).map("".join))
def test_no_letter_is_lost_or_told_twice(text: str) -> None:
    shown = [
        f"{element.language} {element.code} {''.join(fragment.text for fragment in element.fragments)}"
        for element in leaves(read_markdown(text))
    ]
    assert [c for c in "".join(shown) if c.isalpha()] == [c for c in text if c.isalpha()]


_INLINE = ["**a*", "_a*", "**a** ", "`", "` ``", "\\`` ", "\\", "[7]", "![", "<a ", "&#", "a|", "\t", "1. ", "- "]
_LINES = ["|a|\n", "- a\n", ">\n", "> a\n", "#\n", "~~~\n", "a\n", "  - a\n", "a|b\n-|-\n"]


@pytest.mark.parametrize(
    "text", [*(sign * 200_000 for sign in "[*|>"), *(unit * (50_000 // len(unit)) for unit in [*_INLINE, *_LINES])]
)
def test_hostile_repetition_takes_no_time(text: str) -> None:
    started = time.process_time()
    read_markdown(text, {1})
    assert time.process_time() - started < 2


def test_time_grows_as_the_text_does() -> None:
    def seconds(size: int) -> float:
        started = time.process_time()
        read_markdown("*a `b` [1] | <c> _d_ [2]\n" * (size // 25))
        return time.process_time() - started

    seconds(10_000)
    assert seconds(200_000) < 40 * max(seconds(20_000), 0.02)


@pytest.mark.parametrize("unit", ["It is fast [1]. ", f"{'It is so fast that it is fast ' * 3}[1] and\n", "x [1]\n"])
def test_a_long_paragraph_is_split_in_no_time(unit: str) -> None:
    started = time.process_time()
    assert segments(unit * (100_000 // len(unit)))
    assert time.process_time() - started < 2


def test_sentences_are_found_in_nested_items_quotations_and_cells() -> None:
    text = "1. One [1].\n   - Two **b** [2]. Three.\n\n> Four\n> goes on [1].\n\n```\nNo [1].\n```\n\n"
    text += "| a |\n|---|\n| Five [2] |"
    found = segments(text)
    assert [(s.text, s.numbers) for s in found] == [
        ("One.", (1,)),
        ("Two b.", (2,)),
        ("Three.", ()),
        ("Four", ()),
        ("goes on.", (1,)),
        ("Five", (2,)),
    ]
    assert [text[s.start : s.end] for s in found][:3] == ["One [1].", "Two **b** [2].", "Three."]
