"""One module a format: papers as bibliographies, answers as documents. Way in: :func:`rag.export.export` and
:func:`rag.export.answer.export_answer`.
"""
