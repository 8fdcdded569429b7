"""Stand-ins behind the page: the sample papers without an index, and an assistant that follows a script."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field
from importlib.resources import files

from rag.answering.record.answer import Answer, Citation, LedgerEntry, LedgerKind, Quote, Sentence, Turn
from rag.answering.record.events import Condensed, Event, Finished, Retrieved, TextDelta
from rag.errors import ModelError
from rag.language.sentences import sentences
from rag.models.protocols import Usage
from rag.paper import Paper
from rag.retrieval.evidence import Evidence, ScoredPassage, SearchResult
from rag.storage.index.passages import passages
from tests.support.places import placed


class SampleShelf:
    """The shipped sample papers, without an index."""

    def __init__(self) -> None:
        lines = files("rag.sample").joinpath("papers.jsonl").read_text(encoding="utf-8").splitlines()
        papers = [Paper.create(**json.loads(line)) for line in lines]
        self.by_id = {paper.id: paper for paper in papers}

    def __len__(self) -> int:
        return len(self.by_id)

    def paper(self, paper_id: str) -> Paper | None:
        """As the library's."""
        return self.by_id.get(paper_id)


@dataclass
class Scripted:
    """Answers by a script: what a question contains decides what happens. Remembers what it was asked and how each
    stream ended."""

    shelf: SampleShelf
    asked: list[tuple[str, list[Turn]]] = field(default_factory=list)
    closed: threading.Event = field(default_factory=threading.Event)
    go_on: threading.Event = field(default_factory=threading.Event)

    def reset(self) -> None:
        """As new."""
        self.asked.clear()
        self.closed.clear()
        self.go_on.clear()

    async def astream(self, question: str, history: Sequence[Turn]) -> AsyncGenerator[Event]:
        """As the assistant's."""
        self.asked.append((question, list(history)))
        lamb, multi = self.shelf.by_id["arxiv:1904.00962"], self.shelf.by_id["arxiv:2404.07999"]
        found = tuple(_evidence(p) for p in [lamb, multi, self.shelf.by_id["arxiv:2004.12832"]])
        try:
            yield Condensed(question)
            if "nowhere" in question:
                yield Retrieved(SearchResult(question, found, 0))
                yield Finished(_answer(question, "not_found", "", (), (), found, suggestions=(lamb, multi)))
                return
            yield Retrieved(SearchResult(question, found, len(found)))
            if "unstated" in question:
                yield Finished(_answer(question, "not_stated", "", (), (), found, suggestions=(multi,)))
                return
            first, *rest = [
                "LAMB trains BERT in **76 minutes** [1]. ",
                "Multi-level training saves 51.6% on BERT-Large [2]. ",
                "It was tried on 900 machines [1].",
            ]
            if "table" in question:
                for word in TABLE.split(" "):
                    yield TextDelta(f"{word} ")
                    if word == "51.6%" and "slow" in question:
                        while not self.go_on.is_set():
                            await asyncio.sleep(0.02)
                yield Finished(_table_answer(question, lamb, multi, found))
                return
            if "nested" in question:
                for word in NESTED.split(" "):
                    yield TextDelta(f"{word} ")
                yield Finished(_nested_answer(question, lamb, multi, found))
                return
            if "hostile" in question:
                yield Finished(_hostile_answer(question))
                return
            for word in first.split():
                yield TextDelta(word + " ")
            if "slow" in question:
                while not self.go_on.is_set():
                    await asyncio.sleep(0.02)
            if "breaks" in question:
                raise ModelError("the model server closed the connection; ask again", retryable=True)
            if "fault" in question:
                return
            for sentence in rest:
                yield TextDelta(sentence)
            yield Finished(_full_answer(question, first, rest, lamb, multi, found))
        finally:
            self.closed.set()


TABLE = """The two papers shorten training in different ways:

| Method | What it changes | Tried on | Time saved |
| :--- | :--- | --- | ---: |
| **LAMB** | layerwise adaptive large batches | BERT \\| one `TPUv3` Pod | 3 days to 76 minutes [1] |
| Multi-level | maps between small and large models [2] | BERT-Large [2] | 51.6% [2] |
| Both | not compared [1] | | 99% [2] |

No abstract compares the two with each other."""

NESTED = """How to train faster, if p<0.05:

5. Take **LAMB** [1].
   - It trains BERT in 76 minutes [1].
     - It was tried on 900 machines [1].
6. Or train on several levels:

   ```python
   for level in levels[1]:
       loss = x<y  # [2]

       train(level)
   ```

> It saves 51.6% on
> BERT-Large [2]."""

HOSTILE = "<img src=x onerror='window.pwned=1'><script>window.pwned=1</script>"


