"""How does a library lie in one directory? Way in: :class:`rag.storage.embedded.store.EmbeddedStore`."""
