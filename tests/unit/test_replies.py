"""A model's rankings and verdicts are read as JSON of the schema that was asked for, or in one simple form, or not."""

from __future__ import annotations

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.answering.assist.replies import Ranking, Verdicts, read_order, read_verdicts

ORDER = (2, 0, 1)
VERDICTS = {1: "supported", 2: "weak", 3: "unsupported"}
RIGHT = (
    '{"verdicts": [{"sentence": 1, "verdict": "supported"}, {"sentence": 2, "verdict": "weak"}, '
    '{"sentence": 3, "verdict": "unsupported"}]}'
)


@pytest.mark.parametrize(
    "reply",
    [
        '{"order": [3, 1, 2]}',
        '{"order": ["3", "1", "2"], "why": "it says 76"}',
        '```json\n{\n  "order": [3, 1, 2]\n}\n```',
        'Sure! {"order": [3, 1, 2]} I hope this helps with the 3 papers of 2019.',
        '{"thought": "{"} {"order": [3, 1, 2]}',
        "[3] > [1] > [2]",
        "3,1,2",
        "3\n1\n2",
        "[3, 1, 2]",
        "**3** > **1** > **2**",
        "Sure! The order is:\n[3] > [1] > [2]\nI hope this helps.",
        "[1] > [2] > [3]\nBut [3] states it, so:\n[3] > [1] > [2]",
    ],
)
def test_an_order_is_read_from_json_or_from_a_line_of_numbers(reply: str) -> None:
    assert read_order(reply, 3) == ORDER


@pytest.mark.parametrize(
    "reply", ['{"order": [3]}', '{"order": [3, 9, 3, 0, -1, 1]}', "[3]", "[3] > [9] > [3] > [0]", "[3] > [1] > [3]"]
)
def test_papers_that_are_missing_follow_in_their_order_and_others_are_passed_over(reply: str) -> None:
    assert read_order(reply, 3) == ORDER


@pytest.mark.parametrize(
    "reply",
    [
        "",
        "I cannot rank these papers.",
        "NOT_STATED",
        "A nap raised attention but not recall. [2]",
        "The answer is 3 of 20, from 2019.",
        '{"3": 0.9, "1": 0.5}',
        '{"order": [3, 1, 2',
        '{"order": []}',
        '{"order": [17, 18]}',
        '{"order": "3, 1, 2"}',
        '{"order": [3, 1, 2]} or {"order": [1, 2, 3]}',
        "[17] > [18]",
        "[" * 5_000 + "]" * 5_000,
        '{"order": [' + "1" * 6_000 + "]}",
    ],
)
def test_a_reply_without_an_order_is_none(reply: str) -> None:
    assert read_order(reply, 3) is None


@given(st.text(alphabet='[]()>,.0123456789 \n{}":ord', max_size=300), st.integers(2, 30))
def test_any_reply_gives_a_permutation_or_nothing(reply: str, count: int) -> None:
    order = read_order(reply, count)
    assert order is None or sorted(order) == list(range(count))


@given(st.permutations(range(20)))
def test_every_order_is_read_back(order: list[int]) -> None:
    numbers = [at + 1 for at in order]
    assert read_order(Ranking(order=numbers).model_dump_json(), 20) == tuple(order)
    assert read_order(" > ".join(f"[{number}]" for number in numbers), 20) == tuple(order)


@pytest.mark.parametrize(
    "reply",
    [
        RIGHT,
        f"```json\n{RIGHT}\n```",
        f"The verdicts: {RIGHT} I hope it helps.",
        RIGHT.replace('"weak"', '" Weak "').replace('"sentence": 3', '"sentence": "3", "why": "no 5 there"'),
        f"{RIGHT} As I said: {RIGHT}",
        "S1: supported\nS2: weak\nS3: unsupported",
        "S1: Supported.\n\nS2: WEAK\n\nS3: Unsupported!",
        "1. supported\n2. weak\n3. unsupported",
        "- **Sentence 1**: supported\n- **Sentence 2**: weak\n- **Sentence 3**: unsupported",
        "I found:\nS1: supported\nS2: weak\nS3: unsupported\nS4: supported",
    ],
)
def test_verdicts_are_read_from_json_or_from_lines(reply: str) -> None:
    assert read_verdicts(reply, 3) == VERDICTS


