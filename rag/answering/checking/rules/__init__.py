"""What makes a sentence say something else than its source? One module a rule. Way in:
:class:`rag.answering.checking.judge.RulesJudge`, which asks them all.
"""
