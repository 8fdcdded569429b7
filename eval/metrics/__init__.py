"""How good is an answer? Pure functions from a question and its answer record to a score, a module for each family.

:data:`eval.metrics.table.METRICS` names them, :mod:`eval.metrics.summary` applies them to a run,
:mod:`eval.metrics.statistics` says how sure the figures are.
"""
