"""How does a file of any size come apart into records? Readers of :mod:`rag.readers.formats` choose a cutter here."""
