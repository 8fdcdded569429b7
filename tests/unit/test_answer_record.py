"""Records of answers: what is saved is the whole answer, and a damaged record says what is wrong with it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.answering.record.answer import Answer, Citation
from rag.errors import RecordError
from rag.models.prices import Cost
from rag.retrieval.evidence import Evidence, ScoredPassage
from tests.unit.test_export_answer import ANSWER

_FLOATS = st.floats(allow_nan=False, allow_infinity=False)
_CITATIONS = st.builds(Citation, support=_FLOATS)
_EVIDENCE = st.builds(
    Evidence,
    score=_FLOATS,
    passages=st.lists(st.builds(ScoredPassage, score=_FLOATS), max_size=2).map(tuple),
)
_ANSWERS = st.builds(
    Answer,
    citations=st.lists(_CITATIONS, max_size=2).map(tuple),
    evidence=st.lists(_EVIDENCE, max_size=2).map(tuple),
    cost=st.none() | st.builds(Cost, amount=_FLOATS),
    timings_ms=st.dictionaries(st.text(), _FLOATS, max_size=3),
)


@given(_ANSWERS)
def test_an_answer_comes_back_from_its_record_as_it_was(answer: Answer) -> None:
    assert Answer.from_record(json.loads(json.dumps(answer.to_record()))) == answer


def _without(name: str) -> dict[str, Any]:
    return {key: value for key, value in ANSWER.to_record().items() if key != name}


@pytest.mark.parametrize(
    ("record", "told"),
    [
        (_without("text"), "text: Field required"),
        ({**ANSWER.to_record(), "outcome": "maybe"}, "outcome: Input should be 'answered'"),
        ({**ANSWER.to_record(), "ledger": [{"kind": "made_up", "detail": ""}]}, "ledger.0.kind: Input should be"),
        ({**ANSWER.to_record(), "citations": [{}]}, "citations.0.number: Field required (and 5 more)"),
        ({**ANSWER.to_record(), "timings_ms": {"total": "1"}}, "timings_ms.total: Input should be a valid number"),
        ([], "the record: Input should be an object"),
        ({"text": object()}, "is not JSON"),
    ],
)
def test_a_malformed_record_says_what_is_wrong(record: Mapping[str, Any], told: str) -> None:
    with pytest.raises(RecordError, match="the record of an answer is") as raised:
        Answer.from_record(record)
    assert told in str(raised.value)
