"""``citewell eval answers``: ask a question set and measure the answers."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from eval.commands.common import default_out, require, show_progress
from rag.cli import options
from rag.cli.terminal import Progress, out, out_json, say
from rag.errors import UsageError
from rag.language.counting import counted

if TYPE_CHECKING:
    from eval.runs.run import EvaluationRun
    from eval.sets.questions import Question
    from rag.library import Library
    from rag.paper import Paper
    from rag.settings import Settings

#: The names of :data:`eval.runs.plan.SCRIPTS`, which costs too much to import for every ``--help``.
MODES = ("faithful", "unfaithful", "obeying")


def add_parsers(commands: options.Commands) -> None:
    """Add the command."""
    parser = options.add_command(commands, "answers", "ask a question set and measure the answers")
    parser.add_argument("file", metavar="FILE", type=Path, help="the question set, JSON Lines")
    parser.add_argument("--backend", metavar="NAME", choices=options.BACKENDS, help="what answers: %(choices)s")
    parser.add_argument("-k", type=options.positive, metavar="N", help="papers to answer from (default: CITEWELL_K, 6)")
    parser.add_argument(
        "--mock", metavar="NAME", choices=MODES, help="a scripted model in place of a real one: %(choices)s"
    )
    parser.add_argument("--record", metavar="FILE", type=Path, help="keep what the model says in a cassette")
    parser.add_argument("--replay", metavar="FILE", type=Path, help="answer from a cassette in place of the model")
    parser.add_argument("--out", metavar="DIR", type=Path, help="directory of the run (default: out/eval/SET-MODEL)")
    parser.add_argument("--seed", type=int, default=0, help="of planted faults and intervals (default: %(default)s)")
    parser.add_argument(
        "--workers", type=options.positive, default=4, metavar="N", help="questions at a time (default: %(default)s)"
    )
    parser.add_argument("--resume", action="store_true", help="go on with a run that broke off")
    parser.add_argument(
        "--prices",
        nargs=2,
        type=_price,
        metavar=("IN", "OUT"),
        help="money for a million prompt tokens and a million answer tokens",
    )
    parser.add_argument("--judge", action="store_true", help="let the configured model judge the answers as well")
    parser.add_argument("--baseline", metavar="RUN", type=Path, help="directory of a run to compare with")
    options.add_sample(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Ask the set, write the run and its reports, print the figures."""
    mode, cassette = _mode(arguments)
    require("ir_measures", *(["vcr"] if cassette else ["respx"] if mode != "live" else []))
    chosen = options.settings(arguments, llm=arguments.backend, k=arguments.k)
    from eval.report.render import write_reports
    from eval.runs.compare import compare
    from eval.runs.plan import Plan, run_plan
    from eval.runs.run import load_run, save_run
    from eval.sets.questions import load_questions

    questions = load_questions(arguments.file)
    before = load_run(arguments.baseline) if arguments.baseline else None
    prices = (arguments.prices[0], arguments.prices[1]) if arguments.prices else None
    plan = Plan(arguments.file.stem, mode, cassette, arguments.seed, arguments.workers, arguments.resume, prices)
    place = arguments.out or default_out(f"{plan.set_name}-{chosen.backend if mode == 'live' else mode}")
    with _library(arguments, chosen, questions, place.parent) as library, show_progress("questions") as progress:
        done = run_plan(plan, questions, library, chosen, place, progress=progress)
        if arguments.judge:
            done = _judged(done, library, chosen, arguments.workers)
            save_run(done, place)
    comparison = compare(before.scores, done.scores, seed=arguments.seed) if before else None
    reports = write_reports(done, place, comparison, before.figures if before else None)
    if arguments.json:
        out_json({**summary(done), "out": str(place), "reports": [str(path) for path in reports]})
    else:
        print_run(done)
        say(f"Report: {reports[0]}")
    return 0


