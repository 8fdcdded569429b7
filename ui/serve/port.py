"""The port the page is served at. It is taken before anything slow is done, and no other is taken in its place."""

from __future__ import annotations

import errno
import os
import socket

from rag.errors import CitewellError

_BACKLOG = 128


class PortError(CitewellError):
    """The address cannot be listened on."""


def check_port(host: str, port: int) -> None:
    """Check early, before anything slow, that the port can be listened on.

    Raises:
        PortError: the port is taken, or the address is not one of this machine.
    """
    take_port(host, port).close()


def take_port(host: str, port: int) -> socket.socket:
    """Return a socket that listens on exactly this address; port 0 takes any free one.

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


def page_address(host: str, port: int) -> str:
    """Return the address to open in a browser on this machine."""
    name = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)  # noqa: S104 - compared, not bound
    return f"http://{name}:{port}"


def _why(error: OSError, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"port {port} is in use; stop what runs there, or give another one with --port"
    if error.errno == errno.EACCES:
        return f"port {port} needs more rights; give one above 1023 with --port"
    return f"cannot listen on {host} port {port} ({error.strerror}); give this machine's own address with --host"
