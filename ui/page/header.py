"""The frame around the chat: what library and backend are in use, and what greets a reader who has asked nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import urlsplit

from rag.paper import Paper
from rag.settings import Settings
from ui.draw.html import el

# Questions that the papers shipped as the sample answer, each with the arXiv id of the paper it is about.
_EXAMPLES = (
    ("Which optimizer trains BERT in 76 minutes?", "1904.00962"),
    ("How does ColBERT make late interaction efficient?", "2004.12832"),
    ("By how much does multi-level training cut the cost of BERT-Large?", "2404.07999"),
    ("What does DeBERTa change in the attention mechanism?", "2006.03654"),
)


class Shelf(Protocol):
    """What the page needs of a library."""

    def __len__(self) -> int:
        """Number of papers."""

    def paper(self, paper_id: str, /) -> Paper | None:
        """The paper of this id, or ``None``."""


@dataclass(frozen=True, slots=True)
class Welcome:
    """What an empty chat shows: a greeting, and questions to start with (none unless the library can answer them)."""

    markup: str
    examples: Sequence[str]


def welcome(library: Shelf) -> Welcome:
    """The greeting that fits the library as it is now."""
    if len(library) == 0:
        words = el("p", "Fill it with ", el("code", "citewell ingest PATH"), ", then reload this page.")
        return Welcome(str(el("div", el("h2", "This library is empty"), words, class_="cw-welcome")), ())
    words = el("p", "Every sentence of an answer cites the paper it rests on. Open a number to read the very sentence.")
    examples = [question for question, arxiv_id in _EXAMPLES if library.paper(f"arxiv:{arxiv_id}")]
    return Welcome(str(el("div", el("h2", "What do the papers say?"), words, class_="cw-welcome")), examples)


def facts(library: Shelf, settings: Settings) -> str:
    """The name, the number of papers and what writes the answers, for the top of the page."""
    count = len(library)
    return str(
        el(
            "div",
            el("h1", "Citewell"),
            el(
                "p",
                el("span", f"{count:,} {'paper' if count == 1 else 'papers'}", class_="cw-fact"),
                " ",
                el("span", writer(settings), class_="cw-fact", title=_explanation(settings)),
                class_="cw-quiet",
            ),
            class_="cw-brand",
        )
    )


def writer(settings: Settings) -> str:
    """The backend in use with its model, and where that runs."""
    if not settings.uses_model:
        return "extractive · no model"
    return f"{settings.backend} · {settings.answering_model} · {_where(settings)}"


def _where(settings: Settings) -> str:
    """The model server's host and port, never credentials that stand in its address; or that there is none."""
    if settings.backend == "llamacpp":
        return "this machine"
    parts = urlsplit(settings.openai_base_url or "https://api.openai.com/v1")
    try:
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        port = ""
    return f"{parts.hostname or '?'}{port}"


def _explanation(settings: Settings) -> str:
    if not settings.uses_model:
        return "Answers are sentences of the abstracts themselves; nothing leaves this machine."
    if settings.backend == "llamacpp":
        return "The model runs in this program; nothing leaves this machine."
    return f"Questions and abstracts are sent to {_where(settings)}."


def theme_switch() -> str:
    """The button that turns light into dark; the page's script listens to it."""
    return str(
        el("button", el("span"), type="button", class_="cw-theme-switch", aria_label="Switch between light and dark")
    )
