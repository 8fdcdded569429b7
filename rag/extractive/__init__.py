"""The extractive backend: answers by quoting, from the very prompt any model gets. No weights, no randomness."""

from rag.extractive.backend import Extractive

__all__ = ["Extractive"]
