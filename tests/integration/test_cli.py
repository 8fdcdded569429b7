"""The command line keeps its contracts: fields, exit codes, one line for an error, nothing half-written."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from rag.cli import main
from rag.library import Library
from rag.paper import Paper

PAPER_FIELDS = {"id", "title", "abstract", "authors", "year", "venue", "url", "doi", "arxiv_id", "pmid"}
QUESTION = "Which optimizer trains BERT in 76 minutes?"


@pytest.fixture
def library(sample_library: Library, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The sample library as the one the commands use; for reading."""
    monkeypatch.setenv("CITEWELL_LIBRARY", str(sample_library.path))
    return sample_library.path


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Any:
    """Runs a command in this process; gives exit code, stdout and stderr."""

    def run(*arguments: str) -> tuple[int, str, str]:
        try:
            code = main(list(arguments))
        except SystemExit as stop:
            code = int(stop.code or 0)
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run


def _papers_file(path: Path, *titles: str) -> Path:
    path.write_text(
        "".join(json.dumps({"title": t, "abstract": f"{t} is measured here. It works."}) + "\n" for t in titles)
    )
    return path


def test_help_is_cheap_and_imports_nothing_heavy() -> None:
    code = (
        "import sys\nfrom rag.cli import main\ntry:\n    main(['--help'])\nexcept SystemExit:\n    pass\n"
        "heavy = {'gradio', 'chromadb', 'llama_index', 'openai', 'onnxruntime', 'numpy', 'pydantic', 'tantivy'}\n"
        "sys.stderr.write(','.join(sorted(heavy & set(sys.modules))))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "ingest" in done.stdout
    assert done.stderr == ""


def test_ingest_reports_the_contracts_fields_and_is_repeatable(run: Any, tmp_path: Path) -> None:
    file = _papers_file(tmp_path / "p.jsonl", "Reefs", "Tides")
    code, out, _ = run("ingest", str(file), "--library", str(tmp_path / "lib"), "--json")
    report = json.loads(out)
    assert code == 0
    assert (report["read"], report["added"], report["papers"], report["skipped"]) == (2, 2, 2, [])
    assert {"updated", "unchanged", "merged", "passages", "seconds", "papers_per_second"} <= set(report)
    again = json.loads(run("ingest", str(file), "--library", str(tmp_path / "lib"), "--json")[1])
    assert (again["unchanged"], again["embedded"]) == (2, 0)


def test_a_dry_run_changes_nothing(run: Any, tmp_path: Path) -> None:
    file = _papers_file(tmp_path / "p.jsonl", "Reefs")
    report = json.loads(run("ingest", str(file), "--library", str(tmp_path / "lib"), "--dry-run", "--json")[1])
    assert report["added"] == 1
    assert not (tmp_path / "lib").exists()


def test_a_wrong_path_among_several_leaves_nothing(run: Any, tmp_path: Path) -> None:
    good = _papers_file(tmp_path / "p.jsonl", "Widgets")
    code, out, err = run("ingest", str(good), str(tmp_path / "none.bib"), "--library", str(tmp_path / "lib"))
    assert (code, out) == (1, "")
    assert err.count("\n") == 1
    assert "none.bib: no such file" in err
    assert not (tmp_path / "lib").exists()


def test_columns_of_a_table_can_be_named(run: Any, tmp_path: Path) -> None:
    table = tmp_path / "t.csv"
    table.write_text('Name of work,Who,Summary of it\nWidgets,Ada Hiver,"They turn, and turn."\n')
    named = [word for name in ("title=name of work", "abstract=Summary of it") for word in ("--column", name)]
    code, out, _ = run("ingest", str(table), *named, "--dry-run", "--json", "--library", str(tmp_path / "lib"))
    assert (code, json.loads(out)["added"]) == (0, 1)
    code, _, err = run("ingest", str(table), "--column", "titel=Who", "--library", str(tmp_path / "lib"))
    assert (code, "no field 'titel'" in err) == (2, True)
    code, _, err = run("ingest", str(table), "--column", "title", "--library", str(tmp_path / "lib"))
    assert (code, "FIELD=NAME" in err) == (2, True)


def test_the_seed_page_gives_95_papers_and_skips_nothing(run: Any, tmp_path: Path, seed_page: Path) -> None:
    report = json.loads(run("ingest", str(seed_page), "--library", str(tmp_path / "lib"), "--dry-run", "--json")[1])
    assert (report["read"], report["added"], report["merged"], report["skipped"]) == (95, 95, 0, [])


def test_search_gives_the_contracts_record(run: Any, library: Path) -> None:
    code, out, _ = run("search", QUESTION, "-k", "3", "--json")
    found = json.loads(out)
    assert code == 0
    assert [r["rank"] for r in found["results"]] == [1, 2, 3]
    top = found["results"][0]
    assert set(top["paper"]) == PAPER_FIELDS
    assert "76 minutes" in top["paper"]["title"]
    passage = top["passage"]
    assert top["paper"]["abstract"][passage["start"] : passage["end"]] == passage["text"]
    assert found["timings_ms"]["total"] > 0


def test_search_filters_by_year(run: Any, library: Path) -> None:
    found = json.loads(run("search", "language model", "--year", "2019-2020", "--json")[1])["results"]
    assert len(found) == 10
    assert {r["paper"]["year"] for r in found} <= {2019, 2020}


def test_ask_gives_the_contracts_record(run: Any, library: Path) -> None:
    code, out, _ = run("ask", QUESTION, "--json")
    answer = json.loads(out)
    assert code == 0
    assert set(answer) == {
        "question", "standalone_question", "outcome", "answer", "sentences", "citations", "ledger", "evidence",
        "suggestions", "backend", "model", "prompt", "usage", "timings_ms",
    }  # fmt: skip
    assert answer["outcome"] == "answered"
    assert answer["backend"] == "extractive"
    for citation in answer["citations"]:
        assert f"[{citation['number']}]" in answer["answer"]
        abstract = citation["paper"]["abstract"]
        assert abstract[citation["start"] : citation["end"]] == citation["quote"]
    assert "76 minutes" in answer["citations"][0]["paper"]["title"]


def test_an_off_topic_question_is_not_found_and_cites_nothing(run: Any, library: Path) -> None:
    answer = json.loads(run("ask", "who won the 2022 football world cup", "--json")[1])
    assert answer["outcome"] == "not_found"
    assert answer["citations"] == []
    assert answer["usage"]["model_calls"] == 0
    assert answer["suggestions"]


def test_every_door_says_which_backend_answers(run: Any, library: Path) -> None:
    _, out, err = run("ask", QUESTION)
    assert "[1]" in out
    assert "answered by extractive" in err
    assert "extractive" in run("doctor")[1]


def test_a_batch_keeps_order_and_goes_on_after_a_bad_record(run: Any, library: Path, tmp_path: Path) -> None:
    batch = tmp_path / "batch.jsonl"
    batch.write_text(
        f'{{"id": "a", "question": "{QUESTION}"}}\n{{"id": "b"}}\nnot json\n{{"id": "d", "question": "GLUE"}}\n'
    )
    for command in ("search", "ask"):
        code, out, _ = run(command, "--batch", str(batch))
        lines = [json.loads(line) for line in out.splitlines()]
        assert code == 0
        assert [line["id"] for line in lines] == ["a", "b", None, "d"]
        assert ["error" in line for line in lines] == [False, True, True, False]


def test_a_batch_answers_in_json_that_every_reader_takes(run: Any, library: Path, tmp_path: Path) -> None:
    batch = tmp_path / "batch.jsonl"
    batch.write_text(
        '{"id": NaN, "question": "GLUE"}\n{"id": 1e999, "question": "GLUE"}\n{"id": 3, "question": "GLUE"}\n'
    )

    def refuse(constant: str) -> None:
        raise AssertionError(constant)

    lines = [json.loads(line, parse_constant=refuse) for line in run("search", "--batch", str(batch))[1].splitlines()]
    assert [line["id"] for line in lines] == [None, None, 3]
    assert ["error" in line for line in lines] == [True, True, False]


def test_a_batch_from_stdin_may_begin_with_a_byte_order_mark(
    run: Any, library: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO('\ufeff{"id": "a", "question": "GLUE"}\r\n'))
    (line,) = run("search", "--batch", "-")[1].splitlines()
    assert "results" in json.loads(line)


def test_a_fault_in_one_record_of_a_batch_leaves_the_others_their_answers(
    run: Any, library: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    search = Library.search

    def faulty(self: Library, query: str, *rest: Any) -> Any:
        if query == "broken":
            raise ZeroDivisionError("a fault")
        return search(self, query, *rest)

    monkeypatch.setattr(Library, "search", faulty)
    batch = tmp_path / "batch.jsonl"
    batch.write_text('{"id": 1, "question": "broken"}\n{"id": 2, "question": "GLUE"}\n')
    first, second = [json.loads(line) for line in run("search", "--batch", str(batch))[1].splitlines()]
    assert first == {"id": 1, "error": "internal error (ZeroDivisionError: a fault); see more with --debug"}
    assert second["results"]


def test_a_history_file_makes_a_follow_up(run: Any, library: Path, tmp_path: Path) -> None:
    history = tmp_path / "history.json"
    history.write_text(
        json.dumps([{"role": "user", "content": QUESTION}, {"role": "assistant", "content": "LAMB [1]."}])
    )
    answer = json.loads(run("ask", "and which batch size did it use?", "--history", str(history), "--json")[1])
    assert answer["question"] == "and which batch size did it use?"
    assert "76 minutes" in answer["evidence"][0]["title"]


FOLLOW_UP = "and which batch size did it use?"
TURNS = [{"role": "user", "content": QUESTION}, {"role": "assistant", "content": "LAMB [1]."}]


def test_a_search_after_a_conversation_searches_the_standalone_question_and_says_it(
    run: Any, library: Path, tmp_path: Path
) -> None:
    history = tmp_path / "history.json"
    history.write_text(json.dumps(TURNS))
    found = json.loads(run("search", FOLLOW_UP, "--history", str(history), "--json")[1])
    assert found["query"] == FOLLOW_UP
    assert "LAMB" in found["standalone_question"]
    assert "76 minutes" in found["results"][0]["paper"]["title"]


def test_a_batch_of_searches_reads_each_history_and_tells_of_each_that_is_none(
    run: Any, library: Path, tmp_path: Path
) -> None:
    histories: list[Any] = [TURNS, "nonsense", [{"role": "tool", "content": "x"}], [{"role": ["user"]}], None, []]
    records = [{"id": n, "question": FOLLOW_UP, "history": own} for n, own in enumerate(histories)]
    batch = tmp_path / "batch.jsonl"
    batch.write_text("".join(json.dumps(record) + "\n" for record in records))
    code, out, _ = run("search", "--batch", str(batch))
    lines = [json.loads(line) for line in out.splitlines()]
    assert code == 0
    assert [line["id"] for line in lines] == [0, 1, 2, 3, 4, 5]
    assert ["error" in line for line in lines] == [False, True, True, True, False, False]
    assert ["standalone_question" in line for line in lines] == [True, False, False, False, False, False]
    assert "76 minutes" in lines[0]["results"][0]["paper"]["title"]


def test_half_a_surrogate_pair_in_a_batch_is_no_more_than_an_odd_character(
    run: Any, library: Path, tmp_path: Path
) -> None:
    batch = tmp_path / "batch.jsonl"
    batch.write_text('{"id": "\\ud800", "question": "\\udfff LAMB"}\n{"id": "b", "question": "LAMB"}\n')
    code, out, _ = run("search", "--batch", str(batch))
    assert code == 0
    assert [json.loads(line)["id"] for line in out.splitlines()] == ["?", "b"]


@pytest.mark.parametrize("command", ["search", "ask"])
def test_a_history_file_and_a_batch_exclude_each_other(run: Any, library: Path, tmp_path: Path, command: str) -> None:
    code, _, err = run(command, "--batch", "-", "--history", str(tmp_path / "history.json"))
    assert code == 2
    assert "exclude each other" in err


def test_papers_are_listed_and_shown(run: Any, library: Path) -> None:
    listed = json.loads(run("papers", "list", "--json")[1])
    assert len(listed) == 95
    shown = json.loads(run("papers", "show", listed[3]["id"], "--json")[1])
    assert shown == listed[3]


@pytest.mark.parametrize("format", ["bibtex", "ris", "csl-json", "markdown"])
def test_papers_are_exported_in_every_format(run: Any, library: Path, format: str) -> None:
    chosen = [p["id"] for p in json.loads(run("papers", "list", "--limit", "2", "--json")[1])]
    code, text, _ = run("export", "--format", format, "--papers", *chosen)
    assert code == 0
    assert "Multi-Level Framework" in text
    assert "bert2BERT" in text
    assert run("export", "--format", format, "--papers", "nonsense")[0] == 1


def test_papers_are_removed_all_or_none(run: Any, tmp_path: Path) -> None:
    lib = ("--library", str(tmp_path / "lib"))
    run("ingest", str(_papers_file(tmp_path / "p.jsonl", "Reefs", "Tides")), *lib)
    ids = [p["id"] for p in json.loads(run("papers", "list", "--json", *lib)[1])]
    assert run("papers", "remove", ids[0], "nonsense", *lib)[0] == 1
    assert json.loads(run("papers", "remove", ids[0], "--json", *lib)[1]) == {"removed": 1, "papers": 1}


def test_a_rebuild_keeps_papers_and_results(run: Any, tmp_path: Path) -> None:
    lib = ("--library", str(tmp_path / "lib"))
    run("ingest", str(_papers_file(tmp_path / "p.jsonl", "Reefs", "Tides")), *lib)
    report = json.loads(run("rebuild", "--json", *lib)[1])
    assert (report["papers"], report["embedded"]) == (2, 2)
    assert json.loads(run("search", "reefs", "--json", *lib)[1])["results"][0]["paper"]["title"] == "Reefs"
    assert run("doctor", *lib)[0] == 0
    assert {p.name for p in (tmp_path / "lib").iterdir() if p.is_dir()} == {"chroma-1", "lexical-1"}


def test_doctor_says_that_all_is_well_or_what_is_not(run: Any, library: Path, tmp_path: Path) -> None:
    code, out, _ = run("doctor", "--json")
    report = json.loads(out)
    assert (code, report["ok"]) == (0, True)
    assert all(set(check) == {"name", "ok", "detail"} for check in report["checks"])
    code, out, _ = run("doctor", "--json", "--library", str(tmp_path / "nowhere"))
    assert (code, json.loads(out)["ok"]) == (1, False)


def _bad_inputs(tmp_path: Path) -> dict[str, Path]:
    binary, empty, folder = tmp_path / "data.bin", tmp_path / "empty.txt", tmp_path / "folder"
    binary.write_bytes(bytes(range(256)) * 40)
    empty.touch()
    folder.mkdir()
    return {"missing": tmp_path / "missing.txt", "binary": binary, "empty": empty, "folder": folder}


@pytest.mark.parametrize("kind", ["missing", "binary", "empty", "folder"])
def test_what_cannot_be_read_gets_one_line_and_leaves_nothing(run: Any, tmp_path: Path, kind: str) -> None:
    path = _bad_inputs(tmp_path)[kind]
    code, out, err = run("ingest", str(path), "--library", str(tmp_path / "lib"))
    assert (code, out) == (1, "")
    assert err.count("\n") == 1
    assert path.name in err
    assert not (tmp_path / "lib").exists()


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("search", ""), 2),
        (("search",), 2),
        (("search", "x", "--year", "20x0"), 2),
        (("search", "x", "-k", "0"), 2),
        (("ask", "  "), 2),
        (("ask", "x", "--backend", "nonsense"), 2),
        (("ask", "x", "--history", "missing.json"), 2),
        (("papers", "show", "nonsense"), 1),
        (("ui", "--port", "0"), 2),
        (("nonsense",), 2),
        ((), 2),
    ],
)
def test_wrong_usage_exits_with_the_contracts_code(
    run: Any, library: Path, arguments: tuple[str, ...], code: int
) -> None:
    found, out, err = run(*arguments)
    assert (found, out) == (code, "")
    assert err.startswith("citewell: ")
    assert err.count("\n") == 1


