"""``citewell eval gate`` and ``citewell eval baseline``: does a change cost quality, and accepting what it costs."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from eval.commands.common import default_out, require, show_progress
from rag.cli import options
from rag.cli.terminal import Progress, out, out_bold, out_json, say
from rag.language.counting import counted

if TYPE_CHECKING:
    from eval.gate.verdict import Verdict
    from eval.runs.run import EvaluationRun


def add_parsers(commands: options.Commands) -> None:
    """Add both commands."""
    parser = options.add_command(commands, "gate", "run the sample set with the model mocked; fail where quality fell")
    _add_common(parser)
    parser.add_argument("--thresholds", metavar="FILE", type=Path, help="bounds (default: eval/gate/thresholds.toml)")
    parser.set_defaults(run=run_gate)
    parser = options.add_command(commands, "baseline", "accept the present quality as what the gate compares with")
    _add_common(parser)
    parser.set_defaults(run=run_baseline)


def run_gate(arguments: argparse.Namespace) -> int:
    """Run the suite, print every compared figure and every reason to fail; exit with 1 if there is one."""
    from eval.gate.verdict import BASELINE, THRESHOLDS, gate_run, load_baseline, load_thresholds
    from eval.report.render import write_reports

    thresholds = load_thresholds(arguments.thresholds or THRESHOLDS)
    baseline = load_baseline(arguments.baseline or BASELINE)
    place = arguments.out or default_out("gate")
    runs = _suite(arguments, place)
    verdicts = [gate_run(name, run, baseline, thresholds, seed=arguments.seed) for name, run in runs.items()]
    for verdict in verdicts:
        write_reports(verdict.run, place / verdict.name, verdict.comparison, verdict.before)
    passed = all(verdict.passed for verdict in verdicts)
    if arguments.json:
        out_json({"passed": passed, "runs": [verdict.to_dict() for verdict in verdicts], "out": str(place)})
    else:
        for verdict in verdicts:
            _print(verdict, thresholds.compared.get(verdict.name, ()))
        out_bold("The gate is passed." if passed else "The gate is closed.")
        say(f"Reports: {place}/*/report.html")
    return 0 if passed else 1


def run_baseline(arguments: argparse.Namespace) -> int:
    """Run the suite and save its scores as the gate's baseline."""
    from eval.gate.verdict import BASELINE, load_thresholds, save_baseline

    runs = _suite(arguments, arguments.out or default_out("gate"))
    path = save_baseline(runs, load_thresholds(), arguments.baseline or BASELINE)
    if arguments.json:
        out_json({"baseline": str(path), "runs": {name: run.figures["overall"] for name, run in runs.items()}})
    else:
        out(f"The baseline is now {path}; look at its difference and commit it.")
    return 0


def _add_common(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--baseline", metavar="FILE", type=Path, help="accepted scores (default: eval/gate/baseline.json)"
    )
    parser.add_argument("--out", metavar="DIR", type=Path, help="directory of the runs (default: out/eval/gate)")
    parser.add_argument("--seed", type=int, default=0, help="of planted faults, intervals and tests")
    parser.add_argument(
        "--workers", type=options.positive, default=2, metavar="N", help="questions at a time (default: %(default)s)"
    )


def _suite(arguments: argparse.Namespace, place: Path) -> dict[str, EvaluationRun]:
    require("ir_measures", "respx")
    say("Loading ...")
    from eval.gate.suite import RUNS, SET, run_named, sample_library
    from eval.sets.questions import load_questions

    questions = load_questions(SET)
    runs: dict[str, EvaluationRun] = {}
    with Progress("papers") as building, sample_library(questions, place, progress=building.ingest) as library:
        for name in RUNS:
            with show_progress(f"questions, {name}") as progress:
                seed, workers = arguments.seed, arguments.workers
                runs[name] = run_named(name, questions, library, place, seed=seed, workers=workers, progress=progress)
    return runs


def _print(verdict: Verdict, names: Sequence[str]) -> None:
    from eval.report.render import table

    run = verdict.run
    out_bold(f"{verdict.name}: {'passed' if verdict.passed else 'FAILED'} ({counted(len(run.questions), 'question')})")
    changes = {change.metric: change for change in verdict.comparison.changes} if verdict.comparison else {}
    for name in names:
        for line in table(run.figures["overall"], [name]):
            change = changes.get(name)
            was = f"   baseline {change.difference.before:.3f}" if change else "   no baseline"
            out(f"  {line}{was}")
    for name, (caught, planted) in run.faults.items():
        out(f"  planted {name}: {caught} of {planted} caught")
    for text, questions in verdict.reasons:
        out(f"  FAILED: {text}")
        if questions:
            out(f"    questions: {', '.join(questions)}")
    for word, side in (("worse", "down"), ("better", "up")):
        ids = sorted({i for change in changes.values() for i in getattr(change, side)})
        if ids:
            out(f"  questions that got {word}: {', '.join(ids)}")
    out()
