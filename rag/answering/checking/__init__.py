"""Is each sentence of an answer backed by what it cites? Way in: :func:`rag.answering.checking.check.check_answer`."""