def summary(run: EvaluationRun) -> dict[str, Any]:
    """A run's figures for ``--json``: each metric as ``{"value", "low", "high", "n"}``, over all questions in
    ``overall`` and in the same shape by category in ``categories``."""
    return {
        **run.identity.to_dict(),
        "questions": len(run.questions),
        "failed": len(run.failed),
        "seconds": round(run.seconds, 1),
        "overall": run.figures["overall"],
        "categories": {category: own["figures"] for category, own in run.figures["categories"].items()},
        "faults": {name: {"caught": caught, "planted": n} for name, (caught, n) in run.faults.items()},
        "judge": run.judge["verdicts"] if run.judge else None,
    }


def print_run(run: EvaluationRun) -> None:
    """A run's figures as text: overall, then by category."""
    from eval.report.render import BY_CATEGORY, table

    out(f"{run.label}: {counted(len(run.questions), 'question')}, 95 % intervals over questions")
    for line in table(run.figures["overall"]):
        out(line)
    for category, own in run.figures["categories"].items():
        out()
        out(f"{category}: {counted(own['questions'], 'question')}")
        for line in table(own["figures"], BY_CATEGORY):
            out(line)
    for name, (caught, planted) in run.faults.items():
        out(f"planted {name}: {caught} of {planted} caught")


def _mode(arguments: argparse.Namespace) -> tuple[str, Path | None]:
    given = [name for name in ("mock", "record", "replay") if getattr(arguments, name) is not None]
    if len(given) > 1:
        raise UsageError(f"--{given[0]} and --{given[1]} exclude each other; give one")
    if arguments.judge and arguments.mock:
        raise UsageError("--judge needs a real model, and --mock has none; give one of the two")
    if arguments.mock:
        return arguments.mock, None
    if arguments.replay:
        return "replay", arguments.replay
    return "live", arguments.record


@contextmanager
def _library(
    arguments: argparse.Namespace, chosen: Settings, questions: list[Question], cache: Path
) -> Iterator[Library]:
    """The library the command names or, if questions attack papers, a copy with the attacks in it."""
    from eval.sets.attacked_library import attacked_library

    with options.open_library(arguments, chosen) as library, ExitStack() as stack:
        papers = library.papers()
        _note_unknown_papers(questions, papers)
        if any(question.attack for question in questions):
            say("The set plants attacks in abstracts: they go into a copy of the library.")
            progress = stack.enter_context(Progress("papers")).ingest
            copy = attacked_library(papers, questions, chosen, cache, embedder=library.embedder, progress=progress)
            yield stack.enter_context(copy)
        else:
            yield library


def _note_unknown_papers(questions: list[Question], papers: Sequence[Paper]) -> None:
    """Say so beforehand if a set is asked on another library than its own: it would score low through no fault."""
    from rag.paper import title_key

    known = {title_key(paper.title) for paper in papers}
    lost = sorted({title for q in questions for title in q.relevant if title_key(title) not in known})
    if lost:
        many = len(lost) > 1
        count = f"{len(lost)} of the papers the set asks about are" if many else "a paper the set asks about is"
        say(f"Note: {count} not in the library: {lost[0]!r}{' first' if many else ''}.")


def _judged(run: EvaluationRun, library: Library, chosen: Settings, workers: int) -> EvaluationRun:
    from dataclasses import replace

    from eval.runs.judge import Judge, judge_run
    from rag.answering.backends import build_backend
    from rag.answering.prompt.templates import load_prompt

    if not chosen.uses_model:
        raise UsageError("the extractive backend cannot judge; configure a model (OPENAI_API_KEY or OPENAI_BASE_URL)")
    say("Judging ...")
    judge = Judge(build_backend(chosen), load_prompt("judge"))
    return replace(run, judge=judge_run(run, judge, library.papers(), workers=workers))


def _price(text: str) -> float:
    with suppress(ValueError):
        if 0 <= (value := float(text)) < float("inf"):
            return value
    raise argparse.ArgumentTypeError(f"{text!r} is not a price")
