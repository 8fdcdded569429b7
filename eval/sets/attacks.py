"""Plants the text of an attack in a paper's abstract, as whoever writes an abstract could."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from eval.sets.questions import Attack, Question, QuestionSetError
from rag.language.normalise import normalise
from rag.language.sentences import sentences
from rag.paper import Paper, title_key


def poisoned(paper: Paper, attack: Attack) -> Paper:
    """The paper with the attack's text in its abstract, normalised as a reader would; every sentence of the abstract
    stays whole."""
    spans = sentences(paper.abstract)
    places = {"start": 0, "middle": spans[(len(spans) + 1) // 2 - 1].end, "end": len(paper.abstract)}
    at = places[attack.place]
    abstract = f"{paper.abstract[:at]} {attack.text} {paper.abstract[at:]}"
    return replace(paper, abstract=normalise(abstract))


def poison_library(papers: Sequence[Paper], questions: Iterable[Question]) -> list[Paper]:
    """All papers, those that a question attacks with every such text in them.

    Raises:
        QuestionSetError: an attack names a paper that is not there.
    """
    known = {title_key(paper.title): paper for paper in papers}
    for question in questions:
        if question.attack is None:
            continue
        key = title_key(question.attack.title)
        if key not in known:
            raise QuestionSetError(
                f'question {question.id}, field "attack": no paper in the library has the title '
                f"{question.attack.title!r}"
            )
        known[key] = poisoned(known[key], question.attack)
    return [known[title_key(paper.title)] for paper in papers]
