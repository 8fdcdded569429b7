"""Sources on the network, against a stand-in on this machine: what is asked, what is refused, how politely."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import urlsplit

import pytest

from rag.errors import ReadError
from rag.library import read_all
from rag.paper import Paper
from rag.readers import Skip, read_papers
from rag.readers.network.addresses import Endpoint, Guard, is_public
from rag.readers.network.fetch import Fetcher, Pace
from rag.readers.network.remote import PACES, Reference, Remote, reference_in
from tests.support.reader_fixtures import FIXTURES

PUBLIC = "93.184.216.34"


@dataclass
class StandIn:
    """A server that answers by path and remembers what it was asked."""

    port: int = 0
    answers: dict[str, list[tuple[int, dict[str, str], bytes]]] = field(default_factory=dict)
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    def gives(self, path: str, body: bytes = b"", status: int = 200, **headers: str) -> None:
        """One more answer for ``path``; the last one given stays."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.answers.setdefault(path, []).append((status, named, body))


@pytest.fixture
def stand_in() -> Iterator[StandIn]:
    state = StandIn()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            state.asked.append((self.path, dict(self.headers.items())))
            waiting = state.answers.get(urlsplit(self.path).path, [(404, {}, b"")])
            status, headers, body = waiting.pop(0) if len(waiting) > 1 else waiting[0]
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", headers.get("Content-Length", str(len(body))))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *arguments: Any) -> None:
            """Nothing is logged."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    state.port = server.server_address[1]
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield state
    server.shutdown()
    server.server_close()
    thread.join()


@dataclass
class Clock:
    """Time that passes only in sleep."""

    now: float = 1000.0
    slept: list[float] = field(default_factory=list)

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


@dataclass
class Net:
    """A network in which every name leads to the stand-in, but those listed."""

    stand_in: StandIn
    clock: Clock = field(default_factory=Clock)
    names: dict[str, list[str]] = field(default_factory=dict)

    def resolve(self, host: str, port: int) -> list[Endpoint]:
        if host in self.names:
            return [Endpoint(ip, port) for ip in self.names[host]]
        return [Endpoint("127.0.0.1", self.stand_in.port)]

    def allowed(self, ip: str) -> bool:
        return ip == "127.0.0.1" or is_public(ip)

    def fetcher(self, **limits: int) -> Fetcher:
        pace = Pace(by_host=PACES, clock=self.clock, sleep=self.clock.sleep)
        return Fetcher(Guard(self.resolve, self.allowed), pace, **limits)

    def remote(self) -> Remote:
        return Remote(self.fetcher(), arxiv_api="http://export.arxiv.org/api/query", doi_resolver="http://doi.org")


@pytest.fixture
def net(stand_in: StandIn) -> Net:
    return Net(stand_in)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("arxiv:2404.07999", Reference("arxiv", "2404.07999")),
        ("arXiv: 2404.07999v2", Reference("arxiv", "2404.07999v2")),
        ("doi:10.1000/x", Reference("doi", "10.1000/x")),
        ("https://arxiv.org/pdf/2404.07999v2.pdf", Reference("arxiv", "2404.07999v2")),
        ("https://doi.org/10.1000/x", Reference("doi", "10.1000/x")),
        ("https:/example.org/a.bib", Reference("web", "https://example.org/a.bib")),
        ("HTTP://example.org/a.bib", Reference("web", "http://example.org/a.bib")),
        ("papers.bib", None),
        ("C:/papers.bib", None),
        ("ftp://example.org/x", None),
    ],
)
def test_references_are_told_from_paths(text: str, expected: Reference | None) -> None:
    assert reference_in(text) == expected


def test_an_arxiv_paper_is_read_from_the_api(net: Net) -> None:
    net.stand_in.gives("/api/query", (FIXTURES / "arxiv-atom.xml").read_bytes())
    first, *_ = read_papers(Path("arxiv:2404.07999v2"), remote=net.remote())
    assert isinstance(first, Paper)
    assert (first.arxiv_id, first.source) == ("2404.07999", "arxiv:2404.07999v2")
    ((path, headers),) = net.stand_in.asked
    assert path == "/api/query?id_list=2404.07999v2&max_results=1"
    assert headers["Host"] == "export.arxiv.org"
    assert headers["User-Agent"].startswith("citewell")


def test_a_doi_is_read_from_its_registry_behind_redirects(net: Net) -> None:
    work = json.dumps(json.loads((FIXTURES / "crossref.json").read_text())["message"]).encode()
    net.stand_in.gives("/10.1000/crossref.1", status=302, Location="http://api.example.org/works/1")
    net.stand_in.gives("/works/1", status=303, Location="/works/2")
    net.stand_in.gives("/works/2", work)
    (paper,) = read_papers("doi:10.1000/CROSSREF.1", remote=net.remote())
    assert isinstance(paper, Paper)
    assert paper.abstract.startswith("Background: Abstracts are JATS & more.")
    assert [headers["Host"] for _, headers in net.stand_in.asked] == ["doi.org", "api.example.org", "api.example.org"]
    assert "csl+json" in net.stand_in.asked[2][1]["Accept"]


def test_a_file_on_the_web_is_read_as_one_at_hand(net: Net) -> None:
    net.stand_in.gives("/library.ris.gz", gzip.compress((FIXTURES / "library.ris").read_bytes()))
    away = list(read_papers("http://example.org/library.ris.gz", remote=net.remote()))
    at_hand = list(read_papers(FIXTURES / "library.ris"))
    assert [getattr(record, "title", "") for record in away] == [getattr(record, "title", "") for record in at_hand]
    assert sum(isinstance(record, Skip) for record in away) == 1


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        ("arxiv:not-one", "not an arXiv identifier"),
        ("doi:not-one", "not a DOI"),
        ("doi:10.1000/missing", "not found"),
        ("doi:10.1000/page", "gives no metadata"),
        ("arxiv:2404.00001", "knows no such paper"),
        ("arxiv:2404.00002", "arXiv answered: incorrect id"),
        ("http://example.org/prose", "no known format"),
        ("http://example.org/loop", "more than 5 redirects"),
        ("http://example.org/refused", "access refused"),
        ("http://user:word@example.org/x", "with a user name in it"),
    ],
)
def test_what_cannot_be_had_is_one_clear_line(reference: str, message: str, net: Net) -> None:
    feed = b"<?xml version='1.0'?><feed xmlns='http://www.w3.org/2005/Atom'>%s</feed>"
    entry = b"<entry><id>http://arxiv.org/api/errors#x</id><title>Error</title><summary>incorrect id</summary></entry>"
    net.stand_in.gives("/api/query", feed % (entry if reference.endswith("2") else b""))
    net.stand_in.gives("/10.1000/page", b"<html>A landing page</html>")
    net.stand_in.gives("/prose", b"Nothing to read here.")
    net.stand_in.gives("/loop", status=301, Location="/loop")
    net.stand_in.gives("/refused", status=403)
    with pytest.raises(ReadError, match=message) as caught:
        list(read_papers(reference, remote=net.remote()))
    assert "\n" not in str(caught.value)


INSIDE = [
    "127.0.0.1", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.1", "224.0.0.1",
    "255.255.255.255", "::1", "::", "fe80::1%eth0", "fc00::1", "ff02::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1",
    "2002:7f00:1::", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "not an address", "",
]  # fmt: skip


@pytest.mark.parametrize("ip", INSIDE)
def test_addresses_inside_are_told_in_every_spelling(ip: str) -> None:
    assert not is_public(ip)


@pytest.mark.parametrize("ip", [PUBLIC, "2606:2800:220:1::1", "::ffff:93.184.216.34", "64:ff9b::5db8:d822"])
def test_addresses_of_the_open_internet_are_allowed(ip: str) -> None:
    assert is_public(ip)


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/x",
        "http://localhost:8000/x",
        "http://[::1]/x",
        "http://2130706433/x",
        "http://0x7f000001/x",
        "http://127.1/x",
    ],
)
def test_the_own_machine_is_refused_however_it_is_written(url: str) -> None:
    with pytest.raises(ReadError, match=r"which is not fetched|no such host"):
        Guard().check(url)


@pytest.mark.parametrize(
    "url", ["file:///etc/passwd", "ftp://example.org/x", "gopher://x", "//x", "http://", "http://[x"]
)
def test_other_schemes_are_refused(url: str) -> None:
    with pytest.raises(ReadError, match=r"only http and https|not a URL"):
        Guard(lambda _, port: [Endpoint(PUBLIC, port)]).check(url)


def test_a_name_with_one_address_inside_is_refused_and_nothing_is_asked(net: Net) -> None:
    net.names["both.example.org"] = [PUBLIC, "10.0.0.1"]
    with pytest.raises(ReadError, match="inside this machine or its network"):
        list(read_papers("http://both.example.org/x", remote=net.remote()))
    assert net.stand_in.asked == []


def test_a_redirect_that_leads_inside_is_refused(net: Net) -> None:
    net.names["metadata.example.org"] = ["169.254.169.254"]
    net.stand_in.gives("/x", status=302, Location="http://metadata.example.org/latest")
    with pytest.raises(ReadError, match=r"metadata\.example\.org: an address inside"):
        list(read_papers("http://example.org/x", remote=net.remote()))


@pytest.mark.parametrize("location", ["file:///etc/passwd", "http://[broken"])
def test_a_redirect_to_another_scheme_is_refused(location: str, net: Net) -> None:
    net.stand_in.gives("/x", status=302, Location=location)
    with pytest.raises(ReadError, match=r"only http and https|not a URL"):
        list(read_papers("http://example.org/x", remote=net.remote()))


def test_the_connection_goes_to_the_address_that_was_checked(net: Net) -> None:
    """A name server that answers otherwise the second time cannot lead elsewhere: it is asked once a hop."""
    answers = [[Endpoint("127.0.0.1", net.stand_in.port)], [Endpoint("10.0.0.1", 80)]]
    fetcher = Fetcher(Guard(lambda *_: answers.pop(0), net.allowed), Pace(clock=net.clock, sleep=net.clock.sleep))
    net.stand_in.gives("/x", b"here")
    assert fetcher.get("http://rebinding.example.org/x") == b"here"
    assert len(answers) == 1


def test_too_large_a_document_is_left_off(net: Net) -> None:
    net.stand_in.gives("/big", b"x" * 3_000_000)
    with pytest.raises(ReadError, match="larger than 1 MB"):
        net.fetcher(max_bytes=1 << 20).get("http://example.org/big")


def test_requests_to_arxiv_keep_three_seconds_between_them(net: Net) -> None:
    net.stand_in.gives("/api/query", (FIXTURES / "arxiv-atom.xml").read_bytes())
    remote = net.remote()
    for _ in range(3):
        list(read_papers("arxiv:2404.07999", remote=remote))
    assert net.clock.slept == [3.0, 3.0]


def test_a_busy_server_is_waited_for_as_it_asks(net: Net) -> None:
    net.stand_in.gives("/x", status=503, Retry_After="7")
    net.stand_in.gives("/x", b"at last")
    assert net.fetcher().get("http://example.org/x") == b"at last"
    assert 7.0 in net.clock.slept


def test_a_server_that_stays_busy_is_given_up(net: Net) -> None:
    net.stand_in.gives("/x", status=429)
    with pytest.raises(ReadError, match="busy"):
        net.fetcher().get("http://example.org/x")
    assert len(net.stand_in.asked) == 3
    net.stand_in.gives("/y", status=429, Retry_After="3600")
    with pytest.raises(ReadError, match="busy"):
        net.fetcher().get("http://example.org/y")
    assert len(net.stand_in.asked) == 4


def test_a_server_that_hangs_up_is_one_clear_line(net: Net) -> None:
    net.stand_in.gives("/x", b"short", Content_Length="99")
    with pytest.raises(ReadError, match="no connection"):
        net.fetcher().get("http://example.org/x")


def test_a_host_that_is_not_there_is_one_clear_line() -> None:
    def nowhere(host: str, port: int) -> list[Endpoint]:
        raise OSError("name not known")

    with pytest.raises(ReadError, match="no such host"):
        Fetcher(Guard(nowhere)).get("http://example.org/x")


def test_a_file_named_like_a_reference_is_read_as_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("doi:10.jsonl").write_text('{"title": "T", "abstract": "An abstract."}')
    (paper,) = read_papers("doi:10.jsonl")
    assert isinstance(paper, Paper)


def test_references_of_one_ingest_share_the_distance_and_keep_their_slashes(net: Net) -> None:
    for n in (1, 2):
        net.stand_in.gives(f"/{n}/", b'{"title": "On %d", "abstract": "We looked at it."}\n' % n)
    records = read_all(["http://example.org/1/", "http://example.org/2/"], remote=net.remote())
    assert [record.title for record in records if isinstance(record, Paper)] == ["On 1", "On 2"]
    assert net.clock.slept == [1.0]


def test_an_address_may_be_longer_than_a_file_name(net: Net) -> None:
    net.stand_in.gives("/" + "a" * 300, b'{"title": "Long", "abstract": "We looked at it."}\n')
    (paper,) = read_papers(f"http://example.org/{'a' * 300}", remote=net.remote())
    assert isinstance(paper, Paper)


def test_a_wrong_name_among_several_is_told_before_anything_is_read(net: Net, tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"title": "On 1", "abstract": "We looked at it."}\n')
    for wrong in (tmp_path / "missing.bib", tmp_path / ("a" * 300)):
        with pytest.raises(ReadError, match="check the path"):
            next(read_all([tmp_path / "a.jsonl", "arxiv:2404.07999", wrong], remote=net.remote()))
    assert net.stand_in.asked == []
