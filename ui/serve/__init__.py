"""Who may ask the page's server? Way in: :func:`ui.serve.server.serve`."""
