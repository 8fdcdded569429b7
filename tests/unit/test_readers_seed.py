"""The real saved page, where it is at hand: every paper read, none skipped, only tidied."""

from __future__ import annotations

import html
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from rag.language.normalise import normalise
from rag.paper import Paper
from rag.readers import read_papers

PAGE = Path(__file__).parents[2].parent / "shared" / "seed" / "papers-page.txt"


@pytest.fixture(scope="module")
def papers() -> list[Paper]:
    if not PAGE.exists():
        pytest.skip("the real page lies outside the repository and is not here")
    records = list(read_papers(PAGE))
    assert all(isinstance(record, Paper) for record in records)
    return [record for record in records if isinstance(record, Paper)]


def test_the_real_page_gives_its_95_papers(papers: list[Paper]) -> None:
    lines = [line for line in PAGE.read_text(encoding="utf-8").split("\n") if line.strip()][5:]
    assert [paper.title for paper in papers] == [normalise(line) for line in lines[::2]]
    assert [paper.abstract for paper in papers] == [normalise(line) for line in lines[1::2]]
    assert len(papers) == 95


def test_two_papers_whose_abstracts_open_alike_stay_two(papers: list[Paper]) -> None:
    assert len({paper.id for paper in papers}) == 95


def _cards(papers: list[Paper]) -> str:
    return "".join(
        f'<article><div>{n}</div><h3><a href="/papers/2401.{n:05}">{html.escape(paper.title)}</a></h3>'
        f"<p>{html.escape(paper.abstract)}</p></article>"
        for n, paper in enumerate(papers)
    )


def _props(papers: list[Paper]) -> str:
    entries = [{"paper": {"id": f"2401.{n:05}", "title": p.title, "summary": p.abstract}} for n, p in enumerate(papers)]
    headings = "".join(
        f'<h3><a href="/papers/2401.{n:05}">{html.escape(p.title)}</a></h3>' for n, p in enumerate(papers)
    )
    return f"<div data-props='{html.escape(json.dumps({'dailyPapers': entries}))}'>{headings}</div>"


def _plain(papers: list[Paper]) -> str:
    return "".join(f"<div>{html.escape(p.title)}</div><div>{html.escape(p.abstract)}</div>" for p in papers)


@pytest.mark.parametrize("body", [_cards, _props, _plain])
def test_the_same_page_as_html_gives_the_same_papers(
    body: Callable[[list[Paper]], str], papers: list[Paper], tmp_path: Path
) -> None:
    path = tmp_path / "page.html"
    path.write_text(
        f"<!doctype html><html><head><title>Papers</title></head><body><p>new</p>{body(papers)}</body></html>"
    )
    records = list(read_papers(path))
    assert [(r.title, r.abstract) for r in records if isinstance(r, Paper)] == [(p.title, p.abstract) for p in papers]
    assert len(records) == 95
