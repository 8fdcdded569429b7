"""What is an answer, as data? Way in: :class:`rag.answering.record.answer.Answer`."""
