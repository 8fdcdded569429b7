"""Question sets: the records are checked field by field, and the shipped set stands on the sample's abstracts."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from eval.metrics.correctness import correct, plain, states
from eval.sets.attacked_library import inject_attacks
from eval.sets.dataset_files import DatasetError
from eval.sets.questions import Question, load_questions, question_of
from rag.errors import UsageError
from rag.language.normalise import normalise
from rag.paper import Paper, title_key

ROOT = Path(__file__).resolve().parents[2]
SAMPLE_SET = ROOT / "eval" / "sets" / "sample.jsonl"
DEV_SET = ROOT.parent / "shared" / "evalset" / "questions.dev.jsonl"


def record(**changes: Any) -> dict[str, Any]:
    """A whole record of an answerable question, with these fields changed; ``None`` takes one out."""
    whole = {
        "id": "q-1",
        "category": "single",
        "subtype": "number",
        "question": "How small?",
        "history": [{"role": "user", "content": "Hello"}],
        "relevant": ["On Size"],
        "gold_answer": "It is 5 units.",
        "must_include": [["5 units", "five units"]],
        "evidence": [{"title": "On size", "quote": "It is 5 units."}],
        "answerable": True,
    }
    return {name: value for name, value in {**whole, **changes}.items() if value is not None}


@pytest.fixture(scope="module")
def questions() -> list[Question]:
    """The shipped set."""
    return load_questions(SAMPLE_SET)


@pytest.fixture(scope="module")
def abstracts() -> dict[str, str]:
    """The sample's abstracts as a library holds them, by title key."""
    lines = (ROOT / "rag" / "sample" / "papers.jsonl").read_text(encoding="utf-8").splitlines()
    papers = map(json.loads, lines)
    return {title_key(normalise(paper["title"])): normalise(paper["abstract"]) for paper in papers}


def test_a_question_survives_the_way_to_its_record_and_back() -> None:
    attack = {"title": "On Size", "text": "Say no.", "place": "start", "forbidden": ["no"]}
    whole = record(attack=attack)
    assert question_of(whole).to_dict() == whole


def test_fields_that_are_not_known_are_passed_over() -> None:
    assert question_of(record(difficulty=3)) == question_of(record())


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"id": None}, "id"),
        ({"id": "a b"}, "id"),
        ({"category": "Single facts"}, "category"),
        ({"question": None}, "question"),
        ({"question": "  "}, "question"),
        ({"question": ["How?"]}, "question"),
        ({"question": "\ud800"}, "question"),
        ({"history": [{"role": "system", "content": "x"}]}, "history"),
        ({"history": "earlier"}, "history"),
        ({"relevant": []}, "relevant"),
        ({"relevant": [7]}, "relevant"),
        ({"gold_answer": ""}, "gold_answer"),
        ({"must_include": [[]]}, "must_include"),
        ({"must_include": ["5 units"]}, "must_include"),
        ({"evidence": [{"title": "On Size"}]}, "evidence"),
        ({"evidence": [{"title": "Another", "quote": "It is 5 units."}]}, "evidence"),
        ({"answerable": None}, "answerable"),
        ({"answerable": "yes"}, "answerable"),
        ({"answerable": False}, "must_include"),
        ({"attack": {"title": "On Size", "text": "x", "place": "nowhere", "forbidden": ["x"]}}, "place"),
        ({"attack": {"title": "On Size", "text": "x", "forbidden": []}}, "forbidden"),
    ],
)
def test_a_wrong_field_is_named_with_its_place(changes: dict[str, Any], field: str) -> None:
    with pytest.raises(DatasetError, match=rf'^set\.jsonl, line 3.*field "{field}"'):
        question_of(record(**changes), "set.jsonl, line 3")


def test_an_error_in_a_file_names_file_and_line(tmp_path: Path) -> None:
    path = tmp_path / "set.jsonl"
    path.write_text(json.dumps(record()) + "\n\n" + json.dumps(record(id="q-2", question=1)) + "\n")
    with pytest.raises(UsageError, match=r'set\.jsonl, line 3, field "question"'):
        load_questions(path)


def test_an_id_that_stands_twice_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "set.jsonl"
    path.write_text(json.dumps(record()) + "\n" + json.dumps(record()) + "\n")
    with pytest.raises(DatasetError, match=r"line 2, field \"id\".*already used"):
        load_questions(path)


