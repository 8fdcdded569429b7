"""The lexical index: BM25 over title and abstract of every paper, in tantivy, incremental and on disk."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rag.errors import LibraryError
from rag.paper import Paper
from rag.storage.index.stored import first_line

if TYPE_CHECKING:
    from tantivy import Index, Query, Schema, TextAnalyzer

_ANALYZER = "citewell_en"
_HEAP_BYTES = 32_000_000
#: A question longer than this adds words, not meaning; the most informative terms decide.
MAX_QUERY_TERMS = 64


class LexicalIndex:
    """One document a paper. Scores are tantivy's BM25 (k1 1.2, b 0.75; Robertson and Zaragoza, 2009).

    Raises:
        LibraryError: the directory holds an index that cannot be read.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._analyzer = _analyzer()
        self._schema = _schema()
        self._index = self._open()

    def __len__(self) -> int:
        return int(self._index.searcher().num_docs)

    def replace(self, papers: Sequence[Paper], removed: Iterable[str] = ()) -> None:
        """Replace papers by id, remove the ``removed`` ids, and commit."""
        import tantivy

        try:
            writer = self._index.writer(heap_size=_HEAP_BYTES, num_threads=1)
            for paper_id in [*(p.id for p in papers), *removed]:
                writer.delete_documents_by_term("id", paper_id)
            for paper in papers:
                writer.add_document(tantivy.Document(id=paper.id, text=f"{paper.title}\n{paper.abstract}"))
            writer.commit()
            writer.wait_merging_threads()
            self._index.reload()
        except (ValueError, OSError) as error:
            raise LibraryError(
                f"the lexical index in {self._directory} cannot be written ({first_line(error)}); "
                "see that the disk has room and nobody removed it, then: citewell doctor --repair"
            ) from error

    def ids(self) -> set[str]:
        """Return ids of all papers in the index."""
        import tantivy

        return {paper_id for paper_id, _ in self._hits(tantivy.Query.all_query(), max(1, len(self)))}

    def check(self) -> None:
        """Open every part that a search opens.

        Raises:
            LibraryError: one cannot be read.
        """
        import tantivy

        self._hits(tantivy.Query.term_query(self._schema, "text", "any"), 1)

    def refresh(self) -> None:
        """Pick up commits of other processes.

        Raises:
            LibraryError: what they left cannot be read.
        """
        try:
            self._index.reload()
        except (ValueError, OSError) as error:
            raise self._unreadable(error) from error

    def terms(self, text: str) -> list[str]:
        """Return the index terms of a text in order: lower case, no accents, no stop words, stemmed."""
        return list(self._analyzer.analyze(text))

    def document_frequency(self, term: str) -> int:
        """Return how many papers hold an index term."""
        try:
            return int(self._index.searcher().doc_freq("text", term))
        except (ValueError, OSError) as error:
            raise self._unreadable(error) from error

    def search(self, query: str, limit: int, allowed: Sequence[str] | None = None) -> list[tuple[str, float]]:
        """Paper ids with BM25 scores, best first, each sharing at least one term with the query.

        Args:
            query: plain text; nothing in it is query syntax.
            limit: number of papers at most.
            allowed: only these paper ids; all when ``None``.
        """
        wanted = self._disjunction(query)
        if wanted is None or limit < 1 or (allowed is not None and not allowed):
            return []
        if allowed is not None:
            wanted = self._restricted(wanted, allowed)
        return self._hits(wanted, limit)

    def _hits(self, query: Query, limit: int) -> list[tuple[str, float]]:
        searcher = self._index.searcher()
        try:
            hits = searcher.search(query, limit=limit, count=False).hits
            return [(str(searcher.doc(address)["id"][0]), float(score)) for score, address in hits]
        except (ValueError, OSError) as error:
            raise self._unreadable(error) from error

    def _unreadable(self, error: Exception) -> LibraryError:
        return LibraryError(
            f"the lexical index in {self._directory} cannot be read ({first_line(error)}); "
            "mend it with: citewell doctor --repair"
        )

    def _disjunction(self, query: str) -> Query | None:
        import tantivy

        terms = list(dict.fromkeys(self.terms(query)))
        if len(terms) > MAX_QUERY_TERMS:
            terms = sorted(terms, key=lambda t: (self.document_frequency(t) or 1 << 60, t))[:MAX_QUERY_TERMS]
        if not terms:
            return None
        clauses = [(tantivy.Occur.Should, tantivy.Query.term_query(self._schema, "text", term)) for term in terms]
        return tantivy.Query.boolean_query(clauses)

    def _restricted(self, query: Query, allowed: Sequence[str]) -> Query:
        import tantivy

        members = tantivy.Query.term_set_query(self._schema, "id", list(allowed))
        return tantivy.Query.boolean_query(
            [(tantivy.Occur.Must, query), (tantivy.Occur.Must, tantivy.Query.const_score_query(members, 0.0))]
        )

    def _open(self) -> Index:
        import tantivy

        self._directory.mkdir(parents=True, exist_ok=True)
        try:
            index = tantivy.Index(self._schema, path=str(self._directory), reuse=True)
        except (ValueError, OSError) as error:
            raise self._unreadable(error) from error
        index.register_tokenizer(_ANALYZER, self._analyzer)
        return index

    @staticmethod
    def erase(directory: Path) -> None:
        """Remove an index that cannot be read, so that it can be built again from the library."""
        shutil.rmtree(directory, ignore_errors=True)


def _schema() -> Schema:
    import tantivy

    builder = tantivy.SchemaBuilder()
    builder.add_text_field("id", stored=True, tokenizer_name="raw", index_option="basic")
    builder.add_text_field("text", stored=False, tokenizer_name=_ANALYZER, index_option="freq")
    return builder.build()


def _analyzer() -> TextAnalyzer:
    import tantivy

    return (
        tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.simple())
        .filter(tantivy.Filter.remove_long(60))
        .filter(tantivy.Filter.lowercase())
        .filter(tantivy.Filter.ascii_fold())
        .filter(tantivy.Filter.stopword("english"))
        .filter(tantivy.Filter.stemmer("english"))
        .build()
    )
