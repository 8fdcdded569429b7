"""Whatever a file holds, a reader gives papers and skips with their places, or one clear error; it never hangs.

Two hundred cases a reader in the default run, ten thousand under the slow mark: random bytes, random text out of the
formats' own signs, and real files truncated and mutated.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rag.errors import ReadError, UsageError
from rag.language.normalise import normalise
from rag.paper import Paper
from rag.readers import Options, Skip
from rag.readers.detect import detect
from rag.readers.registry import FORMATS, reader_of
from rag.readers.source import Source
from tests.support.reader_fixtures import FIXTURES, FORMAT_OF

#: Seconds of one case before it counts as a hang; cases are a few kilobytes.
PATIENCE = 20
SIGNS = [
    *"{}[]()<>\"'`,;:=#@\\/&%$~^_-.|\t \n\r\x00\ufeff\udc80é∞0Az",
    "TY  - ", "ER  - ", "AB  - ", "PMID- ", "      ", "@article{", "@string{", " and ", "crossref", "title", "abstract",
    '"title": ', '"abstract": ', '"authors": ', '"results": [', "null", "<PubmedArticle>", "</", "<![CDATA[", "<!--",
    "<!DOCTYPE a [", "&amp;", "&#0;", "\\frac{", '\\"{', "$", "data-props='", "<meta name='citation_title' content='",
    "<h3><a href='/papers/2401.00001'>", "<sup>", "10.1000/x", "1e999", "-1", "9" * 30,
]  # fmt: skip


def example_of(name: str) -> list[bytes]:
    fixtures = [(FIXTURES / file).read_bytes() for file, kind in FORMAT_OF.items() if kind == name]
    return fixtures or example_of("csv")


@st.composite
def mutated(draw: st.DrawFn, name: str) -> bytes:
    """A real file with a few pieces cut out, doubled, overwritten or moved, perhaps cut off at the end."""
    data = draw(st.sampled_from(example_of(name)))
    for _ in range(draw(st.integers(0, 4))):
        start = draw(st.integers(0, len(data)))
        end = draw(st.integers(start, min(len(data), start + 400)))
        piece = draw(
            st.sampled_from([b"", data[start:end] * 2, b"\x00\xff\xfe"])
            | st.binary(max_size=12)
            | st.sampled_from(SIGNS).map(lambda sign: sign.encode("utf-8", "surrogatepass"))
        )
        data = data[:start] + piece + data[end:]
    return data[: draw(st.integers(0, len(data)))] if draw(st.booleans()) else data


def hostile(name: str) -> st.SearchStrategy[bytes]:
    signs = st.lists(st.sampled_from(SIGNS), max_size=80).map(lambda s: "".join(s).encode("utf-8", "surrogatepass"))
    return mutated(name) | signs | st.binary(max_size=400) | st.text(max_size=200).map(lambda t: t.encode("utf-16"))


@contextmanager
def no_longer_than(seconds: int) -> Iterator[None]:
    def stop(number: int, frame: FrameType | None) -> None:
        raise AssertionError(f"still reading after {seconds} seconds")

    before = signal.signal(signal.SIGALRM, stop)
    left = signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
        signal.alarm(left)


def check(name: str, data: bytes) -> None:
    with no_longer_than(PATIENCE):
        try:
            source = Source.of_bytes("fuzz", data)
            known = detect(source)
            assert known is None or known in FORMATS
            records = list(reader_of(name)(source, Options()))
        except (ReadError, UsageError):
            return
    for record in records:
        assert record.source == "fuzz"
        if isinstance(record, Skip):
            assert record.reason
            assert record.position.partition(" ")[0] in {"line", "record", "block"}
            assert "\n" not in record.reason
        else:
            assert isinstance(record, Paper)
            assert record.title == normalise(record.title) != ""
            assert record.abstract == normalise(record.abstract) != ""
            record.title.encode()
            record.abstract.encode()
            assert all(author == author.strip() != "" for author in record.authors)
            assert record.year is None or 1400 <= record.year <= 2100


def fuzz(name: str, cases: int) -> Callable[[], None]:
    @settings(max_examples=cases, deadline=None, suppress_health_check=list(HealthCheck))
    @given(hostile(name))
    def run(data: bytes) -> None:
        check(name, data)

    return run


@pytest.mark.parametrize("name", FORMATS)
def test_any_input_gives_papers_skips_or_one_clear_error(name: str) -> None:
    fuzz(name, 200)()


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("name", FORMATS)
def test_any_input_gives_papers_skips_or_one_clear_error_at_length(name: str) -> None:
    fuzz(name, 10_000)()


BOMBS = {
    "braces": b"@article{a, title=" + b"{" * 60_000,
    "entries": b"@article{" * 20_000,
    "macros": b"".join(b"@string{m%d = m%d # m%d}\n" % (n, n - 1, n - 1) for n in range(1, 60)).replace(b"m0", b'"x"')
    + b"@article{a, title=m59, abstract=m59}",
    "crossrefs": b"".join(b"@article{k%d, crossref={k%d}, title={t}}\n" % (n, n + 1) for n in range(3_000)),
    "tags": b"<a " * 60_000,
    "elements": b"<div>" * 60_000,
    "attributes": b"<a " + b" ".join(b"a%d=1" % n for n in range(30_000)) + b">",
    "xml": b"<?xml version='1.0'?><feed>" + b"<entry>" * 60_000,
    "quotes": b'title,abstract\n"' + b'x"\n"' * 40_000,
    "json": b'[{"a": ' * 20_000,
    "stops": b"Title of some length here\n\n" + b". " * 100_000,
    "ris": b"TY  - JOUR\nAB  - x\n" + b"y\n" * 100_000,
    "sup": b'[{"title": "t", "DOI": "1", "abstract": "' + b"<sup>" * 60_000 + b'"}]',
    "latex": b"@article{a, title={t}, abstract={" + b"\\\"{\\'$\\(" * 20_000 + b"}}",
    "index": b'[{"title": "t", "abstract_inverted_index": {"a": [1e99, 999999999999, -1, null, "x"]}}]',
}


@pytest.mark.parametrize("bomb", BOMBS)
def test_input_made_to_take_long_does_not(bomb: str) -> None:
    for name in FORMATS:
        check(name, BOMBS[bomb])


def test_gzip_of_noise_is_one_clear_error(tmp_path: Path) -> None:
    path = tmp_path / "noise.gz"
    path.write_bytes(b"\x1f\x8b\x08" + os.urandom(500))
    with pytest.raises(ReadError, match="damaged gzip"):
        Source.open(path)
