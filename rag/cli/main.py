"""Entry of the command line: parse, run one command, turn errors into one line and an exit code."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from typing import NoReturn

from rag.cli.commands import ask, doctor, export, ingest, papers, rebuild, search
from rag.cli.logs import logs
from rag.cli.terminal import fail
from rag.errors import CitewellError, UsageError

_COMMANDS = (ingest, search, ask, papers, export, doctor, rebuild)
#: Packages on top of the engine bring their commands as entry points of this group: modules with ``add_parser``.
_ENTRY_POINTS = "citewell.commands"


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command. Exit codes: 0 done, 1 failed, 2 wrong usage, 130 interrupted."""
    try:
        return _run(argv)
    except KeyboardInterrupt:
        fail("interrupted")
        return 130


def _run(argv: Sequence[str] | None) -> int:
    parser = _parser()
    arguments = parser.parse_args(argv)
    try:
        with logs(debug=arguments.debug):
            code: int = arguments.run(arguments)
        sys.stdout.flush()
    except CitewellError as error:
        if arguments.debug:
            raise
        fail(str(error))
        return 2 if isinstance(error, UsageError) else 1
    except BrokenPipeError:
        # The reader of our output went away (`| head`): no error, but nothing may be flushed into the closed pipe.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:  # the door: what nobody foresaw is still one line
        if arguments.debug:
            raise
        fail(f"internal error ({type(error).__name__}: {error}); run the command again with --debug to see where")
        return 1
    return code


class _Parser(argparse.ArgumentParser):
    """Parser that reports wrong usage in one line, like any error; parsers of commands are of the same class."""

    def error(self, message: str) -> NoReturn:
        """Print what is wrong and where to read on, and exit with 2."""
        fail(f"{message}; see: {self.prog} --help")
        raise SystemExit(2)


def _parser() -> argparse.ArgumentParser:
    from importlib.metadata import entry_points, version

    parser = _Parser(
        prog="citewell",
        description="Answers questions from a library of paper abstracts; every sentence cites the paper it rests on.",
        epilog="Settings come from the environment and .env: see .env.example.",
    )
    parser.add_argument("--version", action="version", version=f"citewell {version('citewell')}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    further = sorted(entry_points(group=_ENTRY_POINTS), key=lambda e: e.name)
    for command in (*_COMMANDS, *(entry.load() for entry in further)):
        command.add_parser(commands)
    return parser
