"""Exported papers are the same papers when read again, and hostile text means nothing in any format."""

from __future__ import annotations

import json
import re
import string
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from rag.bibliography.names import family_first
from rag.errors import UsageError
from rag.export import FORMATS, export
from rag.export.formats.markdown import escaped
from rag.export.keys import citation_keys
from rag.paper import Paper
from rag.readers import Options, read_papers
from rag.readers.base import build
from rag.readers.detect import detect
from rag.readers.registry import reader_of
from rag.readers.source import Source
from tests.support.reader_fixtures import FIXTURES, FORMAT_OF

WORDS = (
    "the BERT 51.6% of <EOS> & <b>bold</b> p < 0.05 a&lt;b &amp; {x} }{ \\ourMethod \\emph{a} $5 $x^2$ 10^-3 a_b"
    " # @article{evil, AB TY ER - -- --- – “q” \"q\" 'q' `q` ~50% x~y https://a.org/x_y?z=1;2 é ß 漢字 ∞ [1] * | ! ="
    ' 1. and {and} TI \\\\ \\" % \\%'
).split()
TEXTS = st.lists(st.sampled_from(WORDS), min_size=1, max_size=14).map(" ".join) | st.text(min_size=1, max_size=80)
NAMES = st.lists(
    st.sampled_from(
        "Ada Jan van der Berg Erdős O'Neil J. R. Plato Group Inc. Jr. III & and Müller-Lüdenscheidt".split()
    ),
    min_size=1,
    max_size=4,
).map(" ".join) | st.sampled_from(["The BigScience Workshop", "Doe, Jane", "Acme, Inc.", "{Brace}", "A, B, C"])
SLUG = st.text(alphabet=string.ascii_lowercase + string.digits + "-_.;/()", min_size=1, max_size=12)
PAPERS = st.builds(
    lambda **fields: build("made up", "record 1", **fields),
    title=TEXTS,
    abstract=TEXTS,
    authors=st.lists(NAMES, max_size=4),
    year=st.none() | st.integers(1400, 2100),
    venue=st.none() | TEXTS,
    url=st.none() | SLUG.map(lambda slug: f"https://example.org/~{slug}?a=%20&b={slug}#x"),
    doi=st.none() | SLUG.map(lambda slug: f"10.1000/{slug}"),
    arxiv_id=st.sampled_from([None, "2404.07999", "hep-th/9901001"]),
    pmid=st.none() | st.integers(1, 99_999_999),
)


def facts(paper: Paper) -> dict[str, object]:
    return paper.to_dict()


@pytest.mark.parametrize("name", ["bibtex", "ris", "csl-json"])
def test_what_is_exported_reads_as_the_same_papers(name: str) -> None:
    @settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.lists(PAPERS, min_size=1, max_size=4))
    def run(records: list[object]) -> None:
        papers = [record for record in records if isinstance(record, Paper)]
        assume(papers)
        source = Source.of_bytes("export", export(papers, name).encode())
        assert detect(source) == name
        again = list(reader_of(name)(source, Options()))
        assert [facts(paper) for paper in again if isinstance(paper, Paper)] == [facts(paper) for paper in papers]

    run()


@pytest.mark.parametrize("name", ["bibtex", "ris", "csl-json"])
def test_every_fixture_survives_the_round_trip(name: str, tmp_path: Path) -> None:
    papers = [
        record
        for file in FORMAT_OF
        if file != "beir.jsonl"  # its ids are its own, and no bibliography keeps them
        for record in read_papers(FIXTURES / file)
        if isinstance(record, Paper) and record.id != "my-id"
    ]
    path = tmp_path / "export"
    path.write_text(export(papers, name), encoding="utf-8")
    assert [facts(record) for record in read_papers(path) if isinstance(record, Paper)] == list(map(facts, papers))


def paper(title: str, authors: tuple[str, ...] = ("Ada Winter",), year: int | None = 2021, **more: str) -> Paper:
    return Paper.create(title=title, abstract="An abstract.", authors=authors, year=year, **more)


