"""What every test starts from: a clean environment, and libraries that are built once."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from rag.library import Library
from rag.models.embedders.minilm import MiniLM
from rag.settings import Settings
from rag.storage.locks import FileLock

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared"


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No setting of the developer's own reaches a test, neither from the environment nor from a ``.env``."""
    for name in os.environ:
        if name.startswith(("CITEWELL_", "OPENAI_")):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="session")
def minilm() -> MiniLM:
    """The bundled embedder, on one thread: the tests themselves run in several processes."""
    return MiniLM(threads=1)


@pytest.fixture(scope="session")
def sample_library(tmp_path_factory: pytest.TempPathFactory, minilm: MiniLM) -> Iterator[Library]:
    """The shipped sample, ingested with the bundled embedder. Shared: read it, do not change it. Where the tests run in
    several processes, the first that needs it makes it for all."""
    base = tmp_path_factory.getbasetemp()
    place = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    with (
        FileLock(place / "sample.lock").hold(timeout_s=110),
        Library.open(place / "sample", Settings(), create=True, embedder=minilm) as library,
    ):
        library.ingest([ROOT / "rag" / "sample" / "papers.jsonl"])
    with Library.open(place / "sample", Settings(), embedder=minilm) as library:
        yield library


@pytest.fixture(scope="session")
def seed_page() -> Path:
    """The saved page the project was founded on; it is development material and may be absent."""
    page = SHARED / "seed" / "papers-page.txt"
    if not page.exists():
        pytest.skip("the development material beside the checkout is not here")
    return page
