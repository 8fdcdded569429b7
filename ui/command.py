"""``citewell ui``: the chat in a browser."""

from __future__ import annotations

import argparse

from rag.cli import options
from rag.cli.terminal import say
from rag.language.counting import counted
from rag.loopback import is_loopback


def add_parser(commands: options.Commands) -> None:
    """Add the command's parser."""
    parser = options.add_command(commands, "ui", "serve the chat page")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: this machine only)")
    parser.add_argument("--port", type=_port, default=7860, help="port to listen on (default: %(default)s)")
    options.add_sample(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Serve until interrupted."""
    chosen = options.settings(arguments)
    from ui.serve.port import check_port
    from ui.serve.server import serve

    check_port(arguments.host, arguments.port)
    with options.open_library(arguments, chosen, create=True) as library:
        from rag.answering.assistant import Assistant

        assistant = Assistant(library, chosen)
        if not is_loopback(arguments.host):
            say(f"Listening on {arguments.host}: whoever reaches this machine can read the library and ask; no login.")
        say(f"{counted(len(library), 'paper')}; answers by {chosen.backend}. Starting the page ...")
        serve(
            library,
            assistant,
            chosen,
            host=arguments.host,
            port=arguments.port,
            ready=lambda url: say(f"Citewell is at {url}  (Ctrl-C stops it)"),
        )
    return 0


def _port(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 65_535:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port from 1 to 65535")
    return int(text)
