"""An ingest killed at any moment leaves a library that opens, and the same ingest again finishes it."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from rag.library import Library
from rag.settings import Settings
from rag.storage.health.check import check_library
from tests.conftest import ROOT
from tests.support.ingest_process import synthetic
from tests.support.words import WordEmbedder

COUNT = 240


def _ingest(directory: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "tests.support.ingest_process", str(directory), str(COUNT)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )


def _killed_after(directory: Path, seconds: float) -> bool:
    """Runs an ingest and kills it so long after the library is open; whether it was still at work."""
    process = _ingest(directory)
    assert process.stdout
    process.stdout.readline()
    # The moment itself is what this test varies: there is no condition to wait for.
    time.sleep(seconds)
    process.send_signal(signal.SIGKILL)
    killed = process.wait() == -signal.SIGKILL
    process.stdout.close()
    return killed


def _whole(directory: Path) -> None:
    """The library holds every paper exactly once, all parts agree, and searching finds a paper."""
    embedder = WordEmbedder()
    failed = [c for c in check_library(directory, embedder) if not c.ok and c.name != "free disk"]
    assert failed == []
    with Library.open(directory, Settings(), embedder=embedder) as library:
        assert [p.title for p in library.papers()] == [p.title for p in synthetic(COUNT)]
        assert library.search("Synthetic study 17").evidence[0].paper.title == "Synthetic study 17"


def _run_with_kills(directory: Path, kills: int) -> None:
    moments = random.Random(20)  # noqa: S311 - moments, not secrets
    hits = sum(_killed_after(directory, moments.uniform(0, 1.0)) for _ in range(kills))
    with _ingest(directory) as process:
        assert process.communicate()[0].endswith("done\n")
    assert hits > 0
    _whole(directory)


def test_an_ingest_killed_at_random_moments_is_finished_by_the_next(tmp_path: Path) -> None:
    _run_with_kills(tmp_path / "library", kills=2)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_an_ingest_killed_twenty_times_embeds_little_twice(tmp_path: Path) -> None:
    _run_with_kills(tmp_path / "library", kills=20)
    times = Counter((tmp_path / "embedded.log").read_text().splitlines())
    # A kill can only lose the batch that was embedded and not yet stored: 16 passages, twenty kills.
    assert sum(times.values()) - len(times) <= 20 * 16
