"""One module a file format, each with ``read(source)``. Way in: :func:`rag.readers.registry.reader_of`."""
