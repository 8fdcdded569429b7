"""The systems that are compared. Each builds its index from the same papers and vectors, then opens and searches it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib.metadata import PackageNotFoundError, distribution
from itertools import islice
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from rag.models.protocols import Embedder
from rag.paper import Paper
from rag.storage.index.passages import embedding_text, passages

K = 10
_BATCH = 2_000

Search = Callable[[str], list[str]]


class System(Protocol):
    """One way to index and search papers.

    Attributes:
        modules: what it imports; imported beforehand, so that opening is timed without imports.
    """

    modules: tuple[str, ...]

    def build(self, directory: Path, papers: Sequence[Paper], embedder: Embedder) -> None:
        """Write the index."""

    def open(self, directory: Path, embedder: Embedder) -> Search:
        """Open the index; the result gives the ids of the best ten papers for a question."""


class Citewell:
    """This project's library, as every door uses it."""

    modules: tuple[str, ...] = ("chromadb", "tantivy", "rag.library")

    def build(self, directory: Path, papers: Sequence[Paper], embedder: Embedder) -> None:
        from rag.library import Library
        from rag.settings import Settings

        with Library.open(directory, Settings().local(), create=True, embedder=embedder) as library:
            library.add(papers)

    def open(self, directory: Path, embedder: Embedder) -> Search:
        from rag.library import Library
        from rag.settings import Settings

        library = Library.open(directory, Settings().local(), embedder=embedder)
        return lambda question: [e.paper.id for e in library.search(question, K).evidence]


class Floor:
    """Chroma, tantivy and reciprocal rank fusion (Cormack et al., 2009), and nothing else."""

    modules: tuple[str, ...] = ("chromadb", "tantivy")

    def build(self, directory: Path, papers: Sequence[Paper], embedder: Embedder) -> None:
        import tantivy

        collection, index = _chroma(directory / "chroma"), _tantivy(directory / "lexical")
        writer = index.writer(heap_size=64_000_000, num_threads=1)
        for batch in _batches(papers):
            texts = [embedding_text(p, passages(p)[0]) for p in batch]
            collection.upsert(
                ids=[p.id for p in batch], embeddings=embedder.embed_texts(texts), documents=[p.abstract for p in batch]
            )
            for paper in batch:
                writer.add_document(tantivy.Document(id=paper.id, text=f"{paper.title}\n{paper.abstract}"))
        writer.commit()
        writer.wait_merging_threads()

    def open(self, directory: Path, embedder: Embedder) -> Search:
        import tantivy

        collection, index = _chroma(directory / "chroma"), _tantivy(directory / "lexical")
        searcher, schema = index.searcher(), index.schema

        def search(question: str) -> list[str]:
            vector = embedder.embed_query(question)
            dense = collection.query(query_embeddings=vector[None], n_results=40, include=["documents"])["ids"][0]
            words = {w for w in question.lower().split() if w.isalnum()}
            terms = [(tantivy.Occur.Should, tantivy.Query.term_query(schema, "text", w)) for w in sorted(words)]
            hits = searcher.search(tantivy.Query.boolean_query(terms), limit=40, count=False).hits
            lexical = [searcher.doc(address)["id"][0] for _, address in hits]
            scores: dict[str, float] = {}
            for ranking in (dense, lexical):
                for rank, paper_id in enumerate(ranking, 1):
                    scores[paper_id] = scores.get(paper_id, 0.0) + 1 / (60 + rank)
            return sorted(scores, key=lambda i: -scores[i])[:K]

        return search


