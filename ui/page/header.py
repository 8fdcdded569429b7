"""The top of the page and the empty chat: which library and backend are in use, and a greeting."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import urlsplit

from rag.language.counting import counted
from rag.paper import Paper
from rag.settings import Settings
from ui.draw.fill import fill

# Questions that the papers shipped as the sample answer, each with the arXiv id of the paper it is about.
_EXAMPLES = (
    ("Which optimizer trains BERT in 76 minutes?", "1904.00962"),
    ("How does ColBERT make late interaction efficient?", "2004.12832"),
    ("By how much does multi-level training cut the cost of BERT-Large?", "2404.07999"),
    ("What does DeBERTa change in the attention mechanism?", "2006.03654"),
)


class LibraryView(Protocol):
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


def welcome(library: LibraryView) -> Welcome:
    """Return the greeting that fits the library as it is now."""
    examples = [question for question, arxiv_id in _EXAMPLES if library.paper(f"arxiv:{arxiv_id}")]
    return Welcome(fill("welcome", empty=len(library) == 0), examples)


def facts(library: LibraryView, settings: Settings) -> str:
    """Return the name, the number of papers and what writes the answers, for the top of the page."""
    return fill(
        "facts",
        papers=counted(len(library), "paper", spec=","),
        writer=writer(settings),
        explanation=_explanation(settings),
    )


def writer(settings: Settings) -> str:
    """Return the backend in use with its model, and where that runs."""
    if not settings.uses_model:
        return "extractive · no model"
    return f"{settings.backend} · {settings.answering_model} · {_where(settings)}"


def _where(settings: Settings) -> str:
    """Return the model server's host and port without credentials, or that the model is in this program."""
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
    """Return the button that turns light into dark; the page's script listens to it."""
    return fill("theme_switch")
