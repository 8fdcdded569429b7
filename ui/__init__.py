"""The Gradio app and the web server that carries it."""
