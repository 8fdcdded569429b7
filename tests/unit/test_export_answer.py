"""An exported answer says what the page says, and hostile text means nothing in any format."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import html

from rag.answering.record.answer import Answer, Citation, LedgerEntry, LedgerKind, Quote, Sentence
from rag.answering.record.markdown import Element, read_markdown
from rag.answering.record.wording import note
from rag.errors import UsageError
from rag.export.answer import ANSWER_FORMATS, export_answer
from rag.export.keys import citation_keys
from rag.paper import Paper
from ui.draw import render

FIRST = Paper.create(
    title="Tall Caches",
    abstract="Caches are tall. They save 20% of memory. They were tried on 3 machines.",
    authors=("Ada Winter", "Grace Summer"),
    year=2021,
    venue="ICLR",
    doi="10.1000/tall",
)
SECOND = Paper.create(title="Wide Caches?", abstract="Wide ones save nothing.", arxiv_id="2001.00001")


def cited(number: int, paper: Paper, quote: str) -> Citation:
    start = paper.abstract.index(quote)
    return Citation(number, paper, quote, start, start + len(quote), 0.9)


ANSWER = Answer(
    question="What do caches save?",
    standalone_question="What do caches save?",
    outcome="answered",
    text="Tall ones save **20%** [1][2].\n\n- They ran on 30 machines [1].\n- Wide ones save nothing [2].",
    sentences=(
        Sentence("Tall ones save 20%.", (1, 2), "supported", (), (Quote(1, 17, 41),)),
        Sentence("They ran on 30 machines.", (1,), "unsupported", ("figure 30 is not in [1]",), (Quote(1, 42, 72),)),
        Sentence("Wide ones save nothing.", (2,), "supported"),
    ),
    citations=(cited(1, FIRST, "They save 20% of memory."), cited(2, SECOND, "Wide ones save nothing.")),
    ledger=(LedgerEntry(LedgerKind.UNSUPPORTED_FIGURE, "figure 30 is not in [1]: They ran on 30 machines."),),
    evidence=(),
    suggestions=(),
    backend="openai",
    model="some-model",
    prompt="answer@1",
)


def hostile(text: str) -> Answer:
    """The answer with ``text`` wherever text comes from outside."""
    paper = Paper.create(
        title=text, abstract=f"{text} It works.", authors=(text,), venue=text, url="javascript:alert(1)", paper_id="x"
    )
    citation = Citation(1, paper, paper.abstract, 0, len(paper.abstract), 0.5)
    return replace(
        ANSWER,
        question=text,
        standalone_question=f"{text}!",
        text=f"{text} [1].\n\n- {text}\n\n| {text} | b [1] |",
        sentences=(Sentence(text, (1,), "weak", (text,), (Quote(1, 0, 3),)),),
        citations=(citation,),
        ledger=(LedgerEntry(LedgerKind.BACKEND_FAILED, text),),
        suggestions=(paper,),
        model=text,
    )


def texts(elements: Iterable[Element]) -> Iterator[str]:
    for element in elements:
        yield from (fragment.text for fragment in element.fragments)
        yield f"{element.language} {element.code}"
        yield from texts(element.children)


def visible(page: str) -> str:
    return " ".join(html.fromstring(page).text_content().split())


def test_markdown_holds_text_numbers_references_quotes_doubts_and_ledger() -> None:
    text = export_answer(ANSWER, "markdown")
    assert text.startswith("# What do caches save?\n\n*Answered.*\n\nTall ones save **20%** [1][2].\n\n- They ran")
    assert "\n1. Ada Winter, Grace Summer (2021). **Tall Caches**. *ICLR*. [doi:10.1000/tall](<https://doi.org" in text
    assert "\n   > They save 20% of memory.\n   >\n   > They were tried on 3 machines.\n" in text
    assert "\n2. Anonymous (n.d.). **Wide Caches?**" in text
    assert "- “They ran on 30 machines.”: unsupported: figure 30 is not in \\[1\\]" in text
    assert "- 3 sentences checked: 2 supported, 1 unsupported." in text
    assert "- Figure not found: figure 30 is not in" in text
    assert "Written by openai (some-model), prompt answer@1" in text


def test_html_links_every_number_to_its_reference_and_needs_nothing_else() -> None:
    page = html.fromstring(export_answer(ANSWER, "html"))
    numbers = [(a.text, a.get("href")) for a in page.xpath("//a[@class='cite']")]
    assert numbers == [("[1]", "#ref-1"), ("[2]", "#ref-2"), ("[1]", "#ref-1"), ("[2]", "#ref-2")]
    assert [li.get("id") for li in page.xpath("//ol[@class='references']/li")] == ["ref-1", "ref-2"]
    assert [q.text for q in page.xpath("//li[@id='ref-1']/blockquote")] == [
        "They save 20% of memory.",
        "They were tried on 3 machines.",
    ]
    assert not page.xpath("//script | //link | //img | //iframe | //*[@src]")
    (policy,) = page.xpath("//meta[@http-equiv='Content-Security-Policy']/@content")
    assert "default-src 'none'" in policy


def test_an_answer_that_was_not_given_says_so_with_the_nearest_papers() -> None:
    empty = replace(
        ANSWER, outcome="not_stated", text="They do not say.", sentences=(), citations=(), suggestions=(FIRST,)
    )
    for text in (export_answer(empty, "markdown"), visible(export_answer(empty, "html"))):
        assert "Not stated: papers on the topic, but their abstracts do not state what was asked." in text
        assert "Tall Caches" in text.split("Nearest papers, not cited")[1]
        assert "References" not in text
    assert export_answer(empty, "bibtex") == ""
    assert json.loads(export_answer(empty, "csl-json")) == []


def test_bibliographies_hold_the_cited_papers_alone_under_the_keys_of_any_other_export() -> None:
    given = replace(ANSWER, suggestions=(Paper.create(title="Not cited", abstract="No."),))
    items = json.loads(export_answer(given, "csl-json"))
    assert [item["id"] for item in items] == ["winter2021tall", "anonndwide"] == citation_keys([FIRST, SECOND])
    assert re.findall(r"^@\w+\{(\w+),", export_answer(given, "bibtex"), re.MULTILINE) == [i["id"] for i in items]
    assert export_answer(given, "ris").count("\nER  - ") == 2


def test_tables_keep_their_cells_and_the_citations_in_them() -> None:
    text = "| what | saves |\n| --- | --- |\n| tall | 20% [1] |"
    table = replace(ANSWER, text=text)
    assert "| what | saves |\n| --- | --- |\n| tall | 20% [1] |" in export_answer(table, "markdown")
    page = html.fromstring(export_answer(table, "html"))
    assert [cell.text_content() for cell in page.xpath("//td")] == ["tall", "20% [1]"]


def test_tables_keep_their_alignment_and_cells_beyond_the_head() -> None:
    table = replace(ANSWER, text="| what | saves |\n|:-:|--:|\n| tall \\| wide | 20% [1] | more |\n| small |")
    markdown = export_answer(table, "markdown")
    assert "| what | saves |  |\n| :---: | ---: | --- |\n| tall \\| wide | 20% [1] | more |\n| small |" in markdown
    page = html.fromstring(export_answer(table, "html"))
    assert [cell.text_content() for cell in page.xpath("//td")] == ["", "tall | wide", "20% [1]", "more", "small"]
    assert page.xpath("//td[@class='right']")[0].text_content() == "20% [1]"


NESTED = """Steps:

