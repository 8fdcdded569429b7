"""Which sentences of these sources answer this question, without a model? Way in: :func:`rag.extractive.select`.

:func:`rag.extractive.compose` makes a text of the selection. No weights, no randomness; a source is all it knows of.
"""

from rag.extractive.compose import compose
from rag.extractive.select import Pick, Selection, has_topic, select
from rag.extractive.source import SourceText

__all__ = ["Pick", "Selection", "SourceText", "compose", "has_topic", "select"]
