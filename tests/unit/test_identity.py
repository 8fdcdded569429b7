"""The same work from two sources is one paper, and two works are never made one."""

from __future__ import annotations

from typing import Any

import pytest

from rag.paper import Paper
from rag.storage.identity import keys, merge, same_work

ABSTRACT = "We study how large batches train deep networks and report that training takes 76 minutes on a pod."
OTHER = "Coral reefs recover slowly after bleaching; recovery depends on depth, light and the fish around them."


def _paper(**facts: Any) -> Paper:
    return Paper.create(**({"title": "Large Batch Training", "abstract": ABSTRACT} | facts))


def test_a_shared_doi_makes_one_work_when_the_titles_agree() -> None:
    assert same_work(_paper(doi="10.1000/x"), _paper(doi="10.1000/x", title="Large batch training.", year=2020))


def test_one_wrong_doi_on_two_papers_does_not_join_them() -> None:
    assert not same_work(_paper(doi="10.1000/x"), _paper(doi="10.1000/x", title="Coral Reefs", abstract=OTHER))


def test_a_preprint_and_its_published_version_with_another_title_are_one_work() -> None:
    assert same_work(_paper(arxiv_id="2001.00001v1"), _paper(arxiv_id="2001.00001v3", title="Scaling Batches Up"))


@pytest.mark.parametrize("key", ["doi", "pmid"])
@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Proofs. Part I", "Proofs. Part II"),
        ("Bees, chapter one", "Bees, chapter two"),
        ("A vaccine for hepatitis B in adults", "A vaccine for hepatitis C in adults"),
        ("Scaling laws of GPT-3", "Scaling laws of GPT-4"),
    ],
)
def test_a_wrong_identifier_does_not_join_what_differs_in_a_number(key: str, one: str, other: str) -> None:
    shared = {key: "10.1000/x" if key == "doi" else "7"}
    assert not same_work(_paper(title=one, **shared), _paper(title=other, **shared))


def test_a_longer_form_of_a_title_with_numbers_is_one_work_under_its_doi() -> None:
    long = "Trends in coral cover, 2010 to 2020: a review"
    assert same_work(_paper(title="Trends in coral cover, 2010", doi="10.1000/x"), _paper(title=long, doi="10.1000/x"))


def test_chapters_with_the_doi_and_abstract_of_their_book_stay_two_works() -> None:
    one = _paper(title="Bees", authors=["Ada Hiver"], doi="10.1000/book")
    assert not same_work(one, _paper(title="Wasps and ants", authors=["Bo Summers"], doi="10.1000/book"))


def test_two_dois_under_one_title_are_two_works_where_the_abstracts_have_nothing_in_common() -> None:
    facts = {"title": "Editorial", "authors": ["A Smith"], "year": 2020}
    article = _paper(**facts, doi="10.1000/x")
    assert not same_work(article, _paper(**facts, doi="10.1000/y", abstract=OTHER))
    assert same_work(article, _paper(**facts, doi="10.48550/arxiv.2001.00001", abstract=ABSTRACT[:60]))
    assert same_work(article, _paper(**facts, abstract=OTHER))


def test_titles_that_differ_in_a_sign_are_two_works_unless_the_abstracts_agree() -> None:
    facts = {"authors": ["A Smith"], "year": 2020}
    assert not same_work(
        _paper(title="Templates in C", **facts), _paper(title="Templates in C++", **facts, abstract=OTHER)
    )
    assert same_work(_paper(title="Search with A*", **facts), _paper(title="Search with A", **facts))


def test_a_source_may_correct_a_title_under_an_id_of_its_own() -> None:
    entry = {"paper_id": "p1", "source": "a.jsonl"}
    assert same_work(_paper(**entry, title="Larg Btch Trainng"), _paper(**entry))
    assert not same_work(_paper(**entry, title="Coral Reefs", abstract=OTHER), _paper(**entry))
    assert not same_work(_paper(**entry, title="Larg Btch Trainng"), _paper(paper_id="p1", source="b.jsonl"))