5. first [1]
   - inner **a**
     - deeper [2]
6. second

   More on it.

```py
x[1] = y < z  # [2]
  `deep`
```

> As said [1]."""


def test_code_nested_lists_and_numbers_are_kept_in_html() -> None:
    page = html.fromstring(export_answer(replace(ANSWER, text=NESTED), "html"))
    (numbered,) = page.xpath("//main/ol[not(@class)]")
    assert numbered.get("start") == "5"
    assert [item.text for item in numbered.xpath("./li")] == ["first ", "second"]
    assert numbered.xpath("./li/ul/li/ul/li/a/@href") == ["#ref-2"]
    assert [p.text for p in numbered.xpath("./li/p")] == ["More on it."]
    (code,) = page.xpath("//pre/code")
    assert code.text_content() == "x[1] = y < z  # [2]\n  `deep`"
    assert not code.xpath(".//a")
    assert page.xpath("//main/blockquote/p/a/@href") == ["#ref-1"]


def test_code_nested_lists_and_numbers_are_kept_in_markdown() -> None:
    assert f"\n\n{NESTED}\n\n## Doubts" in export_answer(replace(ANSWER, text=NESTED), "markdown")


def test_a_fence_is_longer_than_any_within() -> None:
    text = export_answer(replace(ANSWER, text="~~~\n````\n# no heading\n~~~"), "markdown")
    assert "\n`````\n````\n# no heading\n`````\n" in text


def test_a_comparison_is_shown_as_it_is() -> None:
    given = replace(ANSWER, text="So x<y and p < 0.05 [1].")
    assert "So x<y and p < 0.05 [1]." in visible(export_answer(given, "html"))
    assert "So x\\<y and p \\< 0.05 [1]." in export_answer(given, "markdown")


def test_a_number_that_no_citation_has_is_text() -> None:
    page = html.fromstring(export_answer(replace(ANSWER, text="So [7]."), "html"))
    assert not page.xpath("//a[@href='#ref-7']")
    assert "\\[7\\]" in export_answer(replace(ANSWER, text="So [7]."), "markdown")


HOSTILE = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "</title></style></main><iframe src='https://evil.example'>",
    "[click](javascript:alert(1))",
    "[1](javascript:alert(1))",
    "![x](https://evil.example/x.png)",
    "[1]: https://evil.example",
    "```\n# heading\n```",
    "\x00\x1b[31m\u202eevil\ud800",
    "]]> --> <!-- &lt;b&gt; {{x}} ${x}",
)


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_shown_and_never_markup(text: str) -> None:
    page = html.fromstring(export_answer(hostile(text), "html"))
    assert not page.xpath("//script | //img | //iframe | //b")
    assert {a.get("href") for a in page.xpath("//a")} <= {"#ref-1"}
    assert not page.xpath("//@*[starts-with(name(), 'on')]")
    # What is in a fence that nothing within closes means nothing either.
    markdown = re.sub(r"(?ms)^(`{3,})[^`\n]*\n.*?\n\1$", "", export_answer(hostile(text), "markdown"))
    assert not re.search(r"(?<!\\)(?:<|`|!\[|\]: )", markdown.replace("](<", ""))
    assert not re.search(r"(?<!\\)\]\((?!<https?://)", markdown)
    headings = [line for line in markdown.splitlines() if line.startswith("#")]
    assert headings[1:] == ["## Doubts", "## References", "## Nearest papers, not cited", "## How it was checked"]


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.sampled_from([*HOSTILE, "a", "[1]", "**b**", "*", "|", "1.", "(", ":", "\n", " "])).map("".join))
def test_whatever_the_text_its_words_are_in_the_page(text: str) -> None:
    answer: Any = replace(ANSWER, text=text)
    words = re.findall(r"[a-z]{3,}", " ".join(texts(read_markdown(text, {1, 2}))))
    shown = visible(export_answer(answer, "html"))
    assert all(word in shown for word in words)
    assert set(re.findall(r"[a-z]{3,}", text)) <= {*re.findall(r"[a-z]{3,}", " ".join(words))}


def test_an_unknown_format_is_refused_with_those_there_are() -> None:
    assert ANSWER_FORMATS == ("markdown", "html", "bibtex", "ris", "csl-json")
    with pytest.raises(UsageError, match="unknown format 'docx'; answers are exported as markdown, html"):
        export_answer(ANSWER, "docx")


@pytest.mark.parametrize("kind", LedgerKind)
def test_every_kind_of_ledger_entry_is_told_in_the_same_words_by_page_and_exports(kind: LedgerKind) -> None:
    title, detail = note(LedgerEntry(kind, "no citation: It is so."))
    assert title[0].isupper()
    given = replace(ANSWER, ledger=(LedgerEntry(kind, "no citation: It is so."),))
    page = html.fromstring(render.answer(given, ()))
    for told in (visible(export_answer(given, "html")), export_answer(given, "markdown"), page.text_content()):
        assert f"{title}: {detail}" in told