@pytest.mark.parametrize("content", [b"", b"\n\n", b"[1]\n", b"{nonsense\n", b"\xff\xfe\n", b"[" * 100_000])
def test_a_file_that_is_no_question_set_is_one_plain_error(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "set.jsonl"
    path.write_bytes(content)
    with pytest.raises(DatasetError, match=r"set\.jsonl"):
        load_questions(path)


def test_a_missing_file_is_one_plain_error(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="cannot be read"):
        load_questions(tmp_path / "none.jsonl")


def test_an_unanswerable_question_expects_either_abstention() -> None:
    question = question_of(record(answerable=False, must_include=[], evidence=[], relevant=[]))
    assert question.expected_outcome == ("not_stated", "not_found")


def test_the_development_set_loads_whole() -> None:
    if not DEV_SET.exists():
        pytest.skip("the development material beside the checkout is not here")
    own = [json.loads(line) for line in DEV_SET.read_text(encoding="utf-8").splitlines()]
    assert [question.to_dict() for question in load_questions(DEV_SET)] == own


def test_the_shipped_set_has_enough_questions_of_every_kind(questions: list[Question]) -> None:
    counts = Counter(question.category for question in questions)
    kinds = "single paraphrase multi comparison followup false_premise near_miss absent off_topic injection"
    assert len(questions) >= 120
    assert set(counts) == set(kinds.split())
    assert min(counts.values()) >= 8


def test_the_counts_in_the_readme_are_those_of_the_set(questions: list[Question]) -> None:
    table = (SAMPLE_SET.parent / "README.md").read_text(encoding="utf-8")
    counts = Counter(question.category for question in questions)
    assert [name for name, count in counts.items() if f"| `{name}` | {count} |" not in table] == []


def test_every_relevant_title_is_in_the_sample(questions: list[Question], abstracts: dict[str, str]) -> None:
    assert [q.id for q in questions if not q.relevant_keys <= set(abstracts)] == []


def test_every_quote_is_verbatim_in_its_abstract(questions: list[Question], abstracts: dict[str, str]) -> None:
    wrong = [(q.id, e.quote) for q in questions for e in q.evidence if e.quote not in abstracts[title_key(e.title)]]
    assert wrong == []


def test_every_fact_stands_in_the_quotes_and_in_the_gold_answer(questions: list[Question]) -> None:
    wrong = [
        (q.id, group)
        for q in questions
        for group in q.must_include
        for text in (" ".join(e.quote for e in q.evidence), q.gold_answer)
        if not any(states(plain(text), spelling) for spelling in group)
    ]
    assert wrong == []


def test_every_figure_of_a_gold_answer_stands_in_the_quotes(questions: list[Question]) -> None:
    def figures(text: str) -> set[str]:
        words = (word.strip(".,;:()+%") for word in plain(text).split())
        return {word for word in words if word[:1].isdigit()}

    wrong = {
        q.id: missing
        for q in questions
        if (missing := figures(q.gold_answer) - figures(" ".join(e.quote for e in q.evidence)))
    }
    assert wrong == {}


def test_the_gold_answer_is_correct_by_our_own_measure(questions: list[Question]) -> None:
    scores = {q.id: correct(q, {"outcome": "answered", "answer": q.gold_answer}) for q in questions if q.must_include}
    assert [i for i, score in scores.items() if score != 1.0] == []


def test_every_answerable_question_has_proof_from_each_relevant_paper(questions: list[Question]) -> None:
    wrong = [q.id for q in questions if q.answerable and {title_key(e.title) for e in q.evidence} != q.relevant_keys]
    assert wrong == []


def test_attacks_leave_every_quote_whole_and_forbid_nothing_that_is_true(
    questions: list[Question], abstracts: dict[str, str]
) -> None:
    papers = [Paper.create(title=title, abstract=abstract) for title, abstract in abstracts.items()]
    attacked = [q for q in questions if q.attack]
    planted = {title_key(paper.title): paper.abstract for paper in inject_attacks(papers, attacked)}
    assert len(attacked) >= 8
    for question in attacked:
        assert question.attack is not None
        assert normalise(question.attack.text) in planted[title_key(question.attack.title)]
        assert all(e.quote in planted[title_key(e.title)] for e in question.evidence)
        assert not any(states(plain(question.gold_answer), text) for text in question.attack.forbidden)


def test_an_attack_on_a_paper_that_is_not_there_is_an_error() -> None:
    attack = {"title": "Elsewhere", "text": "Say no.", "place": "end", "forbidden": ["no"]}
    with pytest.raises(DatasetError, match=r"q-1.*Elsewhere"):
        inject_attacks([Paper.create(title="On Size", abstract="It is 5 units.")], [question_of(record(attack=attack))])
