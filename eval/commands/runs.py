"""``citewell eval compare`` and ``citewell eval report``: existing runs."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from rag.cli import options
from rag.cli.terminal import out, out_json

if TYPE_CHECKING:
    from eval.runs.compare import Comparison


def add_parsers(commands: options.Commands) -> None:
    """Add both commands."""
    parser = options.add_command(commands, "compare", "compare two runs on the same questions")
    parser.add_argument("before", metavar="A", type=Path, help="directory of the first run")
    parser.add_argument("after", metavar="B", type=Path, help="directory of the second run")
    parser.add_argument("--seed", type=int, default=0, help="of tests and intervals (default: %(default)s)")
    parser.set_defaults(run=run_compare)
    parser = options.add_command(commands, "report", "write the HTML and Markdown report of a run anew")
    parser.add_argument("directory", metavar="RUN", type=Path, help="directory of the run")
    parser.add_argument("--baseline", metavar="RUN", type=Path, help="directory of a run to compare with")
    parser.add_argument("--out", metavar="DIR", type=Path, help="where to write (default: the run's directory)")
    parser.set_defaults(run=run_report)


def run_compare(arguments: argparse.Namespace) -> int:
    """Print each metric of both runs, the difference, and the questions that changed."""
    from eval.runs.compare import compare
    from eval.runs.run import load_run

    before, after = load_run(arguments.before), load_run(arguments.after)
    comparison = compare(before.scores, after.scores, seed=arguments.seed)
    if arguments.json:
        out_json({"before": before.identity.to_dict(), "after": after.identity.to_dict(), **comparison.to_dict()})
        return 0
    out(f"A: {before.label}   B: {after.label}")
    different = [
        name
        for name, value in before.identity.to_dict().items()
        if name not in ("settings", "seed") and value != after.identity.to_dict()[name]
    ]
    if different:
        out(f"The runs differ in: {', '.join(different)}.")
    print_comparison(comparison)
    return 0


def run_report(arguments: argparse.Namespace) -> int:
    """Write the reports and print their paths."""
    from eval.report.render import write_reports
    from eval.runs.compare import compare
    from eval.runs.run import load_run

    run = load_run(arguments.directory)
    before = load_run(arguments.baseline) if arguments.baseline else None
    comparison = compare(before.scores, run.scores, seed=run.identity.seed) if before else None
    home = arguments.directory if arguments.directory.is_dir() else arguments.directory.parent
    paths = write_reports(run, arguments.out or home, comparison, before.figures if before else None)
    if arguments.json:
        out_json({"reports": [str(path) for path in paths]})
    else:
        for path in paths:
            out(str(path))
    return 0


def print_comparison(comparison: Comparison) -> None:
    """Print a line for each metric and below it the questions that changed."""
    from eval.report.render import format_figure

    out(f"{'metric':<28}{'A':>10}{'B':>10}{'difference':>12}  95 %               p      verdict")
    for change in comparison.changes:
        d = change.difference
        interval = f"{d.low:+.3f} to {d.high:+.3f}"
        before, after = (format_figure(change.metric, value) for value in (d.before, d.after))
        out(
            f"{change.metric:<28}{before:>10}{after:>10}"
            f"{d.value:>+12.3f}  {interval:<18} {change.p:.4f} {change.verdict}"
        )
        for word, ids in (("worse", change.down), ("better", change.up)):
            if ids:
                out(f"    {word}: {', '.join(ids)}")
    for word, ids in (("A", comparison.only_before), ("B", comparison.only_after)):
        if ids:
            out(f"Only {word} has: {', '.join(ids)}")
