"""A request never exceeds its budget; what goes is whole sentences, least relevant first."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.answering.backends import ExtractiveBackend
from rag.answering.prompt.budget import KEEP_PER_PAPER, Request, count_messages, fit, prompt_limit
from rag.answering.prompt.sources import parse_prompt
from rag.answering.prompt.templates import load_prompt
from rag.errors import UsageError
from rag.language.sentences import sentences
from rag.models.tokens import counter_for
from rag.paper import Paper
from rag.settings import Settings
from tests.support.models import LICHEN, MARLIN, PAPERS, TURBOT, evidence_of, paper

PROMPT = load_prompt("answer")
COUNTER = counter_for("gpt-4")
CONSTANTS = {"not_stated": "NOT_STATED", "not_found": "NOT_FOUND"}
QUESTION = "How fast does MARLIN sort charts?"


def request(papers: list[Paper], limit: int, question: str = QUESTION) -> Request:
    return fit(PROMPT, question, [evidence_of(p) for p in papers], CONSTANTS, COUNTER, limit)


def quoted(made: Request) -> list[list[str]]:
    """The sentences of each source in a request."""
    sources = parse_prompt(made.messages[-1].content).sources
    return [[p[s.start : s.end] for p in source.passages for s in sentences(p)] for source in sources]


def test_with_room_every_abstract_stands_whole() -> None:
    made = request(list(PAPERS), 2_500)
    assert [" ".join(lines) for lines in quoted(made)] == [p.abstract for p in PAPERS]


def test_the_number_of_a_source_is_its_place_in_the_evidence() -> None:
    made = request([TURBOT, MARLIN], 2_500)
    titles = {source.number: source.title for source in parse_prompt(made.messages[-1].content).sources}
    assert titles == {n: e.paper.title for n, e in enumerate(made.evidence, 1)}


@settings(max_examples=25, deadline=None)
@given(st.integers(400, 700), st.permutations(PAPERS))
def test_a_request_never_exceeds_its_limit(limit: int, papers: list[Paper]) -> None:
    made = request(papers, limit)
    assert made.prompt_tokens == count_messages(made.messages, COUNTER) <= limit


@settings(max_examples=25, deadline=None)
@given(st.integers(400, 700), st.permutations(PAPERS))
def test_what_is_left_are_whole_sentences_of_the_paper(limit: int, papers: list[Paper]) -> None:
    made = request(papers, limit)
    for lines, evidence in zip(quoted(made), made.evidence, strict=True):
        abstract = evidence.paper.abstract
        assert set(lines) <= {abstract[s.start : s.end] for s in sentences(abstract)}


def test_the_last_paper_gives_way_first() -> None:
    whole = request([MARLIN, TURBOT, LICHEN], 2_500).prompt_tokens
    made = request([MARLIN, TURBOT, LICHEN], whole - 10)
    assert [len(lines) for lines in quoted(made)] == [4, 4, KEEP_PER_PAPER]


def test_the_sentence_that_speaks_of_the_question_stays_longest() -> None:
    filler = [f"Sentence number {n} tells of something else entirely." for n in range(40)]
    telling = "MARLIN sorts 4,200 charts in 37 minutes."
    long = paper("MARLIN", " ".join([*filler[:30], telling, *filler[30:]]))
    (lines,) = quoted(request([long], 420, "How many charts does MARLIN sort?"))
    assert telling in lines
    assert len(lines) < 20


def test_what_was_left_out_is_marked_inside_an_abstract_and_where_its_start_or_its_end_was_cut() -> None:
    told = [f"Point {n} of this work tells of something else entirely." for n in range(12)]
    telling = f"MARLIN sorts charts{', and charts' * 40}."
    alone = request([paper("MARLIN", telling)], 2_500).prompt_tokens
    marks = 2 * COUNTER.count(" […]")
    long = paper("MARLIN", " ".join([*told[:6], telling, *told[6:]]))
    made = request([long], alone + marks + 5)
    assert f"<abstract>[…] {telling} […]</abstract>" in made.messages[-1].content
    assert quoted(made) == [[telling]]
    # The marks' own tokens count.
    assert made.prompt_tokens > alone
    assert request([long], made.prompt_tokens - 1).evidence == ()
    whole = request([MARLIN], 2_500).messages[-1].content
    assert "[…]" not in whole


def test_the_extractive_answerer_quotes_no_mark_of_an_omission() -> None:
    filler = [f"Point {n} of this work tells of something else entirely." for n in range(40)]
    long = paper("MARLIN", " ".join([*filler[:20], "MARLIN sorts 4,200 charts in 37 minutes.", *filler[20:]]))
    made = request([long], 420, "How many charts does MARLIN sort?")
    assert "[…] " in made.messages[-1].content
    answer = "".join(c.text for c in ExtractiveBackend().stream(made.messages, max_tokens=200))
    assert "4,200" in answer
    assert "…" not in answer


def test_a_paper_goes_before_another_loses_its_last_sentences() -> None:
    least = request([MARLIN], 2_500).prompt_tokens
    made = request([MARLIN, TURBOT, LICHEN], least)
    assert [e.paper for e in made.evidence] == [MARLIN]


def test_a_question_without_room_for_a_source_is_refused() -> None:
    with pytest.raises(UsageError, match="ask it in fewer words"):
        request([MARLIN], 600, "why " * 600)


def test_a_single_endless_sentence_is_left_out_rather_than_cut() -> None:
    endless = paper("Endless", "word " * 2_000)
    assert request([endless], 700).evidence == ()


@pytest.mark.parametrize(("window", "limit"), [(16_384, 2_500), (1_024, 424)])
def test_the_limit_leaves_the_model_room_to_answer(window: int, limit: int) -> None:
    assert prompt_limit(Settings(context_window=window)) == limit


def test_the_default_budget_holds_six_long_abstracts_in_part() -> None:
    long = [
        paper(f"Paper {n}", " ".join(f"Sentence {i} of work {n} tells of charts." for i in range(60))) for n in range(6)
    ]
    made = request(long, 2_500)
    assert len(made.evidence) == 6
    assert made.prompt_tokens <= 2_500
