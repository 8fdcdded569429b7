"""Cuts an abstract into passages: runs of whole sentences, small enough for the embedding model to read to the end."""

from __future__ import annotations

from dataclasses import dataclass

from rag.language.sentences import sentences
from rag.paper import Paper

#: Stored with the library; raise it whenever :func:`passages` cuts differently than before.
CHUNKING_VERSION = "sentences-3@1"
SENTENCES_PER_PASSAGE = 3
#: About 200 WordPieces: with the title before it a passage stays within the 256 the bundled model reads.
MAX_CHARACTERS = 900


@dataclass(frozen=True, slots=True)
class Passage:
    """A run of whole sentences of one abstract: ``paper.abstract[start:end] == text``."""

    paper_id: str
    index: int
    start: int
    end: int
    text: str

    @property
    def id(self) -> str:
        """Stable id in both indexes."""
        return passage_id(self.paper_id, self.index)


def passage_id(paper_id: str, index: int) -> str:
    """Return the id of a paper's passage, by its index within the paper."""
    return f"{paper_id}#{index}"


def paper_of(passage_id: str) -> str:
    """Return the id of the paper a passage belongs to."""
    return passage_id.rpartition("#")[0]


def index_of(passage_id: str) -> int:
    """Return the index of a passage within its paper."""
    return int(passage_id.rpartition("#")[2])


def passages(paper: Paper) -> list[Passage]:
    """Return the passages of a paper, in order; together they hold every sentence of its abstract exactly once.

    A sentence longer than ``MAX_CHARACTERS`` makes a passage of its own.
    """
    runs: list[tuple[int, int]] = []
    count = 0
    for start, end in sentences(paper.abstract):
        if runs and count < SENTENCES_PER_PASSAGE and end - runs[-1][0] <= MAX_CHARACTERS:
            runs[-1] = (runs[-1][0], end)
            count += 1
        else:
            runs.append((start, end))
            count = 1
    return [Passage(paper.id, i, a, b, paper.abstract[a:b]) for i, (a, b) in enumerate(runs)]


def embedding_text(paper: Paper, passage: Passage) -> str:
    """Return the text to embed for a passage: its sentences after the title, which gives them their subject."""
    return f"{paper.title}. {passage.text}" if paper.title else passage.text
