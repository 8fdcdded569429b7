"""Papers as LlamaIndex documents and our passages as its nodes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from llama_index.core.node_parser.interface import NodeParser
from llama_index.core.schema import BaseNode, Document, MetadataMode, NodeRelationship, TextNode

from rag.paper import Paper
from rag.storage.index.passages import passages

TITLE = "title"


class PassageParser(NodeParser):
    """Cuts documents into our passages: runs of whole sentences, each embedded with the title before it.

    A document's text is the abstract, its metadata's ``title`` the title; :func:`document` makes one from a paper. The
    nodes carry offsets into that text and the id the same passage has in a library.
    """

    @classmethod
    def class_name(cls) -> str:
        """The name LlamaIndex files this class under."""
        return "PassageParser"

    def _parse_nodes(self, nodes: Sequence[BaseNode], show_progress: bool = False, **kwargs: Any) -> list[BaseNode]:
        # The interface hands in a wish for a progress bar; cutting an abstract takes no time worth one.
        del show_progress, kwargs
        return [passage for node in nodes for passage in _passage_nodes(node)]


def document(paper: Paper) -> Document:
    """Convert a paper to a LlamaIndex document: the abstract as text, the other facts as flat metadata."""
    facts = {name: value for name, value in paper.to_dict().items() if name not in ("id", "abstract") and value}
    # Vector stores take only flat metadata.
    if paper.authors:
        facts["authors"] = "; ".join(paper.authors)
    found = Document(id_=paper.id, text=paper.abstract, metadata=facts)
    _show_title_only(found)
    return found


def paper_node(paper: Paper) -> TextNode:
    """Convert a whole paper to one node, which a model reads as title and abstract."""
    made = document(paper)
    node = TextNode(id_=paper.id, text=paper.abstract, metadata=made.metadata)
    _show_title_only(node)
    return node


def _passage_nodes(node: BaseNode) -> list[BaseNode]:
    text = node.get_content(metadata_mode=MetadataMode.NONE)
    paper = Paper(id=node.node_id, title=str(node.metadata.get(TITLE, "")), abstract=text)
    found: list[BaseNode] = []
    for passage in passages(paper):
        made = TextNode(
            id_=passage.id,
            text=passage.text,
            start_char_idx=passage.start,
            end_char_idx=passage.end,
            metadata=dict(node.metadata),
            relationships={NodeRelationship.SOURCE: node.as_related_node_info()},
        )
        _show_title_only(made)
        found.append(made)
    return found


def _show_title_only(node: Document | TextNode) -> None:
    """Let embedding model and LLM read "title. text", as our own index does, and no other metadata."""
    others = [name for name in node.metadata if name != TITLE]
    node.excluded_embed_metadata_keys = others
    node.excluded_llm_metadata_keys = others
    node.metadata_template = "{value}"
    node.text_template = "{metadata_str}. {content}"
