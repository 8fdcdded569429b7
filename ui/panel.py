"""The panel beside the chat: the list of all cited papers, and each paper with its deciding sentence highlighted."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from rag.answering.answer import Support
from ui.html import el, join, link
from ui.papers import Shown, addresses, byline

SUPPORT_WORDS: dict[Support, str] = {
    "supported": "Supports the answer",
    "weak": "Supports the answer weakly",
    "unsupported": "Does not support the sentence that cites it",
    "none": "",
}
_ROLE_WORDS = {"near": "Nearest paper, not cited", "read": "Read for this answer, not cited"}


def panel(exchanges: Sequence[tuple[str, Sequence[Shown]]]) -> Markup:
    """The whole panel for the questions asked so far, each with the papers its answer shows; newest first in the list.

    All papers are in it and hidden; the page's script shows one at a time, without asking the server.
    """
    cited = [(question, [s for s in shown if s.citation]) for question, shown in exchanges]
    groups = [_group(question, papers) for question, papers in reversed(cited) if papers]
    everything = [paper for _, shown in exchanges for paper in shown]
    if not everything:
        return Markup("")
    count = len({s.paper.id for _, papers in cited for s in papers})
    overview = el(
        "section",
        el("h2", "Cited papers", tabindex="-1", class_="cw-panel-title"),
        el("p", f"{count} {'paper' if count == 1 else 'papers'} in this conversation", class_="cw-quiet"),
        groups or el("p", "Nothing has been cited so far.", class_="cw-quiet"),
        class_="cw-overview",
    )
    return join([_bar(), overview, *(_paper(s) for s in everything)])


def _bar() -> Markup:
    return el(
        "div",
        el("button", "← All cited papers", type="button", class_="cw-back"),
        el("button", "×", type="button", class_="cw-close", aria_label="Close"),
        class_="cw-bar",
    )


def _group(question: str, papers: Sequence[Shown]) -> Markup:
    return el(
        "section",
        el("h3", question, class_="cw-asked"),
        el("ol", [el("li", row(shown)) for shown in papers], class_="cw-rows"),
    )


def row(shown: Shown) -> Markup:
    """A line of a list of papers: number, title, byline; it opens the paper in the panel."""
    number = el("span", f"[{shown.citation.number}]", class_="cw-number") if shown.citation else None
    facts = byline(shown.paper)
    return el(
        "a",
        number,
        el(
            "span",
            el("span", shown.paper.title, class_="cw-row-title"),
            el("span", facts, class_="cw-row-facts") if facts else None,
            class_="cw-row-text",
        ),
        href=f"#{shown.key}",
        class_="cw-open cw-row",
    )


def _paper(shown: Shown) -> Markup:
    paper = shown.paper
    title_id = f"{shown.key}-title"
    return el(
        "article",
        _kicker(shown),
        el("h2", paper.title, id=title_id, tabindex="-1", class_="cw-panel-title"),
        el("p", ", ".join(paper.authors), class_="cw-authors") if paper.authors else None,
        el("p", join(filter(None, [paper.venue, str(paper.year) if paper.year else None]), " · "), class_="cw-quiet")
        if paper.venue or paper.year
        else None,
        _links(shown),
        el("h3", "Abstract"),
        el("p", _abstract(shown), class_="cw-abstract"),
        id=shown.key,
        class_="cw-paper",
        aria_labelledby=title_id,
        hidden=True,
    )


def _kicker(shown: Shown) -> Markup:
    if shown.citation is None:
        return el("p", _ROLE_WORDS[shown.role], class_="cw-kicker")
    words = SUPPORT_WORDS[shown.support]
    return el(
        "p",
        el("span", f"[{shown.citation.number}]", class_="cw-number"),
        el("span", words, class_=f"cw-support cw-{shown.support}", title=f"support {shown.citation.support:.2f} of 1")
        if words
        else None,
        class_="cw-kicker",
    )


def _links(shown: Shown) -> Markup | None:
    links = [link(url, f"{label} ↗", title=url) for label, url in addresses(shown.paper)]
    return el("p", join(links, " "), class_="cw-links") if links else None


def _abstract(shown: Shown) -> Markup:
    abstract, citation = shown.paper.abstract, shown.citation
    if citation is None or not 0 <= citation.start < citation.end <= len(abstract):
        return join([abstract])
    quote = el("mark", abstract[citation.start : citation.end], title="the sentence the answer rests on")
    return join([abstract[: citation.start], quote, abstract[citation.end :]])
