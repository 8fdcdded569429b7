"""What are the words, names, numbers and sentences of English text? Each understood in one place.

Ways in: ``tokens``, ``stems``, ``stopwords``, ``names``, ``sentences``, ``number_words``, ``normalise``, ``invisible``.
"""
