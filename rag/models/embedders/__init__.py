"""Which vectors represent a text? One module an embedder. Way in: :func:`rag.models.registry.build_embedder`."""
