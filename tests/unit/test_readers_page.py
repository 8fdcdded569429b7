"""The papers of a page are told by shape: other boilerplate, other rhythms and other markup read as well."""

from __future__ import annotations

import html
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from rag.paper import Paper
from rag.readers import Skip, read_papers
from rag.readers.detect import detect
from rag.readers.source import Source

SUBJECTS = "Caches Pruning Retrieval Speech Proteins Robots Summaries Graphs Tables Music Licences Planets".split()
PAPERS = [
    (
        f"{subject} Revisited: A Study of Method {number} for Very Large Models",
        f"We study {subject.lower()} with method {number}. The method is simple and needs no labels, which those "
        f"before it did. On {number + 3} data sets it gains {number}.5 points over the best baseline, and halves the "
        "time to train. We find that size matters less than order. Code is at https://example.org/code",
    )
    for number, subject in enumerate(SUBJECTS, 1)
]
PAGE_HEAD = ["Papers", "new", "Get trending papers in your email inbox!", "Subscribe", "Mar 12, 2025", "Sort: Recently"]


def plain(title: str, abstract: str, number: int) -> list[str]:
    return [title, abstract]


def with_counts(title: str, abstract: str, number: int) -> list[str]:
    return [
        str(number * 7),
        "Submitted by",
        f"user_{number}",
        title,
        "·",
        f"{number} authors",
        abstract,
        "Upvote",
        "12k",
    ]


def with_names_and_dates(title: str, abstract: str, number: int) -> list[str]:
    return [title, "Ada Winter, Bo Summers, Chi Autumn, +3", f"Published on Mar {number}", abstract, "GitHub", "★ 1.2k"]


def with_date_before(title: str, abstract: str, number: int) -> list[str]:
    return [f"2024-03-{number:02}", title, "by Ada Winter and Bo Summers", abstract, f"{number} comments · 3 days ago"]


def read(path: Path) -> list[tuple[str, str]]:
    records = list(read_papers(path))
    assert [record for record in records if isinstance(record, Skip)] == []
    return [(record.title, record.abstract) for record in records if isinstance(record, Paper)]


@pytest.mark.parametrize("card", [plain, with_counts, with_names_and_dates, with_date_before])
@pytest.mark.parametrize("gap", ["\n", "\n\n", "\n\n\n"])
def test_a_page_saved_as_text(card: Callable[[str, str, int], list[str]], gap: str, tmp_path: Path) -> None:
    lines = [*PAGE_HEAD, *(line for n, paper in enumerate(PAPERS, 1) for line in card(*paper, n)), "Terms", "© 2025"]
    path = tmp_path / "page.txt"
    path.write_text(gap.join(lines))
    assert read(path) == PAPERS


def heading_and_paragraph(title: str, abstract: str) -> str:
    number = 10_000 + sum(map(ord, title))
    return f'<article><h3><a href="/papers/2401.{number}">{title}</a></h3><p>{abstract}</p></article>'


def link_without_heading(title: str, abstract: str) -> str:
    return f'<li><div><a href="/x">{title}</a></div><div>12 upvotes</div><div><span>{abstract}</span></div></li>'


def broken_markup(title: str, abstract: str) -> str:
    return f"<div><h4>{title}<p>{abstract}<div>Upvote <b>3"


@pytest.mark.parametrize("card", [heading_and_paragraph, link_without_heading, broken_markup])
def test_a_page_saved_as_html(card: Callable[[str, str], str], tmp_path: Path) -> None:
    body = "".join(card(html.escape(title), html.escape(abstract)) for title, abstract in PAPERS)
    path = tmp_path / "page.html"
    path.write_text(
        f"<!doctype html><html><head><style>p {{}}</style></head><body><h1>Papers</h1><p>new</p>{body}</body>"
    )
    assert read(path) == PAPERS


def test_json_in_an_attribute_is_found_at_any_depth(tmp_path: Path) -> None:
    entries = [{"node": {"paper": {"title": title, "summary": abstract}}} for title, abstract in PAPERS]
    props = html.escape(json.dumps({"query": {"q": "x"}, "results": {"pages": [entries]}}))
    cards = "".join(f'<h3><a href="/papers/2401.0000{n}">{t}</a></h3>' for n, (t, _) in enumerate(PAPERS[:9]))
    path = tmp_path / "page.html"
    path.write_text(
        f'<html><body><div data-props="not json"></div><div data-props="{props}">{cards}</div></body></html>'
    )
    assert read(path) == PAPERS


def test_the_answer_of_the_api_behind_the_page(tmp_path: Path) -> None:
    path = tmp_path / "daily_papers.json"
    path.write_text(
        json.dumps([{"paper": {"id": "2401.00001", "title": t, "summary": a}, "title": t} for t, a in PAPERS])
    )
    assert read(path) == PAPERS


def test_a_paragraph_without_a_title_is_skipped_with_its_place(tmp_path: Path) -> None:
    lines = [line for title, abstract in PAPERS[:4] for line in (title, abstract)]
    del lines[4]
    path = tmp_path / "page.txt"
    path.write_text("\n\n".join(lines))
    skips = [record for record in read_papers(path) if isinstance(record, Skip)]
    assert [(skip.position, skip.reason) for skip in skips] == [("line 9", "no title stands before this paragraph")]


@pytest.mark.parametrize(
    "text",
    [
        "An essay\n\n" + "\n\n".join(abstract for _, abstract in PAPERS),
        "# Manual\n\n## Install\n\n```\nmake\n```\n\n- " + "\n- ".join(title for title, _ in PAPERS),
        "just a line",
    ],
)
def test_other_texts_are_no_page_of_papers(text: str, tmp_path: Path) -> None:
    path = tmp_path / "other.txt"
    path.write_text(text)
    assert detect(Source.open(path)) is None
