"""LlamaIndex parts in our places, and our parts in LlamaIndex's."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from llama_index.core import MockEmbedding, VectorStoreIndex
from llama_index.core.base.llms.types import ChatMessage, ChatResponse
from llama_index.core.ingestion import IngestionPipeline
from llama_index.core.llms import MockLLM
from llama_index.core.postprocessor.types import BaseNodePostprocessor
from llama_index.core.schema import Document, MetadataMode, NodeWithScore, QueryBundle
from pydantic import Field

from rag.errors import ModelError
from rag.llamaindex import (
    CitewellEmbedding,
    CitewellRetriever,
    EmbedderFromLlamaIndex,
    ListwiseReranker,
    LlamaIndexBackend,
    PassageParser,
    PostprocessedSearcher,
    document,
)
from rag.llamaindex.parser import paper_node
from rag.models.protocols import Chunk, Message, Vectors
from rag.paper import Paper
from rag.retrieval.evidence import Evidence, ScoredPassage, SearchResult
from rag.storage.filters import Filters
from rag.storage.index.passages import embedding_text, passages

LAMB = Paper.create(
    title="Large Batch Optimization",
    abstract="Training is slow. We propose LAMB. It trains BERT in 76 minutes. Batches may be huge. Code is available.",
    authors=("You, Yang", "Li, Jing"),
    year=2019,
)
ADAM = Paper.create(title="Adam", abstract="We introduce Adam. It needs little memory.", year=2014)
SGD = Paper.create(title="SGD", abstract="Stochastic gradient descent is old.")


class Letters:
    """An embedder that counts the letters a, b and c."""

    name = "letters"
    dimension = 3

    def embed_texts(self, texts: Sequence[str]) -> Vectors:
        return np.array([self.embed_query(text) for text in texts], dtype=np.float32)

    def embed_query(self, text: str) -> Vectors:
        counts = np.array([text.lower().count(letter) + 0.01 for letter in "abc"])
        unit: Vectors = (counts / np.linalg.norm(counts)).astype(np.float32)
        return unit


@dataclass
class Shelf:
    """A searcher that always finds the same three papers, two of them relevant."""

    asked: tuple[Any, ...] = ()

    def search(self, query: str, k: int = 10, filters: Filters | None = None) -> SearchResult:
        self.asked = (query, k, filters)
        found = [
            Evidence(paper, score, (ScoredPassage(passages(paper)[0], score),))
            for paper, score in [(LAMB, 0.9), (ADAM, 0.6), (SGD, 0.1)]
        ]
        return SearchResult(query, tuple(found[:k]), relevant=min(k, 2))


class Backwards(BaseNodePostprocessor):
    """Turns the order round and drops what it is told to drop."""

    drop: str = ""

    def _postprocess_nodes(self, nodes: list[NodeWithScore], _: QueryBundle | None = None) -> list[NodeWithScore]:
        return [node for node in reversed(nodes) if node.node.node_id != self.drop]


class Scripted(MockLLM):
    """An LLM that says one word, and fails behind it when told to."""

    word: str = "LAMB"
    fails: bool = False
    heard: dict[str, Any] = Field(default_factory=dict)

    def stream_chat(self, *_: Any, **kwargs: Any) -> Any:
        self.heard.update(kwargs)

        def responses() -> Any:
            yield ChatResponse(message=ChatMessage(role="assistant", content=self.word), delta=self.word)
            if self.fails:
                raise ConnectionResetError("key sk-secret")

        return responses()


def scripted(word: str = "LAMB", *, fails: bool = False) -> Scripted:
    # The base class has a constructor of its own, which knows nothing of these fields.
    return Scripted(max_tokens=None).model_copy(update={"word": word, "fails": fails, "heard": {}})


class FailingEmbedding(MockEmbedding):
    def _get_query_embedding(self, _: str) -> list[float]:
        raise ConnectionResetError("key sk-secret")


def test_our_embedder_embeds_for_llamaindex() -> None:
    model = CitewellEmbedding(Letters())
    expected = pytest.approx(Letters().embed_query("abc").tolist())
    assert model.model_name == "letters"
    assert model.get_query_embedding("abc") == expected
    assert model.get_text_embedding("abc") == expected
    assert model.get_text_embedding_batch(["abc"] * 200)[199] == expected


def test_our_embedder_embeds_for_llamaindex_asynchronously() -> None:
    model = CitewellEmbedding(Letters())
    expected = pytest.approx(Letters().embed_query("abc").tolist())

    async def embed() -> list[list[float]]:
        return [
            await model.aget_query_embedding("abc"),
            await model.aget_text_embedding("abc"),
            *await model.aget_text_embedding_batch(["abc"]),
        ]

    assert asyncio.run(embed()) == [expected] * 3


def test_a_llamaindex_index_runs_on_our_parser_and_our_embedder() -> None:
    papers = [LAMB, ADAM, SGD]
    pipeline = IngestionPipeline(transformations=[PassageParser(), CitewellEmbedding(Letters())])
    nodes = pipeline.run(documents=[document(paper) for paper in papers])
    index = VectorStoreIndex(nodes, embed_model=CitewellEmbedding(Letters()))
    expected = {passage.id for paper in papers for passage in passages(paper)}
    assert {hit.node.node_id for hit in index.as_retriever(similarity_top_k=9).retrieve("a")} == expected


def test_a_llamaindex_embedding_model_becomes_an_embedder_of_unit_vectors() -> None:
    embedder = EmbedderFromLlamaIndex(MockEmbedding(embed_dim=4))
    assert embedder.name == "llamaindex:MockEmbedding:unknown"
    assert embedder.dimension == 4
    assert embedder.embed_texts(["a", "b"]).tolist() == [[0.5] * 4] * 2
    assert embedder.embed_texts([]).shape == (0, 4)


def test_a_llamaindex_embedding_model_that_changes_its_length_is_refused() -> None:
    model = MockEmbedding(embed_dim=4)
    embedder = EmbedderFromLlamaIndex(model, name="mine")
    embedder.embed_query("a")
    model.embed_dim = 5
    with pytest.raises(ModelError, match="'mine' gave vectors of shape"):
        embedder.embed_query("a")


def test_a_llamaindex_embedding_model_that_fails_does_so_in_one_sentence_without_its_words() -> None:
    with pytest.raises(ModelError, match="failed with ConnectionResetError") as caught:
        EmbedderFromLlamaIndex(FailingEmbedding(embed_dim=4)).embed_query("a")
    assert "sk-secret" not in str(caught.value)


def test_the_parser_cuts_as_the_library_does() -> None:
    nodes = PassageParser().get_nodes_from_documents([document(LAMB)])
    cut = [(node.node_id, node.start_char_idx, node.end_char_idx, node.text) for node in nodes]  # type: ignore[attr-defined]  # text nodes
    assert cut == [(p.id, p.start, p.end, p.text) for p in passages(LAMB)]


def test_what_is_embedded_for_a_node_is_what_the_library_embeds() -> None:
    nodes = PassageParser().get_nodes_from_documents([document(LAMB)])
    embedded = [node.get_content(metadata_mode=MetadataMode.EMBED) for node in nodes]
    assert embedded == [embedding_text(LAMB, passage) for passage in passages(LAMB)]


def test_a_document_without_a_title_is_embedded_as_it_is() -> None:
    (node,) = PassageParser().get_nodes_from_documents([Document(text="One. Two.", metadata={"year": 2019})])
    assert node.get_content(metadata_mode=MetadataMode.EMBED) == "One. Two."


def test_a_document_carries_the_facts_of_its_paper() -> None:
    assert document(LAMB).metadata == {"title": LAMB.title, "authors": "You, Yang; Li, Jing", "year": 2019}


def test_our_search_retrieves_for_llamaindex_one_node_a_relevant_paper() -> None:
    shelf = Shelf()
    filters = Filters(year_from=2010)
    hits = CitewellRetriever(shelf, k=3, filters=filters).retrieve("Which optimizer?")
    assert [(hit.node.node_id, hit.score) for hit in hits] == [(LAMB.id, 0.9), (ADAM.id, 0.6)]
    assert hits[0].node.get_content(metadata_mode=MetadataMode.LLM) == f"{LAMB.title}. {LAMB.abstract}"
    assert shelf.asked == ("Which optimizer?", 3, filters)


def test_our_search_retrieves_asynchronously() -> None:
    hits = asyncio.run(CitewellRetriever(Shelf()).aretrieve("Which optimizer?"))
    assert [hit.node.node_id for hit in hits] == [LAMB.id, ADAM.id]


def test_a_postprocessor_reorders_the_relevant_papers_only() -> None:
    result = PostprocessedSearcher(Shelf(), Backwards()).search("q")
    assert [evidence.paper for evidence in result.evidence] == [ADAM, LAMB, SGD]
    assert result.relevant == 2


def test_a_postprocessor_sees_more_papers_than_are_asked_for() -> None:
    result = PostprocessedSearcher(Shelf(), Backwards()).search("q", k=1)
    assert ([evidence.paper for evidence in result.evidence], result.relevant) == ([ADAM], 1)


def test_what_a_postprocessor_drops_is_gone() -> None:
    result = PostprocessedSearcher(Shelf(), Backwards(drop=ADAM.id)).search("q")
    assert ([evidence.paper for evidence in result.evidence], result.relevant) == ([LAMB, SGD], 1)


def test_any_llm_of_llamaindex_answers() -> None:
    backend = LlamaIndexBackend(MockLLM())
    text = "".join(chunk.text for chunk in backend.stream([Message("user", "Which optimizer?")], max_tokens=64))
    assert "Which optimizer?" in text


def test_any_llm_of_llamaindex_answers_asynchronously() -> None:
    async def ask() -> str:
        chunks = LlamaIndexBackend(MockLLM()).astream([Message("user", "Which optimizer?")], max_tokens=64)
        return "".join([chunk.text async for chunk in chunks])

    assert "Which optimizer?" in asyncio.run(ask())


def test_the_bound_of_a_reply_goes_under_the_name_the_llm_has_for_it() -> None:
    llm = scripted()
    list(LlamaIndexBackend(llm, max_tokens_argument="num_predict").stream([Message("user", "?")], max_tokens=9))
    assert llm.heard == {"num_predict": 9}


def test_an_llm_that_fails_does_so_in_one_sentence_and_keeps_what_it_gave() -> None:
    chunks = iter(LlamaIndexBackend(scripted(fails=True)).stream([Message("user", "?")], max_tokens=9))
    assert next(chunks).text == "LAMB"
    with pytest.raises(ModelError, match="failed with ConnectionResetError") as caught:
        next(chunks)
    assert "sk-secret" not in str(caught.value)


def test_an_llm_that_says_nothing_is_a_failure() -> None:
    with pytest.raises(ModelError, match="gave an empty answer"):
        list(LlamaIndexBackend(scripted(" ")).stream([Message("user", "?")], max_tokens=9))


class Orders:
    """A backend that always gives the same reply, or fails."""

    name = "orders"
    model = "orders-1"
    is_model = True

    def __init__(self, reply: str | Exception) -> None:
        self.reply = reply
        self.heard: list[Message] = []

    def stream(self, messages: Sequence[Message], *, max_tokens: int, **_: object) -> Iterator[Chunk]:
        self.heard += messages
        if isinstance(self.reply, Exception):
            raise self.reply
        yield Chunk(self.reply[:max_tokens])

    def astream(self, messages: Sequence[Message], *, max_tokens: int, **_: object) -> AsyncIterator[Chunk]:
        raise NotImplementedError


def test_our_listwise_reranker_orders_nodes_in_one_call() -> None:
    backend = Orders("[3] > [1] > [2]")
    nodes = [NodeWithScore(node=paper_node(p), score=s) for p, s in ((LAMB, 0.9), (ADAM, 0.6), (SGD, 0.1))]
    ordered = ListwiseReranker(backend, top_n=2).postprocess_nodes(nodes, query_str="Which optimizer is old?")
    assert [(n.node.node_id, n.score) for n in ordered] == [(SGD.id, 0.1), (LAMB.id, 0.9)]
    assert "<title>Adam</title>" in backend.heard[-1].content
    assert "<query>Which optimizer is old?</query>" in backend.heard[-1].content


@pytest.mark.parametrize("reply", ["I cannot say.", ModelError("the server is away")])
def test_a_reranker_that_fails_leaves_the_nodes_and_logs_it(
    reply: str | Exception, caplog: pytest.LogCaptureFixture
) -> None:
    nodes = [NodeWithScore(node=paper_node(p), score=0.5) for p in (LAMB, ADAM)]
    assert ListwiseReranker(Orders(reply)).postprocess_nodes(nodes, query_str="Which?") == nodes
    assert "reranking left out" in caplog.text


def test_our_listwise_reranker_fits_behind_our_search() -> None:
    searcher = PostprocessedSearcher(Shelf(), ListwiseReranker(Orders("[2] > [1]")))
    assert [e.paper for e in searcher.search("q").evidence] == [ADAM, LAMB, SGD]


@pytest.mark.parametrize("question", ["", "  "])
def test_without_a_question_a_reranker_asks_nothing(question: str) -> None:
    backend = Orders("[2] > [1]")
    nodes = [NodeWithScore(node=paper_node(p), score=0.5) for p in (LAMB, ADAM)]
    assert ListwiseReranker(backend).postprocess_nodes(nodes, query_str=question) == nodes
    assert backend.heard == []
