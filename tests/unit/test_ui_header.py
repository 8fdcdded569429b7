"""What the top of the page and the empty chat say."""

from __future__ import annotations

from pathlib import Path

import pytest

from rag.paper import Paper
from rag.settings import Settings
from tests.support.scripted import SampleShelf
from ui.page import header


class _Library:
    def __init__(self, count: int) -> None:
        self._count = count

    def __len__(self) -> int:
        return self._count

    def paper(self, _paper_id: str) -> Paper | None:
        return None


def test_the_examples_are_about_papers_of_the_library() -> None:
    assert len(header.welcome(SampleShelf()).examples) == 4
    assert header.welcome(_Library(7)).examples == []


def test_an_empty_library_says_how_to_fill_it() -> None:
    assert "citewell ingest PATH" in header.welcome(_Library(0)).markup


@pytest.mark.parametrize(("count", "words"), [(1, ">1 paper<"), (1234, ">1,234 papers<")])
def test_the_number_of_papers_is_shown(count: int, words: str) -> None:
    assert words in header.facts(_Library(count), Settings())


def test_where_questions_go_is_shown_without_credentials() -> None:
    settings = Settings(llm="openai", model="m<1>", openai_base_url="https://user:secret@models.example:8443/v1")
    markup = header.facts(_Library(1), settings)
    assert "openai · m&lt;1&gt; · models.example:8443" in markup
    assert "secret" not in markup


def test_a_base_address_that_is_none_breaks_nothing() -> None:
    assert header.writer(Settings(llm="openai", openai_base_url="http://host:port/v1")).endswith("· host")


def test_a_model_in_this_program_is_named_and_said_to_send_nothing(tmp_path: Path) -> None:
    markup = header.facts(_Library(1), Settings(llm="llamacpp", gguf=tmp_path / "gemma-3.gguf"))
    assert "llamacpp · gemma-3 · this machine" in markup
    assert "nothing leaves this machine" in markup
    assert "openai" not in markup
