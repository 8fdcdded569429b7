"""How does a question become a checked answer? Way in: :class:`rag.answering.assistant.Assistant`.

:mod:`~rag.answering.pipeline` decides each step without I/O, the assistant carries the steps out; the rooms inside are
the record that comes out, the prompt, follow-ups, citations, checking, and a model's help beside writing.
"""
