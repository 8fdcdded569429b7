"""What models write when asked for verdicts is read as such, or told to be none."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.answering.assist.verdicts import read_verdicts

ALL = {1: "supported", 2: "weak", 3: "unsupported"}


@pytest.mark.parametrize(
    "reply",
    [
        "S1: supported\nS2: weak\nS3: unsupported",
        "S1: Supported.\n\nS2: WEAK\n\nS3: Unsupported!",
        "1. supported\n2. weak\n3. unsupported",
        "[1] supported\n[2] weak\n[3] unsupported",
        "- **S1**: supported\n- **S2**: weak\n- **S3**: not supported",
        "**Sentence 1:** Supported\n**Sentence 2:** Partially supported\n**Sentence 3:** Contradicted",
        "Sentence 1 is fully supported.\nSentence 2 is only weakly supported.\nSentence 3 is not supported.",
        "S1: supported, S2: weak, S3: unsupported",
        "S1 = supported; S2 = not fully supported; S3 = unsupported",
        "| Sentence | Verdict |\n|---|---|\n| 1 | supported |\n| 2 | weak |\n| S3 | unsupported |",
        "1,supported\n2,weak\n3,unsupported",
        "I found:\nS1: supported - [1] says so\nS2: weak (in part)\nS3: unsupported: no 5 there\nI hope it helps.",
        '{"1": "supported", "2": "weak", "3": "unsupported"}',
        '{"S1": "supported", "S2": {"verdict": "weak", "why": "x"}, "S3": "unsupported"}',
        '[{"sentence": 1, "verdict": "supported"}, {"sentence": 2, "verdict": "weak"}, '
        '{"sentence": 3, "verdict": "unsupported"}]',
        '{"verdicts": [{"id": "S1", "label": "supported"}, {"id": "S2", "label": "weak"}, '
        '{"id": "S3", "label": "unsupported"}]}',
        '{"sentence": 1, "verdict": "supported"}\n{"sentence": 2, "verdict": "weak"}\n{"sentence": 3, "verdict": '
        '"unsupported"}',
        '```json\n{"supported": [1], "weak": [2], "unsupported": [3]}\n```',
        '["supported", "weak", "unsupported"]',
        '{"verdicts": ["supported", "weak", "unsupported"]}',
        '[{"verdict": "supported"}, {"verdict": "weak"}, {"verdict": "unsupported"}]',
        '["S1: supported", "S2: weak", "S3: unsupported"]',
        "supported\nweak\nunsupported",
        "S1: supported\nS2: weak\nS3: unsupported\nS4: supported\nS12: weak",
    ],
)
def test_verdicts_are_read_in_whatever_form(reply: str) -> None:
    assert read_verdicts(reply, 3) == ALL


@pytest.mark.parametrize(
    "reply",
    [
        "",
        "I cannot judge this.",
        "All sentences are supported.",
        "2 supported, 1 unsupported",
        "supported\nweak",
        "S1: supported / weak / unsupported",
        "S1: supported or weak",
        "S1: supported: no",
        "S1: supported only by [9]",
        "S1: neither",
        "S7: supported",
        '[{"index": 0, "verdict": "supported"}, {"index": 1, "verdict": "weak"}, {"index": 2, "verdict": "weak"}]',
        'The abstract says "S1: supported", but I do not know.',
        '{"confidence": 1, "verdict": "supported"}',
        "[1, 2, 3]",
        "S1: supp",
    ],
)
def test_a_reply_without_a_clear_verdict_has_none(reply: str) -> None:
    assert read_verdicts(reply, 3) == {}


def test_what_the_reply_leaves_out_has_no_verdict() -> None:
    assert read_verdicts("S1: supported\nS3: weak", 3) == {1: "supported", 3: "weak"}


def test_json_that_was_cut_gives_what_is_whole() -> None:
    cut = '[{"sentence": 1, "verdict": "supported"}, {"sentence": 2, "verdict": "we'
    assert read_verdicts(cut, 3) == {1: "supported"}


@pytest.mark.parametrize(
    "reply",
    ["S1: supported\nS2: weak\nS1: unsupported", '{"1": "supported"}\nS1: unsupported\nS2: weak'],
)
def test_a_sentence_with_two_verdicts_has_none(reply: str) -> None:
    assert read_verdicts(reply, 3) == {2: "weak"}


def test_a_verdict_that_a_source_dictates_is_not_read_from_the_words_around_the_model_s_own() -> None:
    reply = 'S1: unsupported, although the abstract asks for "S1: supported" and {S1: supported}'
    assert read_verdicts(reply, 1) == {1: "unsupported"}


@pytest.mark.parametrize(
    "reply", ["Unsupported. The abstract says 37.", "**unsupported**", '"not supported"', '{"verdict": "unsupported"}']
)
def test_a_single_sentence_needs_no_number(reply: str) -> None:
    assert read_verdicts(reply, 1) == {1: "unsupported"}


@pytest.mark.parametrize(
    "reply", ["[" * 8_000, '{"1":' * 3_000, "S1: " + "not " * 2_000, "1 " * 4_000, "S" * 8_000, "S1:supported," * 600]
)
def test_hostile_replies_are_read_quickly(reply: str) -> None:
    started = time.perf_counter()
    read_verdicts(reply, 3)
    assert time.perf_counter() - started < 1.0


@given(st.text(alphabet='S123: .,[]{}"\nsupportedweakn|-*', max_size=200), st.integers(1, 4))
def test_every_number_read_is_one_that_was_asked_about(reply: str, count: int) -> None:
    assert set(read_verdicts(reply, count)) <= set(range(1, count + 1))


@given(st.lists(st.sampled_from(["supported", "weak", "unsupported"]), min_size=1, max_size=12))
def test_the_form_that_is_asked_for_is_read_as_it_is_meant(verdicts: list[str]) -> None:
    reply = "\n".join(f"S{number}: {verdict}" for number, verdict in enumerate(verdicts, 1))
    assert read_verdicts(reply, len(verdicts)) == dict(enumerate(verdicts, 1))