def test_an_unknown_setting_is_named(run: Any, library: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CITEWELL_MODLE", "x")
    code, _, err = run("search", "x")
    assert code == 2
    assert "CITEWELL_MODLE" in err


def test_a_library_of_another_embedding_model_says_what_mends_it(
    run: Any, library: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("rag.models.embedders.minilm.NAME", "other@2")
    monkeypatch.setattr("rag.models.embedders.minilm.MiniLM.name", "other@2")
    code, _, err = run("search", "x")
    assert code == 1
    assert "citewell rebuild" in err
    assert err.count("\n") == 1


def test_an_internal_error_is_one_line_without_debug(run: Any, library: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise ZeroDivisionError("oops")

    monkeypatch.setattr(Library, "search", broken)
    code, _, err = run("search", "x")
    assert (code, err.count("\n")) == (1, 1)
    assert "--debug" in err
    with pytest.raises(ZeroDivisionError):
        main(["search", "x", "--debug"])


@pytest.mark.parametrize("where", ["importlib.metadata.entry_points", "rag.cli.options.settings"])
def test_an_interruption_is_one_line_at_any_moment(run: Any, where: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(where, interrupted)
    assert run("doctor") == (130, "", "citewell: interrupted\n")


def test_a_title_cannot_steer_the_terminal(run: Any, tmp_path: Path) -> None:
    file = _papers_file(tmp_path / "p.jsonl", "Reefs \x1b[2J\x07 grow")
    run("ingest", str(file), "--library", str(tmp_path / "lib"))
    assert "\x1b" not in run("search", "reefs", "--library", str(tmp_path / "lib"))[1]


def test_a_sample_that_was_filled_in_half_is_filled_up_by_the_next_start(
    run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    library, sample = tmp_path / "lib", _papers_file(tmp_path / "sample.jsonl", "Reefs", "Tides")
    monkeypatch.setattr("rag.sample.sample_path", lambda: sample)

    def interrupted(self: Library, paths: list[Path], **_: Any) -> None:
        self.add([Paper.create(title="Reefs", abstract="Reefs is measured here. It works.")])
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Library, "ingest", interrupted)
        assert run("search", "x", "--sample", "--library", str(library))[0] == 130
    code, _, err = run("search", "x", "--sample", "--library", str(library))
    assert code == 0
    assert "a part of the sample only" in err
    assert len(json.loads(run("papers", "list", "--json", "--library", str(library))[1])) == 2
    assert "sample" not in run("search", "x", "--sample", "--library", str(library))[2]


@pytest.mark.parametrize(
    ("name", "opening"),
    [("markdown", "# Which"), ("html", "<!DOCTYPE html>"), ("bibtex", "@"), ("ris", "TY  - "), ("csl-json", "[")],
)
def test_an_answer_is_printed_in_any_export_format(run: Any, library: Path, name: str, opening: str) -> None:
    code, printed, _ = run("ask", QUESTION, "--backend", "extractive", "--format", name)
    assert code == 0
    assert printed.startswith(opening)
    assert "76 minutes" in printed


def test_an_export_without_citations_says_why_it_is_empty(run: Any, library: Path) -> None:
    code, printed, said = run(
        "ask", "Which pasta sauce goes with gnocchi?", "--backend", "extractive", "--format", "ris"
    )
    assert (code, printed.strip()) == (0, "")
    assert "nothing is cited: Nothing in the library is about this" in said


def test_a_batch_has_no_export_format(run: Any, tmp_path: Path) -> None:
    code, _, said = run("ask", "--batch", str(tmp_path / "x"), "--format", "ris")
    assert code == 2
    assert said.strip() == "citewell: --format is for one answer and --batch for many; give one of them"


def test_names_of_export_formats_are_those_of_the_engine() -> None:
    from rag.cli.options import ANSWER_FORMATS as OFFERED
    from rag.export.answer import ANSWER_FORMATS

    assert OFFERED == ANSWER_FORMATS
