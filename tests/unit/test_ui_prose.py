"""An answer's text as markup: little formatting, citations as links, doubted sentences marked."""

from __future__ import annotations

import html
import re
import time
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup

from rag.answering.checking.segments import segments
from rag.answering.record.answer import Sentence
from tests.support.places import placed
from ui.draw.html import el
from ui.draw.prose import render


def _cite(number: int, _: Sentence | None) -> Markup:
    return el("a", f"[{number}]", href="#x")


def _markup(text: str, *sentences: Sentence) -> str:
    return str(render(text, _cite, placed(text, sentences))[0])


def _plain(markup: str) -> str:
    return re.sub(r"<[^>]+>", "", markup)


def test_a_number_in_brackets_becomes_a_link() -> None:
    assert _markup("It is fast [12].") == '<p>It is fast <a href="#x">[12]</a>.</p>'


def test_paragraphs_lists_and_emphasis_are_kept() -> None:
    text = "One *two* **three** `four`.\n\n- first [1]\n- second\n  goes on\n\n1. third\n\n## Last"
    assert _markup(text) == (
        "<p>One <em>two</em> <strong>three</strong> <code>four</code>.</p>"
        '<ul><li>first <a href="#x">[1]</a></li><li>second goes on</li></ul>'
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


def test_code_blocks_are_drawn_as_code_without_citations() -> None:
    assert _markup("So:\n\n```py\nx[1] = a<b\n\n\ty • z\n```\n\nDone [1].") == (
        "<p>So:</p><pre><em>py</em>&#10;<code>x[1] = a&lt;b&#10;&#10;    y • z</code></pre>"
        '<p>Done <a href="#x">[1]</a>.</p>'
    )
    assert _markup("~~~\n[1]") == "<pre><code>[1]</code></pre>"
    assert _markup("`x[1]` [1]") == '<p><code>x[1]</code> <a href="#x">[1]</a></p>'


def test_lists_are_nested_and_start_at_their_number() -> None:
    assert _markup("5. five\n   - inner\n     1. deepest [1]\n6. six") == (
        '<ol start="5"><li>five<ul><li>inner<ol><li>deepest <a href="#x">[1]</a></li></ol></li></ul></li>'
        "<li>six</li></ol>"
    )
    assert _markup("• one\n\n• two\n\n  more") == "<ul><li>one</li><li>two<p>more</p></li></ul>"


def test_quotations_are_drawn_and_comparisons_are_none() -> None:
    assert _markup("> as said [1]\n> twice") == '<blockquote><p>as said <a href="#x">[1]</a> twice</p></blockquote>'
    assert _markup("> 50% of them; >= 3 others") == "<p>&gt; 50% of them; &gt;= 3 others</p>"


def test_comparisons_and_formulas_keep_their_signs() -> None:
    text = r"x<y, p < 0.05, a<b>c? \(\alpha_i\) and \[x\] & 2 * 3"
    assert html.unescape(_plain(_markup(text))) == text
    assert _plain(_markup(r"5 \* 3 and \_x\_")) == "5 * 3 and _x_"


def test_a_sentence_in_doubt_is_marked_in_nested_items_and_quotations() -> None:
    text = "1. Good [1].\n   - It takes\n     *76* minutes [1]. Good.\n\n> Bad\n> one [1]."
    weak = Sentence("It takes 76 minutes.", (1,), "weak", start=text.index("It"), end=text.index(" Good."))
    unsupported = Sentence("Bad one.", (1,), "unsupported", start=text.index("Bad"), end=len(text))
    markup = str(render(text, _cite, [weak, unsupported])[0])
    marked = re.findall(r'<span class="cw-sentence[^>]*>(.*?)</span>', markup)
    assert [_plain(part).strip() for part in marked] == ["It takes 76 minutes [1].", "Bad one [1]."]
    assert markup.count("cw-flag") == 2


def test_a_code_block_that_still_arrives_is_code_from_its_first_line_on() -> None:
    text = "So:\n\n```py\nx[1]\n| y |\n```\nEnd."
    steps = [str(render(text[:at], _cite, ended=False)[0]) for at in range(text.index("x"), len(text) + 1)]
    assert all("<pre><em>py</em>" in step and "<a" not in step and "<table" not in step for step in steps)
    assert steps[-1].endswith("</code></pre><p>End.</p>")


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


_TABLE = """| Method | Saves | Source |
| :--- | ---: | :-: |
| **LAMB** | 76 minutes | [1] |
| Multi-level | 51.6% [2] | none |"""


def _rows(markup: str) -> list[list[str]]:
    """The words of every cell."""
    rows = re.findall(r"<tr>(.*?)</tr>", markup)
    return [[_plain(cell).strip() for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row)] for row in rows]


