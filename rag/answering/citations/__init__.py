"""Which markers of an answer cite which source? Way in: :class:`rag.answering.citations.stream.CitationStream`."""
