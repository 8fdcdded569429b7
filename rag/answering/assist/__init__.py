"""How can a model help besides writing: with other words, another order, a verdict? Way in:
:func:`rag.answering.assist.steps.build_steps` and ``build_judge``.

Rankings and verdicts are asked for in JSON (:mod:`rag.answering.assist.replies`).
"""
