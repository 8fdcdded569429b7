"""What does a follow-up question mean on its own? Way in: :func:`rag.answering.followup.standalone.standalone` and
:func:`rag.answering.followup.condense.condense_request`.
"""