def test_parts_one_and_two_by_the_same_authors_stay_two_works() -> None:
    facts = {"authors": ["A Smith"], "year": 2020}
    assert not same_work(_paper(title="Proofs, Part I", **facts), _paper(title="Proofs, Part II", **facts))


def test_chapters_that_share_an_abstract_stay_two_works() -> None:
    assert not same_work(_paper(title="Chapter One"), _paper(title="Chapter Two"))


def test_title_author_and_year_join_two_records_with_other_wording() -> None:
    facts = {"authors": ["A Smith"], "year": 2020}
    assert same_work(_paper(**facts), _paper(**facts, abstract=OTHER))


def test_the_title_alone_joins_only_where_the_abstracts_agree() -> None:
    dated = _paper(authors=["A Smith"], year=2020)
    assert same_work(_paper(), dated)
    assert not same_work(_paper(abstract=OTHER), dated)


def test_two_pubmed_ids_are_two_works() -> None:
    assert not same_work(_paper(pmid="1", title="Reply"), _paper(pmid="2", title="Reply"))


def test_merging_fills_in_what_is_missing_and_empties_nothing() -> None:
    known = _paper(venue="ICLR", source="a.bib")
    merged = merge(known, _paper(doi="10.1000/x", year=2020, source="b.ris"))
    assert (merged.id, merged.venue, merged.doi, merged.year) == (known.id, "ICLR", "10.1000/x", 2020)
    assert merged.abstract == ABSTRACT


def test_the_same_source_may_correct_an_abstract() -> None:
    corrected = ABSTRACT.replace("76", "75")
    assert merge(_paper(source="a.bib"), _paper(source="a.bib", abstract=corrected)).abstract == corrected


def test_another_source_does_not_shorten_an_abstract() -> None:
    assert merge(_paper(source="a.bib"), _paper(source="b.ris", abstract="We study batches.")).abstract == ABSTRACT


def test_merging_twice_changes_nothing_more() -> None:
    one, two = _paper(source="a.bib"), _paper(source="b.ris", abstract=OTHER + OTHER, doi="10.1000/x")
    merged = merge(one, two)
    assert merge(merged, one) == merge(merged, two) == merged


def test_every_identifier_is_a_key() -> None:
    paper = _paper(doi="10.1000/x", arxiv_id="2001.00001", pmid="7")
    assert keys(paper)[:3] == ["doi:10.1000/x", "arxiv:2001.00001", "pmid:7"]


def test_an_earlier_arxiv_version_changes_nothing() -> None:
    known = _paper(arxiv_id="2001.00001", arxiv_version=3, source="a")
    earlier = _paper(arxiv_id="2001.00001v1", arxiv_version=1, source="a", abstract=OTHER * 3, venue="ICLR")
    assert merge(known, earlier) == known


def test_a_later_arxiv_version_replaces_the_text_whatever_its_source_and_length() -> None:
    known = _paper(arxiv_id="2001.00001", arxiv_version=1, source="a", year=2020)
    later = merge(known, _paper(arxiv_id="2001.00001", arxiv_version=2, source="b", abstract="We study batches."))
    assert (later.abstract, later.arxiv_version, later.year) == ("We study batches.", 2, 2020)


def test_a_duplicate_of_one_source_may_add_but_not_shorten() -> None:
    known = _paper(source="a.bib")
    merged = merge(known, _paper(source="a.bib", abstract="We study batches.", doi="10.1000/x"), duplicate=True)
    assert (merged.abstract, merged.doi) == (ABSTRACT, "10.1000/x")


def test_an_abstract_that_was_cut_off_is_replaced_by_the_whole_one() -> None:
    assert merge(_paper(source="a", abstract=ABSTRACT[:80]), _paper(source="b")).abstract == ABSTRACT
