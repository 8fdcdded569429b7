"""Several processes on one library: readers go on while one writes, a second writer is told so."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from rag.library import Library
from rag.settings import Settings
from rag.storage.health.check import check_library
from tests.conftest import ROOT
from tests.support.ingest_process import synthetic
from tests.support.words import WordEmbedder

COUNT = 200


def test_a_reader_sees_whole_papers_only_while_another_process_writes(tmp_path: Path) -> None:
    directory, embedder = tmp_path / "library", WordEmbedder()
    whole = {p.title: p.abstract for p in synthetic(COUNT)}
    with Library.open(directory, Settings(), create=True, embedder=embedder) as reader:
        reader.add(synthetic(5))
        command = [sys.executable, "-m", "tests.support.ingest_process", str(directory), str(COUNT)]
        writer = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        searches = 0
        while writer.poll() is None:
            found = reader.search(f"Synthetic study {searches % 40} topic", k=10).evidence
            assert len(found) >= 5
            for evidence in found:
                assert whole[evidence.paper.title] == evidence.paper.abstract
                assert all(p.passage.text in evidence.paper.abstract for p in evidence.passages)
            searches += 1
        assert writer.communicate()[0].endswith("done\n")
        assert writer.returncode == 0
        assert searches > 5
        reader._store._seen_at -= 60
        assert reader.search("Synthetic study 199").evidence[0].paper.title == "Synthetic study 199"
    assert [c for c in check_library(directory, embedder) if not c.ok and c.name != "free disk"] == []
