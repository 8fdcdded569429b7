"""Text as the whole engine sees it: normalised once, split into sentences one way."""
