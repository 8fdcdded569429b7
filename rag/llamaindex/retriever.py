"""Our search as a LlamaIndex ``BaseRetriever``, and any ``BaseNodePostprocessor`` (a reranker) behind our search."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from llama_index.core.base.base_retriever import BaseRetriever
from llama_index.core.postprocessor.types import BaseNodePostprocessor
from llama_index.core.schema import NodeWithScore, QueryBundle

from rag.llamaindex.parser import paper_node
from rag.retrieval.evidence import Evidence, Searcher, SearchResult
from rag.storage.filters import Filters


class CitewellRetriever(BaseRetriever):
    """A library (or any searcher) wherever LlamaIndex takes a retriever.

    Gives one node a paper, the whole abstract, so that a source never falls apart into several numbers; papers that do
    not pass the relevance cut are left out, so the list may be empty.

    Args:
        searcher: what finds the evidence.
        k: papers at most.
        filters: conditions that every paper must meet.
    """

    def __init__(self, searcher: Searcher, *, k: int = 6, filters: Filters | None = None) -> None:
        super().__init__()
        self._searcher = searcher
        self._k = k
        self._filters = filters

    def _retrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        result = self._searcher.search(query_bundle.query_str, self._k, self._filters)
        return [_scored(evidence) for evidence in result.evidence[: result.relevant]]

    async def _aretrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        return await asyncio.to_thread(self._retrieve, query_bundle)


class PostprocessedSearcher:
    """A searcher whose relevant papers pass through a LlamaIndex node postprocessor, which may reorder or drop them.

    Scores stay ours, since they are calibrated and the postprocessor's are not: after a reranker they need not fall
    from one paper to the next. Papers below the relevance cut follow unchanged.

    Args:
        searcher: what finds the evidence.
        postprocessor: gets one node a paper.
        depth: papers to search for, however few are asked for in the end.
    """

    def __init__(self, searcher: Searcher, postprocessor: BaseNodePostprocessor, *, depth: int = 20) -> None:
        self._searcher = searcher
        self._postprocessor = postprocessor
        self._depth = depth

    def search(self, query: str, k: int = 10, filters: Filters | None = None) -> SearchResult:
        """Return the ``k`` best papers for ``query``, in the postprocessor's order."""
        result = self._searcher.search(query, max(k, self._depth), filters)
        relevant, others = result.evidence[: result.relevant], result.evidence[result.relevant :]
        by_id = {evidence.paper.id: evidence for evidence in relevant}
        nodes = self._postprocessor.postprocess_nodes([_scored(e) for e in relevant], query_str=query)
        kept = [by_id[node.node.node_id] for node in nodes if node.node.node_id in by_id]
        return replace(result, evidence=(*kept, *others)[:k], relevant=min(k, len(kept)))


def _scored(evidence: Evidence) -> NodeWithScore:
    return NodeWithScore(node=paper_node(evidence.paper), score=evidence.score)
