"""Places of sentences: every sentence of an answer is where it says it is, whatever the checker changed around it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from rag.answering.checking.check import CheckedAnswer, check_answer
from rag.answering.citations.stream import find_markers
from rag.answering.finish import FinalText
from rag.answering.record.answer import Answer, Sentence
from rag.paper import Paper
from rag.retrieval.evidence import Evidence
from tests.support.adversarial import evidence

SOURCES: list[Evidence] = [
    evidence(Paper.create(title=title, abstract=abstract))
    for title, abstract in (
        ("Pruning with PrunerX", "PrunerX removes heads. It is 60% smaller and 30% faster than DistilGPT2 on GLUE."),
        ("Late interaction", "We encode query and document independently. It runs 170 times faster than rankers."),
        ("A title alone", ""),
    )
]
_SENTENCES = st.sampled_from(
    [
        "PrunerX removes heads",
        "It is **60% smaller** and 30% faster than DistilGPT2 on GLUE",
        "PrunerX encodes query and document and is 60% smaller",
        "It runs 170 times faster than rankers",
        "Bananas ripen in 12 days",
        "The abstracts do not say",
        "Here is `x[1]` in code",
        "_Hidden_ *words* e.g. these",
        "“Quoted: it is 900% larger”",
        "ⅷ Straße İ",
        "",
    ]
)
_MARKERS = st.sampled_from(["", " [1]", " [2]", " [1][2]", " [2] and [1]", "[9]", " [3, 1]", " 【2†source】", " ([1])"])
_LINES = st.sampled_from(["", "- ", "1. ", "  * ", "## ", "> ", "**", "[2] ", "| ", "\t", "(a) ", "***"])
_ENDS = st.sampled_from([". ", ".\n", "\n\n", "! ", "? ", "; ", ".** ", "\n"])
_CELLS = st.lists(st.tuples(_SENTENCES, _MARKERS).map("".join), min_size=2, max_size=4)
_ROWS = _CELLS.map(lambda cells: "\n| " + " | ".join(cells) + " |\n")
_OTHERS = st.sampled_from(
    ["\n```\nx[1] = 2.\n```\n", "\n|---|---|\n", "\n---\n", "<b>bold</b> ", "see www.evil.example/x. ", "`code [2] x` "]
)
_PARTS = st.tuples(_LINES, _SENTENCES, _MARKERS, _ENDS).map("".join) | _ROWS | _OTHERS
TEXTS = st.lists(_PARTS, max_size=8).map("".join) | st.text("aZ9.[]12 |*`\n-—", max_size=60)


def letters(text: str) -> str:
    return "".join(character for character in text if character.isalnum())


def without_markers(text: str, start: int, end: int) -> str:
    kept, at = [], start
    for marker in find_markers(text):
        if start <= marker.start and marker.end <= end:
            kept.append(text[at : marker.start])
            at = marker.end
    return "".join([*kept, text[at:end]])


def assert_placed(text: str, sentences: tuple[Sentence, ...]) -> None:
    numbers = {(marker.start, marker.end): marker.number for marker in find_markers(text)}
    for sentence in sentences:
        start, end = sentence.start, sentence.end
        assert 0 <= start <= end <= len(text)
        assert text[start:end] == text[start:end].strip()
        # The "and" between two markers goes with the second one if both name one paper now.
        found, told = letters(without_markers(text, start, end)), letters(sentence.text)
        assert told in {found, f"{found}and"}
        for (left, right), number in numbers.items():
            assert right <= start or end <= left or (start <= left and right <= end), "a marker is cut in two"
            if start <= left < end and sentence.support != "none":
                assert number in sentence.citations or not sentence.citations
    assert list(sentences) == sorted(sentences, key=lambda sentence: sentence.start)


def check(text: str, policy: Any) -> CheckedAnswer:
    return check_answer(text, SOURCES, policy=policy)


@given(TEXTS, st.sampled_from(["mark", "drop"]), st.sampled_from(["", "Ours."]), st.sampled_from(["", "Ours too: 1."]))
@example("Bananas ripen in 12 days [1]. PrunerX removes heads [1].", "drop", "", "")
@example("It runs 170 times faster than rankers [1]. PrunerX removes heads [2][1].", "mark", "Ours.", "Ours.")
def test_every_sentence_of_an_answer_is_at_its_place(text: str, policy: str, before: str, after: str) -> None:
    written = FinalText("answered", check(text, policy), before=before, after=after)
    assert_placed(written.text, written.sentences)


def test_a_moved_citation_and_a_dropped_sentence_leave_the_others_in_place() -> None:
    text = (
        "Bananas ripen in 12 days [1]. It runs **170 times** faster than rankers [1]. "
        "It is 60% smaller and 30% faster than DistilGPT2 on GLUE [1]."
    )
    checked = check(text, "drop")
    assert [checked.text[s.start : s.end] for s in checked.sentences] == [
        "It runs **170 times** faster than rankers [1].",
        "It is 60% smaller and 30% faster than DistilGPT2 on GLUE [2].",
    ]


def test_our_own_sentences_stand_around_the_checked_ones() -> None:
    written = FinalText("answered", check("PrunerX removes heads [1].", "mark"), before="Ours.", after="Ours too.")
    assert [written.text[s.start : s.end] for s in written.sentences] == [
        "Ours.",
        "PrunerX removes heads [1].",
        "Ours too.",
    ]


@pytest.mark.parametrize(
    ("text", "judged_by"),
    [("PrunerX removes heads [1].", "verbatim"), ("Heads are removed by PrunerX [1].", "words"), ("Yes.", "words")],
)
def test_a_sentence_says_how_it_was_judged(text: str, judged_by: str) -> None:
    (sentence,) = check(text, "mark").sentences
    assert sentence.judged_by == judged_by


def test_the_record_of_a_sentence_has_the_fields_of_the_contract() -> None:
    (sentence,) = check("PrunerX removes heads [1].", "mark").sentences
    answer = Answer("q", "q", "answered", "", (sentence,), (), (), (), (), "b", "m", "p")
    assert answer.to_dict()["sentences"] == [
        {
            "text": "PrunerX removes heads.",
            "citations": [1],
            "start": 0,
            "end": 26,
            "support": "supported",
            "judged_by": "verbatim",
            "problems": [],
        }
    ]
