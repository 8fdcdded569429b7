"""The panel beside the chat: the list of all cited papers, and each paper with its deciding sentence highlighted."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from rag.answering.record.answer import Support
from rag.paper import Paper
from ui.draw.html import el, join, link
from ui.draw.papers import Shown, View, addresses, byline

# By how well the paper backs the answer as a whole, and one sentence of it.
_ANSWER_WORDS: dict[Support, str] = {
    "supported": "Supports the answer",
    "weak": "Supports the answer weakly",
    "unsupported": "Does not support what cites it",
    "none": "",
}
_SENTENCE_WORDS: dict[Support, str] = {
    "supported": "Supports this sentence",
    "weak": "Supports this sentence weakly",
    "unsupported": "Does not support this sentence",
    "none": "",
}
_ROLE_WORDS = {"near": "Nearest paper, not cited", "read": "Read for this answer, not cited"}


def panel(exchanges: Sequence[tuple[str, Sequence[Shown]]]) -> Markup:
    """The whole panel for the questions asked so far, each with the papers its answer shows; newest first in the list.

    All papers are in it and hidden; the page's script shows one at a time, without asking the server.
    """
    cited = [(question, [s for s in shown if s.number]) for question, shown in exchanges]
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
    return el("aside", _bar(), overview, [_paper(s) for s in everything], aria_label="Papers")


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
    number = el("span", f"[{shown.number}]", class_="cw-number") if shown.number else None
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
    published = list(filter(None, [paper.venue, str(paper.year) if paper.year else None]))
    return el(
        "article",
        el("p", _ROLE_WORDS[shown.role], class_="cw-kicker") if shown.role != "cited" else None,
        el("h2", _numbered(shown), id=title_id, tabindex="-1", class_="cw-panel-title"),
        el("p", ", ".join(paper.authors), class_="cw-authors") if paper.authors else None,
        el("p", " · ".join(published), class_="cw-quiet") if published else None,
        _links(paper),
        [_view(shown, position, view) for position, view in enumerate(shown.views)],
        id=shown.key,
        class_="cw-paper",
        aria_labelledby=title_id,
        hidden=True,
    )


def _numbered(shown: Shown) -> Markup:
    number = el("span", f"[{shown.number}] ", class_="cw-number") if shown.number else None
    return join([number, shown.paper.title])


def _links(paper: Paper) -> Markup | None:
    links = [link(url, f"{label} ↗", title=url) for label, url in addresses(paper)]
    return el("p", join(links, " "), class_="cw-links") if links else None


def _view(shown: Shown, position: int, view: View) -> Markup:
    words = (_SENTENCE_WORDS if view.sentence else _ANSWER_WORDS)[view.support]
    return el(
        "div",
        el("p", "“", view.sentence.text, "”", class_="cw-claim") if view.sentence else None,
        el("p", words, class_=f"cw-support cw-{view.support}") if words else None,
        el("h3", "Abstract"),
        el("p", _abstract(shown.paper, view), class_="cw-abstract"),
        id=shown.view_key(position),
        class_="cw-view",
        hidden=True,
    )


def _abstract(paper: Paper, view: View) -> Markup:
    abstract, start, end = paper.abstract, view.start, view.end
    if not 0 <= start < end <= len(abstract):
        return join([abstract])
    note = "the closest sentence" if view.support == "unsupported" else "the sentence this rests on"
    return join([abstract[:start], el("mark", abstract[start:end], title=note), abstract[end:]])
