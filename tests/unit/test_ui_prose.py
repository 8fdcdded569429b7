"""An answer's text as markup: little formatting, citations as links, doubted sentences marked."""

from __future__ import annotations

import re
import time
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup

from rag.answering.answer import Sentence
from ui.html import el
from ui.prose import render


def _cite(number: int, _: Sentence | None) -> Markup:
    return el("a", f"[{number}]", href="#x")


def _markup(text: str, *sentences: Sentence) -> str:
    return str(render(text, _cite, sentences)[0])


def _plain(markup: str) -> str:
    return re.sub(r"<[^>]+>", "", markup)


def test_a_number_in_brackets_becomes_a_link() -> None:
    assert _markup("It is fast [12].") == '<p>It is fast <a href="#x">[12]</a>.</p>'


def test_paragraphs_lists_and_emphasis_are_kept() -> None:
    text = "One *two* **three** `four`.\n\n- first [1]\n- second\n  goes on\n\n1. third\n\n## Last"
    assert _markup(text) == (
        "<p>One <em>two</em> <strong>three</strong> <code>four</code>.</p>"
        '<ul><li>first <a href="#x">[1]</a></li><li>second   goes on</li></ul>'
        "<ol><li>third</li></ol><p><strong>Last</strong></p>"
    )


@pytest.mark.parametrize("text", ["2 * 3 * 4", "a_b_c", "**", "`", "[n]", "[1234]", "~50% of <EOS>"])
def test_signs_that_are_no_formatting_stay_as_they_are(text: str) -> None:
    assert _plain(_markup(text)).replace("&lt;", "<").replace("&gt;", ">") == text


def test_no_html_passes() -> None:
    assert "<img" not in _markup("**<img src=x onerror=y>** [link](javascript:x)")
    assert "<a" not in _markup("[link](javascript:x)")


def test_a_weak_sentence_is_marked_where_it_stands_with_its_citation() -> None:
    markup = _markup(
        "Good one [1]. Weak one [2]. Good again [1].",
        Sentence("Good one.", (1,), "supported"),
        Sentence("Weak one.", (2,), "weak"),
        Sentence("Good again.", (1,), "supported"),
    )
    marked = re.search(r'<span class="cw-sentence cw-weak">(.*?)</span>', markup)
    assert marked
    assert _plain(marked[1]).strip() == "Weak one [2]."
    assert markup.index("weak support") < markup.index("Good again")


def test_a_sentence_is_found_through_emphasis_and_list_signs() -> None:
    sentence = Sentence("LAMB takes 76 minutes.", (1,), "unsupported", ("the figure 76 is not in [1]",))
    markup = _markup("Intro:\n- **LAMB** takes *76* minutes [1].\n- More.", sentence)
    assert ">the figure 76 is not in [1]<" in markup
    assert markup.count("cw-flag") == 1


def test_a_problem_alone_is_shown_too() -> None:
    sentence = Sentence("It takes 76 minutes.", (1,), "supported", ("the figure 76 is not in [1]",))
    assert "the figure 76 is not in [1]" in _markup("It takes 76 minutes [1].", sentence)


def test_a_doubted_sentence_that_stands_nowhere_is_handed_back() -> None:
    sentence = Sentence("Not in the text.", (1,), "weak")
    assert render("Something else.", _cite, [sentence])[1] == (sentence,)


class _Balance(HTMLParser):
    def __init__(self, markup: str) -> None:
        super().__init__()
        self.stack: list[str] = []
        self.feed(markup)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002 - the base's
        self.stack.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.stack.pop() == tag


_TEXTS = st.text(st.sampled_from("ab [1]*`#-\n<>&. 2"), max_size=60)


@given(_TEXTS, st.lists(st.tuples(_TEXTS, st.sampled_from(["supported", "weak", "unsupported", "none"])), max_size=4))
def test_any_text_gives_balanced_markup_on_one_line(text: str, doubted: list[tuple[str, str]]) -> None:
    sentences = [Sentence(words, (), support) for words, support in doubted]  # type: ignore[arg-type]
    markup = str(render(text, _cite, sentences)[0])
    assert _Balance(markup).stack == []
    assert "\n" not in markup


@given(st.text(st.sampled_from("ab 1."), max_size=80))
def test_no_letter_of_an_answer_is_lost(text: str) -> None:
    kept = "".join(c for c in _plain(_markup(text)) if c.isalpha())
    assert kept == "".join(c for c in text if c.isalpha())


@pytest.mark.parametrize(
    "hostile", ["*" * 20_000, "`" * 20_000, "*a " * 10_000, "[" * 20_000, "- " * 10_000, "#" * 20_000]
)
def test_hostile_text_takes_no_time(hostile: str) -> None:
    started = time.process_time()
    _markup(hostile)
    assert time.process_time() - started < 2


def test_a_paragraph_that_claims_nothing_is_set_apart() -> None:
    markup = _markup(
        "What follows is quoted.\n\nIt is fast [1]. So it is.",
        Sentence("What follows is quoted.", (), "none"),
        Sentence("It is fast.", (1,), "supported"),
        Sentence("So it is.", (), "none"),
    )
    assert '<p class="cw-aside">What follows is quoted.</p><p>It is fast' in markup
