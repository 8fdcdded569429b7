"""The report's plots as numbers: the position of each mark. The template draws them; no markup is made here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from eval.metrics.statistics import wilson
from eval.metrics.table import METRICS

#: Pixels, in the SVG's own units.
LABEL_WIDTH = 200.0
PLOT_WIDTH = 420.0
FIGURE_WIDTH = 160.0
ROW_HEIGHT = 26.0
#: Of a row whose label is above its mark.
NARROW_ROW_HEIGHT = 46.0
AXIS_HEIGHT = 30.0
WIDTH = LABEL_WIDTH + PLOT_WIDTH + FIGURE_WIDTH
_LABEL_CHARACTERS = 30


@dataclass(frozen=True, slots=True)
class Mark:
    """One row: a figure at ``x`` with its interval from ``low`` to ``high``, and the baseline's figure, if any, at
    ``before``, all in pixels; ``y`` is the row's middle."""

    label: str
    y: float
    x: float
    low: float
    high: float
    before: float | None
    figure: str


@dataclass(frozen=True, slots=True)
class Tick:
    """A line of the axis."""

    x: float
    label: str


@dataclass(frozen=True, slots=True)
class Plot:
    """A plot of rows over one axis. ``bars`` asks for bars from the axis' start in place of points."""

    title: str
    note: str
    marks: tuple[Mark, ...]
    ticks: tuple[Tick, ...]
    height: float
    bars: bool = False

    @property
    def bottom(self) -> float:
        """The height of the axis."""
        return self.height - AXIS_HEIGHT


def metric_plot(title: str, note: str, names: Sequence[str], figures: Figures, before: Figures | None) -> Plot:
    """Shares of a run with their intervals, a metric a row."""
    shown = [name for name in names if name in figures]
    return _shares(title, note, [(name, figures[name], (before or {}).get(name)) for name in shown])


def category_plot(
    name: str, categories: Mapping[str, Mapping[str, Any]], before: Mapping[str, Mapping[str, Any]] | None
) -> Plot:
    """One share by category."""
    rows = [
        (category, own["figures"][name], (before or {}).get(category, {}).get("figures", {}).get(name))
        for category, own in categories.items()
        if name in own["figures"]
    ]
    note = METRICS[name].definition + (" Diamonds are the baseline." if any(row[2] for row in rows) else "")
    return _shares(name, note, rows)


def stage_plot(figures: Figures) -> Plot:
    """Milliseconds by stage, as bars from zero."""
    stages = [name for name, m in METRICS.items() if m.unit == "ms" and name in figures and figures[name]["value"] > 0]
    top = max((figures[name]["value"] for name in stages), default=0.0) or 1.0
    marks = tuple(
        Mark(_short(name), _y(row), x := _x(value / top), x, x, None, f"{value:,.1f} ms")
        for row, name in enumerate(stages)
        for value in [figures[name]["value"]]
    )
    ticks = tuple(Tick(_x(part), f"{top * part:,.0f} ms") for part in (0.0, 0.5, 1.0))
    return Plot("Time by stage", "By the system's own clock.", marks, ticks, _height(len(marks)), bars=True)


def fault_plot(faults: Mapping[str, tuple[int, int]]) -> Plot:
    """Share of the planted faults that were caught, by kind, with Wilson's interval."""
    rows = [(name, asdict(wilson(caught, planted)), None) for name, (caught, planted) in faults.items()]
    return _shares("Planted faults caught", "By the kind of fault; 95 % intervals after Wilson (1927).", rows)


Figures = Mapping[str, Mapping[str, float]]


def _shares(title: str, note: str, rows: Sequence[tuple[str, Mapping[str, float], Mapping[str, float] | None]]) -> Plot:
    marks = tuple(
        Mark(
            label=_short(label),
            y=_y(at),
            x=_x(figure["value"]),
            low=_x(figure["low"]),
            high=_x(figure["high"]),
            before=_x(before["value"]) if before else None,
            figure=f"{figure['value']:.3f}  (n {figure['n']:.0f})",
        )
        for at, (label, figure, before) in enumerate(rows)
    )
    ticks = tuple(Tick(_x(part / 4), f"{part / 4:g}") for part in range(5))
    return Plot(title, note, marks, ticks, _height(len(marks)))


def _x(share: float) -> float:
    return LABEL_WIDTH + PLOT_WIDTH * min(1.0, max(0.0, share))


def _y(row: int) -> float:
    return ROW_HEIGHT * (row + 0.5)


def _height(rows: int) -> float:
    return ROW_HEIGHT * rows + AXIS_HEIGHT


def _short(label: str) -> str:
    return label if len(label) <= _LABEL_CHARACTERS else f"{label[: _LABEL_CHARACTERS - 1]}…"
