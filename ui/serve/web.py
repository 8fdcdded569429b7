"""The web application around the page, and its server. Import it late: Gradio takes seconds to load."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import gradio as gr
import uvicorn
from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles
from markupsafe import Markup
from starlette.types import ASGIApp

from rag.settings import Settings
from ui.draw.fill import fill
from ui.page.app import build
from ui.page.header import LibraryView
from ui.page.stream import Answering
from ui.page.theme import theme
from ui.serve.port import page_address, take_port
from ui.serve.security import Guard

_ASSETS = Path(__file__).parents[1] / "page" / "assets"
_ASSETS_PATH = "/assets/citewell"
#: Seconds that requests still being answered get when the server leaves.
_GRACE_S = 2
_START_S = 60


def make_app(library: LibraryView, assistant: Answering, settings: Settings, *, local_only: bool = True) -> ASGIApp:
    """Return the web application; ``local_only`` refuses requests that other sites' pages make."""
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
    """Return the style sheet and the script as head elements; given as ``css`` and ``js``, Gradio would rewrite every
    selector and compile the script at run time. The style is inline, so that the page is never seen without it."""
    style = Markup((_ASSETS / "page.css").read_text(encoding="utf-8"))  # noqa: S704 - our own file
    return fill("head", style=style, assets=_ASSETS_PATH)


class Server(uvicorn.Server):
    """A uvicorn server on sockets that already listen; calls ``ready`` once it answers."""

    def __init__(self, app: ASGIApp, ready: Callable[[], None]) -> None:
        # No web sockets: the page talks by plain requests and server-sent events.
        super().__init__(
            uvicorn.Config(app, log_level="warning", ws="none", server_header=False, timeout_graceful_shutdown=_GRACE_S)
        )
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then call ``ready``."""
        await super().startup(sockets)
        if self.started:
            self._ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Close the connections of open pages, whose streams never end by themselves, then shut down."""
        for connection in list(self.server_state.connections):
            connection.transport.close()
        await super().shutdown(sockets)


@contextmanager
def running(library: LibraryView, assistant: Answering, settings: Settings) -> Iterator[str]:
    """Serve the page from a thread on a free port of this machine while the context lasts; yield its address."""
    ready = threading.Event()
    with closing(take_port("127.0.0.1", 0)) as taken:
        address = page_address("127.0.0.1", taken.getsockname()[1])
        server = Server(make_app(library, assistant, settings), ready=ready.set)
        thread = threading.Thread(target=server.run, args=([taken],), daemon=True)
        thread.start()
        if not ready.wait(_START_S):
            raise TimeoutError(f"the page at {address} did not start within {_START_S} seconds")
        try:
            yield address
        finally:
            server.should_exit = True
            thread.join(_START_S)
