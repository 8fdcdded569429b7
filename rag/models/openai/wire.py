"""A watch on one reply on the wire: its kind, that it goes on, that it ends, and that it stays within bounds.

The openai client turns a body that is not an event stream into an empty reply, and a stream that just stops into a
complete one. Only here can they still be distinguished.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable, Iterator

import httpx

from rag.models.openai.failures import ReplyTooLongError, WebPageError

#: No answer comes near it: 8,192 tokens, one event of some 300 bytes each, are 2.5 MB.
MAX_BYTES = 16 * 2**20
_END_MARK = b"[DONE]"
#: An event without a word is shorter.
_HEAD = 4_096


class Watch:
    """The state of one reply; hand :meth:`see` or :meth:`asee` to the HTTP client as its response hook.

    Args:
        patience_s: seconds without any words after which the reply counts as timed out. The HTTP client's own limit
            is on bytes, and the comments some servers send to keep a connection alive would reset it for ever.
        clock: seconds that only grow.
    """

    def __init__(self, patience_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._patience_s = patience_s
        self._clock = clock
        self._until = clock() + patience_s
        self._success = False
        self._bytes = 0
        self._head = self._tail = b""
        self._whole: bytearray | None = None

    def see(self, response: httpx.Response) -> None:
        """Take note of a response before its body is read.

        Raises:
            WebPageError: it is a web page, such as the login of a proxy.
        """
        self._judge(response)
        if isinstance(response.stream, httpx.SyncByteStream):
            response.stream = _Watched(response.stream, self)

    async def asee(self, response: httpx.Response) -> None:
        """As :meth:`see`, for the asynchronous client."""
        self._judge(response)
        if isinstance(response.stream, httpx.AsyncByteStream):
            response.stream = _AsyncWatched(response.stream, self)

    def words_came(self) -> None:
        """Start patience anew, since the reply goes on."""
        self._until = self._clock() + self._patience_s

    @property
    def end_mark_seen(self) -> bool:
        """Whether the stream ended with the protocol's end mark."""
        return self._tail.rstrip().endswith(_END_MARK)

    @property
    def first_event(self) -> bytes:
        """The data of the stream's first event; cut off if it is long."""
        lines = (line for line in self._head.splitlines() if line.startswith(b"data:"))
        return next(lines, b"").removeprefix(b"data:")

    @property
    def whole_body(self) -> bytes | None:
        """The body, if the server sent its answer in one piece of JSON instead of a stream."""
        return None if self._whole is None else bytes(self._whole)

    def take(self, piece: bytes) -> None:
        """Take note of a piece of the body.

        Raises:
            httpx.ReadTimeout: the last words came too long ago.
            ReplyTooLongError: the body is larger than any answer.
            WebPageError: it begins like a page, whatever its headers say.
        """
        if self._clock() > self._until:
            raise httpx.ReadTimeout("no words within the time allowed")
        if not self._bytes and self._success and piece.lstrip().startswith(b"<"):
            raise WebPageError
        self._bytes += len(piece)
        if self._bytes > MAX_BYTES:
            raise ReplyTooLongError
        self._head += piece[: max(0, _HEAD - len(self._head))]
        self._tail = (self._tail + piece)[-32:]
        if self._whole is not None:
            self._whole += piece

    def _judge(self, response: httpx.Response) -> None:
        kind = response.headers.get("content-type", "").lower()
        self._success = response.is_success
        if self._success and "html" in kind:
            raise WebPageError
        if self._success and kind.startswith("application/json"):
            self._whole = bytearray()


class _Watched(httpx.SyncByteStream):
    def __init__(self, stream: httpx.SyncByteStream, watch: Watch) -> None:
        self._stream = stream
        self._watch = watch

    def __iter__(self) -> Iterator[bytes]:
        for piece in self._stream:
            self._watch.take(piece)
            yield piece

    def close(self) -> None:
        self._stream.close()


class _AsyncWatched(httpx.AsyncByteStream):
    def __init__(self, stream: httpx.AsyncByteStream, watch: Watch) -> None:
        self._stream = stream
        self._watch = watch

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for piece in self._stream:
            self._watch.take(piece)
            yield piece

    async def aclose(self) -> None:
        await self._stream.aclose()
