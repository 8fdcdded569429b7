"""How does a server of the OpenAI protocol answer, fail and recover? Way in:
:class:`rag.models.openai.backend.OpenAIBackend`.
"""