def _hostile_answer(question: str) -> Answer:
    """Markup, script and addresses that run script, in every field that comes from outside."""
    abstract = f"{HOSTILE} It costs < 1% & more {{{{7*7}}}} ${{window.pwned=1}}. Another sentence."
    paper = Paper.create(
        title=f"A title {HOSTILE}",
        abstract=abstract,
        authors=(f"Mallory {HOSTILE}",),
        venue=HOSTILE,
        url="javascript:window.pwned=1",
        paper_id="t:hostile",
    )
    span = sentences(abstract)[0]
    citation = Citation(1, paper, abstract[span.start : span.end], span.start, span.end, 0.9)
    text = f"So it says {HOSTILE} [1]. ```html\n<b>bold</b>\n``` [click](javascript:window.pwned=1)"
    found = (Sentence(f"So it says {HOSTILE}.", (1,), "weak", (HOSTILE,)),)
    ledger = (LedgerEntry(LedgerKind.UNKNOWN_CITATION, HOSTILE),)
    return _answer(question, "answered", text, found, (citation,), (), ledger=ledger)


def _table_answer(question: str, lamb: Paper, multi: Paper, found: tuple[Evidence, ...]) -> Answer:
    first = "LAMB layerwise adaptive large batches BERT \\| one TPUv3 Pod 3 days to 76 minutes"
    second = "Multi-level maps between small and large models BERT-Large 51.6%"
    told = (
        Sentence("The two papers shorten training in different ways:", (), "none"),
        Sentence(first, (1,), "supported"),
        Sentence(second, (2,), "supported"),
        Sentence("not compared", (1,), "weak"),
        Sentence("99%", (2,), "unsupported", ("the figure 99% is not in [2]",)),
        Sentence("No abstract compares the two with each other.", (), "none"),
    )
    citations = (_cite(1, lamb, "76 minutes", 0.93), _cite(2, multi, "51.6%", 0.9))
    ledger = (LedgerEntry(LedgerKind.UNSUPPORTED_FIGURE, "99% stands in no cited abstract"),)
    return _answer(question, "answered", TABLE, told, citations, found, ledger=ledger)


def _nested_answer(question: str, lamb: Paper, multi: Paper, found: tuple[Evidence, ...]) -> Answer:
    told = (
        Sentence("It trains BERT in 76 minutes.", (1,), "supported"),
        Sentence("It was tried on 900 machines.", (1,), "unsupported", ("the figure 900 is not in [1]",)),
    )
    citations = (_cite(1, lamb, "76 minutes", 0.93), _cite(2, multi, "51.6%", 0.9))
    return _answer(question, "answered", NESTED, told, citations, found)


def _full_answer(
    question: str, first: str, rest: list[str], lamb: Paper, multi: Paper, found: tuple[Evidence, ...]
) -> Answer:
    first_of_1 = Quote(1, *sentences(lamb.abstract)[0])
    told = (
        Sentence("LAMB trains BERT in **76 minutes**.", (1,), "supported"),
        Sentence("Multi-level training saves 51.6% on BERT-Large.", (2,), "weak"),
        Sentence(
            "It was tried on 900 machines.", (1,), "unsupported", ("the figure 900 is not in [1]",), (first_of_1,)
        ),
    )
    citations = (_cite(1, lamb, "76 minutes", 0.93), _cite(2, multi, "51.6%", 0.55))
    ledger = (LedgerEntry(LedgerKind.UNSUPPORTED_FIGURE, "900 stands in no cited abstract"),)
    return _answer(question, "answered", first + "".join(rest), told, citations, found, ledger=ledger)


def _evidence(paper: Paper) -> Evidence:
    return Evidence(paper, 0.8, tuple(ScoredPassage(p, 0.8) for p in passages(paper)[:1]))


def _cite(number: int, paper: Paper, phrase: str, support: float) -> Citation:
    span = next(s for s in sentences(paper.abstract) if phrase in paper.abstract[s.start : s.end])
    return Citation(number, paper, paper.abstract[span.start : span.end], span.start, span.end, support)


def _answer(
    question: str,
    outcome: str,
    text: str,
    sentences: tuple[Sentence, ...],
    citations: tuple[Citation, ...],
    found: tuple[Evidence, ...],
    *,
    suggestions: tuple[Paper, ...] = (),
    ledger: tuple[LedgerEntry, ...] = (),
) -> Answer:
    return Answer(
        question=question,
        standalone_question=question,
        outcome=outcome,  # type: ignore[arg-type] # the three outcomes are written out above
        text=text,
        sentences=placed(text, sentences),
        citations=citations,
        ledger=ledger,
        evidence=found,
        suggestions=suggestions,
        backend="scripted",
        model="scripted",
        prompt="answer@1",
        usage=Usage(),
        timings_ms={"total": 120.0},
    )
