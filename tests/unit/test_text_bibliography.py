"""Names are read from the bylines that exports write, and only safe addresses become links."""

from __future__ import annotations

import pytest

from rag.bibliography.addresses import addresses, safe_address
from rag.bibliography.names import byline, short_byline, surname
from rag.readers.base import names_of


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Smith, J., Doe, A.", ["J. Smith", "A. Doe"]),
        ("Smith, J., Doe, A., & Roe, B.", ["J. Smith", "A. Doe", "B. Roe"]),
        ("Smith, J., Doe, A., and Roe, B.", ["J. Smith", "A. Doe", "B. Roe"]),
        ("Smith, J., Doe, A., et al.", ["J. Smith", "A. Doe"]),
        ("Smith, J. & Doe, A.", ["J. Smith", "A. Doe"]),
        ("Smith, J, Doe, AB", ["J Smith", "AB Doe"]),
        ("Smith J, Doe A", ["Smith J", "Doe A"]),
        ("Petrov, V., Ivanov, A.", ["V. Petrov", "A. Ivanov"]),
        ("van der Berg, P., O'Neil, M.-J.", ["P. van der Berg", "M.-J. O'Neil"]),
        ("van der Berg, P. J., de Vries, A. B.", ["P. J. van der Berg", "A. B. de Vries"]),
        ("Smith, John, Doe, Jane", ["John Smith", "Jane Doe"]),
        ("Smith, John and Doe, Jane", ["John Smith", "Jane Doe"]),
        ("King, Martin Luther, Jr., Smith, J.", ["Martin Luther King Jr.", "J. Smith"]),
        ("King, M. L., Jr., Smith, J.", ["M. L. King Jr.", "J. Smith"]),
        ("Élan, Ö., Ångström, É.", ["Ö. Élan", "É. Ångström"]),
        ("King, Martin Luther, Jr.", ["Martin Luther King Jr."]),
        ("Doe, Jr., Jane", ["Jane Doe Jr."]),
        ("Smith, John", ["John Smith"]),
        ("Smith, J.", ["J. Smith"]),
        ("Jane Doe, John Roe", ["Jane Doe", "John Roe"]),
        ("Doe, Jane; Roe, John", ["Jane Doe", "John Roe"]),
        ("Acme, Inc", ["Acme, Inc"]),
        ("Institute, Robotics, Council, Research", ["Institute, Robotics, Council, Research"]),
    ],
)
def test_commas_part_names_only_where_they_stand_between_two(text: str, names: list[str]) -> None:
    assert names_of(text) == tuple(names)


@pytest.mark.parametrize(
    ("authors", "whole", "short"),
    [
        ([], "", ""),
        (["Ada Winter"], "Ada Winter", "Winter"),
        (["Ada Winter", "Bo van Roe"], "Ada Winter, Bo van Roe", "Winter and Roe"),
        (["Ada Winter", "Bo Roe Jr.", "Cy Fall"], "Ada Winter, Bo Roe Jr. et al.", "Winter et al."),
    ],
)
def test_a_byline_says_that_it_leaves_names_out(authors: list[str], whole: str, short: str) -> None:
    assert byline(authors, 2) == whole
    assert short_byline(authors) == short


def test_a_surname_is_read_in_either_order() -> None:
    assert [surname(name) for name in ("Jane Doe", "Doe, Jane", "John Roe Jr.", "Plato", "")] == [
        *("Doe", "Doe", "Roe", "Plato", "")
    ]


def test_a_paper_has_each_of_its_addresses_once_and_by_identifier_first() -> None:
    found = addresses(doi="10.1000/x", arxiv_id="2004.12832", pmid="12", url="https://doi.org/10.1000/x")
    assert [address.name for address in found] == ["doi:10.1000/x", "arXiv:2004.12832", "PMID 12"]
    assert addresses(url="javascript:alert(1)") == ()
    (page,) = addresses(doi="10.1002/(sici)1<1::aid>3")
    assert page.url == "https://doi.org/10.1002/(sici)1%3C1::aid%3E3"


@pytest.mark.parametrize("tail", ["\u202ecod.exe", "'onload='x", "x" * 2_000])
def test_an_address_that_could_end_its_attribute_or_hide_its_end_is_no_link(tail: str) -> None:
    assert safe_address(f"https://a.org/{tail}") is None
