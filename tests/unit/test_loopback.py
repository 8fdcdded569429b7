"""One notion of this machine's own addresses, for the command, the guard and the model's address."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from rag.loopback import is_loopback
from rag.models.openai.endpoint import Endpoint
from ui import command

OWN = ["127.0.0.1", "127.0.0.2", "::1", "localhost", "LOCALHOST", "::ffff:127.0.0.1", "::ffff:7f00:2"]
OTHERS = ["0.0.0.0", "::", "", "192.168.1.7", "::ffff:192.168.1.7", "localhost.evil.example", "127.evil.example"]  # noqa: S104 - nothing is bound


@pytest.mark.parametrize(("host", "own"), [*((host, True) for host in OWN), *((host, False) for host in OTHERS)])
def test_an_address_is_this_machines_own_or_not(host: str, own: bool) -> None:
    assert is_loopback(host) is own


@pytest.mark.parametrize(("name", "local"), [("127.0.0.2", True), ("[::1]", True), ("127.evil.example", False)])
def test_a_model_server_is_local_by_the_same_notion(name: str, local: bool) -> None:
    endpoint = Endpoint(f"http://{name}:11434/v1", "m", "k", 1.0, "A", "B", "C")
    assert endpoint.is_local is local


@pytest.mark.parametrize(("host", "own"), [("127.0.0.2", True), ("::1", True), ("192.168.1.7", False)])
def test_the_command_warns_exactly_where_the_guard_is_off(
    host: str, own: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from contextlib import nullcontext

    import ui.serve.port
    import ui.serve.server
    import ui.serve.web

    guarded: list[bool] = []

    class Server:
        def __init__(self, _app: object, ready: object) -> None:
            pass

        def run(self, sockets: object) -> None:
            """Serves nothing."""

    def make_app(*_: object, local_only: bool) -> None:
        guarded.append(local_only)

    class Taken:
        def getsockname(self) -> tuple[str, int]:
            return host, 7860

        def close(self) -> None:
            """Closes nothing."""

    monkeypatch.setattr(command.options, "settings", lambda _: SimpleNamespace(backend="extractive"))
    monkeypatch.setattr(command.options, "open_library", lambda *_, **__: nullcontext([]))
    monkeypatch.setattr("rag.answering.assistant.Assistant", lambda *_: None)
    monkeypatch.setattr(ui.serve.port, "check_port", lambda *_: None)
    monkeypatch.setattr(ui.serve.server, "take_port", lambda *_: Taken())
    monkeypatch.setattr(ui.serve.web, "make_app", make_app)
    monkeypatch.setattr(ui.serve.web, "Server", Server)
    arguments: Any = SimpleNamespace(host=host, port=7860)
    assert command.run(arguments) == 0
    assert guarded == [own]
    assert ("whoever reaches this machine" in capsys.readouterr().err) is not own
