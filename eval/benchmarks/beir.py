"""BEIR folders (Thakur et al., 2021): ``corpus.jsonl`` and ``queries.jsonl``, packed or not, and ``qrels/NAME.tsv``."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from eval.sets.dataset_files import DatasetError, lines, objects, text
from rag.paper import Paper
from rag.readers.base import Skip

_GRADE = re.compile(r"-?[0-9]{1,9}")
_EMPTY = "neither title nor text"
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class BeirFolder:
    """A benchmark. ``queries`` holds the texts of the judged queries, ``judgements`` grades by document id, by query
    id; below 1 is not relevant. Documents are read again on each pass: they may not fit in memory."""

    name: str
    corpus: Path
    queries: Mapping[str, str]
    judgements: Mapping[str, Mapping[str, int]]

    def papers(self) -> Iterator[Paper | Skip]:
        """The documents as papers, their ids the collection's own; a skip for each without any text.

        Raises:
            DatasetError: the corpus cannot be read, or a record is wrong.
        """
        for where, record in objects(self.corpus):
            paper_id = _id(record.get("_id"), where)
            title = text(record, "title", where, required=False)
            # A title without text is all there is to find the document by.
            abstract = text(record, "text", where, required=False) or title
            if abstract:
                yield Paper.create(title=title, abstract=abstract, paper_id=paper_id, source=self.corpus.name)
            else:
                yield Skip(str(self.corpus), where.rpartition(", ")[2], _EMPTY)


def open_beir(directory: Path, judgements: str = "test") -> BeirFolder:
    """The benchmark in a directory, with the judgements of ``qrels/NAME.tsv``; of queries only those with a document
    judged relevant. Judgements of queries that ``queries.jsonl`` does not hold are left out, and that is logged.

    Raises:
        DatasetError: a file is missing or a record is wrong.
    """
    if not directory.is_dir():
        raise DatasetError(f"{directory} is not a directory; name one with corpus.jsonl, queries.jsonl and qrels/")
    texts = _texts(_file(directory, "queries"))
    qrels = directory / "qrels" / f"{judgements}.tsv"
    judged = {
        query: grades for query, grades in _judgements(qrels).items() if any(grade > 0 for grade in grades.values())
    }
    if not judged:
        raise DatasetError(f"{qrels} calls no document relevant; there is nothing to measure")
    unknown = [query for query in judged if query not in texts]
    if len(unknown) == len(judged):
        raise DatasetError(f"queries.jsonl holds no query that {qrels} judges, {unknown[0]!r} first; do they belong?")
    if unknown:
        _log.warning(
            "left out: %d of %d judged queries, not in queries.jsonl; %r first", len(unknown), len(judged), unknown[0]
        )
    queries = {query: texts[query] for query in texts if query in judged}
    judged = {query: judged[query] for query in queries}
    return BeirFolder(directory.resolve().name, _file(directory, "corpus"), queries, judged)


def _texts(path: Path) -> dict[str, str]:
    texts: dict[str, str] = {}
    repeated: list[str] = []
    for where, record in objects(path):
        query = _id(record.get("_id"), where)
        if query in texts:
            repeated.append(query)
        texts[query] = text(record, "text", where, required=False)
    if repeated:
        _log.warning("queries under an id that came before: %d, %r first; the last stands", len(repeated), repeated[0])
    return texts


def _judgements(path: Path) -> dict[str, dict[str, int]]:
    judged: dict[str, dict[str, int]] = {}
    for number, line in lines(path):
        cells = line.split("\t")
        if number == 1 and not any(c.isdigit() for c in cells[-1]):
            continue
        if len(cells) != 3 or not _GRADE.fullmatch(cells[2].strip()):
            raise DatasetError(
                f"{path}, line {number}: query id, document id and a whole number, parted by tabs, expected"
            )
        judged.setdefault(cells[0].strip(), {})[cells[1].strip()] = int(cells[2])
    return judged


def _id(value: object, where: str) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if not isinstance(value, str) or not value.strip():
        raise DatasetError(f'{where}, field "_id": is missing or empty')
    if not value.isascii() and any("\ud800" <= c <= "\udfff" for c in value):
        raise DatasetError(f'{where}, field "_id": holds half a character (a lone surrogate)')
    return value.strip()


def _file(directory: Path, name: str) -> Path:
    for suffix in (".jsonl", ".jsonl.gz"):
        path = directory / f"{name}{suffix}"
        if path.exists():
            return path
    raise DatasetError(
        f"there is no {name}.jsonl in {directory}; a BEIR folder has corpus.jsonl, queries.jsonl and qrels/"
    )
