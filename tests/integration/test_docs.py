"""Every example in the README and the docs runs, as a newcomer would run it."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import ROOT

ASKED_ABOUT = "1904.00962"
BIN = Path(sys.executable).parent
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def _blocks(language: str) -> Iterator[tuple[str, str]]:
    for document in DOCUMENTS:
        for found, body in _BLOCK.findall(document.read_text(encoding="utf-8")):
            if found == language:
                yield document.name, body


COMMANDS = [
    (name, line.removeprefix("$ "))
    for name, body in _blocks("console")
    for line in body.splitlines()
    if line.startswith("$ ")
]


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the files the examples speak of, and a library made from them by the first example: a third of the
    sample, with the paper the examples ask about."""
    folder = tmp_path_factory.mktemp("desk")
    records = (ROOT / "rag" / "sample" / "papers.jsonl").read_text(encoding="utf-8").splitlines(keepends=True)
    kept = [line for number, line in enumerate(records) if number % 3 == 0 or ASKED_ABOUT in line]
    (folder / "library.jsonl").write_text("".join(kept), encoding="utf-8")
    shutil.copy(ROOT / "tests" / "fixtures" / "readers" / "papers-page.html", folder)
    (folder / ".venv").mkdir()
    (folder / ".venv" / "bin").symlink_to(BIN)
    _run(".venv/bin/citewell ingest papers-page.html library.jsonl", folder)
    return folder


def _run(command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "CITEWELL_RETRIES": "0", "CITEWELL_LIBRARY": str(folder / "library")}
    if command.startswith("make "):
        # The environment these tests run in is set up already, wherever it is.
        command = command.replace("make ", f"make -C {ROOT} -o .venv/.citewell-setup BIN={BIN} ", 1)
    return subprocess.run(  # noqa: S602 - the README's own examples
        command, shell=True, cwd=folder, env=environment, capture_output=True, text=True, timeout=110, check=False
    )


@pytest.mark.parametrize(("document", "command"), [c for c in COMMANDS if " ui" not in c[1]])
def test_an_example_runs_and_prints_something(desk: Path, document: str, command: str) -> None:
    done = _run(command, desk)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()
    assert "Traceback" not in done.stderr


def test_the_first_answer_of_the_readme_is_the_right_one(desk: Path) -> None:
    command = next(c for _, c in COMMANDS if c.startswith("make ask"))
    done = _run(command, desk)
    assert "LAMB" in done.stdout
    assert "[1] Large Batch Optimization for Deep Learning: Training BERT in 76 minutes" in done.stdout


@pytest.mark.parametrize(("document", "command"), [c for c in COMMANDS if " ui" in c[1]])
def test_a_page_example_serves_until_interrupted(desk: Path, document: str, command: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    command = re.sub(r"--port \d+", f"--port {port}", command)
    page = subprocess.Popen(["/bin/sh", "-c", f"exec {command}"], cwd=desk, stderr=subprocess.PIPE, text=True)
    assert page.stderr
    lines = []
    for line in page.stderr:
        lines.append(line)
        if f"http://127.0.0.1:{port}" in line:
            break
    page.send_signal(signal.SIGINT)
    rest = page.communicate(timeout=60)[1]
    assert page.returncode in {0, 130}, "".join(lines) + rest
    assert "Traceback" not in rest


@pytest.mark.parametrize(("document", "code"), list(_blocks("python")))
def test_a_python_example_runs(desk: Path, document: str, code: str) -> None:
    done = subprocess.run([sys.executable, "-c", code], cwd=desk, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "[1]" in done.stdout


def test_every_make_target_the_docs_name_exists() -> None:
    makefile = (ROOT / "Makefile").read_text()
    for document in DOCUMENTS:
        for target in re.findall(r"`?make ([a-z][a-z-]+)", document.read_text(encoding="utf-8")):
            assert re.search(rf"^{target}:", makefile, re.MULTILINE), f"{document.name} names make {target}"


def test_every_file_the_docs_link_to_is_there() -> None:
    documents = [*DOCUMENTS, *ROOT.glob("eval/**/README.md"), *ROOT.glob("rag/**/NOTICE.md"), ROOT / "CHANGELOG.md"]
    links = [(d, link) for d in documents for link in re.findall(r"\]\(([^)#:]+)\)", d.read_text(encoding="utf-8"))]
    assert links
    assert [(d.name, link) for d, link in links if not (d.parent / link).exists()] == []


def test_the_settings_page_and_the_example_file_are_as_the_settings_have_them() -> None:
    from rag import settings_docs

    assert settings_docs.main(["--check"]) == 0


def test_the_settings_page_names_every_setting() -> None:
    from rag.settings import PREFIX, Settings

    named = set(re.findall(rf"`({PREFIX}\w+|OPENAI_\w+)`", (ROOT / "docs" / "settings.md").read_text("utf-8")))
    assert named >= {n.upper() if n.startswith("openai_") else PREFIX + n.upper() for n in Settings.model_fields}
