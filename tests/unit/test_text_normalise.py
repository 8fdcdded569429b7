"""Normalising tidies text and never changes a figure."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from rag.language.normalise import normalise

LATEX = st.text(
    alphabet=st.sampled_from(list("ab5 0.~\\%$_{}`'\"()times<>\n\u200b\u0301ﬁ,-")) | st.characters(), max_size=60
)


@pytest.mark.parametrize(
    ("given_text", "expected"),
    [
        (r"by 15.5\% on GLUE", "by 15.5% on GLUE"),
        ("post-training quantization~(PTQ)", "post-training quantization (PTQ)"),
        ("see Table~1 and Fig.~3", "see Table 1 and Fig. 3"),
        ("``quoted'' text", '"quoted" text'),
        ("is 5times faster", "is 5 times faster"),
        (r"a 3\times3 kernel", "a 3 times 3 kernel"),
        (r"is 5\times faster", "is 5 times faster"),
        ("sometimes 5 times", "sometimes 5 times"),
        ("uses ~50% of it", "uses ~50% of it"),
        ("lasts 5~10 days", "lasts 5~10 days"),
        ("x~N(0,1)", "x~N(0,1)"),
        ("http://a.edu/~smith", "http://a.edu/~smith"),
        ("the <EOS> token, < 1% and a<b>c", "the <EOS> token, < 1% and a<b>c"),
        ("union (cup) and intersection (cap)", "union (∪) and intersection (∩)"),
        ("a bottle (cap)", "a bottle (cap)"),
        ("5'' wide and f''(x)", "5'' wide and f''(x)"),
        ("one\u00a0two\r\n\tthree\u2003four", "one two three four"),
        ("hid\u200bden\u202e text\u00ad", "hidden text"),
        ("tags\U000e0049\U000e007f, selectors\ufe01\U000e0121, fillers\u3164", "tags, selectors, fillers"),
        ("e\u0301tude", "étude"),
        ("eﬃcient ﬁne", "efficient fine"),
        ("bell\x07and\x00null", "bell and null"),
        (r"100\\\% and A\&B at \$5", "100% and A&B at $5"),
    ],
)
def test_remains_of_latex_and_pages_are_resolved(given_text: str, expected: str) -> None:
    assert normalise(given_text) == expected


@given(st.text() | LATEX)
@example(r"\\%")
@example("````a''''")
@example("a\u200b\u0301")
@example("a~~b~c")
@example(r"5\times\times 5times5")
def test_normalising_twice_is_normalising_once(text: str) -> None:
    once = normalise(text)
    assert normalise(once) == once


@given(st.text() | LATEX)
def test_figures_are_never_changed(text: str) -> None:
    # Invisible characters between digits are dropped, and a control character may part them; no digit is lost.
    assert re.findall(r"\d", normalise(text)) == re.findall(r"\d", text)


@given(st.text())
def test_the_result_is_one_tidy_line(text: str) -> None:
    result = normalise(text)
    assert result == " ".join(result.split())
