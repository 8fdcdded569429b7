"""Our listwise reranking as a LlamaIndex ``BaseNodePostprocessor``, behind any retriever of theirs or ours."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

from llama_index.core.bridge.pydantic import PrivateAttr
from llama_index.core.postprocessor.types import BaseNodePostprocessor
from llama_index.core.schema import MetadataMode, NodeWithScore, QueryBundle

from rag.answering.assist.replies import Ranking, read_order
from rag.answering.assist.reranking import MAX_RANKING_TOKENS, RERANKED, Candidate, ranking_request
from rag.answering.prompt.templates import Prompt, load_prompt
from rag.errors import ModelError
from rag.llamaindex.parser import TITLE
from rag.models.protocols import Backend, Message
from rag.models.tokens import TokenCounter, counter_for

_log = logging.getLogger(__name__)


class ListwiseReranker(BaseNodePostprocessor):
    """Puts the best nodes in a model's order, in one call; the nodes keep their scores, which then need not fall.

    If the call fails or its reply cannot be read, the nodes stay as they were and the log says so.

    Args:
        backend: the model that is asked; :class:`rag.llamaindex.backend.LlamaIndexBackend` makes one of an LLM.
        top_n: nodes to keep; all when ``None``.
        max_prompt_tokens: tokens the request may take; passages are shortened to keep within them.
    """

    top_n: int | None = None
    max_prompt_tokens: int = 2_500
    _backend: Backend = PrivateAttr()
    _prompt: Prompt = PrivateAttr()
    _counter: TokenCounter = PrivateAttr()

    def __init__(self, backend: Backend, **fields: Any) -> None:
        super().__init__(**fields)
        self._backend = backend
        self._prompt = load_prompt("rerank")
        self._counter = counter_for(backend.model)

    @classmethod
    def class_name(cls) -> str:
        """The name LlamaIndex files this class under."""
        return "ListwiseReranker"

    def _postprocess_nodes(
        self, nodes: list[NodeWithScore], query_bundle: QueryBundle | None = None
    ) -> list[NodeWithScore]:
        shown = [
            Candidate(str(n.node.metadata.get(TITLE, "")), n.node.get_content(metadata_mode=MetadataMode.NONE))
            for n in nodes[:RERANKED]
        ]
        question = query_bundle.query_str if query_bundle else ""
        messages, count = ranking_request(self._prompt, question, shown, self._counter, self.max_prompt_tokens)
        if not count or not question.strip():
            return nodes[: self.top_n]
        order = self._order(messages, count)
        return [*(nodes[at] for at in order), *nodes[count:]][: self.top_n]

    def _order(self, messages: Sequence[Message], count: int) -> Sequence[int]:
        chunks = self._backend.stream(messages, max_tokens=MAX_RANKING_TOKENS, reply_schema=Ranking)
        try:
            order = read_order("".join(chunk.text for chunk in chunks), count)
        except ModelError as error:
            _log.warning("reranking left out: %s", error)
            return range(count)
        if order is None:
            _log.warning("reranking left out: the model's reply could not be read")
        return order or range(count)
