"""Answers that lie in known ways, made from true ones by templates: what the checker has to catch, and must not.

A true answer cites its papers sentence by sentence, among distractors that are as like them as the page has. Every
template changes one thing in it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from rag.answering.checking.rules.figures import Figure, figures
from rag.answering.checking.words import stems
from rag.language.names import named_words
from rag.language.normalise import normalise
from rag.language.sentences import sentences
from rag.paper import Paper
from rag.retrieval.evidence import Evidence, ScoredPassage
from rag.storage.index.passages import passages

DISTRACTORS = 5


@dataclass(frozen=True)
class Case:
    """One answer to check. ``kind`` is ``gold`` or the name of the template; ``record`` the question's id."""

    kind: str
    record: str
    question: str
    text: str
    sources: tuple[Evidence, ...]


@dataclass(frozen=True)
class Gold:
    """A true answer: its sentences, the sources in the prompt's order, and the numbers of those it rests on."""

    record: str
    question: str
    said: tuple[str, ...]
    papers: tuple[Paper, ...]
    numbers: tuple[int, ...]

    @property
    def sources(self) -> tuple[Evidence, ...]:
        return tuple(evidence(paper) for paper in self.papers)

    def cited(self, said: Sequence[str] | None = None, markers: str | None = None) -> str:
        """The answer as a model is asked to write it: every sentence with its markers."""
        markers = markers if markers is not None else "".join(f"[{n}]" for n in self.numbers)
        return " ".join(with_marker(sentence, markers) for sentence in (said or self.said))

    def changed(self, kind: str, said: Sequence[str] | None = None, markers: str | None = None) -> Case:
        return Case(kind, self.record, self.question, self.cited(said, markers), self.sources)


def evidence(paper: Paper) -> Evidence:
    return Evidence(paper, 0.5, tuple(ScoredPassage(passage, 0.5) for passage in passages(paper)))


def with_marker(sentence: str, markers: str) -> str:
    stop = sentence[-1] if sentence[-1] in ".!?" else ""
    return f"{sentence.removesuffix(stop)} {markers}{stop or '.'}" if markers else sentence


def read_page(path: Path) -> list[Paper]:
    """The papers of a saved page: after five lines of frame, titles and abstracts by turns."""
    lines = [line for line in map(str.strip, path.read_text(encoding="utf-8").splitlines()) if line][5:]
    return [
        Paper.create(title=normalise(title), abstract=normalise(abstract))
        for title, abstract in zip(lines[::2], lines[1::2], strict=True)
    ]


def read_gold(questions: Path, papers: Sequence[Paper]) -> list[Gold]:
    """The answerable questions of a set whose answers speak about the papers themselves."""
    by_title = {paper.title: paper for paper in papers}
    words = {paper.id: frozenset(stems(f"{paper.title} {paper.abstract}")) for paper in papers}
    found: list[Gold] = []
    for line in questions.read_text(encoding="utf-8").splitlines():
        record: dict[str, Any] = json.loads(line)
        if not record["answerable"] or record["category"] == "injection":
            continue
        relevant = [by_title[normalise(title)] for title in record["relevant"]]
        found.append(_gold(record, relevant, papers, words))
    return found


def _gold(
    record: dict[str, Any], relevant: list[Paper], papers: Sequence[Paper], words: dict[str, frozenset[str]]
) -> Gold:
    own = frozenset().union(*(words[paper.id] for paper in relevant))

    def likeness(paper: Paper) -> float:
        return len(own & words[paper.id]) / len(own | words[paper.id])

    others = sorted((p for p in papers if p not in relevant), key=likeness, reverse=True)[:DISTRACTORS]
    mixed = [*relevant, *others]
    Random(record["id"]).shuffle(mixed)  # noqa: S311 - a shuffle that is the same every time, nothing secret
    said = tuple(record["gold_answer"][a:b] for a, b in sentences(record["gold_answer"]))
    numbers = tuple(sorted(mixed.index(paper) + 1 for paper in relevant))
    return Gold(record["id"], record["question"], said, tuple(mixed), numbers)


