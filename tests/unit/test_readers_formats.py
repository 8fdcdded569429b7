"""Every format, read from a file real in shape: which papers come out, and which records are skipped and why."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from rag.errors import ReadError, UsageError
from rag.paper import Paper
from rag.readers import FORMATS, Options, Skip, read_papers
from rag.readers.detect import detect
from rag.readers.registry import reader_of
from rag.readers.source import Source
from tests.support.reader_fixtures import FIXTURES, FORMAT_OF


def read(name: str, format_name: str = "auto", options: Options | None = None) -> tuple[list[Paper], list[Skip]]:
    records = list(read_papers(FIXTURES / name, format_name, options))
    papers = [record for record in records if isinstance(record, Paper)]
    return papers, [record for record in records if isinstance(record, Skip)]


def one(papers: list[Paper], opening: str) -> Paper:
    (found,) = [paper for paper in papers if paper.title.startswith(opening)]
    return found


@pytest.mark.parametrize(("name", "expected"), FORMAT_OF.items())
def test_the_format_is_told_by_content(name: str, expected: str, tmp_path: Path) -> None:
    misnamed = tmp_path / "export.dat"
    misnamed.write_bytes((FIXTURES / name).read_bytes())
    assert detect(Source.open(misnamed)) == expected


@pytest.mark.parametrize(("name", "expected"), FORMAT_OF.items())
def test_a_named_format_reads_as_auto_does(name: str, expected: str) -> None:
    assert read(name, expected) == read(name)


def test_every_format_has_a_fixture_and_a_reader() -> None:
    assert set(FORMATS) - {"tsv"} == set(FORMAT_OF.values())
    assert all(callable(reader_of(name)) for name in FORMATS)


def test_papers_page_as_text() -> None:
    papers, skips = read("papers-page.txt")
    assert [paper.title for paper in papers] == [
        "Tall Caches for Short Memories: Reusing Keys in Streaming Transformers",
        'Is Pruning Before Training "Free"? A Negative Result',
        "MaskBERT: Filling <EOS> and [MASK] with One Head",
    ]
    assert papers[0].abstract.endswith("We release code at https://example.org/tall-caches")
    assert "adding 1.5% memory" in papers[0].abstract
    assert papers[2].abstract == "One output head fills masks and ends sentences. It is < 1% larger than BERT."
    assert skips == []


def test_wrapped_page_as_text() -> None:
    papers, skips = read("wrapped-page.txt")
    assert [paper.title for paper in papers] == [
        "A Very Long Title That a Text Browser Has Broken Over Two Lines: On Wrapping at Seventy-Two Columns",
        "Second Title Fits One Line",
    ]
    assert "so that an abstract arrives" in papers[0].abstract
    assert "3.14, at the end of a line" in papers[1].abstract
    assert skips == []


def test_papers_page_whose_abstracts_stand_only_in_an_attribute() -> None:
    papers, skips = read("papers-page.html")
    assert [(p.title, p.arxiv_id, p.year) for p in papers] == [
        ("Growing Models Level by Level: <EOS> & Friends", "2404.07999", 2024),
        ("A Second Paper", "2404.08001", 2024),
    ]
    assert papers[0].abstract == ("Models grow level by level. A V-cycle saves 51.6% of compute on < 1% of the data.")
    assert papers[0].authors == ("Longwei Zou", "Han Zhang")
    assert papers[0].url == "https://arxiv.org/abs/2404.07999"
    assert skips == []


def test_papers_page_whose_abstracts_stand_in_cards() -> None:
    papers, skips = read("papers-cards.html")
    assert [(p.title, p.arxiv_id) for p in papers] == [
        ("Cards That Show Their Abstracts", "2501.00001"),
        ("A Second Card", "2501.00002"),
    ]
    assert papers[0].abstract.endswith("on Sundays 12% are, and nobody knows why.")
    assert skips == []


def test_arxiv_atom() -> None:
    papers, skips = read("arxiv-atom.xml")
    first, old = papers
    assert first.title == "Growing Models Level by Level with β-Cycles"
    assert first.abstract == (
        "Models grow level by level. The cost falls by 51.6% (see Table 1) for Pólya urns & others, where p < 0.05."
    )
    assert first.authors == ("Paul Erdős", "Ada Winter")
    assert (first.year, first.doi, first.arxiv_id) == (2024, "10.1000/xyz.1", "2404.07999")
    assert (old.arxiv_id, old.year) == ("hep-th/9901001", 1999)
    assert [(s.position, s.reason) for s in skips] == [("record 3", "arXiv answered: incorrect id format for 1234")]


def test_arxiv_pages() -> None:
    (page,), _ = read("arxiv-abs.html")
    assert page.title == "Late Interaction for Early Birds: an O(n) View"
    assert page.abstract.endswith("170x faster with 14,000x fewer FLOPs.")
    assert (page.authors, page.year, page.arxiv_id) == (("Ada Winter", "Paul Erdős"), 2020, "2004.12832")
    (listed,), (short,) = read("arxiv-list.html")
    assert listed.title == "Listing Pages Have No Meta Tags"
    assert listed.abstract == "A listing tells title, authors and abstract by classes alone. We read 2 of them."
    assert (listed.authors, listed.arxiv_id) == (("Ada Winter", "Bo Summers"), "2503.00001")
    assert short.reason.startswith("no abstract")
    (found,), _ = read("arxiv-search.html")
    assert found.title == "Search Results Fold Their Abstracts"
    assert found.abstract == (
        "A result shows the opening of its abstract and hides the whole of it. We want the whole."
    )


def test_arxiv_snapshot() -> None:
    papers, skips = read("arxiv-snapshot.jsonl")
    first, old = papers
    assert first.title == "Calculation of prompt diphoton production cross sections at sqrt(s)=1.96 TeV"
    assert first.abstract == (
        "A fully differential calculation is presented for photon pairs (PP) at the Tevatron. The effect is 15.5%."
    )
    assert first.authors == ("C. Balázs", "E. L. Berger Jr.")
    assert first.year == 2007
    assert (old.authors, old.year, old.arxiv_id) == (("Ada Winter", "Bo Summers"), 1999, "hep-th/9901001")
    assert [s.to_dict()["position"] for s in skips] == ["line 3"]


def test_bibtex() -> None:
    papers, skips = read("library.bib")
    first = one(papers, "Tall")
    assert first.title == "Tall Caches for Short Memories – A Study of O(n^2) Übung"
    assert "by 15.5% on GLUE and by ~50% on 3 of 4 sets" in first.abstract
    assert 'The "tall" cache has 10^-3 the size, e.g. BERT. Mail a@b.org for $5.' in first.abstract
    assert first.authors == ("Ada Winter", "Paul Erdős", "The BigScience Workshop", "Jan van der Berg Jr.")
    assert first.venue == "Journal of Machine Learning Research"
    assert (first.year, first.doi, first.arxiv_id) == (2021, "10.1000/tall.1", "2101.00001")
    assert first.url == "https://example.org/tall_caches"
    child = one(papers, "A Title in Quotes")
    assert (child.title, child.year, child.venue) == ('A Title in Quotes with "Braces"', 2020, "Proc. of the ACL")
    assert one(papers, "An Entry Without a Key").year == 2019
    assert one(papers, "An Empty Key").year == 2018
    assert one(papers, "The Neighbour").abstract.startswith("It must not be lost.")
    assert one(papers, "No Comma").abstract == "Hand-written files do this."
    assert one(papers, "Scholar").arxiv_id == "1905.00001"
    assert {one(papers, "One").abstract, one(papers, "Two").abstract} == {
        "First of two on a line.",
        "Second of two on a line.",
    }
    assert [(s.position, s.reason.split(" (")[0]) for s in skips] == [
        ("line 33", "a broken entry"),
        ("line 47", "no abstract"),
        ("line 50", "no abstract"),
    ]


def test_ris() -> None:
    papers, skips = read("library.ris")
    first = one(papers, "RIS Has")
    assert first.abstract == (
        "The first abstract goes on without a tag on its second line, and AI - is a tag only in front. It has 3 lines."
    )
    assert (first.authors, first.year, first.doi) == (("Ada Winter", "Bo Summers"), 2020, "10.1000/ris.1")
    assert one(papers, "The End of This One").abstract == "Its abstract stands in N2."
    assert one(papers, "Old Macintosh").abstract == (
        "Background: lines end with returns. Results: there are two abstracts."
    )
    assert one(papers, "Old Macintosh").arxiv_id == "1810.04805"
    assert one(papers, "The Type Is Missing").pmid == "12345678"
    assert one(papers, "Cut Off").abstract == "The file ends here"
    assert len(skips) == 1
    assert read("loose.ris")[0][0].authors == ("Eli Fall",)


def test_csl_json() -> None:
    papers, skips = read("items.csl.json")
    first, preprint = papers
    assert first.title == "CSL Is an Array of Items"
    assert first.abstract == "It is what Zotero writes. It may hold HTML, and p < 0.05."
    assert first.authors == ("Ada Winter", "The Group", "Jan van der Berg Jr.")
    assert (first.year, first.doi, first.pmid) == (2021, "10.1000/csl.1", "31234567")
    assert (preprint.arxiv_id, preprint.year) == ("1905.00002", 2019)
    assert [s.position for s in skips] == ["record 3"]
    (work,), _ = read("crossref.json")
    assert work.abstract == "Background: Abstracts are JATS & more. Results: It grew by 10^3 (p < 0.05)."
    assert (work.doi, work.year) == ("10.1000/crossref.1", 2022)


def test_pubmed_xml() -> None:
    papers, skips = read("pubmed.xml")
    first, without_doi, chapter = papers
    assert first.title == "Statins in Older Adults: CO2 and 18F."
    assert first.abstract == "BACKGROUND: Hearts fail. RESULTS: Risk fell to 10^-3 (p < 0.05). No label here."
    assert first.authors == ("Ada B Winter", "Heart Study Group")
    assert (first.year, first.doi, first.pmid) == (2019, "10.1000/heart.1", "31000001")
    assert (without_doi.doi, without_doi.pmid) == (None, "31000003")
    assert (chapter.title, chapter.year, chapter.pmid) == ("A Chapter on Genes", 2003, "31000004")
    assert [s.reason for s in skips] == ["no abstract"]


def test_medline() -> None:
    papers, skips = read("medline.nbib")
    first, last = papers
    assert first.title == "MEDLINE wraps long titles to eighty columns and indents what follows."
    assert first.abstract.endswith("six blanks - like this one - and hold 3.5% of text.")
    assert first.authors == ("Ada B Winter", "Bo Summers", "Array Group")
    assert (first.doi, first.pmid, first.year) == ("10.1038/s41586-020-0001-1", "32000001", 2020)
    assert (last.authors, last.year) == (("F Rain",), 2018)
    assert [s.position for s in skips] == ["line 32"]


def test_semantic_scholar() -> None:
    papers, skips = read("semantic-scholar-batch.json")
    first, last = papers
    assert (first.doi, first.arxiv_id, first.pmid) == ("10.18653/v1/n18-0001", "1805.00001", "30000001")
    assert (last.venue, last.year, last.authors) == ("Batch Letters", 2020, ())
    assert [(s.position, s.reason) for s in skips] == [
        ("record 2", "a JSON object is expected here, not null"),
        ("record 3", "no abstract"),
    ]
    assert read("semantic-scholar-search.json")[0][0].title == "A Cited Paper"


def test_openalex() -> None:
    papers, skips = read("openalex.json")
    first, lying = papers
    assert first.title == "The state of OA: a large-scale analysis"
    assert first.abstract == "Despite growing interest, 27.9% of work 27.9% is < open."
    assert first.authors == ("Heather P.", "Jason P.")
    assert (first.doi, first.pmid, first.arxiv_id) == ("10.7717/peerj.4375", "29456894", "1802.00001")
    assert (first.venue, first.year) == ("PeerJ", 2018)
    assert lying.abstract == "Huge places and words"
    assert [s.reason for s in skips] == ["no abstract"]


def test_beir_keeps_its_ids() -> None:
    papers, skips = read("beir.jsonl")
    assert [paper.id for paper in papers] == ["4983", "7912"]
    assert [s.reason for s in skips] == ["no title"]


def test_scopus_and_web_of_science() -> None:
    (scopus,), (without,) = read("scopus.csv")
    assert scopus.title == 'Scopus Quotes "Everything", Commas Included'
    assert scopus.abstract == "=The abstract starts like a formula, and is text. It spans two lines. © 2022 House."
    assert (scopus.authors, scopus.year) == (("Ada B. Winter", "Bo Summers"), 2022)
    assert (without.position, without.reason) == ("line 4", "no abstract")
    (first, second), skips = read("wos.txt")
    assert first.title == '"Deep" Learning in Web of Science'
    assert first.abstract == 'An abstract may quote "deep" things, and hold 5"–wide gaps.'
    assert (first.authors, first.pmid) == (("Ada B. Winter", "Bo Summers"), "33000001")
    assert second.abstract == '"Quoted" opening words are text here.'
    assert skips == []


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize(
    "before", ["", "\n\n", "sep=,\n", '"About the data: Exported on Oct 22, 2020. Criteria: all, in full."\n']
)
def test_a_table_may_have_lines_before_its_header(before: str, end: str, tmp_path: Path) -> None:
    table = before + "Paper Title,Author(s),Abstract Text,PubYear\nBees,Ada Hiver,They fly. They dance.,2001\n"
    (tmp_path / "table").write_bytes(table.replace("\n", end).encode())
    (paper,) = read_papers(tmp_path / "table")
    assert isinstance(paper, Paper)
    assert (paper.title, paper.authors, paper.year) == ("Bees", ("Ada Hiver",), 2001)


@pytest.mark.parametrize(
    "text",
    [
        "% Encoding: UTF-8\n@article{k,\n title = {Bees},\n abstract = {They fly.}\n}\n",
        "1.\nTY  - JOUR\nTI  - Bees\nAB  - They fly.\nER  - \n",
        "\nPMID- 1\nTI  - Bees\nAB  - They fly.\n",
    ],
    ids=["bibtex", "ris", "nbib"],
)
def test_the_format_is_told_where_lines_end_in_a_lone_return(text: str, tmp_path: Path) -> None:
    (tmp_path / "export").write_bytes(text.replace("\n", "\r").encode())
    (paper,) = read_papers(tmp_path / "export")
    assert isinstance(paper, Paper)
    assert (paper.title, paper.abstract) == ("Bees", "They fly.")


def test_a_number_between_ris_records_is_part_of_neither(tmp_path: Path) -> None:
    record = "{}.\nTY  - JOUR\nTI  - Bees {}\nAB  - They fly\nat {}\n\n"
    (tmp_path / "export").write_text("".join(record.format(n, n, n) for n in (1, 2)) + "ER  - \n")
    papers = [record for record in read_papers(tmp_path / "export") if isinstance(record, Paper)]
    assert [paper.abstract for paper in papers] == ["They fly at 1", "They fly at 2"]


def test_an_abstract_that_is_na_does_not_hide_the_one_in_the_other_field(tmp_path: Path) -> None:
    (tmp_path / "export").write_text("TY  - JOUR\nTI  - Bees\nAB  - NA\nN2  - They fly.\nER  - \n")
    (paper,) = read_papers(tmp_path / "export")
    assert isinstance(paper, Paper)
    assert paper.abstract == "They fly."


def test_web_of_science_as_plain_text() -> None:
    (paper,), (without,) = read("wos-plain.txt")
    assert paper.title == "Plain Text in Web of Science"
    assert paper.abstract == ("An abstract goes on ER in a further line, which is indented. It may have 2 paragraphs.")
    assert (paper.authors, paper.year) == (("Ada B. Winter", "Bo Summers", "Code Grp"), 2023)
    assert (paper.doi, paper.pmid, paper.venue) == ("10.1000/wos.plain.1", "33000011", "JOURNAL OF CODES")
    assert (without.position, without.reason) == ("line 21", "no abstract")


def test_a_quote_that_is_never_closed_costs_its_own_row_only(tmp_path: Path) -> None:
    rows = ["title,abstract,year", 'A,"One.",2001', 'B,"never closed, x,2002', 'C,"Three.",2003', "D,Four.,2004"]
    (tmp_path / "t.csv").write_text("\n".join(rows) + "\n")
    records = list(read_papers(tmp_path / "t.csv"))
    assert [record.title for record in records if isinstance(record, Paper)] == ["A", "C", "D"]
    assert [record.position for record in records if isinstance(record, Skip)] == ["line 3"]


def test_a_collection_in_the_layout_of_beir_keeps_facts_in_its_metadata(tmp_path: Path) -> None:
    metadata = {"url": "https://a.org/1; https://b.org/1", "pubmed_id": "11472636", "year": 2013.0, "authors": ["1741"]}
    (tmp_path / "c.jsonl").write_text(json.dumps({"_id": "x", "title": "T", "text": "A b.", "metadata": metadata}))
    (paper,) = read_papers(tmp_path / "c.jsonl")
    assert isinstance(paper, Paper)
    assert (paper.id, paper.url, paper.pmid, paper.year) == ("x", "https://a.org/1", "11472636", 2013)
    assert paper.authors == ()


def test_ris_may_have_more_blanks_behind_its_dashes(tmp_path: Path) -> None:
    (tmp_path / "e.ris").write_text("TY  -  JOUR\nTI  -  Bees\nAB  -  They fly.\nER  -\n")
    (paper,) = read_papers(tmp_path / "e.ris")
    assert isinstance(paper, Paper)
    assert paper.title == "Bees"


def test_columns_can_be_named() -> None:
    names = {"title": "Titre", "abstract": "Résumé", "authors": "auteurs", "year": "Année"}
    (paper,), _ = read("semicolons.csv", "auto", Options(columns=names))
    assert paper.abstract == "Le résumé contient un ; dans ses guillemets."
    assert (paper.authors, paper.year) == (("Ada Hiver",), 2020)
    with pytest.raises(ReadError, match="no columns title=Nowhere and abstract=Résumé"):
        read("semicolons.csv", "csv", Options(columns={"title": "Nowhere", "abstract": "Résumé"}))
    with pytest.raises(UsageError, match="no field 'titel'"):
        read("semicolons.csv", "csv", Options(columns={"titel": "Titre"}))
    with pytest.raises(ReadError, match="no columns for title and abstract"):
        read("semicolons.csv", "csv")


def test_json_lines() -> None:
    papers, skips = read("papers.jsonl")
    first, objects, text, last = papers
    assert (first.authors, first.doi, first.pmid) == (("Ada Winter", "Bo Summers"), "10.1000/line.1", "12345")
    assert (objects.authors, objects.year, objects.arxiv_id) == (("Chi Autumn", "Dee Spring"), 2020, "2004.12832")
    assert (text.authors, text.id) == (("Eli Fall", "Flo Rain", "Gus Wind"), "my-id")
    assert (last.year, last.url) == (None, None)
    assert [s.position for s in skips] == [f"line {n}" for n in (5, 6, 7, 8, 9)]


def test_a_paper_of_533_authors_keeps_them_all(tmp_path: Path) -> None:
    names = " and ".join(f"Author{n}, Given{n}" for n in range(533))
    path = tmp_path / "many.bib"
    path.write_text(f"@article{{k, title={{Many Hands}}, abstract={{They wrote it.}}, author={{{names}}}}}")
    (paper,) = list(read_papers(path))
    assert isinstance(paper, Paper)
    assert len(paper.authors) == 533
    assert paper.authors[532] == "Given532 Author532"


def test_parts_one_and_two_stay_two_papers(tmp_path: Path) -> None:
    path = tmp_path / "parts.ris"
    part = "TY  - JOUR\nAU  - Doe, Jane\nPY  - 2020\nTI  - On Parts. Part {}\nAB  - Shared by both parts.\nER  - \n"
    path.write_text(part.format("I") + part.format("II"))
    assert len({record.id for record in read_papers(path) if isinstance(record, Paper)}) == 2


def test_the_arxiv_version_is_kept_beside_the_id_that_has_none(tmp_path: Path) -> None:
    entry = (
        "<feed xmlns='http://www.w3.org/2005/Atom'><entry><id>http://arxiv.org/abs/2001.00001v{}</id>"
        "<title>Large Batches</title><summary>We study large batches.</summary></entry></feed>"
    )
    (tmp_path / "a.xml").write_text(entry.format(2))
    (paper,) = read_papers(tmp_path / "a.xml")
    assert isinstance(paper, Paper)
    assert (paper.arxiv_id, paper.arxiv_version) == ("2001.00001", 2)
    assert "arxiv_version" not in paper.to_dict()
