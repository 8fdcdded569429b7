"""How does a reader ask in a browser? Way in: :mod:`ui.command`. Rooms: serve -> page -> draw."""
