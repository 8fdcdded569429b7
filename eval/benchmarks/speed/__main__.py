"""``make bench``: speed and size beside the usual recipe, the bare parts, and the physical limit."""

from __future__ import annotations

import argparse
import json
import platform
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from eval.benchmarks.speed.systems import SYSTEMS, missing
from rag.library import Library
from rag.models.embedders.minilm import MiniLM
from rag.sample import sample_papers
from rag.settings import Settings
from rag.storage.index.passages import embedding_text, passages
from rag.storage.ingest.ingest import embed_missing

_INGEST_ROUNDS = 5


def main() -> int:
    """Measure and print; the figures also go to ``--out`` as JSON."""
    parser = argparse.ArgumentParser(prog="python -m eval.benchmarks.speed", description=__doc__)
    parser.add_argument("--sizes", nargs="+", type=int, default=[1_000, 10_000], metavar="N", help="papers")
    parser.add_argument("--systems", nargs="+", choices=sorted(SYSTEMS), default=list(SYSTEMS), help="what to compare")
    parser.add_argument("--out", type=Path, default=Path("out/bench.json"), metavar="FILE")
    arguments = parser.parse_args()
    lacking = {system: needed for system in arguments.systems if (needed := missing(system))}
    for system, needed in lacking.items():
        sys.stderr.write(f"Without {system}: {needed} is not installed.\n")
    systems = [system for system in arguments.systems if system not in lacking]
    with tempfile.TemporaryDirectory(prefix="citewell-bench-") as scratch:
        embedder = MiniLM()
        results: dict[str, Any] = {"machine": f"{platform.machine()}, Python {platform.python_version()}"}
        results["ingest"] = _ingest(embedder, Path(scratch))
        results["search"] = []
        texts = [embedding_text(p, passage) for p in sample_papers() for passage in passages(p)]
        np.save(Path(scratch) / "bases.npy", embedder.embed_texts(texts))
        for size in arguments.sizes:
            for system in systems:
                row = {"papers": size, "system": system, **_measure(system, size, Path(scratch))}
                results["search"].append(row)
                sys.stderr.write(_line(row) + "\n")
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    arguments.out.write_text(json.dumps(results, indent=1))
    sys.stdout.write(_table(results))
    return 0


def _ingest(embedder: MiniLM, scratch: Path) -> dict[str, float]:
    """Papers a second of a whole ingest against the bare model on the same texts in the same order of batches, rounds
    taken in turns."""
    papers = sample_papers()
    rows = [(p, passage) for p in papers for passage in passages(p)]
    bare, whole = [], []
    for n in range(_INGEST_ROUNDS):
        start = time.perf_counter()
        embed_missing(embedder, rows, {}, lambda _: None)
        bare.append(len(papers) / (time.perf_counter() - start))
        with Library.open(scratch / f"ingest{n}", Settings().local(), create=True, embedder=embedder) as library:
            start = time.perf_counter()
            library.add(papers)
            whole.append(len(papers) / (time.perf_counter() - start))
    return {
        "bare_papers_per_second": median(bare),
        "papers_per_second": median(whole),
        "ratio": median(w / b for w, b in zip(whole, bare, strict=True)),
    }


def _measure(system: str, size: int, scratch: Path) -> dict[str, float]:
    directory = scratch / f"{system}-{size}"
    return {**_process("build", system, size, directory), **_process("search", system, size, directory)}


def _process(task: str, system: str, size: int, directory: Path) -> dict[str, float]:
    command = [sys.executable, "-m", "eval.benchmarks.speed.process", task, system, str(size), str(directory)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own module
    if done.returncode:
        raise SystemExit(f"{' '.join(command[2:])} failed:\n{done.stderr[-2_000:]}")
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def _line(row: dict[str, Any]) -> str:
    return (
        f"{row['papers']:>7} {row['system']:<9} p50 {row['p50_ms']:6.1f} ms  p95 {row['p95_ms']:6.1f} ms  "
        f"open {row['open_s']:6.2f} s  peak {row['peak_mb']:6.0f} MB  disk {row['disk_mb']:6.0f} MB  "
        f"build {row['build_s']:6.1f} s"
    )


def _table(results: dict[str, Any]) -> str:
    ingest = results["ingest"]
    lines = [
        f"{results['machine']}. Medians of repeated runs; times of a search include the query's embedding.",
        "",
        f"Ingest of the sample library: {ingest['papers_per_second']:.1f} papers/s, the bare embedding model "
        f"{ingest['bare_papers_per_second']:.1f}: ratio {ingest['ratio']:.2f}.",
        "",
        "| papers | system | p50 ms | p95 ms | open and first answer s | peak memory MB | disk MB |",
        "|---:|---|---:|---:|---:|---:|---:|",
    ]
    lines += [
        f"| {r['papers']:,} | {r['system']} | {r['p50_ms']:.1f} | {r['p95_ms']:.1f} | {r['open_s']:.2f} "
        f"| {r['peak_mb']:.0f} | {r['disk_mb']:.0f} |"
        for r in results["search"]
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main())
