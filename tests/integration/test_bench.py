"""``make bench``, on a size at which nothing is worth measuring, only that it measures."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from eval.benchmarks.speed import systems
from tests.conftest import ROOT


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_every_system_is_measured_side_by_side(tmp_path: Path) -> None:
    out = tmp_path / "bench.json"
    command = [sys.executable, "-m", "eval.benchmarks.speed", "--sizes", "120", "--out", str(out)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    record = json.loads(out.read_text())
    here = [name for name in systems.SYSTEMS if not systems.missing(name)]
    assert [row["system"] for row in record["search"]] == here
    assert all(0 < row["p50_ms"] <= row["p95_ms"] and row["disk_mb"] > 0 for row in record["search"])
    assert 0 < record["ingest"]["ratio"] < 2
    assert all(f"| 120 | {name} |" in done.stdout for name in here)


def test_a_system_whose_packages_are_not_here_is_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(systems._NEEDS, "floor", "a-package-that-nobody-has")
    assert systems.missing("floor") == "a-package-that-nobody-has"
    assert systems.missing("citewell") is None
