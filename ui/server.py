"""Serves the page: takes the port first, then builds the page, then runs until interrupted."""

from __future__ import annotations

import contextlib
import errno
import os
import socket
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from rag.errors import CitewellError
from rag.settings import Settings
from ui.header import Shelf
from ui.security import LOOPBACK
from ui.stream import Answering

if TYPE_CHECKING:
    from starlette.types import ASGIApp

_ASSETS = Path(__file__).parent / "assets"
_ASSETS_PATH = "/assets/citewell"
_BACKLOG = 128
#: Seconds that requests still being answered get when the server leaves.
_GRACE_S = 2


class PortError(CitewellError):
    """The address cannot be listened on."""


def check_port(host: str, port: int) -> None:
    """Finds out early, before anything slow, whether :func:`serve` would get its port.

    Raises:
        PortError: the port is taken, or the address is not one of this machine.
    """
    take_port(host, port).close()


def take_port(host: str, port: int) -> socket.socket:
    """A listening socket on exactly this address; port 0 takes any free one.

    Raises:
        PortError: the port is taken, or the address is not one of this machine.
    """
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except OSError as error:
        raise PortError(f"cannot listen on {host!r}: no such address; give this machine's own with --host") from error
    taken = socket.socket(family, socket.SOCK_STREAM)
    try:
        if os.name == "posix":  # elsewhere the option would let two servers share a port
            taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(address)
        taken.listen(_BACKLOG)
    except OSError as error:
        taken.close()
        raise PortError(_why(error, host, port)) from error
    return taken


def make_app(library: Shelf, assistant: Answering, settings: Settings, *, local_only: bool = True) -> ASGIApp:
    """The whole web application; ``local_only`` refuses requests that other sites' pages make."""
    os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
    import gradio as gr
    from fastapi import FastAPI
    from fastapi.staticfiles import StaticFiles

    from ui.app import build
    from ui.security import Guard
    from ui.theme import theme

    app = FastAPI(title="Citewell", docs_url=None, redoc_url=None, openapi_url=None)
    app.mount(_ASSETS_PATH, StaticFiles(directory=_ASSETS))
    gr.mount_gradio_app(
        app,
        build(library, assistant, settings),
        path="/",
        theme=theme(),
        head=_head(),
        footer_links=[],
        run_history=False,
        show_error=False,
        ssr_mode=False,
        pwa=False,
        mcp_server=False,
        enable_monitoring=False,
        max_file_size="1b",  # the page takes no files
        app_kwargs={"docs_url": None, "redoc_url": None},
    )
    return Guard(app, local_only=local_only)


def _head() -> str:
    """Style sheet and script as head elements, not as ``css`` and ``js``: Gradio would rewrite every selector of the
    one and compile the other at run time. The style stands inline, so that the page is never seen without it."""
    style = (_ASSETS / "page.css").read_text(encoding="utf-8")
    return f"""<style>{style}</style>
<link rel="icon" type="image/svg+xml" href="{_ASSETS_PATH}/icon.svg">
<script src="{_ASSETS_PATH}/page.js" defer></script>"""


def serve(
    library: Shelf,
    assistant: Answering,
    settings: Settings,
    *,
    host: str = "127.0.0.1",
    port: int = 7860,
    ready: Callable[[str], None] | None = None,
) -> None:
    """Serves the chat page and blocks until Ctrl-C; then returns.

    Args:
        library: what is asked.
        assistant: what answers; several threads use it at once.
        settings: name the backend shown on the page.
        host: address to listen on; with a loopback address only this machine is answered.
        port: port to listen on; no other one is taken in its place.
        ready: called with the page's address once it can be opened.

    Raises:
        PortError: the port is taken, or the address is not one of this machine.
    """
    with contextlib.closing(take_port(host, port)) as taken:
        port = taken.getsockname()[1]
        import uvicorn

        class Server(uvicorn.Server):
            async def startup(self, sockets: list[socket.socket] | None = None) -> None:
                await super().startup(sockets)
                if self.started and ready is not None:
                    ready(page_address(host, port))

            async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
                # Every open page holds a stream that it never ends: it is hung up, instead of waited for.
                for connection in list(self.server_state.connections):
                    connection.transport.close()
                await super().shutdown(sockets)

        app = make_app(library, assistant, settings, local_only=host in LOOPBACK)
        config = uvicorn.Config(
            app, log_level="warning", ws="none", server_header=False, timeout_graceful_shutdown=_GRACE_S
        )
        # The server leaves in order and then repeats the interrupt, which has done its work by then.
        with contextlib.suppress(KeyboardInterrupt):
            Server(config).run(sockets=[taken])


def page_address(host: str, port: int) -> str:
    """The address to open in a browser on this machine."""
    name = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)  # noqa: S104 - compared, not bound
    return f"http://{name}:{port}"


def _why(error: OSError, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"port {port} is in use; stop what runs there, or give another one with --port"
    if error.errno == errno.EACCES:
        return f"port {port} needs more rights; give one above 1023 with --port"
    return f"cannot listen on {host} port {port} ({error.strerror}); give this machine's own address with --host"
