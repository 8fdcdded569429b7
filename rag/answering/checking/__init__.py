"""Is each sentence of an answer backed by what it cites? Way in: :func:`rag.answering.checking.check.check_answer`.

Segments are scored against the sources (:mod:`~rag.answering.checking.scorer`); the rules look up figures, names and
polarity.
"""
