"""The real saved page, where it is at hand: every paper read, none skipped, only tidied."""

from __future__ import annotations

from pathlib import Path

import pytest

from rag.paper import Paper
from rag.readers import read_papers
from rag.text.normalise import normalise

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
