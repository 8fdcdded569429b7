"""How are passages, vectors and words stored to be found again? Way in: the store above, :mod:`rag.storage.store`."""
