"""Chroma server (``chroma run``): its address, one connection to it, and its errors in plain words."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self, TypeVar

from rag.errors import LibraryError, ServerError
from rag.storage.index.stored import first_line

if TYPE_CHECKING:
    from chromadb.api import ClientAPI
    from chromadb.api.models.Collection import Collection
    from pydantic import SecretStr

    from rag.settings import Settings

T = TypeVar("T")

#: Seconds to wait for a connection, and for an answer. Chroma's own client waits without end.
_CONNECT_S, _ANSWER_S = 5.0, 60.0


@dataclass(frozen=True, slots=True)
class ServerAddress:
    """Address of a library on a server: the server, its token, and the library's name there."""

    url: str
    name: str
    token: SecretStr | None = field(default=None, repr=False)

    @classmethod
    def of(cls, settings: Settings) -> Self | None:
        """Return the address that the settings give, or ``None`` for a library in a directory."""
        if settings.chroma_url is None:
            return None
        return cls(settings.chroma_url, settings.chroma_collection, settings.chroma_token)

    def __str__(self) -> str:
        return f"{self.name!r} on {self.url}"


class NoCollectionError(LibraryError):
    """The server holds no collection of that name or id (any more)."""


class TakenError(LibraryError):
    """The server holds a collection of that name already."""


class Server:
    """A connection to a Chroma server, made at the first call; safe to share between threads.

    Args:
        address: where the server is.

    Raises:
        ServerError: from every call, when the server cannot be reached or refuses.
    """

    def __init__(self, address: ServerAddress) -> None:
        self.address = address
        self._lock = threading.Lock()
        self._client: ClientAPI | None = None

    def close(self) -> None:
        """Close the connection; the next call makes a new one."""
        with self._lock:
            if self._client is not None:
                for session in _sessions(self._client):
                    session.close()
                self._client.close()  # type: ignore[attr-defined]  # Client has it, the abstract ClientAPI does not
            self._client = None

    def call(self, work: Callable[[ClientAPI], T]) -> T:
        """Run ``work`` with the client; errors become one clear sentence."""
        try:
            return work(self._opened())
        except LibraryError:
            raise
        except Exception as error:  # Chroma raises bare Exception for what it has no class for
            raise self.failure(error) from error

    def client(self) -> ClientAPI:
        """Return the open client."""
        return self.call(lambda client: client)

    def now(self) -> int:
        """Return the server's clock in nanoseconds, the one that all its clients share."""
        return self.call(lambda client: client.heartbeat())

    def collection(self, name: str) -> Collection:
        """Return the collection of this name.

        Raises:
            NoCollectionError: there is none.
        """
        return self.call(lambda client: client.get_collection(name, embedding_function=None))

    def create(self, name: str, metadata: dict[str, Any], *, space: str = "l2") -> Collection:
        """Make a new collection; of several who try at once, one succeeds.

        Raises:
            TakenError: there is one of this name.
        """
        configuration: Any = {"hnsw": {"space": space}}
        return self.call(
            lambda client: client.create_collection(
                name, metadata=metadata, embedding_function=None, configuration=configuration
            )
        )

    def drop(self, name: str) -> None:
        """Delete a collection, if it is there."""
        try:
            self.call(lambda client: client.delete_collection(name))
        except NoCollectionError:
            return

    def failure(self, error: Exception) -> LibraryError:
        """Return the sentence for an error of Chroma's client."""
        import httpx
        from chromadb.errors import NotFoundError

        url = self.address.url
        if isinstance(error, httpx.TransportError):
            return ServerError(_unreachable(url, error))
        if isinstance(error, NotFoundError):
            return NoCollectionError(f"the Chroma server {url} holds no such collection ({first_line(error)})")
        if str(error).endswith("already exists"):
            return TakenError(f"the Chroma server {url}: {first_line(error)}")
        # The client raises the body of an answer it does not know; the answer itself is the context.
        answer = getattr(error.__context__, "response", None)
        if isinstance(answer, httpx.Response):
            return ServerError(_refused(url, answer))
        return ServerError(f"the Chroma server {url} failed ({first_line(error)})")

    def _opened(self) -> ClientAPI:
        with self._lock:
            if self._client is None:
                self._knock()
                self._client = self._connected()
            return self._client

    def _knock(self) -> None:
        """Check that a Chroma server answers at all: Chroma's own client would wait for it without end."""
        import httpx

        url, token = self.address.url, self.address.token
        headers = {"Authorization": f"Bearer {token.get_secret_value()}"} if token else {}
        try:
            with httpx.Client(headers=headers, timeout=_CONNECT_S, verify=_speaks_tls(url)) as knocking:
                answer = knocking.get(f"{url}/api/v2/heartbeat")
        except httpx.TransportError as error:
            raise ServerError(_unreachable(url, error)) from error
        if answer.status_code != httpx.codes.OK or "nanosecond heartbeat" not in answer.text:
            raise ServerError(_refused(url, answer))

    def _connected(self) -> ClientAPI:
        import chromadb
        import httpx

        settings = chromadb.config.Settings(anonymized_telemetry=False)
        if not _speaks_tls(self.address.url):
            settings.chroma_server_ssl_verify = False
        if self.address.token is not None:
            settings.chroma_client_auth_provider = "chromadb.auth.token_authn.TokenAuthClientProvider"
            settings.chroma_client_auth_credentials = self.address.token.get_secret_value()
        client = chromadb.HttpClient(host=self.address.url, settings=settings)
        for session in _sessions(client):
            session.timeout = httpx.Timeout(_ANSWER_S, connect=_CONNECT_S)
        return client


def _speaks_tls(url: str) -> bool:
    # Reading the certificates takes a moment that a connection without TLS need not spend.
    return url.startswith("https:")


def _sessions(client: Any) -> list[Any]:
    # Chroma gives no other way to set a time-out or to close the connections.
    return [client._server._session, client._admin_client._server._session]


def _unreachable(url: str, error: Exception) -> str:
    import httpx

    what = "does not answer in time" if isinstance(error, httpx.TimeoutException) else "cannot be reached"
    return f"the Chroma server {url} {what} ({first_line(error)}); start it, or set CITEWELL_CHROMA_URL to where it is"


def _refused(url: str, answer: Any) -> str:
    if answer.status_code in {401, 403}:
        return f"the Chroma server {url} refuses the token (HTTP {answer.status_code}); set CITEWELL_CHROMA_TOKEN"
    if answer.status_code >= 500:
        return f"the Chroma server {url} failed (HTTP {answer.status_code}); try again later"
    return (
        f"what answers at {url} is not a Chroma server of this version (HTTP {answer.status_code}); "
        "set CITEWELL_CHROMA_URL to where one runs"
    )
