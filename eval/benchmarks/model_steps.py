"""Measure reranking and question expansion with a mocked model: ``python -m eval.benchmarks.model_steps --help``.

What a step gains depends on the model; what it costs does not. So scripts of known quality take the model's place, and
the table gives the quality of the evidence and the cost of the calls for each. A mocked model's times mean nothing.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from eval.benchmarks.beir import open_beir
from eval.metrics.retrieval import ranking_scores
from eval.sets.questions import load_questions
from eval.stand_ins.mock import MODEL_PREFIX, mocked_model, mocked_settings
from eval.stand_ins.scripted_reranker import ScriptedReranker, ideal, overlap
from rag.answering.assistant import Assistant
from rag.answering.followup.standalone import standalone
from rag.language.sentences import sentences
from rag.library import Library
from rag.models.tokens import counter_for
from rag.paper import title_key
from rag.settings import Settings

_MODEL = f"{MODEL_PREFIX}/gpt-4o-mini"
_HINT_SENTENCES = 2
#: The figure of each category of questions, and its measure by the name of ``ir-measures``.
_MEASURES = {
    "single": ("single hit@1", "Success@1"),
    "paraphrase": ("paraphrase hit@5", "Success@5"),
    "multi": ("multi recall@8", "R@8"),
    "followup": ("followup hit@1", "Success@1"),
    "beir": ("nDCG@10", "nDCG@10"),
}


@dataclass(frozen=True, slots=True)
class Case:
    """A standalone question, grades by title key, and what a model that is right, or wrong, would write.

    ``without`` is the title key of the paper the hint was taken from, if that would give it away: every ranking leaves
    it out (residual collection, as relevance feedback is evaluated).
    """

    question: str
    category: str
    grades: Mapping[str, int]
    hint: str
    wrong: str
    without: str = ""


def measure(
    library: Library, cases: Sequence[Case], name: str, helper: ScriptedReranker, **steps: str
) -> dict[str, Any]:
    """The quality of the evidence with these steps, and the cost of their calls for each question."""
    settings = Settings(k=12, **steps)  # type: ignore[arg-type]  # names of steps
    assistant = Assistant(library, mocked_settings(settings, _MODEL))
    with mocked_model(helper):
        answers = [assistant.ask(case.question) for case in cases]
    rankings = [
        [key for e in answer.evidence if (key := title_key(e.paper.title)) != case.without]
        for answer, case in zip(answers, cases, strict=True)
    ]
    calls = {call: helper.calls[call] for call in ("expand", "rerank")}
    return {
        "system": name,
        "questions": len(cases),
        **_quality(cases, rankings),
        **{f"{call}_calls": round(n / len(cases), 2) for call, n in calls.items() if n},
        **{f"{call}_tokens_a_call": round(helper.tokens[call] / n) for call, n in calls.items() if n},  # type: ignore[index]  # as above
        "failed": sum(entry.kind.endswith("_failed") for answer in answers for entry in answer.ledger),
    }


def _quality(cases: Sequence[Case], rankings: Sequence[Sequence[str]]) -> dict[str, float]:
    found: dict[str, float] = {}
    for category, (figure, measure_name) in _MEASURES.items():
        grades = {str(n): case.grades for n, case in enumerate(cases) if case.category == category}
        ranked = {key: list(dict.fromkeys(rankings[int(key)])) for key in grades}
        if scores := ranking_scores(grades, ranked, [measure_name]):
            found[figure] = round(float(np.mean([own[measure_name] for own in scores.values()])), 3)
    return found


def beir_cases(directory: Path, judgements: str, limit: int, seed: int) -> list[Case]:
    """The first queries of a BEIR folder with at least two relevant papers; hints are sentences of one of these."""
    folder = open_beir(directory, judgements)
    papers = {p.id: p for p in folder.papers() if not hasattr(p, "reason")}
    rng = random.Random(seed)  # noqa: S311 - a sample
    cases: list[Case] = []
    for query_id, query in folder.queries.items():
        grades = {i: g for i, g in folder.judgements[query_id].items() if g > 0 and i in papers}
        if len(grades) < 2 or len(cases) == limit:
            continue
        source, other = papers[rng.choice(sorted(grades))], papers[rng.choice(sorted(papers))]
        without = title_key(source.title)
        keys = {title_key(papers[i].title): g for i, g in grades.items()}
        cases.append(
            Case(
                query, "beir", {k: g for k, g in keys.items() if k != without}, _part(source.abstract, rng),
                _part(other.abstract, rng), without,
            )
        )  # fmt: skip
    return [case for case in cases if case.grades]


def question_cases(path: Path, retold: Path, seed: int) -> list[Case]:
    """The answerable questions of a set, follow-ups condensed by rules; hints are sentences of a gold paper as a second
    file retells it, so that they share no more words with the library than a model's would."""
    records = [json.loads(line) for line in retold.read_text(encoding="utf-8").splitlines()]
    abstracts = {title_key(record["title"]): record["abstract"] for record in records}
    rng = random.Random(seed)  # noqa: S311 - a sample
    cases: list[Case] = []
    for question in load_questions(path):
        keys = sorted(question.relevant_keys)
        if question.answerable and question.category in _MEASURES and keys:
            hint, wrong = abstracts.get(rng.choice(keys), ""), abstracts[rng.choice(sorted(abstracts))]
            asked = standalone(question.question, question.history)
            grades = dict.fromkeys(keys, 1)
            cases.append(Case(asked, question.category, grades, _part(hint, rng), _part(wrong, rng)))
    return cases


