"""How does Citewell do on what others published, and how fast is it? A module a benchmark."""
