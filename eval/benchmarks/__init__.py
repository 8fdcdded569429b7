"""How good is Citewell on published benchmarks, and how fast is it?

Ways in: :func:`eval.benchmarks.retrieval_run.evaluate_retrieval` (BEIR folders),
:func:`eval.benchmarks.pubmedqa_run.evaluate_pubmedqa`, :func:`eval.benchmarks.scholarqa.convert_scholarqa`,
``python -m eval.benchmarks.model_steps`` and ``python -m eval.benchmarks.speed``.
"""
