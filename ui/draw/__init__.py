"""How does an answer become safe HTML? Pure functions from values to markup. Ways in: :mod:`ui.draw.render` for the
chat, :mod:`ui.draw.panel` for the papers beside it; :func:`ui.draw.fill.fill` fills a template."""
