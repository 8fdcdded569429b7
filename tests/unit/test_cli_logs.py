"""Logs of a command: our warnings are seen, the chatter of libraries below is not, and nothing outlasts the command."""

from __future__ import annotations

import argparse
import logging
import subprocess
import sys

import pytest

from rag.cli.logs import OURS, logs
from rag.cli.main import main

# In a process of its own: under pytest a handler at the root is there already, and Python would print nothing itself.
_SAY = """
import logging
from rag.cli.logs import logs
with logs(debug={debug}):
    for name in ("rag.storage.store", "ui.page.stream", "eval.runs.runner", "chromadb.telemetry", "httpx"):
        logging.getLogger(name).warning("a warning of %s", name)
        logging.getLogger(name).info("a remark of %s", name)
"""


def _said(*, debug: bool) -> list[str]:
    command = [sys.executable, "-c", _SAY.format(debug=debug)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    return [line.rpartition(": ")[2] for line in done.stderr.splitlines()]


def test_our_own_warnings_are_shown_and_those_of_libraries_are_not() -> None:
    assert _said(debug=False) == [
        "a warning of rag.storage.store",
        "a warning of ui.page.stream",
        "a warning of eval.runs.runner",
    ]


def test_debug_shows_what_everyone_says() -> None:
    said = _said(debug=True)
    assert {"a warning of chromadb.telemetry", "a remark of httpx", "a remark of ui.page.stream"} <= set(said)


def _state() -> list[object]:
    loggers = [logging.getLogger(), *map(logging.getLogger, OURS)]
    return [logging.root.manager.disable, *[(logger.level, list(logger.handlers)) for logger in loggers]]


@pytest.mark.parametrize("debug", [True, False])
def test_logging_is_afterwards_as_it_was_before(debug: bool) -> None:
    before = _state()
    with logs(debug=debug):
        assert _state() != before
    assert _state() == before


def test_a_fault_logged_while_a_command_runs_is_seen_with_its_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def faulty(_: argparse.Namespace) -> int:
        try:
            raise KeyError("lost")
        except KeyError:
            logging.getLogger("ui.page.stream").exception("an answer broke \x1b[2Joff")
        return 0

    monkeypatch.setattr("rag.cli.commands.doctor.run", faulty)
    assert main(["doctor"]) == 0
    said = capsys.readouterr().err
    assert "ui.page.stream: ERROR: an answer broke" in said
    assert "KeyError: 'lost'" in said
    assert "\x1b" not in said
