"""Manifest of a dry run: what a library would hold in the middle of an ingest."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from rag.paper import Paper
from rag.storage.ingest.resolve import Resolved
from rag.storage.manifest import Manifest


class DryRunManifest:
    """A manifest with changes over it that are never written to it.

    The changes stand in a file of their own, outside the library: a plan may be of millions of papers. Made by
    :func:`dry_run_manifest`.
    """

    def __init__(self, manifest: Manifest | None, changes: Manifest) -> None:
        self._layers = [layer for layer in (manifest, changes) if layer is not None]
        self._changes = changes

    def apply(self, resolved: Resolved) -> None:
        """Record what a batch would change."""
        papers = [change.after for change in resolved.changes.values()]
        self._changes.put(papers, [[] for _ in papers], None)
        self._changes.take_in(resolved.records, resolved.updated)

    def taken_in(self, digests: Iterable[bytes]) -> dict[bytes, str]:
        """As :meth:`Manifest.taken_in`."""
        digests = list(digests)
        return {digest: i for layer in self._layers for digest, i in layer.taken_in(digests).items()}

    def by_key(self, keys: Iterable[str]) -> dict[str, str]:
        """As :meth:`Manifest.by_key`; the library's own owner of a key stays its owner."""
        keys = list(keys)
        return {key: i for layer in reversed(self._layers) for key, i in layer.by_key(keys).items()}

    def by_title(self, title_keys: Iterable[str]) -> dict[str, list[str]]:
        """As :meth:`Manifest.by_title`."""
        title_keys = list(title_keys)
        found: dict[str, list[str]] = {}
        for layer in self._layers:
            for key, ids in layer.by_title(title_keys).items():
                found[key] = list(dict.fromkeys([*found.get(key, ()), *ids]))
        return found

    def get(self, ids: Iterable[str]) -> dict[str, Paper]:
        """As :meth:`Manifest.get`; of a changed paper, how it would stand."""
        ids = list(ids)
        return {i: paper for layer in self._layers for i, paper in layer.get(ids).items()}


@contextmanager
def dry_run_manifest(manifest: Manifest | None) -> Iterator[DryRunManifest]:
    """Yield a manifest for a dry run over ``manifest`` (``None``: over an empty library), valid within the block."""
    with TemporaryDirectory(prefix="citewell-plan-") as directory:
        changes = Manifest(Path(directory) / "manifest.sqlite")
        try:
            yield DryRunManifest(manifest, changes)
        finally:
            changes.close()
