"""Serve the page: take the port, build the page, run until interrupted.

Nothing slow is imported before the port is taken.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable

from rag.loopback import is_loopback
from rag.settings import Settings
from ui.page.header import LibraryView
from ui.page.stream import Answering
from ui.serve.port import page_address, take_port


def serve(
    library: LibraryView,
    assistant: Answering,
    settings: Settings,
    *,
    host: str = "127.0.0.1",
    port: int = 7860,
    ready: Callable[[str], None] | None = None,
) -> None:
    """Serve the chat page; return after Ctrl-C.

    Args:
        library: the papers to ask about.
        assistant: answers the questions, several at once.
        settings: the backend to name on the page.
        host: address to listen on; on a loopback address only this machine is answered.
        port: port to listen on; no other one is taken in its place.
        ready: called with the page's address once it can be opened.

    Raises:
        PortError: the port is taken, or the address is not one of this machine.
    """
    with contextlib.closing(take_port(host, port)) as taken:
        address = page_address(host, taken.getsockname()[1])
        from ui.serve.web import Server, make_app

        app = make_app(library, assistant, settings, local_only=is_loopback(host))
        server = Server(app, ready=lambda: ready(address) if ready else None)
        # The server leaves in order and then repeats the interrupt, which has done its work by then.
        with contextlib.suppress(KeyboardInterrupt):
            server.run(sockets=[taken])