def test_a_table_has_a_head_a_body_and_its_alignment() -> None:
    assert _markup(f"Here:\n{_TABLE}\n\nSo.") == (
        '<p>Here:</p><div class="cw-table"><table><thead><tr><th scope="col">Method</th>'
        '<th class="cw-right" scope="col">Saves</th><th class="cw-center" scope="col">Source</th></tr></thead><tbody>'
        '<tr><td><strong>LAMB</strong></td><td class="cw-right">76 minutes</td>'
        '<td class="cw-center"><a href="#x">[1]</a></td></tr><tr><td>Multi-level</td>'
        '<td class="cw-right">51.6% <a href="#x">[2]</a></td><td class="cw-center">none</td></tr>'
        "</tbody></table></div><p>So.</p>"
    )


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("| a | b |\n|---|---|\n| c |", [["a", "b"], ["c"]]),
        ("| a | b |\n|---|---|\n| c | d | e |", [["a", "b", ""], ["c", "d", "e"]]),
        ("| a | b |\n|---|---|\n| c \\| d | `e\\|f` |", [["a", "b"], ["c | d", "e|f"]]),
        ("a | b\n--- | ---\nc | d\n\ne", [["a", "b"], ["c", "d"]]),
        ("| a | b |\n| c | d |", [["a", "b"], ["c", "d"]]),
        ("| a | b |\n|---|---|\n| - | |\n| | |\n|---|---|\n| c | d |", [["a", "b"], ["-", ""], ["c", "d"]]),
        ("|a|\n|-|\n|b|", [["a"], ["b"]]),
        ("| a | b |\r\n|---|---|\r\n| c | d |\r\nNot |x| but y.", [["a", "b"], ["c", "d"]]),
    ],
)
def test_rows_are_read_as_they_are_meant(text: str, rows: list[list[str]]) -> None:
    assert _rows(_markup(text)) == rows


@pytest.mark.parametrize(
    "text", ["p(a|b) is small", "|x| is the norm", "|---|---|", "||", "|", "a | b\n---", "a | b\n--- | --- | ---"]
)
def test_pipes_alone_make_no_table(text: str) -> None:
    assert "<table" not in _markup(text)
    assert _plain(_markup(text)) == text.replace("\n", " ")


def test_what_ends_a_table_is_drawn_behind_it() -> None:
    assert _markup(f"{_TABLE}\nAs |x| shows.").endswith("</table></div><p>As |x| shows.</p>")
    assert _markup(f"{_TABLE}\n- item").endswith("</table></div><ul><li>item</li></ul>")


def test_a_row_in_doubt_is_marked_in_every_cell_and_told_once() -> None:
    markup = _markup(_TABLE, Sentence("LAMB 76 minutes", (1,), "weak"), Sentence("51.6%", (2,), "supported"))
    marked = re.findall(r'<span class="cw-sentence cw-weak">(.*?)</span>', markup)
    assert [_plain(part) for part in marked] == ["LAMB", "76 minutes"]
    assert _rows(markup)[1] == ["LAMB", "76 minutes weak support", "[1]"]


def test_a_cell_in_doubt_ends_where_its_cell_ends() -> None:
    text = "| a | b |\n|---|---|\n| 900 machines. | [2] More [1] |"
    markup = _markup(text, Sentence("900 machines.", (1,), "unsupported"), Sentence("More", (2, 1), "supported"))
    assert _rows(markup)[1] == ["900 machines. not supported by its source", "[2] More [1]"]
    assert markup.count("cw-sentence") == 1


def test_a_citation_in_a_cell_of_its_own_belongs_to_its_row() -> None:
    row, other = Sentence("LAMB 76 minutes", (1,), "supported"), Sentence("51.6%", (2,), "supported")
    asked: list[tuple[int, Sentence | None]] = []

    def cite(number: int, sentence: Sentence | None) -> Markup:
        asked.append((number, sentence))
        return _cite(number, sentence)

    row, other = placed(_TABLE, [row, other])
    render(_TABLE, cite, (row, other))
    assert asked == [(1, row), (2, other)]


_CELLS = st.lists(
    st.lists(st.sampled_from(["a", "b c.", "7%", "**d**", "[1]", "[2]", "`e\\|f`"]), max_size=3).map(" ".join)
)


