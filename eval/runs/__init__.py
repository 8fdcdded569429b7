"""How is a question set asked, recorded and compared? Way in: :func:`eval.runs.runner.run_questions`."""
