"""What of a library lies on disk or on a Chroma server? Way in: :class:`rag.library.Library`, the facade."""