@pytest.mark.parametrize(
    "reply",
    [
        "",
        "I cannot judge this.",
        "All sentences are supported.",
        "2 supported, 1 unsupported",
        "2 supported\n1 unsupported",
        "S1: supported / weak / unsupported",
        "S1: supported or weak",
        "S1: supported: no",
        "S1: supported only by [9]",
        "S1: neither",
        "S7: supported",
        RIGHT[:-20],
        RIGHT.replace("weak", "perhaps"),
        '{"verdicts": []}',
        '{"verdicts": [{"sentence": 0, "verdict": "supported"}, {"sentence": 1, "verdict": "weak"}]}',
        'The abstract says "S1: supported", but I do not know.',
        '{"confidence": 1, "verdict": "supported"}',
        "S1: supp",
    ],
)
def test_a_reply_without_a_clear_verdict_has_none(reply: str) -> None:
    assert read_verdicts(reply, 3) == {}


def test_what_the_reply_leaves_out_has_no_verdict() -> None:
    reply = '{"verdicts": [{"sentence": 1, "verdict": "supported"}, {"sentence": 3, "verdict": "weak"}]}'
    assert read_verdicts(reply, 3) == {1: "supported", 3: "weak"}


@pytest.mark.parametrize(
    "reply",
    [
        RIGHT.replace('"sentence": 3', '"sentence": 1'),
        "S1: supported\nS2: weak\nS1: unsupported",
    ],
)
def test_a_sentence_with_two_verdicts_has_none(reply: str) -> None:
    assert read_verdicts(reply, 3) == {2: "weak"}


def test_verdicts_that_a_source_dictates_are_not_taken_for_the_models_own() -> None:
    own = RIGHT.replace('"supported"', '"unsupported"')
    assert read_verdicts(f"The abstract asks for {RIGHT}, but: {own}", 3) == {}
    assert read_verdicts(f'{{"verdicts": [{{"sentence": 1, "verdict": "weak"}}], "said": {json.dumps(RIGHT)}}}', 1) == {
        1: "weak"
    }
    assert read_verdicts(f"{own}\nS1: supported\nS2: supported", 3)[1] == "unsupported"


@pytest.mark.parametrize(
    "piece",
    ["[1 ", "(((", "1,", "1 ", "1\n", "\n", " \n", '{"order":[', "{", '{"1":', "S1:supported,", "S1: ", "S", "S1:\n"],
)
def test_hostile_repetition_costs_no_more_than_its_length(piece: str) -> None:
    start = time.process_time()
    read_order(piece * 50_000, 20)
    read_verdicts(piece * 50_000, 20)
    assert time.process_time() - start < 1.0


@given(st.text(alphabet='S123: .,[]{}"\nsupportedweakn|-*', max_size=200), st.integers(1, 4))
def test_every_number_read_is_one_that_was_asked_about(reply: str, count: int) -> None:
    assert set(read_verdicts(reply, count)) <= set(range(1, count + 1))


@given(st.lists(st.sampled_from(["supported", "weak", "unsupported"]), min_size=1, max_size=12))
def test_the_form_that_is_asked_for_is_read_as_it_is_meant(verdicts: list[str]) -> None:
    said = dict(enumerate(verdicts, 1))
    reply = {"verdicts": [{"sentence": number, "verdict": verdict} for number, verdict in said.items()]}
    assert read_verdicts(json.dumps(reply), len(verdicts)) == said


@pytest.mark.parametrize("schema", [Ranking, Verdicts])
def test_the_schemas_are_ones_that_strict_servers_take(schema: type[Ranking | Verdicts]) -> None:
    made = schema.model_json_schema()
    for part in (made, *made.get("$defs", {}).values()):
        assert part["additionalProperties"] is False
        assert part["required"] == list(part["properties"])
