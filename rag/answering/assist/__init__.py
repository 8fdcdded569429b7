"""Where may a model help besides writing: other words, another order, a verdict? Way in:
:func:`rag.answering.assist.steps.build_steps` and ``build_judge``.
"""
