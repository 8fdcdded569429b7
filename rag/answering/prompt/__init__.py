"""How do a question and its evidence become a request that fits? Way in: :func:`rag.answering.prompt.budget.fit`."""
