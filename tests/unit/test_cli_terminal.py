"""What the command line shows beside its results."""

from __future__ import annotations

import io
import itertools
import json
import sys

import pytest

from rag.cli import terminal
from rag.cli.terminal import Progress, bold


def test_progress_in_a_log_is_a_line_every_half_minute(capsys: pytest.CaptureFixture[str]) -> None:
    ticks = itertools.count(step=4)
    with Progress("papers", clock=lambda: next(ticks)) as progress:
        for done in range(20):
            progress.show(f"{done} of 20 papers")
    said = capsys.readouterr().err.splitlines()
    assert 2 <= len(said) <= 4
    assert all(line.endswith("of 20 papers") for line in said)


def test_progress_of_short_work_leaves_a_log_alone(capsys: pytest.CaptureFixture[str]) -> None:
    with Progress("papers") as progress:
        progress.counted(1, 2)
        progress.show("2 of 2 papers")
    assert capsys.readouterr().err == ""


def test_progress_in_a_terminal_is_one_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    monkeypatch.setenv("TERM", "xterm")
    with Progress("papers") as progress:
        progress.show("1 of 2 papers")
        progress.show("2 of 2 papers")
    assert capsys.readouterr().err == "\r\x1b[K1 of 2 papers\r\x1b[K2 of 2 papers\n"


@pytest.mark.parametrize(
    ("environment", "bright"),
    [({}, True), ({"NO_COLOR": "1"}, False), ({"NO_COLOR": ""}, True), ({"TERM": "dumb"}, False)],
)
def test_colour_is_used_only_where_it_is_wanted(
    environment: dict[str, str], bright: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    assert ("\x1b" in bold("Title")) is bright


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
def test_an_output_that_cannot_hold_every_character_is_no_error(encoding: str, monkeypatch: pytest.MonkeyPatch) -> None:
    held = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(held, encoding=encoding))
    title = "Größe α \ud800"
    terminal.out(title)
    terminal.out_bold(title)
    terminal.out_json({"title": title})
    plain, bold, record = held.getvalue().decode(encoding).splitlines()
    assert plain == bold
    assert plain.startswith("Gr")
    assert json.loads(record) == {"title": title}
