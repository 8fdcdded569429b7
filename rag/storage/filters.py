"""Conditions that narrow a search or a listing."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Filters:
    """Filters of a search, applied before ranking. All conditions must hold; names match as parts, ignoring case."""

    year_from: int | None = None
    year_to: int | None = None
    authors: tuple[str, ...] = ()
    venues: tuple[str, ...] = ()
    paper_ids: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        return bool(
            self.year_from is not None or self.year_to is not None or self.authors or self.venues or self.paper_ids
        )
