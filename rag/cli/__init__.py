"""The command line: a door to the engine. Parsing is cheap; what a command needs is imported when it runs."""

from rag.cli.main import main as main
