"""Retrieval measured on a BEIR folder made from the sample, and decisions on a PubMedQA file, from end to end."""

from __future__ import annotations

import itertools
import json
import tempfile
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from eval.benchmarks.pubmedqa_run import INSTRUCTION, evaluate_pubmedqa
from eval.benchmarks.retrieval_run import evaluate_retrieval
from eval.sets.dataset_files import DatasetError
from rag.answering.prompt.sources import parse_prompt
from rag.models.embedders.minilm import MiniLM
from rag.models.protocols import Chunk, Message
from rag.settings import Settings
from tests.support.words import WordEmbedder

ROOT = Path(__file__).resolve().parents[2]
FIXTURES = ROOT / "tests" / "fixtures" / "eval"
FIELDS = "dataset papers queries ndcg@10 recall@100 mrr@10 hit@1 p50_ms p95_ms papers_per_second".split()


def folder(directory: Path, documents: Sequence[dict[str, Any]], queries: dict[str, str], judged: str) -> Path:
    """A BEIR folder."""
    (directory / "qrels").mkdir(parents=True)
    (directory / "corpus.jsonl").write_text("".join(json.dumps(document) + "\n" for document in documents))
    (directory / "queries.jsonl").write_text(
        "".join(json.dumps({"_id": i, "text": text}) + "\n" for i, text in queries.items())
    )
    (directory / "qrels" / "test.tsv").write_text("query-id\tcorpus-id\tscore\n" + judged)
    return directory


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where temporary libraries come to lie."""
    place = tmp_path / "temporary"
    place.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(place))
    return place


def test_a_slice_of_the_sample_is_found_by_its_own_titles(tmp_path: Path, temporary: Path, minilm: MiniLM) -> None:
    lines = (ROOT / "rag" / "sample" / "papers.jsonl").read_text(encoding="utf-8").splitlines()[:10]
    papers = [json.loads(line) for line in lines]
    documents = [{"_id": f"d{n}", "title": p["title"], "text": p["abstract"]} for n, p in enumerate(papers)]
    queries = {f"q{n}": paper["title"] for n, paper in enumerate(papers)}
    judged = "".join(f"q{n}\td{n}\t1\n" for n in range(len(papers)))
    told: list[str] = []
    found = evaluate_retrieval(
        folder(tmp_path / "slice", documents, queries, judged), Settings(), embedder=minilm, progress=told.append
    )
    assert list(found) == FIELDS
    assert (found["dataset"], found["papers"], found["queries"]) == ("slice", 10, 10)
    assert (found["ndcg@10"], found["recall@100"], found["mrr@10"], found["hit@1"]) == (1, 1, 1, 1)
    assert 0 < found["p50_ms"] <= found["p95_ms"]
    assert found["papers_per_second"] > 0
    assert told[-1] == "10 of 10 queries"
    assert list(temporary.iterdir()) == []


def test_documents_of_the_same_text_stay_apart_and_one_without_text_or_title_is_found(
    tmp_path: Path, temporary: Path, caplog: pytest.LogCaptureFixture
) -> None:
    documents = [
        {"_id": "a", "title": "Swept wings", "text": "The lift of swept wings grows with speed."},
        {"_id": "b", "title": "Swept wings", "text": "The lift of swept wings grows with speed."},
        {"_id": "c", "title": "", "text": "Heat moves through turbine blades."},
        {"_id": "d", "title": "Panel flutter at high speed", "text": ""},
        {"_id": "e", "title": "", "text": ""},
    ]
    queries = {"1": "lift of swept wings", "2": "heat in turbine blades", "3": "panel flutter"}
    judged = "1\ta\t1\n1\tb\t1\n2\tc\t1\n3\td\t1\n"
    found = evaluate_retrieval(folder(tmp_path / "x", documents, queries, judged), Settings(), embedder=WordEmbedder())
    assert found["papers"] == 4
    assert (found["ndcg@10"], found["recall@100"], found["hit@1"]) == (1, 1, 1)
    assert "cannot be found: 1, line 5: neither title nor text first" in caplog.text


def test_ids_of_any_kind_name_their_documents_and_a_lost_document_counts_as_missed(
    tmp_path: Path, temporary: Path
) -> None:
    ids = ["10.1000/xyz123", "with spaces", "ünïcødé-#1", "#", "2101.00001", "'; --"]
    subjects = ["corals", "volcanoes", "beetles", "penguins", "owls", "giraffes"]
    documents = [
        {"_id": i, "title": "", "text": f"Of {subject} alone."} for i, subject in zip(ids, subjects, strict=True)
    ]
    queries = {f"q {n}": subject for n, subject in enumerate(subjects)}
    judged = "".join(f"q {n}\t{i}\t1\n" for n, i in enumerate(ids))
    found = evaluate_retrieval(folder(tmp_path / "x", documents, queries, judged), Settings(), embedder=WordEmbedder())
    assert (found["papers"], found["queries"], found["hit@1"], found["recall@100"]) == (6, 6, 1, 1)
    lost = folder(tmp_path / "y", documents, queries, judged + "q 0\tlost\t1\n")
    assert evaluate_retrieval(lost, Settings(), embedder=WordEmbedder())["recall@100"] == round(5.5 / 6, 4)


def test_a_document_that_is_the_query_is_left_out_and_one_that_shares_its_id_only_is_not(
    tmp_path: Path, temporary: Path
) -> None:
    documents = [
        {"_id": "1", "title": "", "text": "Cats purr when content."},
        {"_id": "2", "title": "", "text": "Cats purr at times when in pain."},
        {"_id": "3", "title": "", "text": "Dogs bark."},
    ]
    queries = {"1": "Cats purr when content.", "3": "dogs that bark"}
    found = evaluate_retrieval(
        folder(tmp_path / "x", documents, queries, "1\t2\t1\n3\t3\t1\n"), Settings(), embedder=WordEmbedder()
    )
    assert (found["hit@1"], found["mrr@10"]) == (1, 1)


def test_a_document_that_is_the_query_is_found_where_it_is_judged_relevant(tmp_path: Path, temporary: Path) -> None:
    documents = [{"_id": str(n), "title": f"Of {name}", "text": f"{name} alone."} for n, name in enumerate("abc")]
    queries = {str(n): f"Of {name}" for n, name in enumerate("abc")}
    judged = "".join(f"{n}\t{n}\t1\n" for n in range(3))
    found = evaluate_retrieval(folder(tmp_path / "x", documents, queries, judged), Settings(), embedder=WordEmbedder())
    assert (found["hit@1"], found["ndcg@10"]) == (1, 1)


def test_a_query_made_of_a_documents_title_and_text_is_that_document(tmp_path: Path, temporary: Path) -> None:
    documents = [
        {"_id": "1", "title": "Cats", "text": "They purr when content."},
        {"_id": "2", "title": "Cats in pain", "text": "They purr at times."},
    ]
    queries = {"1": "Cats. They purr when content."}
    found = evaluate_retrieval(
        folder(tmp_path / "x", documents, queries, "1\t2\t1\n"), Settings(), embedder=WordEmbedder()
    )
    assert found["hit@1"] == 1


def test_recall_looks_at_a_hundred_documents_beside_the_one_that_is_the_query(tmp_path: Path, temporary: Path) -> None:
    documents = [{"_id": f"{n:03}", "title": "", "text": "Cats purr loudly."} for n in range(101)]
    judged = "".join(f"000\t{n:03}\t1\n" for n in range(1, 101))
    found = evaluate_retrieval(
        folder(tmp_path / "x", documents, {"000": "Cats purr loudly."}, judged), Settings(), embedder=WordEmbedder()
    )
    assert found["recall@100"] == 1


def test_of_two_documents_under_one_id_the_later_stands_and_it_is_told(
    tmp_path: Path, temporary: Path, caplog: pytest.LogCaptureFixture
) -> None:
    documents = [
        {"_id": "1", "text": "Cats purr."},
        {"_id": "2", "text": "Dogs bark."},
        {"_id": 1, "text": "Owls hoot."},
    ]
    found = evaluate_retrieval(
        folder(tmp_path / "x", documents, {"q": "owls hoot"}, "q\t1\t1\n"), Settings(), embedder=WordEmbedder()
    )
    assert (found["papers"], found["hit@1"]) == (2, 1)
    assert "documents under an id that came before: 1; the last of each stands" in caplog.text


def test_a_corpus_in_which_nothing_can_be_found_is_an_error_and_no_row_of_noughts(
    tmp_path: Path, temporary: Path
) -> None:
    empty = folder(tmp_path / "x", [{"_id": "1", "title": "", "text": ""}], {"q": "cats"}, "q\t1\t1\n")
    with pytest.raises(DatasetError, match=r"corpus\.jsonl holds no document with a title or a text"):
        evaluate_retrieval(empty, Settings(), embedder=WordEmbedder())
    assert list(temporary.iterdir()) == []


def test_latency_is_that_of_the_searches_alone(tmp_path: Path, temporary: Path) -> None:
    documents = [{"_id": "a", "title": "", "text": "One."}]
    ticks = itertools.count()
    found = evaluate_retrieval(
        folder(tmp_path / "x", documents, {"q": "one"}, "q\ta\t1\n"),
        Settings(),
        embedder=WordEmbedder(),
        clock=lambda: float(next(ticks)),
    )
    assert (found["p50_ms"], found["p95_ms"]) == (1_000, 1_000)
    assert found["papers_per_second"] == 1


class Deciding:
    """A model that reads the answer off the first source, or abstains where nothing of it tells."""

    name = model = "deciding"
    is_model = True

    def __init__(self) -> None:
        self.asked: list[str] = []

    def stream(self, messages: Sequence[Message], *, max_tokens: int, **_: object) -> Iterator[Chunk]:  # noqa: ARG002 - the protocol's
        """As the protocol."""
        prompt = parse_prompt(messages[-1].content)
        self.asked.append(prompt.question)
        text = " ".join(prompt.sources[0].passages)
        if "fell from" in text:
            yield Chunk("Yes, mean systolic blood pressure fell from 148 to 139 mmHg [1].")
        elif "no difference" in text:
            yield Chunk("No, nights with cough were 3.1 with honey and 3.0 with syrup [1].")
        else:
            yield Chunk("NOT_STATED")

    def astream(self, *_: object, **__: object) -> AsyncIterator[Chunk]:
        """As the protocol; these tests do not wait."""
        raise AssertionError("not asked for")


def test_pubmedqa_is_decided_from_retrieved_abstracts(temporary: Path, minilm: MiniLM) -> None:
    backend = Deciding()
    found = evaluate_pubmedqa(FIXTURES / "pqal.json", Settings(), backend=backend, embedder=minilm)
    assert (found["questions"], found["accuracy"], found["macro_f1"]) == (3, 1, 1)
    assert (found["retrieved"], found["undecided"], found["failed"]) == (1, 0, 0)
    assert found["abstained"] == round(1 / 3, 4)
    assert found["majority_accuracy"] == round(1 / 3, 4)
    assert found["human_accuracy"] == {"without_conclusions": 0.78, "with_conclusions": 0.904}
    assert all(question.endswith(INSTRUCTION.strip()) for question in backend.asked)
    assert list(temporary.iterdir()) == []
