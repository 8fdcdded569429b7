"""One library behind a real Chroma server, used from several directories, as from several machines."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from rag.cli import main
from rag.errors import LibraryBusyError, LibraryError, ServerError
from rag.library import Library
from rag.settings import Settings
from rag.storage.health.check import check_library
from rag.storage.health.rebuild import rebuild
from rag.storage.health.repair import repair
from rag.storage.server.lease import Lease
from rag.storage.server.server import Server, ServerAddress
from rag.storage.server.shared import SharedStore
from tests.conftest import ROOT
from tests.support.chroma_server import ChromaServer, door
from tests.support.ingest_process import synthetic
from tests.support.words import WordEmbedder


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ChromaServer]:
    server = ChromaServer(tmp_path_factory.mktemp("chroma"))
    server.start()
    yield server
    server.stop()


class Machines:
    """Directories that follow one library; every name is another machine's."""

    def __init__(self, folder: Path, settings: Settings, opened: ExitStack) -> None:
        self.folder, self.settings, self._opened = folder, settings, opened

    @property
    def address(self) -> ServerAddress:
        address = ServerAddress.of(self.settings)
        assert address is not None
        return address

    def open(self, name: str, embedder: WordEmbedder | None = None, *, create: bool = True) -> Library:
        library = Library.open(self.folder / name, self.settings, create=create, embedder=embedder or WordEmbedder())
        self._opened.callback(library.close)
        return library

    def repair(self, name: str) -> list[str]:
        return list(repair(self.folder / name, WordEmbedder(), self.address))

    def failed(self, name: str, embedder: WordEmbedder | None = None) -> dict[str, str]:
        checks = check_library(self.folder / name, embedder or WordEmbedder(), self.address)
        return {c.name: c.detail for c in checks if not c.ok and c.name != "free disk"}


@pytest.fixture
def machines(tmp_path: Path, server: ChromaServer, request: pytest.FixtureRequest) -> Iterator[Machines]:
    name = f"t{abs(hash(request.node.name))}"
    with ExitStack() as opened:
        yield Machines(tmp_path, Settings(chroma_url=server.url, chroma_collection=name), opened)


def _titles(library: Library) -> set[str]:
    return {paper.title for paper in library.papers()}


def _found(library: Library, query: str) -> set[str]:
    return {evidence.paper.title for evidence in library.search(query, k=50).evidence}


def test_what_one_machine_changes_another_sees_at_its_next_search(machines: Machines) -> None:
    here, there = machines.open("here"), machines.open("there")
    here.add(synthetic(6))
    assert _found(there, "Synthetic study") == {f"Synthetic study {n}" for n in range(6)}
    there.remove([p.id for p in there.papers() if p.title == "Synthetic study 3"])
    assert "Synthetic study 3" not in _found(here, "Synthetic study 3")
    assert here.add(synthetic(6)).added == 1
    assert _titles(there) == _titles(here) == {f"Synthetic study {n}" for n in range(6)}


def test_a_machine_that_comes_later_gets_the_same_papers_and_the_same_ranking(machines: Machines) -> None:
    here = machines.open("here")
    for papers in (synthetic(40), synthetic(60)):
        here.add(papers)
    here.remove([here.papers()[2].id])
    late = machines.open("late", create=False)
    assert late.papers() == here.papers()
    assert late.passages == here.passages
    # BM25 still counts what an index deleted and has not merged yet: the scores are near, not equal.
    scores = [{e.paper.id: e.score for e in library.search("Study 17", k=50).evidence} for library in (here, late)]
    assert scores[0] == pytest.approx(scores[1], abs=0.01)
    assert machines.failed("late") == {}


def test_a_follower_reads_only_what_changed(machines: Machines, monkeypatch: pytest.MonkeyPatch) -> None:
    here, there = machines.open("here"), machines.open("there")
    here.add(synthetic(50))
    there.search("study")
    written: list[int] = []
    lexical = there._store.lexical
    replace = lexical.replace
    monkeypatch.setattr(
        lexical, "replace", lambda papers, removed=(): (written.append(len(papers)), replace(papers, removed))
    )
    here.add(synthetic(52))
    there.search("study")
    there.search("study")
    assert written == [2]


def test_a_changed_paper_keeps_its_unchanged_passages_vectors(machines: Machines) -> None:
    embedder = WordEmbedder()
    here, there = machines.open("here", embedder), machines.open("there")
    (paper,) = synthetic(1)
    here.add([paper])
    embedder.embedded.clear()
    changed = paper.from_dict({**paper.to_dict(), "abstract": paper.abstract.rpartition(" The fourth")[0]})
    here.add([changed])
    assert embedder.embedded == []
    assert [p.abstract for p in there.papers()] == [changed.abstract]
    assert there.passages == 1
    assert machines.failed("there") == {}


