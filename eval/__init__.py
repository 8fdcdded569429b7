"""How good are the answers, and does a change make them worse? Way in: ``citewell eval``, :mod:`eval.command`.

Imports go one way: sets < metrics < stand_ins < runs < report and gate < benchmarks and commands.
"""