def test_citation_keys_name_surname_year_and_first_telling_word() -> None:
    papers = [
        paper("On the Tall Caches"),
        paper("Größe", authors=("Paul Erdős",)),
        paper("The The", authors=("Jan van der Berg",), year=None),
        paper("漢字", authors=()),
    ]
    assert citation_keys(papers) == ["winter2021tall", "erdos2021grosse", "bergndthe", "anon2021"]


def test_keys_that_would_be_alike_get_letters_whatever_the_order() -> None:
    alike = [paper("Tall A", doi=f"10.1000/{n}") for n in range(30)]
    there = paper("TallA")
    keys = dict(zip([p.id for p in (*alike, there)], citation_keys([*alike, there]), strict=True))
    back = dict(zip([p.id for p in (there, *alike[::-1])], citation_keys([there, *alike[::-1]]), strict=True))
    assert keys == back
    assert len(set(keys.values())) == 31
    assert "winter2021talla" in keys.values()


@given(st.lists(st.builds(paper, TEXTS, authors=st.tuples(NAMES)), max_size=6))
def test_keys_are_plain_and_no_two_alike(papers: list[Paper]) -> None:
    keys = citation_keys(papers)
    assert len(set(keys)) == len(keys)
    assert all(re.fullmatch(r"[a-z0-9]+", key) for key in keys)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Jane Doe", "Doe, Jane"),
        ("Jan van der Berg Jr.", "van der Berg, Jan, Jr."),
        ("The BigScience Workshop", "The BigScience Workshop"),
        ("Plato", "Plato"),
        ("Acme, Inc.", "Acme, Inc."),
    ],
)
def test_family_names_stand_first_with_their_particles(name: str, expected: str) -> None:
    assert family_first(name) == expected


def test_bibtex_escapes_what_latex_would_run() -> None:
    text = export([paper("50% of {x} \\input{/etc/passwd} $y$ -- #1_2 & ~ ^")], "bibtex")
    assert (
        r"50\% of \textbraceleft{}x\textbraceright{} \textbackslash{}input\textbraceleft{}/etc/passwd\textbraceright{} "
        r"\$y\$ -{}- \#1\_2 \& \textasciitilde{} \textasciicircum{}"
    ) in text
    assert text.count("{") == text.count("}")


def test_ris_fields_cannot_open_other_fields() -> None:
    text = export([paper("A\nER  - \nTY  - JOUR", venue="B\rAB  - x")], "ris")
    assert [line[:5] for line in text.splitlines()].count("TY  -") == 1
    assert all(re.match(r"[A-Z][A-Z0-9]  - ", line) for line in text.splitlines())


def test_csl_json_is_json_with_keys_as_ids() -> None:
    (item,) = json.loads(export([paper("Tall", doi="10.1000/x", venue="V")], "csl-json"))
    assert item["id"] == "winter2021tall"
    assert item["author"] == [{"family": "Winter", "given": "Ada"}]
    assert item["issued"] == {"date-parts": [[2021]]}


def test_markdown_shows_text_and_runs_nothing() -> None:
    hostile = paper("<script>alert(1)</script> [x](javascript:y) *b*", url="javascript:alert(1)", doi="10.1000/x")
    text = export([hostile, paper("Plain")], "markdown")
    assert r"\<script\>alert(1)\</script\> \[x\](javascript:y) \*b\*" in text
    assert "](<javascript" not in text
    assert "[doi:10.1000/x](<https://doi.org/10.1000/x>)" in text
    assert text.startswith("1. Ada Winter (2021). **")
    assert "\n2. Ada Winter (2021). **Plain**." in text


@pytest.mark.parametrize(("text", "expected"), [("1. x", r"1\. x"), ("- x", r"\- x"), ("a - b 1. c", "a - b 1. c")])
def test_markdown_text_opens_no_list(text: str, expected: str) -> None:
    assert escaped(text) == expected


def test_formats() -> None:
    assert FORMATS == ("bibtex", "ris", "csl-json", "markdown")
    assert export([], "bibtex") == ""
    assert json.loads(export([], "csl-json")) == []
    with pytest.raises(UsageError, match="unknown format 'docx'"):
        export([], "docx")
