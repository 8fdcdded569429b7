"""Is a library whole, and how is it mended? Way in: ``check_library``, ``repair`` and ``rebuild``."""
