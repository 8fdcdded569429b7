"""The manifest: which papers the library holds, by what keys they are known, and what the library was built with.

A SQLite file in write-ahead mode: readers in other processes see whole commits only. It is written last in every
change, so a paper counts as present when it stands here; what the indexes hold beyond it is the rest of an interrupted
run.
"""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rag.errors import LibraryError
from rag.paper import Paper, title_key
from rag.storage import identity
from rag.storage.columns import fold, paper_of, passages_of, record_of, spans_of, where
from rag.storage.filters import Filters
from rag.storage.index.passages import Passage
from rag.storage.index.rows import RowRange

FORMAT = "2"
_SCHEMA = """
create table if not exists meta (key text primary key, value text not null) without rowid;
create table if not exists papers (
    position integer primary key autoincrement,
    id text not null unique,
    title_key text not null,
    year integer,
    venue text not null,
    authors text not null,
    passages integer not null,
    spans text not null,
    row integer,
    record text not null
);
create index if not exists papers_year on papers (year);
create index if not exists papers_title on papers (title_key);
create index if not exists papers_place on papers (id, row, passages);
create table if not exists keys (key text primary key, paper_id text not null) without rowid;
create index if not exists keys_paper on keys (paper_id);
create table if not exists records (digest blob primary key, paper_id text not null) without rowid;
create index if not exists records_paper on records (paper_id);
"""


