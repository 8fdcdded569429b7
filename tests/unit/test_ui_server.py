"""The port is taken or refused plainly, and the server talks to its own machine only."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys

import httpx
import pytest
from starlette.applications import Starlette
from starlette.responses import HTMLResponse, PlainTextResponse
from starlette.routing import Route

from rag.errors import CitewellError
from ui.serve.port import check_port, page_address, take_port
from ui.serve.security import Guard


def test_a_port_in_use_is_named_with_what_to_do() -> None:
    with take_port("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(CitewellError, match=rf"port {port} is in use; .*--port"):
            check_port("127.0.0.1", port)


def test_a_port_that_was_checked_is_free_again() -> None:
    with take_port("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
    check_port("127.0.0.1", port)
    check_port("127.0.0.1", port)


def test_an_address_of_another_machine_is_refused() -> None:
    with pytest.raises(CitewellError, match="--host"):
        check_port("192.0.2.1", 7860)


def test_the_port_is_checked_before_anything_slow_is_loaded() -> None:
    code = (
        "import sys, ui.serve.port, ui.serve.server\n"
        "ui.serve.port.check_port('127.0.0.1', 0)\n"
        "slow = {'gradio', 'fastapi', 'uvicorn', 'starlette'} & set(sys.modules)\n"
        "sys.exit(', '.join(slow) or None)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("127.0.0.1", "http://127.0.0.1:80"),
        ("0.0.0.0", "http://127.0.0.1:80"),  # noqa: S104 - nothing is bound
        ("::1", "http://[::1]:80"),
        ("localhost", "http://localhost:80"),
    ],
)
def test_the_address_given_can_be_opened_on_this_machine(host: str, address: str) -> None:
    assert page_address(host, 80) == address


def _get(path: str = "/", *, local_only: bool = True, **headers: str) -> httpx.Response:
    page = "<script>1</script><p>page</p><script src='x'></script>"
    app = Starlette(
        routes=[
            Route("/", lambda _: HTMLResponse(page)),
            Route("/other", lambda _: PlainTextResponse("other")),
        ]
    )

    async def get() -> httpx.Response:
        transport = httpx.ASGITransport(Guard(app, local_only=local_only))
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:7860") as client:
            return await client.get(path, headers=headers)

    return asyncio.run(get())


@pytest.mark.parametrize("host", ["127.0.0.1:7860", "localhost:7860", "localhost", "[::1]:7860"])
def test_this_machine_is_answered(host: str) -> None:
    assert _get(host=host).status_code == 200
    assert _get(host=host, origin=f"http://{host}").status_code == 200


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example:7860", "localhost.evil.example", "", "[::1"])
def test_a_name_that_only_points_here_is_refused(host: str) -> None:
    assert _get(host=host).status_code == 403


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://localhost:9999", "http://127.0.0.1"])
def test_another_sites_page_is_refused(origin: str) -> None:
    assert _get(origin=origin).status_code == 403


def test_a_server_for_others_answers_under_any_name() -> None:
    assert _get(local_only=False, host="papers.example").status_code == 200


def test_every_script_of_the_page_carries_the_nonce_of_its_policy() -> None:
    first, second = _get(), _get()
    policy = first.headers["content-security-policy"]
    nonce = policy.split("'nonce-")[1].split("'")[0]
    assert first.text.count(f'<script nonce="{nonce}"') == 2
    assert nonce not in second.text
    assert "'unsafe-inline'" not in policy.split("script-src")[1].split(";")[0]


def test_every_answer_is_guarded() -> None:
    headers = _get("/other").headers
    assert "connect-src 'self'" in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"


def test_a_socket_is_listening_once_its_port_is_taken() -> None:
    with take_port("127.0.0.1", 0) as taken, socket.create_connection(taken.getsockname()[:2], timeout=5):
        pass
