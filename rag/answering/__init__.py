"""From a question to a checked answer: condense, prompt, generate, cite, check."""