@given(st.lists(_CELLS.filter(bool), min_size=1, max_size=4))
def test_what_the_checker_calls_a_sentence_of_a_table_is_found_in_it(rows: list[list[str]]) -> None:
    text = "\n".join(["| x | y |", "|---|---|", *(f"| {' | '.join(row)} |" for row in rows)])
    found = [s for s in segments(text) if any(map(str.isalnum, s.text))]
    doubted = [Sentence(s.text, s.numbers, "weak", start=s.start, end=s.end) for s in found]
    markup, lost = render(text, _cite, doubted)
    assert lost == ()
    assert str(markup).count("cw-flag") == len(doubted)


def test_a_table_that_still_arrives_shows_what_is_whole() -> None:
    steps = [str(render(_TABLE[:at], _cite, ended=False)[0]) for at in range(len(_TABLE) + 1)]
    assert not any("|" in _plain(step) for step in steps)
    heights = [len(_rows(step)) for step in steps]
    assert heights == sorted(heights)
    assert heights[len("| Method | Saves | Source |\n")] == 1
    row = _TABLE.index("**LAMB")
    assert heights[row : row + 2] == [1, 2]
    assert _rows(steps[_TABLE.index(" minutes")])[1] == ["LAMB", "76"]


def test_a_last_line_that_may_become_a_table_is_drawn_once_the_text_ends() -> None:
    assert str(render("|x", _cite, ended=False)[0]) == ""
    assert _markup("|x") == "<p>|x</p>"


_OURS = {"p", "ul", "ol", "li", "strong", "em", "code", "a", "span", "div", "pre", "blockquote"}
_OURS |= {"table", "thead", "tbody", "tr", "th", "td"}
_SIGNS = [
    "```",
    "~~~\n",
    "> ",
    "  ",
    "_",
    "|",
    "| ",
    " |\n",
    "|---",
    "|:-:|\n",
    "\n",
    "\\|",
    "`",
    "**",
    "*",
    "[1]",
    "- ",
    "# ",
    '"',
    "'",
    "\\",
    "&lt;",
]
_TAGS = ["<table>", "</table>", "</td>", "<td onclick=x>", "<script>x</script>", "<!--"]
_HOSTILE = st.lists(
    st.sampled_from([*_SIGNS, *_TAGS, "a", " b. ", "7", "\r", "\x85", "\u2028", "\x00"]), max_size=60
).map("".join)


class _OnlyOurs(_Balance):
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in _OURS
        assert {name for name, _ in attrs} <= {"class", "role", "scope", "href", "start"}
        within = {"tr": {"thead", "tbody"}, "td": {"tr"}, "th": {"tr"}, "thead": {"table"}, "tbody": {"table"}}
        assert self.stack[-1:] == [] or tag not in within or self.stack[-1] in within[tag]
        super().handle_starttag(tag, attrs)


@given(_HOSTILE, st.lists(st.tuples(_HOSTILE, st.sampled_from(["weak", "unsupported"])), max_size=3), st.booleans())
def test_whatever_comes_nothing_but_our_own_well_formed_markup_goes_out(
    text: str, doubted: list[tuple[str, str]], ended: bool
) -> None:
    sentences = [Sentence(words, (1,), support) for words, support in doubted]  # type: ignore[arg-type]
    markup = str(render(text, _cite, sentences, ended=ended)[0])
    assert _OnlyOurs(markup).stack == []
    assert "\n" not in markup


@given(_HOSTILE)
def test_no_letter_and_no_citation_of_any_table_is_lost(text: str) -> None:
    shown = html.unescape(_plain(_markup(text)))
    assert [c for c in shown if c.isalnum()] == [c for c in text if c.isalnum()]


@given(_HOSTILE, st.data())
def test_a_table_that_is_finished_stays_as_it_is_whatever_arrives_behind_it(text: str, data: st.DataObject) -> None:
    cut = data.draw(st.integers(0, len(text)))
    before = str(render("| a | b |\n|---|---|\n| c | d |\n\n", _cite, ended=False)[0])
    whole = f"| a | b |\n|---|---|\n| c | d |\n\n{text[:cut]}"
    assert str(render(whole, _cite, ended=False)[0]).startswith(before)


@pytest.mark.parametrize(
    "hostile", ["|" * 20_000, "|a" * 10_000, "|a|\n" * 8_000, "|a|\n|-|\n" + "|" * 20_000, "| \\" * 9_000]
)
def test_hostile_tables_take_no_time(hostile: str) -> None:
    started = time.process_time()
    _markup(f"x\n{hostile}", Sentence("a", (1,), "weak"))
    assert time.process_time() - started < 2