def test_a_second_writer_is_told_within_two_seconds_who_writes(machines: Machines) -> None:
    here, there = machines.open("here"), machines.open("there")
    with here._store.writing():
        start = time.monotonic()
        with pytest.raises(LibraryBusyError, match=r"another process is writing .*, process \d+"):
            there.add(synthetic(1))
        assert time.monotonic() - start < 2
    assert there.add(synthetic(1)).added == 1


def test_a_lease_that_is_not_renewed_runs_out(machines: Machines) -> None:
    server = Server(machines.address)
    dead = Lease(server, "leases", "one machine", lease_s=0.3)
    dead._take(deadline=0)
    with pytest.raises(LibraryBusyError), Lease(server, "leases", "another machine").hold(0.0):
        pass
    with Lease(server, "leases", "another machine").hold(2.0):
        with pytest.raises(LibraryBusyError, match="taken over"):
            dead.check()
        dead._release()
        with pytest.raises(LibraryBusyError), Lease(server, "leases", "a third").hold(0.0):
            pass
    server.close()


def test_an_ingest_killed_on_one_machine_is_finished_at_once_by_the_next_and_seen_by_all(machines: Machines) -> None:
    count, folder = 200, machines.folder / "here"
    command = [sys.executable, "-m", "tests.support.ingest_process", str(folder), str(count)]
    environment = {"CITEWELL_CHROMA_URL": machines.address.url, "CITEWELL_CHROMA_COLLECTION": machines.address.name}
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)
    there = machines.open("there")
    while len(there.papers()) < 10:
        assert process.poll() is None
    process.kill()
    process.communicate()
    partly = len(there.papers())
    assert partly < count
    here = machines.open("here")
    report = here.add(synthetic(count))
    assert report.unchanged >= partly
    assert _titles(there) == {p.title for p in synthetic(count)}
    assert len(there) == count
    assert machines.failed("there") == machines.failed("here") == {}


def test_readers_see_whole_papers_only_while_another_process_writes_to_their_replica(machines: Machines) -> None:
    whole = {p.title: p.abstract for p in synthetic(120)}
    readers = [machines.open("here"), machines.open("there")]
    readers[0].add(synthetic(5))
    command = [sys.executable, "-m", "tests.support.ingest_process", str(machines.folder / "here"), "120"]
    environment = {"CITEWELL_CHROMA_URL": machines.address.url, "CITEWELL_CHROMA_COLLECTION": machines.address.name}
    writer = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)
    while writer.poll() is None:
        for reader in readers:
            found = reader.search("Synthetic study 7 topic").evidence
            assert len(found) >= 5
            for evidence in found:
                assert whole[evidence.paper.title] == evidence.paper.abstract
                assert all(p.passage.text in evidence.paper.abstract for p in evidence.passages)
    assert writer.communicate()[0].endswith("done\n")
    for reader in readers:
        assert _titles(reader) == set(whole)
        assert len(reader._store.lexical) == len(whole)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_an_ingest_killed_twenty_times_loses_nothing_and_embeds_little_twice(machines: Machines) -> None:
    count, folder = 240, machines.folder / "here"
    environment = {"CITEWELL_CHROMA_URL": machines.address.url, "CITEWELL_CHROMA_COLLECTION": machines.address.name}
    command = [sys.executable, "-m", "tests.support.ingest_process", str(folder), str(count)]
    moments = random.Random(21)  # noqa: S311 - moments, not secrets
    kills = 0
    for _ in range(20):
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)
        assert process.stdout
        process.stdout.readline()
        # The moment itself is what this test varies: there is no condition to wait for.
        time.sleep(moments.uniform(0, 1.0))
        process.kill()
        process.communicate()
        kills += process.returncode < 0
    assert kills > 0
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.endswith("done\n")
    assert [p.title for p in machines.open("here").papers()] == [p.title for p in synthetic(count)]
    assert _titles(machines.open("late")) == {p.title for p in synthetic(count)}
    assert machines.failed("here") == machines.failed("late") == {}
    times = Counter((machines.folder / "embedded.log").read_text().splitlines())
    # A kill can only lose the batch that was embedded and not yet stored: 16 passages.
    assert sum(times.values()) - len(times) <= 20 * 16


