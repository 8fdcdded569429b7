"""What does a field say once its LaTeX, HTML or JATS is taken away? Way in: ``from_latex`` and ``from_markup``."""
