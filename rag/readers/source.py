"""Opens a file as a stream of text lines or bytes, whatever its compression and encoding, and refuses bombs."""

from __future__ import annotations

import codecs
import gzip
import re
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import BinaryIO, cast

from rag.errors import ReadError
from rag.readers.base import MAX_RECORD

#: Bytes read to detect encoding and format.
HEAD = 256 * 1024
#: Bytes of a file that has to be held whole (a saved page).
MAX_WHOLE = 64 * 1024 * 1024
#: Text does not shrink to a two-hundredth; what claims to, past the first megabytes, is a bomb.
MAX_GZIP_RATIO = 200
GZIP_GRACE = 16 * 1024 * 1024
_CHUNK = 256 * 1024

_GZIP = b"\x1f\x8b"
_MAGIC = {
    b"%PDF": "a PDF",
    b"PK\x03\x04": "a ZIP archive (or an office document); unpack it, or export text",
    b"BZh": "a bzip2 file; unpack it first",
    b"\xfd7zXZ": "an xz file; unpack it first",
    b"\x28\xb5\x2f\xfd": "a zstd file; unpack it first",
    b"\x89PNG": "a PNG image",
    b"\xff\xd8\xff": "a JPEG image",
    b"GIF8": "a GIF image",
    b"SQLite format 3\x00": "an SQLite database",
    b"\x7fELF": "a program",
}
_LINE_END = re.compile(rb"\r\n|\r|\n")
# Longer marks first: the mark of UTF-32 little-endian starts with that of UTF-16.
_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# A byte that is not UTF-8 is read as Windows-1252, the superset of Latin-1 that exports mean by it.
_STRAY = {
    0xDC00 + byte: (bytes([byte]).decode("cp1252") if byte not in {0x81, 0x8D, 0x8F, 0x90, 0x9D} else chr(byte))
    for byte in range(0x80, 0x100)
}


class CutError(ReadError):
    """The source ends too soon or turns to damage somewhere after its start; what was read before it is good."""


@dataclass(frozen=True, slots=True)
class Source:
    """A file (or bytes in memory) that is text. Each method opens it anew, so it can be looked at and then read.

    ``head`` is the text of its first bytes, with ``\\n`` for every line end.
    """

    name: str
    path: Path | None
    data: bytes
    encoding: str
    head: str

    @classmethod
    def open(cls, path: Path) -> Source:
        """Looks at the head of ``path``.

        Raises:
            ReadError: it cannot be read, is empty, or is not text.
        """
        name = shown_path(path)
        with _told(name):
            once = path.exists() and not path.is_file() and not path.is_dir()
        if once:
            # A pipe can be read once only, and is looked at before it is read: it has to be held whole.
            with _told(name), path.open("rb") as stream:
                data = _read_up_to(stream, MAX_WHOLE + 1)
            if len(data) > MAX_WHOLE:
                raise ReadError(f"{name}: a pipe of more than {MAX_WHOLE >> 20} MB; write it to a file first")
            return cls._of(name, None, data)
        return cls._of(name, path, b"")

    @classmethod
    def of_bytes(cls, name: str, data: bytes) -> Source:
        """A source in memory, under the name ``name``; raises as :meth:`open`."""
        return cls._of(name, None, data)

    @classmethod
    def _of(cls, name: str, path: Path | None, data: bytes) -> Source:
        with _opened(path or data, name) as stream:
            try:
                head = _read_up_to(stream, HEAD)
            except CutError:
                raise ReadError(f"{name}: damaged gzip file; download or export it again") from None
        encoding = _encoding_of(head)
        _refuse_binary(name, head, encoding)
        text = _decoded(_without_bom(head), encoding)
        if not text.strip():
            raise ReadError(f"{name}: empty; nothing to read")
        # Old exports end their lines with a lone return; what is told from the head should not have to know.
        head_text = text.replace("\r\n", "\n").replace("\r", "\n")
        return cls(name=name, path=path, data=data, encoding=encoding, head=head_text)

    @contextmanager
    def binary(self) -> Iterator[BinaryIO]:
        """The unpacked bytes, as a stream."""
        with _opened(self.path or self.data, self.name) as stream:
            yield stream

    def lines(self) -> Iterator[str]:
        """The lines in order, without their ends (``\\n``, ``\\r\\n`` or ``\\r``), a byte-order mark left out.

        No more than a chunk and one line are held. Of a line beyond ``MAX_RECORD`` bytes the start is given, the
        rest dropped.

        Raises:
            CutError: the compressed file is damaged or blows up, from some line on.
        """
        if self.encoding == "utf-8":
            with self.binary() as stream:
                for line in _byte_lines(_without_bom_stream(stream)):
                    yield _decoded(line, "utf-8")
        else:
            for line in _byte_lines(chunk.encode("utf-8", "replace") for chunk in self.chunks()):
                yield line.decode("utf-8")

    def chunks(self) -> Iterator[str]:
        """The text in pieces of bounded size, a byte-order mark left out; raises as :meth:`lines`."""
        errors = "surrogateescape" if self.encoding == "utf-8" else "replace"
        decode = codecs.getincrementaldecoder(self.encoding)(errors=errors).decode
        with self.binary() as stream:
            for chunk in _without_bom_stream(stream):
                yield _mended(decode(chunk))
        yield _mended(decode(b"", final=True))

    def text(self) -> str:
        """The whole text.

        Raises:
            ReadError: there is more of it than ``MAX_WHOLE`` bytes.
        """
        with self.binary() as stream:
            data = _read_up_to(stream, MAX_WHOLE + 1)
        if len(data) > MAX_WHOLE:
            raise ReadError(f"{self.name}: larger than {MAX_WHOLE >> 20} MB, too large for a saved page; split it")
        return _decoded(_without_bom(data), self.encoding)


