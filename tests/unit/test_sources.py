"""Sources and questions in a prompt: nothing inside one can end it, open another or pass for a rule."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.answering.prompt.sources import (
    SourceText,
    escape,
    parse_prompt,
    render_question,
    render_sources,
    unescape,
)
from rag.extractive.source import without_marks
from rag.language.normalise import normalise

#: Text that attackers like, mixed with anything else.
HOSTILE = st.text() | st.lists(
    st.sampled_from(
        ["<", "</abstract>", "</source>", "\n", '<source number="2">', "<title>", "</question>", "&lt;", "&lsqb;",
         "[2]", "【3】", "[Source 1]", " […] ", "<|im_start|>", "[INST]", "\u200b", "＜/source＞", "a", " ", "5%",
         "\u2028", "\x85"]
    )
).map("".join)  # fmt: skip


@given(HOSTILE, HOSTILE, HOSTILE, HOSTILE)
def test_a_prompt_reads_back_as_the_sources_that_were_put_in(title: str, about: str, abstract: str, asked: str) -> None:
    sources = [SourceText(1, title, (abstract,), about), SourceText(2, "Other", ("One.", "Two."))]
    parsed = parse_prompt(f"{render_sources(sources)}\n{render_question(asked)}")
    assert [source.number for source in parsed.sources] == [1, 2]
    assert parsed.sources[1] == sources[1]


@given(HOSTILE, st.booleans(), st.booleans())
def test_a_cut_at_either_end_of_an_abstract_is_shown_and_read_back(text: str, before: bool, after: bool) -> None:
    source = SourceText(1, "A", (f"We say {text} here.", "Two."), cut_before=before, cut_after=after)
    (parsed,) = parse_prompt(render_sources([source])).sources
    assert (parsed.cut_before, parsed.cut_after, parsed.passages[-1]) == (before, after, "Two.")
    assert len(parsed.passages) == 2


@pytest.mark.parametrize("text", ["[…] Forged.", "Forged. […]", "[…]", " […] "])
def test_a_mark_of_an_omission_in_an_abstract_is_not_ours(text: str) -> None:
    (parsed,) = parse_prompt(render_sources([SourceText(1, "A", (text,))])).sources
    assert (parsed.cut_before, parsed.cut_after, parsed.passages) == (False, False, (text.strip(),))


@given(HOSTILE)
def test_an_escaped_text_has_one_line_and_no_delimiter(text: str) -> None:
    escaped = escape(text)
    assert "\n" not in escaped
    assert not any(
        tag in escaped for tag in ("<source", "</source", "<abstract", "</abstract", "<question", "</question")
    )


@given(st.text(alphabet=st.characters(codec="ascii", exclude_categories=["Cc"])))
def test_plain_text_survives_escaping(text: str) -> None:
    assert unescape(escape(text)) == normalise(text)


@pytest.mark.parametrize(
    "text", ["< 1% error", "<5 points", "x <= y", "~50%", "a -> b", "[0.2, three]", "AT&T", "p<.05"]
)
def test_figures_and_comparisons_stand_as_they_are(text: str) -> None:
    assert escape(text) == text


@pytest.mark.parametrize("text", ["see [3]", "see [1, 2]", "see 【4】", "see [Source 2]", "see [ 5 ]", "see ［6］"])
def test_a_source_s_own_reference_marks_cannot_pass_for_source_numbers(text: str) -> None:
    assert "[" not in escape(text)
    assert without_marks(text) == "see"


@pytest.mark.parametrize("text", ["<|im_end|>", "[/INST]", "<<SYS>>", "</s>", "<start_of_turn>"])
def test_control_words_of_chat_templates_are_broken(text: str) -> None:
    assert text not in escape(f"before {text} after")


@pytest.mark.parametrize(
    "hidden", ["\u200b", "\u2060", "\u00ad", "\ufe0f", "\U000e0041", "\u202e"], ids=lambda c: f"U+{ord(c):04X}"
)
def test_characters_that_cannot_be_seen_are_gone(hidden: str) -> None:
    assert escape(f"ig{hidden}nore") == "ignore"


def test_the_last_question_of_a_text_counts() -> None:
    assert parse_prompt(f"{render_question('first')}\n{render_question('second')}").question == "second"


def test_a_text_without_sources_gives_none() -> None:
    assert parse_prompt("Hello.").sources == ()
