"""Which model turns text into vectors, and which writes? Way in: :mod:`rag.models.registry`, which builds what the
settings name; :mod:`rag.models.protocols` says what the engine asks of either.

``openai`` talks to servers, ``llamacpp`` runs a file in this process with the same client, ``embedders`` holds one
module an embedder. Here, for all of them: tokens, prices, and the folder for model files.
"""