def adversaries(golds: Sequence[Gold]) -> Iterator[Case]:
    """All lies about all answers."""
    for at, gold in enumerate(golds):
        # A second answer to take claims and names from, about other papers.
        donor = next(
            g for g in [*golds[at + 7 :], *golds] if not {p.id for p in g.papers} & {p.id for p in gold.papers}
        )
        for template in TEMPLATES:
            yield from template(gold, donor)


def wrong_figure(gold: Gold, donor: Gold) -> Iterator[Case]:
    """A figure is replaced by one that no source has."""
    for at, sentence in enumerate(gold.said):
        for figure in [f for f in figures(sentence) if not f.loose and f.kind != "date"][:2]:
            told = _replace_figure(sentence, figure, _another(figure))
            if told:
                yield gold.changed("wrong_figure", [*gold.said[:at], told, *gold.said[at + 1 :]])


def borrowed_figure(gold: Gold, donor: Gold) -> Iterator[Case]:
    """A figure is replaced by another one of the same kind out of another source of the same prompt."""
    own = [f for n in gold.numbers for f in figures(gold.papers[n - 1].abstract)]
    others = [f for n, p in enumerate(gold.papers, 1) if n not in gold.numbers for f in figures(p.abstract)]
    for at, sentence in enumerate(gold.said):
        for figure in [f for f in figures(sentence) if not f.loose][:1]:
            loan = next(
                (o for o in others if o.kind == figure.kind and o.unit == figure.unit and _foreign(o, own)), None
            )
            if loan is not None and figure.kind != "date":
                told = sentence[: figure.start] + loan.text + sentence[figure.end :]
                yield gold.changed("borrowed_figure", [*gold.said[:at], told, *gold.said[at + 1 :]])


def swapped_paper(gold: Gold, donor: Gold) -> Iterator[Case]:
    """The answer cites a source that is about something else."""
    wrong = next(n for n in range(1, len(gold.papers) + 1) if n not in gold.numbers)
    yield gold.changed("swapped_paper", markers=f"[{wrong}]")


def invented_citation(gold: Gold, donor: Gold) -> Iterator[Case]:
    """The answer cites a number that no source has, in a form models use."""
    form = ("[{}]", "【{}】", "[Source {}]")[len(gold.record + gold.said[0]) % 3]
    yield gold.changed("invented_citation", markers=form.format(len(gold.papers) + 1 + len(gold.said)))


def negation(gold: Gold, donor: Gold) -> Iterator[Case]:
    """A sentence says the opposite by a negation."""
    for at, sentence in enumerate(gold.said):
        told = _negated(sentence)
        if told is not None:
            yield gold.changed("negation", [*gold.said[:at], told, *gold.said[at + 1 :]])
            return


def antonym(gold: Gold, donor: Gold) -> Iterator[Case]:
    """A sentence says the opposite by an antonym."""
    for at, sentence in enumerate(gold.said):
        told = re.sub("|".join(rf"\b{word}\b" for word in _ANTONYMS), lambda m: _ANTONYMS[m.group()], sentence)
        if told != sentence:
            yield gold.changed("antonym", [*gold.said[:at], told, *gold.said[at + 1 :]])
            return


def merged_claims(gold: Gold, donor: Gold) -> Iterator[Case]:
    """A claim about another paper is joined on, under the citation of the first."""
    joint = (", and ", "; ", ", while ")[len(gold.said[0]) % 3]
    claim = re.sub(r"^(?:No|Yes)[,:] ", "", donor.said[0]).rstrip(".")
    claim = claim if named_words(claim[:12]) or claim[1:2].isupper() else claim[0].lower() + claim[1:]
    told = gold.said[-1].rstrip(".") + joint + claim + "."
    yield gold.changed("merged_claims", [*gold.said[:-1], told])


