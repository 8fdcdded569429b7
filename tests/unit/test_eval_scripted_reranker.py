"""The scripts that stand in for models that order papers and expand questions."""

from __future__ import annotations

from eval.stand_ins.scripted_reranker import ScriptedReranker, ideal, overlap
from rag.answering.assist.expansion import Expansion
from rag.answering.assist.replies import read_order
from rag.answering.assist.reranking import Candidate, ranking_request
from rag.answering.prompt.sentinels import NOT_FOUND
from rag.answering.prompt.sources import SourceText, parse_prompt
from rag.answering.prompt.templates import load_prompt
from rag.models.protocols import Message
from rag.models.tokens import counter_for
from rag.paper import title_key
from rag.retrieval.evidence import SearchResult
from tests.support.models import MARLIN, PAPERS, TURBOT, evidence_of

COUNTER = counter_for("gpt-4o-mini")
QUESTION = "Which accuracy does TURBOT reach on HARBOUR?"


def _request() -> tuple[Message, ...]:
    shown = [Candidate(p.title, p.abstract) for p in PAPERS]
    return ranking_request(load_prompt("rerank"), QUESTION, shown, COUNTER, 2_500)[0]


def test_a_ranker_without_knowledge_goes_by_rare_words() -> None:
    assert read_order(ScriptedReranker(COUNTER, overlap)(_request()), 3) == (1, 0, 2)


def test_an_ideal_ranker_puts_relevant_papers_first_and_one_that_always_errs_last() -> None:
    relevant = {QUESTION: {title_key(TURBOT.title)}}
    assert read_order(ScriptedReranker(COUNTER, ideal(relevant, 0.0))(_request()), 3) == (1, 0, 2)
    assert read_order(ScriptedReranker(COUNTER, ideal(relevant, 1.0))(_request()), 3) == (0, 2, 1)


def test_errors_come_at_their_rate_and_are_the_same_each_time() -> None:
    questions = [f"question {n}" for n in range(400)]
    sources = [s for s in _sources() if s.title == MARLIN.title or s.title == TURBOT.title]
    first = [ideal({q: {title_key(TURBOT.title)} for q in questions}, 0.2, 7)(q, sources)[0].title for q in questions]
    again = [ideal({q: {title_key(TURBOT.title)} for q in questions}, 0.2, 7)(q, sources)[0].title for q in questions]
    assert first == again
    # MARLIN is first unless TURBOT is told apart from it: both right, 0.64.
    assert 0.56 < first.count(TURBOT.title) / 400 < 0.72


def _sources() -> list[SourceText]:

    return list(parse_prompt(_request()[-1].content).sources)


def test_an_expansion_is_what_is_known_for_the_question_and_calls_are_counted() -> None:
    helper = ScriptedReranker(COUNTER, expansions={QUESTION: "TURBOT sorts charts."})
    ask = Expansion(load_prompt("expand"), COUNTER, 2_500).ask(
        QUESTION, SearchResult(QUESTION, (evidence_of(MARLIN),), 1)
    )
    assert ask is not None
    assert helper(ask.messages) == "TURBOT sorts charts."
    helper(_request())
    assert helper([Message("user", "<question>x</question>")]) == NOT_FOUND
    assert helper.calls == {"expand": 1, "rerank": 1, "answer": 1}
    assert 120 < helper.tokens["expand"] < helper.tokens["rerank"]