class Recipe:
    """The usual LlamaIndex recipe: ChromaVectorStore, BM25Retriever and QueryFusionRetriever with one query."""

    modules: tuple[str, ...] = (
        "chromadb",
        "llama_index.core",
        "llama_index.retrievers.bm25",
        "llama_index.vector_stores.chroma",
    )

    def build(self, directory: Path, papers: Sequence[Paper], embedder: Embedder) -> None:
        from llama_index.core.schema import TextNode
        from llama_index.vector_stores.chroma import ChromaVectorStore

        store = ChromaVectorStore(chroma_collection=_chroma(directory / "chroma"))
        for batch in _batches(papers):
            vectors = embedder.embed_texts([embedding_text(p, passages(p)[0]) for p in batch])
            store.add(
                [
                    TextNode(id_=p.id, text=f"{p.title}\n{p.abstract}", embedding=v.tolist())
                    for p, v in zip(batch, vectors, strict=True)
                ]
            )

    def open(self, directory: Path, embedder: Embedder) -> Search:
        # BM25 is made anew from the stored nodes, as the recipe does at every start.
        from llama_index.core import VectorStoreIndex
        from llama_index.core.llms import MockLLM
        from llama_index.core.retrievers import QueryFusionRetriever
        from llama_index.core.retrievers.fusion_retriever import FUSION_MODES
        from llama_index.core.schema import BaseNode, TextNode
        from llama_index.retrievers.bm25 import BM25Retriever
        from llama_index.vector_stores.chroma import ChromaVectorStore

        from rag.llamaindex import CitewellEmbedding

        collection = _chroma(directory / "chroma")
        index = VectorStoreIndex.from_vector_store(
            ChromaVectorStore(chroma_collection=collection), embed_model=CitewellEmbedding(embedder)
        )
        stored = collection.get(include=["documents"])
        nodes: list[BaseNode] = [
            TextNode(id_=i, text=d) for i, d in zip(stored["ids"], stored["documents"] or [], strict=True)
        ]
        fusion = QueryFusionRetriever(
            [
                index.as_retriever(similarity_top_k=40),
                BM25Retriever.from_defaults(nodes=nodes, similarity_top_k=40, language="en"),
            ],
            llm=MockLLM(),
            num_queries=1,
            similarity_top_k=K,
            mode=FUSION_MODES.RECIPROCAL_RANK,
            use_async=False,
        )
        return lambda question: [hit.node.node_id for hit in fusion.retrieve(question)]


class Limit:
    """One query embedding and one exact matrix product, which no exact vector search can beat."""

    modules: tuple[str, ...] = ()

    def build(self, directory: Path, papers: Sequence[Paper], embedder: Embedder) -> None:
        directory.mkdir(parents=True)
        np.save(directory / "ids.npy", np.array([p.id for p in papers]))
        rows = [embedder.embed_texts([embedding_text(p, passages(p)[0]) for p in b]) for b in _batches(papers)]
        np.save(directory / "vectors.npy", np.concatenate(rows))

    def open(self, directory: Path, embedder: Embedder) -> Search:
        ids, vectors = np.load(directory / "ids.npy"), np.load(directory / "vectors.npy")

        def search(question: str) -> list[str]:
            scores = vectors @ embedder.embed_query(question)
            best = np.argpartition(-scores, K)[:K]
            return [str(i) for i in ids[best[np.argsort(-scores[best])]]]

        return search


#: The distribution that a system needs beyond those of this project: see the dev group in pyproject.toml.
_NEEDS = {"recipe": "llama-index-retrievers-bm25"}

SYSTEMS: dict[str, System] = {"citewell": Citewell(), "floor": Floor(), "recipe": Recipe(), "limit": Limit()}


def missing(system: str) -> str | None:
    """The distribution that ``system`` lacks here, or ``None`` if it can run."""
    needed = _NEEDS.get(system)
    try:
        if needed:
            distribution(needed)
    except PackageNotFoundError:
        return needed
    return None


def _chroma(directory: Path) -> Any:
    import chromadb

    settings = chromadb.config.Settings(anonymized_telemetry=False)
    client = chromadb.PersistentClient(str(directory), settings=settings)
    return client.get_or_create_collection(
        "papers", embedding_function=None, configuration={"hnsw": {"space": "cosine"}}
    )


def _tantivy(directory: Path) -> Any:
    import tantivy

    directory.mkdir(parents=True, exist_ok=True)
    builder = tantivy.SchemaBuilder()
    builder.add_text_field("id", stored=True, tokenizer_name="raw", index_option="basic")
    builder.add_text_field("text", stored=False, tokenizer_name="default", index_option="freq")
    return tantivy.Index(builder.build(), path=str(directory))


def _batches(papers: Sequence[Paper]) -> list[list[Paper]]:
    source = iter(papers)
    return list(iter(lambda: list(islice(source, _BATCH)), []))
