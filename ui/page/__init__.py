"""What does a reader see, and what happens on a click? Way in: :func:`ui.page.app.build`."""
