"""What is an answer, as data and in words? Way in: :class:`rag.answering.record.answer.Answer`; ``events`` come before
it, ``wording`` has the words for readers.
"""
