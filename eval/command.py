"""``citewell eval``: measure answers and retrieval, compare runs, report them, and gate a change."""

from __future__ import annotations

import argparse
from typing import Any

from eval.commands import answers, gate, published, runs
from rag.cli import options


def add_parser(commands: options.Commands) -> None:
    """Add the command and its subcommands."""
    summary = "measure answers and retrieval"
    parser: argparse.ArgumentParser = commands.add_parser("eval", help=summary, description=summary)
    below: Any = parser.add_subparsers(metavar="COMMAND", required=True)
    for module in (answers, published, runs, gate):
        module.add_parsers(below)
