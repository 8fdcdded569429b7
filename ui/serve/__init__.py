"""Who may ask the page's server what? Way in: :func:`ui.serve.server.serve`."""
