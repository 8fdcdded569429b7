"""Words, numbers and sentences of English text, each understood in one place."""
