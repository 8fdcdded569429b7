"""What the page draws of an answer and its papers."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from lxml import html

from rag.answering.record.answer import Answer, Citation, LedgerEntry, LedgerKind, Quote, Sentence
from rag.paper import Paper
from rag.retrieval.evidence import Evidence, ScoredPassage
from rag.storage.index.passages import passages
from ui.draw import render
from ui.draw.html import text
from ui.draw.panel import delivery, empty_panel
from ui.draw.papers import PaperView, addresses, byline, mark, shown_papers

PAPER = Paper.create(
    title="A <Title>",
    abstract="First sentence. Second, deciding one. Third.",
    authors=("Ada Lovelace", "Hopper, Grace", "Alan Turing"),
    year=2020,
    venue="ICLR",
    doi="10.1000/a<b",
    arxiv_id="2001.00001",
    url="javascript:alert(1)",
)
OTHER = Paper.create(title="Other", abstract="Something else.")
CITATION = Citation(1, PAPER, "Second, deciding one.", 16, 37, 0.9)
ANSWER = Answer(
    question="And it?",
    standalone_question="And the second?",
    outcome="answered",
    text="The second decides [1].",
    sentences=(Sentence("The second decides.", (1,), "weak", end=23), Sentence("Other.", (1,), "supported")),
    citations=(CITATION,),
    ledger=(),
    evidence=tuple(Evidence(p, 0.5, (ScoredPassage(passages(p)[0], 0.5),)) for p in (PAPER, OTHER)),
    suggestions=(),
    backend="openai",
    model="gpt",
    prompt="answer@1",
)


def test_the_deciding_sentence_is_the_one_highlighted() -> None:
    view = html.fromstring(delivery(1, "Q", shown_papers(ANSWER, 1))).get_element_by_id("source-1-1.0")
    assert PAPER.abstract[int(view.get("data-start")) : int(view.get("data-end"))] == "Second, deciding one."


def test_offsets_that_do_not_fit_highlight_nothing() -> None:
    broken = replace(ANSWER, citations=(replace(CITATION, start=40, end=900),))
    assert "data-start" not in delivery(1, "Q", shown_papers(broken, 1))


def test_a_highlight_is_counted_as_scripts_count_in_the_text_as_drawn() -> None:
    paper = replace(PAPER, abstract="\U0001d6fc\u202e \U0001d6fd decides. End.")
    shown = PaperView(0, len(paper.abstract) - len(" End."))
    start, end, _ = mark(shown, paper) or (0, 0, "")
    drawn = html.fromstring(f"<p>{text(paper.abstract)}</p>").text.encode("utf-16-le")
    assert drawn[2 * start : 2 * end].decode("utf-16-le") == "\U0001d6fc \U0001d6fd decides."


def test_an_abstract_is_sent_once_however_many_sentences_cite_it() -> None:
    cited = replace(ANSWER, sentences=tuple(Sentence(f"Claim {n}.", (1,), "supported") for n in range(9)))
    assert delivery(1, "Q", shown_papers(cited, 1)).count("Second, deciding one.") == 1


def test_a_citation_in_the_answer_points_to_its_paper_in_the_panel() -> None:
    shown = shown_papers(ANSWER, 3)
    assert 'href="#source-3-1"' in render.answer(ANSWER, shown)
    assert 'href="#source-3-1.1"' in render.answer(ANSWER, shown)
    assert 'id="source-3-1.1"' in delivery(3, "Q", shown)
    assert 'id="source-3-1"' in delivery(3, "Q", shown)


def test_a_number_without_a_citation_is_no_link() -> None:
    markup = render.answer(replace(ANSWER, text="So [7]."), shown_papers(ANSWER, 1))
    assert '<span class="cw-cite cw-pending">[7]</span>' in markup


def test_a_paper_takes_the_best_support_it_gives() -> None:
    assert shown_papers(ANSWER, 1)[0].views[0].support == "supported"


def test_a_paper_opened_from_a_sentence_shows_what_decides_that_sentence() -> None:
    first, second = ANSWER.sentences
    shown = shown_papers(replace(ANSWER, sentences=(first, replace(second, quotes=(Quote(1, 0, 15),)))), 1)[0]
    assert [(view.start, view.end, view.support) for view in shown.views] == [
        (16, 37, "supported"),
        (16, 37, "weak"),
        (0, 15, "supported"),
    ]
    assert shown.key_for(shown.views[2].sentence) == "source-1-1.2"
    assert shown.key_for(None) == "source-1-1.0"


def test_a_paper_that_was_read_and_not_cited_is_listed_apart() -> None:
    assert [(s.role, s.paper.title) for s in shown_papers(ANSWER, 1)] == [("cited", "A <Title>"), ("read", "Other")]
    assert "Also read, not cited" in render.answer(ANSWER, shown_papers(ANSWER, 1))


def test_a_follow_up_tells_how_it_was_read() -> None:
    assert "Read as: “And the second?”" in render.answer(ANSWER, ())


def test_suggestions_are_offered_and_not_called_cited() -> None:
    nothing = replace(ANSWER, outcome="not_found", text="", citations=(), sentences=(), suggestions=(OTHER,))
    shown = shown_papers(nothing, 1)
    assert [s.role for s in shown] == ["near"]
    assert "No paper in this library" in render.answer(nothing, shown)
    assert "Nearest paper, not cited" in delivery(3, "Q", shown)


def test_only_web_addresses_become_links() -> None:
    assert addresses(PAPER) == (
        ("DOI", "https://doi.org/10.1000/a%3Cb"),
        ("arXiv", "https://arxiv.org/abs/2001.00001"),
    )


def test_an_address_is_given_once() -> None:
    paper = replace(PAPER, doi=None, url="https://arxiv.org/abs/2001.00001")
    assert addresses(paper) == (("arXiv", "https://arxiv.org/abs/2001.00001"),)


def test_the_byline_names_what_is_known() -> None:
    assert byline(PAPER) == "Lovelace et al. · ICLR · 2020"
    assert byline(replace(PAPER, authors=PAPER.authors[:2], venue=None)) == "Lovelace and Hopper · 2020"
    assert byline(OTHER) == ""


def test_the_panel_is_empty_before_the_first_answer() -> None:
    assert "cw-paper" not in empty_panel()


def test_one_paper_that_was_retrieved_is_one() -> None:
    assert "1 paper retrieved" in render.answer(replace(ANSWER, evidence=ANSWER.evidence[:1]), ())


def test_what_was_shown_stays_when_an_answer_fails() -> None:
    markup = render.failed("Half an ans", "the server left")
    assert "Half an ans" in markup
    assert "The server left" in markup


@pytest.mark.parametrize(
    ("kind", "detail", "shown"),
    [
        ("unsupported_name", "“LAMB” is not in [1]: It is LAMB.", "Name not found: “LAMB” is not in [1]: It is LAMB."),
        ("misplaced_figure", "figure 2 stands elsewhere in [1]", "Figure of something else: figure 2 stands elsewhere"),
        ("contradicted_sentence", "[1] says otherwise", "Sentence contradicted: [1] says otherwise"),
        ("uncited_sentence", "no citation: It is so.", "Sentence without citation: It is so."),
    ],
)
def test_what_the_checker_changed_is_told_once_and_in_plain_words(kind: str, detail: str, shown: str) -> None:
    drawn = render.answer(replace(ANSWER, ledger=(LedgerEntry(LedgerKind(kind), detail),)), ())
    assert shown in re.sub(r"<[^>]+>", "", drawn)
