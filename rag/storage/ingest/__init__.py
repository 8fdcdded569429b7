"""How do records change a library? Way in: :func:`rag.storage.ingest.ingest.ingest`."""
