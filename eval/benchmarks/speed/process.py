"""One measurement in a process of its own, so that memory and caches are its own.

``python -m eval.benchmarks.speed.process build|search SYSTEM COUNT DIRECTORY`` prints one JSON object.
"""

from __future__ import annotations

import json
import sys
import time
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from eval.benchmarks.speed.corpus import SyntheticEmbedder, papers, questions
from eval.benchmarks.speed.memory import peak_bytes
from eval.benchmarks.speed.systems import SYSTEMS
from rag.models.embedders.minilm import NAME, MiniLM

_QUESTIONS = 100
_ROUNDS = 3


def build(system: str, count: int, directory: Path) -> dict[str, Any]:
    """Build an index; return its time and size."""
    bases = np.load(directory.parent / "bases.npy")
    corpus = list(papers(count))
    start = time.perf_counter()
    SYSTEMS[system].build(directory, corpus, SyntheticEmbedder(bases, NAME))
    seconds = time.perf_counter() - start
    size = sum(f.stat().st_size for f in directory.rglob("*") if f.is_file())
    return {"build_s": seconds, "disk_mb": size / 1e6, "build_peak_mb": peak_bytes() / 1e6}


def search(system: str, directory: Path) -> dict[str, Any]:
    """Open an index and search it; return the time to the first answer without imports, percentiles, peak memory."""
    chosen = SYSTEMS[system]
    for module in chosen.modules:
        import_module(module)
    embedder = MiniLM()
    asked = questions(_QUESTIONS)
    embedder.embed_query(asked[0])
    start = time.perf_counter()
    ask = chosen.open(directory, embedder)
    ask(asked[0])
    first = time.perf_counter() - start
    rounds = []
    for _ in range(_ROUNDS):
        spent = []
        for question in asked:
            before = time.perf_counter()
            ask(question)
            spent.append((time.perf_counter() - before) * 1_000)
        rounds.append((float(np.percentile(spent, 50)), float(np.percentile(spent, 95))))
    p50, p95 = np.median(np.array(rounds), axis=0)
    return {"open_s": first, "p50_ms": float(p50), "p95_ms": float(p95), "peak_mb": peak_bytes() / 1e6}


def main() -> None:
    """Run the task that the command line names."""
    task, system, count, directory = sys.argv[1], sys.argv[2], int(sys.argv[3]), Path(sys.argv[4])
    found = build(system, count, directory) if task == "build" else search(system, directory)
    sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    main()
