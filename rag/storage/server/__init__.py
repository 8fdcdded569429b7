"""How do several machines share one library on a Chroma server? Way in:
:class:`rag.storage.server.shared.SharedStore`.
"""
