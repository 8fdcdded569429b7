"""Which papers answer a query, and how surely? Dense and lexical search, fusion, grouping by paper, relevance.

Way in: :meth:`rag.retrieval.retriever.Retriever.search`; what it returns is in :mod:`rag.retrieval.evidence`.
"""