class Manifest:
    """The manifest file. Safe to share between threads.

    Args:
        path: the file; made when absent.
        anew: make it also where there is a Chroma database already, which then has papers the manifest does not know.

    Raises:
        LibraryError: the file is not a manifest, is lost or damaged, or comes from another version.
    """

    def __init__(self, path: Path, *, anew: bool = False) -> None:
        self._path = path
        self._lock = threading.RLock()
        with self._errors():
            self._db = sqlite3.connect(path, timeout=10, check_same_thread=False, isolation_level=None)
            self._db.execute("pragma journal_mode = wal")
            self._db.execute("pragma synchronous = normal")
            tables = {name for (name,) in self._db.execute("select name from sqlite_master where type = 'table'")}
            if "papers" not in tables and not anew and beside_chroma(path):
                # An empty manifest would make an empty library of a full one.
                self._db.close()
                raise LibraryError(f"the manifest {path} is lost; make it again with: citewell doctor --repair")
            if not {"papers", "records"} <= tables:
                self._db.executescript(_SCHEMA)
            if "papers" not in tables:
                self._db.execute("insert or ignore into meta values ('format', ?)", (FORMAT,))
        found = self.meta("format")
        if found != FORMAT:
            raise LibraryError(
                f"the library in {path.parent} has format {found}, this version reads format {FORMAT}; "
                "ingest its papers into a new library with --library"
            )

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    # What the library was built with

    def meta(self, key: str) -> str | None:
        """Return a recorded fact, or ``None``."""
        with self._errors():
            row = self._db.execute("select value from meta where key = ?", (key,)).fetchone()
        return str(row[0]) if row else None

    def set_meta(self, **facts: str) -> None:
        """Record facts, in one commit."""
        with self._commit():
            self._db.executemany("insert or replace into meta values (?, ?)", list(facts.items()))

    @property
    def revision(self) -> int:
        """Number of changes of papers; by it a reader knows whether its indexes are stale."""
        return int(self.meta("revision") or 0)

    @property
    def generation(self) -> int:
        """Number of rebuilds; part of the names of the directories in use."""
        return int(self.meta("generation") or 0)

    def switch(
        self, generation: int, passages_by_paper: Iterable[tuple[Sequence[Passage], int | None]], **facts: str
    ) -> None:
        """Put the indexes of another generation in use, with the passages of each paper and their first row."""
        rows = [(len(own), spans_of(own), row, own[0].paper_id) for own, row in passages_by_paper if own]
        with self._commit():
            self._db.executemany("update papers set passages = ?, spans = ?, row = ? where id = ?", rows)
            facts |= {"generation": str(generation)}
            self._db.executemany("insert or replace into meta values (?, ?)", list(facts.items()))
            self._bump()

    # Papers

    def __len__(self) -> int:
        return self._count("select count(*) from papers")

    @property
    def passages(self) -> int:
        """Number of passages of all papers."""
        return self._count("select coalesce(sum(passages), 0) from papers")

    def get(self, ids: Iterable[str]) -> dict[str, Paper]:
        """Return the papers of these ids that the library holds."""
        query = "select id, record from papers where id in (select value from json_each(?))"
        return {paper_id: paper_of(record) for paper_id, record in self._rows(query, json.dumps(list(ids)))}

    def with_passages(self, ids: Iterable[str]) -> dict[str, tuple[Paper, list[Passage]]]:
        """Return the papers of these ids that the library holds, each with its passages as they were cut."""
        query = "select id, record, spans from papers where id in (select value from json_each(?))"
        found = {}
        for paper_id, record, spans in self._rows(query, json.dumps(list(ids))):
            paper = paper_of(record)
            found[str(paper_id)] = paper, passages_of(paper, spans)
        return found

    def places(self, ids: Iterable[str]) -> dict[str, RowRange]:
        """Return where the vectors of these papers' passages lie in the row file."""
        # Every search asks this of some sixty papers: the index answers it without a look at their records.
        query = (
            "select id, row, passages from papers indexed by papers_place where id in (select value from json_each(?))"
        )
        return {i: RowRange(row, count) for i, row, count in self._rows(query, json.dumps(list(ids)))}

    def place(self, rows: Mapping[str, int]) -> None:
        """Record where the vectors of these papers' passages begin in the row file."""
        with self._commit():
            self._db.executemany("update papers set row = ? where id = ?", [(row, i) for i, row in rows.items()])

    def passage_counts(self, ids: Iterable[str]) -> dict[str, int]:
        """Return how many passages each of these papers has."""
        query = "select id, passages from papers where id in (select value from json_each(?))"
        return dict(self._rows(query, json.dumps(list(ids))))

    def papers(self, filters: Filters | None = None, limit: int = -1, offset: int = 0) -> list[Paper]:
        """Return papers in the order they came in, narrowed by ``filters``."""
        condition, values = where(filters)
        rows = self._rows(
            f"select record from papers where {condition} order by position limit ? offset ?",  # noqa: S608
            *values,
            limit,
            offset,
        )
        return [paper_of(record) for (record,) in rows]

    def ids(self, filters: Filters | None = None) -> list[str]:
        """Return ids in the order they came in, narrowed by ``filters``."""
        condition, values = where(filters)
        return [str(i) for (i,) in self._rows(f"select id from papers where {condition} order by position", *values)]  # noqa: S608

    def by_key(self, keys: Iterable[str]) -> dict[str, str]:
        """Return which paper id each identity key belongs to, for the keys that are known."""
        query = "select key, paper_id from keys where key in (select value from json_each(?))"
        return dict(self._rows(query, json.dumps(list(keys))))

    def by_title(self, title_keys: Iterable[str]) -> dict[str, list[str]]:
        """Return ids of the papers with these titles, by title key (see :func:`rag.paper.title_key`)."""
        query = "select title_key, id from papers where title_key in (select value from json_each(?)) order by position"
        found: dict[str, list[str]] = {}
        for key, paper_id in self._rows(query, json.dumps(list(title_keys))):
            found.setdefault(key, []).append(paper_id)
        return found

    def put(
        self,
        papers: Sequence[Paper],
        passages_by_paper: Sequence[Sequence[Passage]],
        row: int | None,
    ) -> None:
        """Write papers (a known id keeps its position) with their passages.

        ``row`` is where the vectors of all these passages begin in the row file; ``None`` where it has none.
        """
        rows = []
        for p, own in zip(papers, passages_by_paper, strict=True):
            people = fold("\n".join(p.authors))
            rows.append(
                (
                    p.id,
                    title_key(p.title),
                    p.year,
                    fold(p.venue or ""),
                    people,
                    len(own),
                    spans_of(own),
                    row,
                    record_of(p),
                )
            )
            row = None if row is None else row + len(own)
        keys = [(key, p.id) for p in papers for key in identity.keys(p)]
        with self._commit():
            self._db.executemany(
                "insert into papers (id, title_key, year, venue, authors, passages, spans, row, record) "
                "values (?, ?, ?, ?, ?, ?, ?, ?, ?) on conflict (id) do update set "
                "title_key = excluded.title_key, year = excluded.year, "
                "venue = excluded.venue, authors = excluded.authors, passages = excluded.passages, "
                "spans = excluded.spans, row = excluded.row, record = excluded.record",
                rows,
            )
            self._db.executemany("insert or ignore into keys values (?, ?)", keys)
            self._bump()

    def taken_in(self, digests: Iterable[bytes]) -> dict[bytes, str]:
        """Return the paper id of each record that was ingested before, by the record's digest."""
        found: dict[bytes, str] = {}
        with self._errors():
            for digest in digests:
                row = self._db.execute("select paper_id from records where digest = ?", (digest,)).fetchone()
                if row:
                    found[digest] = str(row[0])
        return found

    def take_in(self, records: Iterable[tuple[bytes, str]], updated: Iterable[str] = ()) -> None:
        """Remember by digest which paper each record went into. Earlier digests of ``updated`` papers are forgotten, so
        that a source may also return to an earlier text."""
        with self._commit():
            self._db.executemany("delete from records where paper_id = ?", [(i,) for i in updated])
            self._db.executemany("insert or replace into records values (?, ?)", records)

    def remove(self, ids: Iterable[str]) -> None:
        """Forget papers and their keys."""
        gone = json.dumps(list(ids))
        with self._commit():
            self._db.execute("delete from papers where id in (select value from json_each(?))", (gone,))
            self._db.execute("delete from keys where paper_id in (select value from json_each(?))", (gone,))
            self._db.execute("delete from records where paper_id in (select value from json_each(?))", (gone,))
            self._bump()

    def damage(self) -> str | None:
        """Return the damage that SQLite's own check finds, or ``None``."""
        try:
            (found,) = self._db.execute("pragma quick_check(1)").fetchone()
        except sqlite3.Error as error:
            return str(error)
        return None if found == "ok" else " ".join(str(found).split())

    def _bump(self) -> None:
        self._db.execute("insert or replace into meta values ('revision', ?)", (str(self.revision + 1),))

    def _count(self, query: str) -> int:
        return int(self._rows(query)[0][0])

    def _rows(self, query: str, *values: object) -> list[Any]:
        with self._errors():
            return self._db.execute(query, values).fetchall()

    @contextmanager
    def _commit(self) -> Iterator[None]:
        with self._errors():
            self._db.execute("begin immediate")
            try:
                yield
            except BaseException:
                self._db.execute("rollback")
                raise
            self._db.execute("commit")

    @contextmanager
    def _errors(self) -> Iterator[None]:
        with self._lock:
            try:
                yield
            except sqlite3.Error as error:
                raise LibraryError(
                    f"the manifest {self._path} cannot be used ({error}); look closer with: citewell doctor"
                ) from error


def beside_chroma(path: Path) -> bool:
    """Return whether there is a Chroma database beside a manifest's path: then there is, or was, a library."""
    return any(path.parent.glob("chroma*/chroma.sqlite3"))
