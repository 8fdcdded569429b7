"""Papers are identified the same way wherever they come from."""

from __future__ import annotations

import pytest

from rag.bibliography.identifiers import normal_arxiv_id, normal_doi, normal_pmid
from rag.paper import Paper, surname_key, title_key


@pytest.mark.parametrize(
    "text",
    ["2004.12832", "arXiv:2004.12832v2", "https://arxiv.org/abs/2004.12832v1", "http://arxiv.org/pdf/2004.12832"],
)
def test_every_spelling_of_an_arxiv_id_is_one_id(text: str) -> None:
    assert normal_arxiv_id(text) == "2004.12832"


def test_an_old_arxiv_id_keeps_its_archive() -> None:
    assert normal_arxiv_id("hep-th/9901001v3") == "hep-th/9901001"


@pytest.mark.parametrize("text", ["", None, "see 2004.12832 for more", "12345"])
def test_what_is_no_arxiv_id_gives_none(text: str | None) -> None:
    assert normal_arxiv_id(text) is None


@pytest.mark.parametrize("text", ["10.1000/ABC.1", "https://doi.org/10.1000/abc.1", "doi:10.1000/abc.1."])
def test_every_spelling_of_a_doi_is_one_doi(text: str) -> None:
    assert normal_doi(text) == "10.1000/abc.1"


def test_a_doi_keeps_the_brackets_it_opened_and_no_others() -> None:
    assert normal_doi("(10.1061/(ASCE)1084-0699(2000)5:2(115)).") == "10.1061/(asce)1084-0699(2000)5:2(115)"
    assert normal_doi('<a href="https://doi.org/10.1000/x">') == "10.1000/x"


def test_an_address_may_escape_what_a_doi_holds() -> None:
    assert normal_doi("https://doi.org/10.1002%2F(sici)1(199806)49:8%3C693::aid%3E3.0.co;2-o") == (
        "10.1002/(sici)1(199806)49:8<693::aid>3.0.co;2-o"
    )


@pytest.mark.parametrize("stray", ["\u200b", "\ufeff", "\u202e", "\ud800", "\x00", "\ue000"])
def test_nothing_invisible_stays_in_a_doi(stray: str) -> None:
    assert normal_doi(f"10.1000/abc{stray}") == "10.1000/abc"


def test_titles_compare_without_case_accents_and_punctuation() -> None:
    assert title_key("Éléments of “Style”: A Study") == title_key("elements of style a study")


@pytest.mark.parametrize("name", ["Jane van der Berg", "Berg, Jane van der", "Jane Berg Jr.", "Jane Berg III"])
def test_the_surname_is_found_in_both_orders(name: str) -> None:
    assert surname_key([name]) == "berg"


def test_the_id_prefers_what_names_the_work_everywhere() -> None:
    facts = {"title": "T", "abstract": "A."}
    assert Paper.create(**facts, doi="10.1000/x", arxiv_id="2004.12832").id == "doi:10.1000/x"
    assert Paper.create(**facts, arxiv_id="2004.12832v3", pmid="12").id == "arxiv:2004.12832"
    assert Paper.create(**facts, pmid="12").id == "pmid:12"


def test_without_identifiers_title_author_and_year_make_the_id() -> None:
    one = Paper.create(title="A Title", abstract="A.", authors=["Jane Doe"], year=2020)
    same = Paper.create(title="a title!", abstract="Other text.", authors=["Doe, Jane"], year=2020)
    other = Paper.create(title="A Title", abstract="A.", authors=["Jane Doe"], year=2021)
    assert one.id == same.id != other.id


def test_a_paper_survives_its_record() -> None:
    paper = Paper.create(title="T", abstract="A.", authors=["X Y"], year=2020, doi="10.1000/x", source="f.bib")
    assert Paper.from_dict({**paper.to_dict(), "source": "f.bib"}) == paper


def test_absent_facts_are_null_in_the_record() -> None:
    record = Paper.create(title="T", abstract="A.").to_dict()
    assert record == {
        "id": record["id"], "title": "T", "abstract": "A.", "authors": [], "year": None, "venue": None,
        "url": None, "doi": None, "arxiv_id": None, "pmid": None,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("text", "pmid"),
    [
        ("31234567", "31234567"),
        (31234567, "31234567"),
        ("PMID: 31234567", "31234567"),
        ("pmid31234567", "31234567"),
        ("https://pubmed.ncbi.nlm.nih.gov/31234567/", "31234567"),
        ("23193287.0", "23193287"),
        ("PMC1234567", None),
        ("PMCID: PMC1234567", None),
        ("PMC 1234567", None),
        ("https://www.ncbi.nlm.nih.gov/pmc/articles/PMC1234567/", None),
        ("PMC1234567; PMID: 31234567", "31234567"),
        ("no number", None),
        (None, None),
    ],
)
def test_the_number_of_a_pubmed_central_article_is_no_pubmed_id(text: str | int | None, pmid: str | None) -> None:
    assert normal_pmid(text) == pmid