def shown_path(path: Path) -> str:
    """A path as text that can be stored and printed: old archives have names that are not UTF-8."""
    return str(path).encode("utf-8", "backslashreplace").decode("utf-8")


@contextmanager
def _opened(what: Path | bytes, name: str) -> Iterator[BinaryIO]:
    """A file, or bytes in memory, as a stream of bytes, unpacked where they are gzip by content."""
    with _told(name), BytesIO(what) if isinstance(what, bytes) else what.open("rb") as raw:
        packed = raw.read(2) == _GZIP
        raw.seek(0)
        if packed:
            with gzip.GzipFile(fileobj=raw) as stream:
                yield cast(BinaryIO, _Guarded(stream, raw, name))
        else:
            yield raw


@contextmanager
def _told(name: str) -> Iterator[None]:
    """Errors of the system as what a user can act on."""
    try:
        yield
    except FileNotFoundError:
        raise ReadError(f"{name}: no such file or directory; check the path") from None
    except IsADirectoryError:
        raise ReadError(f"{name}: a directory, not a file") from None
    except PermissionError:
        raise ReadError(f"{name}: no permission to read it; change its mode or copy it") from None
    except OSError as error:
        raise ReadError(f"{name}: cannot be read ({error.strerror or error}); check the path and the disk") from None


class _Guarded:
    """A gzip stream that raises :class:`CutError` where it is damaged or unpacks to far more than text would."""

    def __init__(self, stream: gzip.GzipFile, raw: BinaryIO, name: str) -> None:
        self._stream, self._raw, self._name, self._given = stream, raw, name, 0

    def read(self, size: int = -1) -> bytes:
        try:
            data = self._stream.read(min(size, _CHUNK) if size >= 0 else _CHUNK)
        except (EOFError, zlib.error, gzip.BadGzipFile):
            raise CutError(f"{self._name}: damaged gzip file; download or export it again") from None
        self._given += len(data)
        if self._given > GZIP_GRACE and self._given > MAX_GZIP_RATIO * max(self._raw.tell(), 1):
            raise CutError(
                f"{self._name}: unpacks to more than {MAX_GZIP_RATIO} times its size, which text does not; "
                "unpack it yourself if you trust it"
            )
        return data


def _read_up_to(stream: BinaryIO, size: int) -> bytes:
    parts: list[bytes] = []
    while size > 0 and (part := stream.read(min(size, _CHUNK))):
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


def _encoding_of(head: bytes) -> str:
    """By mark, else by the places of UTF-16's zero bytes, else UTF-8 (with stray bytes read as Latin-1)."""
    for mark, encoding in _BOMS:
        if head.startswith(mark):
            return encoding
    sample = head[:4096]
    even, odd = sample[0::2].count(0), sample[1::2].count(0)
    if len(sample) >= 4 and max(even, odd) > 0.35 * len(sample) and min(even, odd) < 0.02 * len(sample):
        return "utf-16-be" if even > odd else "utf-16-le"
    return "utf-8"


def _refuse_binary(name: str, head: bytes, encoding: str) -> None:
    for magic, what in _MAGIC.items():
        if head.startswith(magic):
            raise ReadError(f"{name}: {what}, not a text export; citewell reads bibliographies and saved pages")
    if head.startswith(_GZIP):
        raise ReadError(f"{name}: gzip inside gzip; unpack it first")
    controls = sum(head.count(byte) for byte in range(32) if byte not in b"\t\n\v\f\r\x1b\x1c\x1d\x1e\x1f")
    if encoding == "utf-8" and (controls > 0.02 * len(head) + 3):
        raise ReadError(f"{name}: a binary file, not a text export; citewell reads bibliographies and saved pages")


def _without_bom(data: bytes) -> bytes:
    return next((data[len(mark) :] for mark, _ in _BOMS if data.startswith(mark)), data)


def _without_bom_stream(stream: BinaryIO) -> Iterator[bytes]:
    chunk = _without_bom(stream.read(_CHUNK))
    while chunk:
        yield chunk
        chunk = stream.read(_CHUNK)


def _byte_lines(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Lines at ``\\n``, ``\\r\\n`` and ``\\r``, in linear time and bounded memory."""
    held: list[bytes] = []
    size = 0
    after_return = False
    for chunk in chunks:
        if after_return and chunk.startswith(b"\n"):
            chunk = chunk[1:]
        after_return = chunk.endswith(b"\r")
        *whole, rest = _LINE_END.split(chunk)
        for line in whole:
            if held:
                yield b"".join((*held, line[: MAX_RECORD - size]))
                held, size = [], 0
            else:
                yield line
        if rest and size < MAX_RECORD:
            held.append(rest[: MAX_RECORD - size])
            size += len(held[-1])
    if held:
        yield b"".join(held)


def _decoded(data: bytes, encoding: str) -> str:
    if encoding != "utf-8":
        return data.decode(encoding, "replace")
    return _mended(data.decode("utf-8", "surrogateescape"))


def _mended(text: str) -> str:
    """Bytes that were not UTF-8 as the characters they are in Windows-1252."""
    return text if text.isascii() else text.translate(_STRAY)
