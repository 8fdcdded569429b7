"""Resolution of a batch of records: which paper each belongs to, and how that paper changes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from rag.paper import Paper, title_key
from rag.storage import identity


class Known(Protocol):
    """The part of a manifest that identifies records; a dry run has one, too."""

    def taken_in(self, digests: Iterable[bytes]) -> dict[bytes, str]: ...
    def by_key(self, keys: Iterable[str]) -> dict[str, str]: ...
    def by_title(self, title_keys: Iterable[str]) -> dict[str, list[str]]: ...
    def get(self, ids: Iterable[str]) -> dict[str, Paper]: ...


class Counts(Protocol):
    """Counters of the outcomes of records."""

    added: int
    updated: int
    unchanged: int
    merged: int


@dataclass(slots=True)
class Change:
    """A paper to write: before (``None`` if new) and after the change."""

    before: Paper | None
    after: Paper


@dataclass(slots=True)
class Resolved:
    """Changes of a batch by paper id, in order; and which record went into which paper, once that is written."""

    changes: dict[str, Change] = field(default_factory=dict)
    records: list[tuple[bytes, str]] = field(default_factory=list)
    updated: list[str] = field(default_factory=list)


class Resolver:
    """Resolver of the batches of one ingest.

    Every record that went into a paper is remembered by its digest, so that reading a file again changes nothing, even
    if it describes one work twice and differently.

    Args:
        manifest: what the library holds.
        counts: counts added, updated, unchanged and merged.
    """

    def __init__(self, manifest: Known, counts: Counts) -> None:
        self._manifest, self._counts = manifest, counts
        #: Papers this ingest has met. A second record of one is a duplicate, not a correction.
        self._met: set[str] = set()

    def merged(self, batch: Sequence[Paper]) -> Resolved:
        """Resolve a batch, merging records of one work."""
        counts, resolved = self._counts, Resolved()
        digests = [_digest(paper) for paper in batch]
        taken_in = self._manifest.taken_in(digests)
        owners, known = self._candidates(batch, taken_in.values())
        for paper, digest in zip(batch, digests, strict=True):
            if taken_in.get(digest) in known:
                counts.unchanged += 1
                self._met.add(taken_in[digest])
                continue
            names = [*identity.keys(paper), f"={title_key(paper.title)}"]
            ids = dict.fromkeys([paper.id, *(i for name in names for i in owners.get(name, ()))])
            match = next((known[i] for i in ids if i in known and identity.same_work(known[i], paper)), None)
            if match is None:
                after = paper if paper.id not in known else _with_free_id(paper, known)
                resolved.changes[after.id] = Change(None, after)
                counts.added += 1
            else:
                after = self._joined(match, paper, resolved)
            known[after.id] = after
            self._met.add(after.id)
            resolved.records.append((digest, after.id))
            for name in names:
                owners.setdefault(name, []).append(after.id)
        return resolved

    def by_id(self, batch: Sequence[Paper]) -> Resolved:
        """Resolve a batch by id alone, without merging; of two records with one id the later counts."""
        counts = self._counts
        known = self._manifest.get([paper.id for paper in batch])
        latest = {paper.id: paper for paper in batch}
        changes = {i: Change(known.get(i), paper) for i, paper in latest.items() if known.get(i) != paper}
        counts.added += sum(change.before is None for change in changes.values())
        counts.updated += sum(change.before is not None for change in changes.values())
        counts.unchanged += len(latest) - len(changes)
        counts.merged += len(batch) - len(latest)
        return Resolved(changes)

    def _candidates(
        self, batch: Sequence[Paper], further: Iterable[str]
    ) -> tuple[dict[str, list[str]], dict[str, Paper]]:
        """Return ids by identity key and by title, and the papers of these ids, as the library holds them."""
        by_key = self._manifest.by_key([key for paper in batch for key in identity.keys(paper)])
        by_title = self._manifest.by_title([title_key(p.title) for p in batch])
        owners = {key: [paper_id] for key, paper_id in by_key.items()}
        owners |= {f"={title}": ids for title, ids in by_title.items()}
        ids = {i for found in owners.values() for i in found} | {p.id for p in batch} | set(further)
        return owners, self._manifest.get(ids)

    def _joined(self, match: Paper, paper: Paper, resolved: Resolved) -> Paper:
        duplicate = match.id in self._met
        after, pending = identity.merge(match, paper, duplicate=duplicate), resolved.changes.get(match.id)
        if pending is not None:
            pending.after = after
        elif after != match:
            resolved.changes[match.id] = Change(match, after)
        if duplicate or (after != match and match.source != paper.source):
            self._counts.merged += 1
        elif after == match:
            self._counts.unchanged += 1
        else:
            self._counts.updated += 1
            resolved.updated.append(match.id)
        return after


def _with_free_id(paper: Paper, known: dict[str, Paper]) -> Paper:
    """Another work under an id that is taken (one wrong DOI on two papers): its title tells the two apart."""
    base = f"{paper.id}~{title_key(paper.title)[:24]}"
    paper_id, n = base, 2
    while paper_id in known:
        paper_id, n = f"{base}~{n}", n + 1
    return replace(paper, id=paper_id)


def _digest(paper: Paper) -> bytes:
    record = json.dumps(paper.to_record(), ensure_ascii=False, sort_keys=True)
    return hashlib.blake2b(record.encode("utf-8", "surrogatepass"), digest_size=16).digest()
