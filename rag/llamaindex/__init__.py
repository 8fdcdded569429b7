"""How do LlamaIndex's parts go into Citewell, and Citewell's into any LlamaIndex pipeline? Way in: the names below.

In: :class:`EmbedderFromLlamaIndex` for ``Library.open(..., embedder=...)``, :class:`LlamaIndexBackend` for
``Assistant(..., backend=...)``, :class:`PostprocessedSearcher` around a library. Out: :class:`CitewellEmbedding`,
:class:`PassageParser` with :func:`document`, :class:`CitewellRetriever`, :class:`ListwiseReranker`. Importing this
package imports LlamaIndex, which takes seconds; of the rest of the engine only the openai backend does.
"""

from rag.llamaindex.backend import LlamaIndexBackend
from rag.llamaindex.embedding import CitewellEmbedding, EmbedderFromLlamaIndex
from rag.llamaindex.parser import PassageParser, document
from rag.llamaindex.reranker import ListwiseReranker
from rag.llamaindex.retriever import CitewellRetriever, PostprocessedSearcher

__all__ = [
    "CitewellEmbedding",
    "CitewellRetriever",
    "EmbedderFromLlamaIndex",
    "ListwiseReranker",
    "LlamaIndexBackend",
    "PassageParser",
    "PostprocessedSearcher",
    "document",
]
