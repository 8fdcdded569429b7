"""What a reader sees of a reply that is still being written."""

from __future__ import annotations

import pytest

from rag.answering.prompt.sentinels import NOT_FOUND, NOT_STATED
from rag.answering.stream import HELD_BACK, LiveText
from tests.support.models import MARLIN, TURBOT, evidence_of

SOURCES = [evidence_of(TURBOT), evidence_of(MARLIN)]


def test_citations_come_in_the_order_of_use() -> None:
    live = LiveText(SOURCES)
    text = live.feed("MARLIN is fast [2]. TURBOT is slow [1].") + live.finish()
    assert text == "MARLIN is fast [1]. TURBOT is slow [2]."


def test_text_streams_once_something_is_cited() -> None:
    live = LiveText(SOURCES)
    assert live.feed("MARLIN is ") == ""
    assert live.feed("fast [2]. And ") == "MARLIN is fast [1]. And"
    assert live.feed("more ") == " more"


def test_a_long_opening_without_a_citation_is_not_held_for_ever() -> None:
    live = LiveText(SOURCES)
    assert live.feed("word " * HELD_BACK)


def test_a_reply_that_never_cites_is_not_shown() -> None:
    live = LiveText(SOURCES)
    assert live.feed("I think it is 42. ") + live.finish() == ""
    assert live.raw == "I think it is 42. "


def test_what_looks_like_a_citation_in_code_shows_no_reply() -> None:
    live = LiveText(SOURCES)
    assert live.feed("I think that `x[1]` is 42. ") + live.finish() == ""


@pytest.mark.parametrize("wrapped", ["{}", "**{}**", "`{}`.", "\n {} - the sources say nothing [1]."])
@pytest.mark.parametrize(("word", "outcome"), [(NOT_STATED, "not_stated"), (NOT_FOUND, "not_found")])
def test_a_sentinel_is_an_outcome_and_never_shown(wrapped: str, word: str, outcome: str) -> None:
    live = LiveText(SOURCES)
    shown = "".join(live.feed(c) for c in wrapped.format(word)) + live.finish()
    assert (live.sentinel, shown) == (outcome, "")


def test_a_sentinel_behind_an_answer_is_left_out() -> None:
    live = LiveText(SOURCES)
    shown = "".join(live.feed(c) for c in f"MARLIN is fast [2]. {NOT_STATED}") + live.finish()
    assert (live.sentinel, shown.strip()) == (None, "MARLIN is fast [1].")


def test_a_word_that_opens_like_a_sentinel_is_an_answer() -> None:
    live = LiveText(SOURCES)
    shown = "".join(live.feed(c) for c in "NOT_STATEDLY [1].") + live.finish()
    assert shown == "NOT_STATEDLY [1]."
