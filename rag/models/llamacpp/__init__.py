"""How does a GGUF file answer in this process? Way in: :class:`rag.models.llamacpp.backend.LlamaCpp`."""
