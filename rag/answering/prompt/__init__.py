"""How do a question and its evidence become a request that fits? Way in: :func:`rag.answering.prompt.budget.fit`.

A prompt file (``templates``) is filled with sources in one escaped form (``sources``), cut to size (``draft``,
``budget``); a base model gets a text to continue instead (``base_model``). What comes back is watched for words with a
meaning of their own (``sentinels``) and for our instructions (``leak``).
"""
