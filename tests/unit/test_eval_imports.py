"""Benchmarks of others: what their files hold, and a plain error where one is broken."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from eval.benchmarks.beir import open_beir
from eval.benchmarks.pubmedqa import load_pubmedqa
from eval.benchmarks.scholarqa import convert_scholarqa, load_scholarqa
from eval.sets.dataset_files import DatasetError
from eval.sets.questions import load_questions
from rag.paper import Paper
from rag.readers.base import Skip

FIXTURES = Path(__file__).resolve().parents[1] / "fixtures" / "eval"


def beir(directory: Path, corpus: str, queries: str, qrels: str) -> Path:
    """A BEIR folder with these files."""
    (directory / "qrels").mkdir(parents=True)
    (directory / "corpus.jsonl").write_text(corpus, encoding="utf-8")
    (directory / "queries.jsonl").write_text(queries, encoding="utf-8")
    (directory / "qrels" / "test.tsv").write_text(qrels, encoding="utf-8")
    return directory


CORPUS = '{"_id": "d1", "title": "Wings", "text": "Lift  grows."}\n{"_id": 2, "title": "Only a title", "text": ""}\n'
QUERIES = '{"_id": "q1", "text": "lift"}\n{"_id": "q2", "text": "drag"}\n'
QRELS = "query-id\tcorpus-id\tscore\nq1\td1\t2\nq2\td1\t0\n"


def test_a_folder_gives_papers_under_its_own_ids_and_the_judged_queries(tmp_path: Path) -> None:
    folder = open_beir(beir(tmp_path / "wings", CORPUS, QUERIES, QRELS))
    papers = [record for record in folder.papers() if isinstance(record, Paper)]
    assert folder.name == "wings"
    assert folder.queries == {"q1": "lift"}
    assert folder.judgements == {"q1": {"d1": 2}}
    assert [(p.id, p.title, p.abstract) for p in papers] == [
        ("d1", "Wings", "Lift grows."),
        ("2", "Only a title", "Only a title"),
    ]


def test_a_document_without_words_is_skipped_and_one_without_title_is_not(tmp_path: Path) -> None:
    corpus = '{"_id": "a", "title": "", "text": ""}\n{"_id": "b", "text": "Words."}\n{"_id": "c", "title": null}\n'
    records = list(open_beir(beir(tmp_path / "x", corpus, QUERIES, QRELS)).papers())
    assert [record for record in records if isinstance(record, Skip)] == [
        Skip(str(tmp_path / "x" / "corpus.jsonl"), "line 1", "neither title nor text"),
        Skip(str(tmp_path / "x" / "corpus.jsonl"), "line 3", "neither title nor text"),
    ]
    assert [(r.id, r.title, r.abstract) for r in records if isinstance(r, Paper)] == [("b", "", "Words.")]


def test_judged_queries_that_are_not_there_are_left_out_and_named(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = open_beir(beir(tmp_path / "x", CORPUS, QUERIES, QRELS + "gone\td1\t1\n"))
    assert set(folder.queries) == set(folder.judgements) == {"q1"}
    assert "left out: 1 of 2 judged queries, not in queries.jsonl; 'gone' first" in caplog.text


def test_files_may_be_packed_and_judgements_without_header(tmp_path: Path) -> None:
    folder = beir(tmp_path / "x", "", QUERIES, "q1\td1\t1\n")
    (folder / "corpus.jsonl").unlink()
    (folder / "corpus.jsonl.gz").write_bytes(gzip.compress(CORPUS.encode()))
    opened = open_beir(folder)
    assert len(list(opened.papers())) == 2
    assert opened.judgements == {"q1": {"d1": 1}}


def test_a_query_under_an_id_that_came_before_is_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    folder = open_beir(beir(tmp_path / "x", CORPUS, QUERIES + '{"_id": "q1", "text": "drag"}\n', QRELS))
    assert folder.queries == {"q1": "drag"}
    assert "queries under an id that came before: 1, 'q1' first; the last stands" in caplog.text


@pytest.mark.parametrize("grade", ["1.0", "+1", "99999999999", "1 "])
def test_a_first_line_of_judgements_is_not_taken_for_a_header_because_its_grade_is_odd(
    tmp_path: Path, grade: str
) -> None:
    folder = beir(tmp_path / "x", CORPUS, QUERIES, f"q1\td1\t{grade}\nq2\td1\t1\n")
    if grade.strip() == "1":
        assert open_beir(folder).judgements == {"q1": {"d1": 1}, "q2": {"d1": 1}}
    else:
        with pytest.raises(DatasetError, match=r"test\.tsv, line 1: query id, document id and a whole number"):
            open_beir(folder)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("queries.jsonl", '{"_id": "q\\ud800", "text": "x"}\n', r'line 1, field "_id": holds half a character'),
        ("queries.jsonl", "{", r"queries\.jsonl, line 1: not valid JSON"),
        ("queries.jsonl", '{"text": "x"}\n', r'queries\.jsonl, line 1, field "_id"'),
        ("queries.jsonl", '{"_id": "q1", "text": 7.5}\n', r'queries\.jsonl, line 1, field "text": is not a text'),
        ("queries.jsonl", '{"_id": "other", "text": "x"}\n', r"no query that .*test\.tsv judges, 'q1'"),
        ("qrels/test.tsv", "query-id\tcorpus-id\tscore\nq1\td1\n", r"test\.tsv, line 2"),
        ("qrels/test.tsv", "q1 d1 1\n", r"test\.tsv, line 1: query id, document id and a whole number, parted by tabs"),
        ("qrels/test.tsv", "q1\td1\t0\n", r"calls no document relevant"),
    ],
)
def test_a_broken_file_is_named_with_its_line(tmp_path: Path, name: str, content: str, message: str) -> None:
    folder = beir(tmp_path / "x", CORPUS, QUERIES, QRELS)
    (folder / name).write_text(content)
    with pytest.raises(DatasetError, match=message):
        open_beir(folder)


@pytest.mark.parametrize("name", ["corpus.jsonl", "queries.jsonl", "qrels/test.tsv"])
def test_a_missing_file_is_one_plain_error(tmp_path: Path, name: str) -> None:
    folder = beir(tmp_path / "x", CORPUS, QUERIES, QRELS)
    (folder / name).unlink()
    with pytest.raises(DatasetError):
        open_beir(folder)


def test_a_file_that_was_not_copied_whole_is_one_plain_error(tmp_path: Path) -> None:
    folder = beir(tmp_path / "x", "", QUERIES, QRELS)
    (folder / "corpus.jsonl").unlink()
    (folder / "corpus.jsonl.gz").write_bytes(gzip.compress(CORPUS.encode() * 50)[:-20])
    with pytest.raises(DatasetError, match="not a whole gzip file"):
        list(open_beir(folder).papers())


def test_a_directory_that_is_none_is_one_plain_error(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="not a directory"):
        open_beir(tmp_path / "none")


def test_pubmedqa_leaves_the_conclusion_out_unless_it_is_asked_for() -> None:
    without = load_pubmedqa(FIXTURES / "pqal.json")
    within = load_pubmedqa(FIXTURES / "pqal.json", with_conclusions=True)
    assert [question.decision for question in without] == ["yes", "no", "maybe"]
    assert without[0].paper.pmid == "900001"
    assert without[0].paper.year == 2011
    assert "148 to 139" in without[0].paper.abstract
    assert "Daily walking lowers" not in without[0].paper.abstract
    assert within[0].paper.abstract.endswith("Daily walking lowers blood pressure in retired postal workers.")


def test_pubmedqa_keeps_the_questions_that_a_file_names(tmp_path: Path) -> None:
    (tmp_path / "test.json").write_text('{"900003": "maybe"}')
    questions = load_pubmedqa(FIXTURES / "pqal.json", only=tmp_path / "test.json")
    assert [question.id for question in questions] == ["900003"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"final_decision": "perhaps"}, 'field "final_decision"'),
        ({"CONTEXTS": "text"}, 'field "CONTEXTS"'),
        ({"CONTEXTS": []}, 'field "CONTEXTS": is empty'),
        ({"QUESTION": ""}, 'field "QUESTION"'),
    ],
)
def test_a_wrong_pubmedqa_record_is_named(tmp_path: Path, changes: dict[str, Any], message: str) -> None:
    record = {"QUESTION": "Does it?", "CONTEXTS": ["It does."], "final_decision": "yes", **changes}
    path = tmp_path / "pqal.json"
    path.write_text(json.dumps({"7": record}))
    with pytest.raises(DatasetError, match=rf"record '7', {message}"):
        load_pubmedqa(path)


def test_scholarqa_passages_of_one_title_make_one_paper() -> None:
    found = load_scholarqa(FIXTURES / "scholarqa.jsonl")
    assert [(paper.title, paper.abstract) for paper in found.papers[:1]] == [
        (
            "Late Interaction",
            "Query and document are encoded apart from each other. A cheap step compares them at the end.",
        )
    ]
    assert found.questions[0].relevant == ("Late Interaction",)
    assert [question.subtype for question in found.questions] == ["long", "label", "long"]


def test_scholarqa_gold_passages_go_before_others_and_an_untitled_one_is_named_by_its_words() -> None:
    question = load_scholarqa(FIXTURES / "scholarqa.jsonl").questions[-1]
    assert question.relevant == ("A passage without a title is named by the words that it",)
    assert question.gold_answer == "This one."


def test_scholarqa_records_with_nothing_to_search_are_skipped_with_the_reason() -> None:
    skipped = load_scholarqa(FIXTURES / "scholarqa.jsonl").skipped
    assert [(skip.position, skip.reason) for skip in skipped] == [("line 3", "no passages to search")]


def test_a_converted_benchmark_is_a_question_set_whose_quotes_stand_in_its_papers(tmp_path: Path) -> None:
    convert_scholarqa(FIXTURES / "scholarqa.jsonl", tmp_path / "out")
    lines = (tmp_path / "out" / "papers.jsonl").read_text(encoding="utf-8").splitlines()
    abstracts = {paper["title"]: paper["abstract"] for paper in map(json.loads, lines)}
    questions = load_questions(tmp_path / "out" / "questions.jsonl")
    assert len(questions) == 3
    assert all(e.quote in abstracts[e.title] for question in questions for e in question.evidence)


def test_scholarqa_reads_arrays_too(tmp_path: Path) -> None:
    records = [json.loads(line) for line in (FIXTURES / "scholarqa.jsonl").read_text(encoding="utf-8").splitlines()]
    path = tmp_path / "answers.json"
    path.write_text(json.dumps(records, indent=1))
    assert load_scholarqa(path).questions == load_scholarqa(FIXTURES / "scholarqa.jsonl").questions
