"""Which questions are asked, and what is a right answer? Way in: :func:`eval.sets.questions.load_questions`."""
