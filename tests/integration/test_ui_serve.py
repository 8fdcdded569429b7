"""The page's server as a process: it says when it is ready, and leaves quietly when interrupted."""

from __future__ import annotations

import signal
import subprocess
import sys
from urllib.request import urlopen

import pytest

# Prints its address, then what is left to say after the server has gone.
_SERVE = """
from rag.settings import Settings
from tests.support.scripted import SampleShelf, Scripted
from ui.serve.port import take_port
from ui.serve.server import serve
with take_port("127.0.0.1", 0) as taken:
    port = taken.getsockname()[1]
shelf = SampleShelf()
serve(shelf, Scripted(shelf), Settings(), port=port, ready=lambda url: print(url, flush=True))
print("gone", flush=True)
"""


@pytest.mark.timeout(180)
def test_an_interrupt_ends_the_server_quietly(pytestconfig: pytest.Config) -> None:
    command = [sys.executable, "-W", "ignore", "-c", _SERVE]
    with subprocess.Popen(
        command, cwd=pytestconfig.rootpath, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout
        assert server.stderr
        address = server.stdout.readline().strip()
        assert address.startswith("http://127.0.0.1:")
        with urlopen(address, timeout=30) as page:  # noqa: S310 - our own server's address
            assert b"Citewell" in page.read()
        server.send_signal(signal.SIGINT)
        rest, said = server.communicate(timeout=60)
    assert (server.returncode, rest, said) == (0, "gone\n", "")