@pytest.mark.parametrize("change", ["shorten", "remove"])
def test_a_change_broken_off_before_it_was_told_is_finished_by_the_next_writer(
    machines: Machines, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    here, there = machines.open("here"), machines.open("there")
    here.add(synthetic(4))
    assert len(there.papers()) == 4
    paper = here.papers()[1]
    store = here._store
    assert isinstance(store, SharedStore)

    def crash(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    def begin() -> None:
        if change == "remove":
            here.remove([paper.id])
        else:
            here.add([paper.from_dict({**paper.to_dict(), "abstract": "Only this is left of it."})])

    with monkeypatch.context() as broken:
        broken.setattr(type(store._passages), "delete", crash)
        with pytest.raises(KeyboardInterrupt):
            begin()
    assert len(there.papers()) == 4
    there.add(synthetic(5)[4:])
    for library in (here, there, machines.open("late")):
        texts = {p.id: p.abstract for p in library.papers()}
        assert len(texts) == (4 if change == "remove" else 5)
        assert texts.get(paper.id) == (None if change == "remove" else "Only this is left of it.")
    for name in ("here", "there", "late"):
        assert machines.failed(name) == {}
    assert len(there._store.all_passage_ids()) == there.passages


def test_a_server_that_is_away_is_said_and_the_next_search_after_it_is_back_works(
    machines: Machines, server: ChromaServer, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    library = machines.open("here")
    library.add(synthetic(3))
    server.stop()
    try:
        for attempt in (lambda: library.search("study"), lambda: library.add(synthetic(4)), library.papers):
            with pytest.raises(ServerError, match=r"cannot be reached .*CITEWELL_CHROMA_URL"):
                attempt()
        assert "cannot be reached" in machines.failed("here")["chroma server"]
        monkeypatch.setenv("CITEWELL_CHROMA_URL", server.url)
        assert main(["search", "study", "--library", str(machines.folder / "here")]) == 1
        assert len(capsys.readouterr().err.splitlines()) == 1
    finally:
        server.start()
    assert library.search("Synthetic study 2").evidence[0].paper.title == "Synthetic study 2"
    assert library.add(synthetic(4)).added == 1


def test_a_library_rebuilt_with_another_model_is_followed_or_refused_by_name(machines: Machines) -> None:
    other = WordEmbedder()
    other.name, other.dimension = "wide words@1", 96
    here, there = machines.open("here"), machines.open("there")
    here.add(synthetic(5))
    there.search("study")
    report = rebuild(machines.folder / "third", other, machines.address)
    assert (report.papers, report.embedded) == (5, 10)
    for library in (here, there):
        with pytest.raises(LibraryError, match=r"wide words@1.*words@1.*citewell rebuild"):
            library.search("study")
    again = machines.open("here", other)
    assert again.search("Synthetic study 4").evidence[0].paper.title == "Synthetic study 4"
    assert machines.failed("here", other) == {}


def test_a_rebuild_with_the_same_model_is_followed_by_an_open_reader(machines: Machines) -> None:
    here, there = machines.open("here"), machines.open("there")
    here.add(synthetic(5))
    there.search("study")
    rebuild(machines.folder / "here", WordEmbedder(), machines.address)
    assert there.search("Synthetic study 4").evidence[0].paper.title == "Synthetic study 4"
    assert machines.failed("there") == {}


def test_a_server_that_lost_the_library_does_not_make_its_followers_forget_it(machines: Machines) -> None:
    here = machines.open("here")
    here.add(synthetic(5))
    raw = Server(machines.address)
    for name in ("", "-passages-0"):
        raw.drop(machines.address.name + name)
    raw.close()
    with pytest.raises(LibraryError, match="citewell rebuild"):
        here.search("study")
    assert "citewell rebuild" in machines.failed("here")["library"] or machines.failed("here")
    assert rebuild(machines.folder / "here", WordEmbedder(), machines.address).papers == 5
    late = machines.open("late", create=False)
    assert _titles(late) == {p.title for p in synthetic(5)}
    assert machines.failed("late") == machines.failed("here") == {}


def test_without_a_library_on_the_server_the_message_names_the_command(machines: Machines) -> None:
    with pytest.raises(LibraryError, match="citewell ingest"):
        machines.open("here", create=False)
    assert not (machines.folder / "here").exists()


def test_a_directory_is_either_a_library_of_its_own_or_follows_a_server(machines: Machines, tmp_path: Path) -> None:
    with Library.open(tmp_path / "own", Settings(), create=True, embedder=WordEmbedder()) as own:
        own.add(synthetic(2))
    with pytest.raises(LibraryError, match="library of its own"):
        machines.open("own")
    machines.open("here").add(synthetic(2))
    with pytest.raises(LibraryError, match="CITEWELL_CHROMA_URL"):
        Library.open(tmp_path / "here", Settings(), embedder=WordEmbedder())
    (check,) = [c for c in check_library(tmp_path / "here", WordEmbedder()) if not c.ok]
    assert "follows a library on a Chroma server" in check.detail


def test_a_collection_of_someone_else_is_left_alone(machines: Machines) -> None:
    raw = Server(machines.address)
    raw.create(machines.address.name, {"theirs": 1})
    with pytest.raises(LibraryError, match="CITEWELL_CHROMA_COLLECTION"):
        machines.open("here")
    raw.close()


def test_the_token_is_sent_and_a_wrong_one_is_one_clear_error(
    machines: Machines, server: ChromaServer, tmp_path: Path
) -> None:
    def at(url: str, token: str | None) -> Settings:
        return Settings(chroma_url=url, chroma_collection="guarded", chroma_token=SecretStr(token) if token else None)

    with door(server.url, "s3cret") as url:
        with Library.open(tmp_path / "a", at(url, "s3cret"), create=True, embedder=WordEmbedder()) as library:
            assert library.add(synthetic(2)).added == 2
            assert len(library.search("Synthetic study").evidence) == 2
        for wrong in ("s3cre", None):
            with pytest.raises(ServerError, match=r"refuses the token.*CITEWELL_CHROMA_TOKEN") as refused:
                Library.open(tmp_path / "b", at(url, wrong), embedder=WordEmbedder())
            assert "s3cre" not in str(refused.value)


def test_what_is_lost_of_a_replica_is_mended_from_the_server(machines: Machines) -> None:
    folder = machines.folder / "here"
    with Library.open(folder, machines.settings, create=True, embedder=WordEmbedder()) as library:
        library.add(synthetic(5))
    shutil.rmtree(folder / "lexical")
    assert set(machines.failed("here")) == {"lexical index"}
    assert machines.repair("here") == ["5 papers were put back into the lexical index."]
    (folder / "lexical" / "meta.json").write_text("{broken")
    assert set(machines.failed("here")) == {"library"}
    assert len(machines.repair("here")) == 2
    for path in folder.glob("manifest.sqlite-*"):
        path.unlink()
    (folder / "manifest.sqlite").write_bytes(b"not a database" * 100)
    assert set(machines.failed("here")) == {"library"}
    assert "again from the server" in " ".join(machines.repair("here"))
    assert machines.failed("here") == {}
    assert _found(machines.open("here"), "Synthetic study") == {p.title for p in synthetic(5)}


def test_passages_lost_on_the_server_are_embedded_again(machines: Machines) -> None:
    here = machines.open("here")
    here.add(synthetic(5))
    here._store.discard([f"{here.papers()[0].id}#0"])
    assert "1 missing" in machines.failed("here")["chroma"]
    assert [line[:29] for line in machines.repair("here")] == ["1 paper was embedded again: C"]
    assert machines.failed("here") == {}


def test_every_command_works_with_the_server(
    machines: Machines, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CITEWELL_CHROMA_URL", machines.address.url)
    monkeypatch.setenv("CITEWELL_CHROMA_COLLECTION", machines.address.name)
    (tmp_path / "papers.jsonl").write_text(
        "".join(
            json.dumps({"id": str(n), "title": p.title, "abstract": p.abstract}) + "\n"
            for n, p in enumerate(synthetic(3))
        )
    )

    def run(*command: str, code: int = 0) -> Any:
        assert main([*command, "--json"]) == code, capsys.readouterr().err
        return json.loads(capsys.readouterr().out)

    assert run("ingest", "papers.jsonl", "--library", "x", "--dry-run")["added"] == 3
    assert run("ingest", "papers.jsonl", "--library", "x")["added"] == 3
    assert run("ingest", "papers.jsonl", "--library", "y", "--dry-run")["unchanged"] == 3
    listed = run("papers", "list", "--library", "y")
    assert [p["title"] for p in listed] == [p.title for p in synthetic(3)]
    assert run("papers", "show", listed[0]["id"], "--library", "y") == listed[0]
    assert len(run("search", "Synthetic study", "--library", "y")["results"]) == 3
    assert run("ask", "What does study 2 look at?", "--library", "y")["evidence"]
    assert run("papers", "remove", listed[0]["id"], "--library", "y")["papers"] == 2
    assert run("rebuild", "--library", "y")["papers"] == 2
    assert len(run("papers", "list", "--library", "x")) == 2
    assert main(["export", "--format", "ris", "--library", "x"]) == 0
    assert capsys.readouterr().out.count("TY  - ") == 2
    report = run("doctor", "--library", "x", "--repair")
    assert report["ok"], report
    assert report["repairs"] == []