def _part(text: str, rng: random.Random) -> str:
    spans = sentences(text)
    if not spans:
        return text
    at = rng.randrange(max(1, len(spans) - _HINT_SENTENCES + 1))
    return text[spans[at].start : spans[min(len(spans), at + _HINT_SENTENCES) - 1].end]


def rows(library: Library, cases: Sequence[Case], seed: int) -> Iterator[dict[str, Any]]:
    """One row for each system: no step, each step with scripts of several qualities, and both together."""
    counter = counter_for(_MODEL)
    relevant = {case.question: set(case.grades) for case in cases}
    right, wrong = ({c.question: getattr(c, kind) for c in cases} for kind in ("hint", "wrong"))
    rng = random.Random(seed)  # noqa: S311 - a sample
    mixed = {q: wrong[q] if rng.random() < 0.3 else right[q] for q in right}
    yield measure(library, cases, "off", ScriptedReranker(counter))
    yield measure(library, cases, "rerank, word overlap", ScriptedReranker(counter, overlap), rerank="model")
    for error in (0.3, 0.1, 0.0):
        helper = ScriptedReranker(counter, ideal(relevant, error, seed))
        yield measure(library, cases, f"rerank, ideal with {error:.0%} errors", helper, rerank="model")
    for name, texts in (("always wrong", wrong), ("30% wrong", mixed), ("right", right)):
        yield measure(library, cases, f"expand, {name}", ScriptedReranker(counter, expansions=texts), expand="model")
    both = ScriptedReranker(counter, ideal(relevant, 0.1, seed), mixed)
    yield measure(library, cases, "expand, 30% wrong, and rerank, 10% errors", both, expand="model", rerank="model")


def main(arguments: Sequence[str] | None = None) -> None:
    """Print one JSON object for each system."""
    parser = argparse.ArgumentParser(
        prog="python -m eval.benchmarks.model_steps", description=__doc__.split("\n", 1)[0]
    )
    parser.add_argument("--beir", type=Path, metavar="DIR", help="a BEIR folder; indexed into a temporary library")
    parser.add_argument("--qrels", default="test", metavar="NAME", help="judgements to go by (default: test)")
    parser.add_argument("--queries", type=int, default=50, metavar="N", help="queries to take (default: 50)")
    parser.add_argument("--questions", type=Path, metavar="FILE", help="a question set")
    parser.add_argument("--papers", type=Path, metavar="FILE", help="the papers it is about; indexed likewise")
    parser.add_argument("--retold", type=Path, metavar="FILE", help="JSON Lines of the same papers in other words")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="of errors and hints (default: 1)")
    given = parser.parse_args(arguments)
    if bool(given.beir) == bool(given.questions and given.papers and given.retold):
        parser.error("give either --beir, or --questions with --papers and --retold")
    with (
        tempfile.TemporaryDirectory(prefix="citewell-eval-", ignore_cleanup_errors=True) as place,
        Library.open(Path(place) / "library", Settings(), create=True) as library,
    ):
        if given.beir:
            library.add(open_beir(given.beir, given.qrels).papers(), merge=False)
            cases = beir_cases(given.beir, given.qrels, given.queries, given.seed)
        else:
            library.ingest([given.papers])
            cases = question_cases(given.questions, given.retold, given.seed)
        for row in rows(library, cases, given.seed):
            sys.stdout.write(json.dumps(row) + "\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
