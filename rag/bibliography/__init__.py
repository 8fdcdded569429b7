"""How are authors, bylines, identifiers and addresses of a paper written? Each once, for every door and format.

Ways in: :mod:`rag.bibliography.names`, :mod:`rag.bibliography.identifiers`, :mod:`rag.bibliography.addresses`.
"""