def wrong_name(gold: Gold, donor: Gold) -> Iterator[Case]:
    """A name is replaced by one that another paper has."""
    own = " ".join(f"{gold.papers[n - 1].title} {gold.papers[n - 1].abstract}" for n in gold.numbers).lower()
    loans = [n.word for said in donor.said for n in named_words(said) if n.strong and n.word.lower() not in own]
    for at, sentence in enumerate(gold.said):
        mine = [n.word for n in named_words(sentence) if n.strong and n.word.lower() in own]
        if mine and loans:
            told = re.sub(rf"(?<!\w){re.escape(mine[0])}(?!\w)", lambda _: loans[0], sentence)
            yield gold.changed("wrong_name", [*gold.said[:at], told, *gold.said[at + 1 :]])
            return


TEMPLATES: tuple[Callable[[Gold, Gold], Iterator[Case]], ...] = (
    wrong_figure,
    borrowed_figure,
    swapped_paper,
    invented_citation,
    negation,
    antonym,
    merged_claims,
    wrong_name,
)

_ANTONYMS = {
    **{"smaller": "larger", "larger": "smaller", "faster": "slower", "higher": "lower", "lower": "higher"},
    **{"better": "worse", "best": "worst", "more": "less", "fewer": "more", "less": "more", "reduces": "increases"},
    **{"reduced": "increased", "increases": "reduces", "improves": "worsens", "improved": "worsened"},
    **{"outperforms": "underperforms", "outperformed": "underperformed", "outperform": "underperform"},
    **{"unnecessary": "necessary", "independently": "jointly", "gain": "loss", "gains": "losses", "cheap": "expensive"},
    **{"exceeds": "falls short of", "surpasses": "trails", "accelerates": "slows down", "saves": "wastes"},
}
_VERBS = """outperforms exceeds improves reduces achieves saves surpasses requires needs enables allows uses reaches
    matches contains covers combines enforces expands embeds reports argues keeps shows presents relies compresses
    sparsifies supports consists reviews evaluates introduces increases accelerates scales prunes""".split()
_PAST = """reduced achieved reached improved outperformed evaluated scored sustained increased presented introduced
    compared used trained released exceeded""".split()


def _negated(sentence: str) -> str | None:
    told, count = re.subn(r"\b(is|are|was|were|can|could|will)\b(?! not)", r"\1 not", sentence, count=1)
    if count:
        return told
    told, count = re.subn(
        rf"(?<![-\w])({'|'.join(_VERBS)})\b", lambda m: f"does not {_infinitive(m.group())}", sentence, count=1
    )
    if count:
        return told
    told, count = re.subn(
        rf"(?<![-\w])({'|'.join(_PAST)})\b(?! to\b)", lambda m: f"never {m.group()}", sentence, count=1
    )
    return told if count else None


def _infinitive(verb: str) -> str:
    return verb.removesuffix("es") if verb.endswith(("ches", "shes", "sses")) else verb.removesuffix("s")


def _another(figure: Figure) -> str:
    """The figure's digits as others; the last one moves by three, so that it stays near."""
    digits = list(re.finditer(r"\d", figure.text))
    if not digits:
        return {"two": "five", "four": "seven", "nine": "six"}.get(figure.text.split()[0].lower(), "")
    at = digits[-1].start() if len(digits) > 1 else digits[0].start()
    digit = str((int(figure.text[at]) + 3) % 10 or 7)
    return figure.text[:at] + digit + figure.text[at + 1 :]


def _replace_figure(sentence: str, figure: Figure, other: str) -> str | None:
    return sentence[: figure.start] + other + sentence[figure.end :] if other and other != figure.text else None


def _foreign(figure: Figure, own: Sequence[Figure]) -> bool:
    return not figure.loose and all(figure.value != other.value for other in own)
