"""The fastembed embedder, against a stand-in with the interface of fastembed 0.9: its models cannot be fetched here."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from rag.errors import LibraryError, ModelError, SettingsError
from rag.library import Library
from rag.models.embedders.fastembed import FastEmbed
from rag.models.registry import build_embedder
from rag.paper import Paper
from rag.settings import Settings


class TextEmbedding:
    """As ``fastembed.TextEmbedding``: yields one array a text; here the counts of a, b and c, not of unit length."""

    made: list[dict[str, Any]]
    texts: list[str]
    batches: list[int]
    stored: bool
    downloads: bool
    spoiled: Any

    def __init__(
        self,
        model_name: str = "BAAI/bge-small-en-v1.5",
        cache_dir: str | None = None,
        threads: int | None = None,
        **kwargs: Any,
    ) -> None:
        self.made.append({"model": model_name, "cache": cache_dir, "threads": threads, **kwargs})
        if not (self.stored if kwargs.get("local_files_only") else self.downloads):
            raise ValueError(f"Could not load model {model_name} from any source.")

    @classmethod
    def list_supported_models(cls) -> list[dict[str, Any]]:
        """As the package's: a list of records, of which ``model`` and ``dim`` matter here."""
        names = ("BAAI/bge-small-en-v1.5", "intfloat/multilingual-e5-large", "thenlper/gte-base")
        return [{"model": name, "dim": 3, "description": ""} for name in names]

    def passage_embed(self, texts: Iterable[str], batch_size: int = 256, **_: Any) -> Iterator[Any]:
        """As the package's."""
        self.batches.append(batch_size)
        yield from (self._vector(text) for text in texts)

    def query_embed(self, query: str | Iterable[str], **_: Any) -> Iterator[Any]:
        """As the package's."""
        yield from (self._vector(text) for text in ([query] if isinstance(query, str) else query))

    def _vector(self, text: str) -> Any:
        self.texts.append(text)
        if self.spoiled is not None:
            return self.spoiled
        return np.array([text.count(letter) + 0.01 for letter in "abc"], dtype=np.float32)


@pytest.fixture
def package(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> type[TextEmbedding]:
    """The stand-in in the package's place, its model already fetched."""

    class Own(TextEmbedding):
        made: list[dict[str, Any]] = []  # noqa: RUF012 - one class a test
        texts: list[str] = []  # noqa: RUF012
        batches: list[int] = []  # noqa: RUF012
        stored = True
        downloads = False
        spoiled = None

    monkeypatch.setitem(sys.modules, "fastembed", SimpleNamespace(TextEmbedding=Own))  # type: ignore[arg-type]  # a module
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("FASTEMBED_CACHE_PATH", raising=False)
    return Own


def test_vectors_are_of_unit_length_and_in_the_order_given(package: type[TextEmbedding]) -> None:
    vectors = FastEmbed("thenlper/gte-base").embed_texts(["a", "bbbb", "cc"])
    assert vectors.dtype == np.float32
    assert vectors.argmax(axis=1).tolist() == [0, 1, 2]
    assert np.linalg.norm(vectors, axis=1) == pytest.approx([1, 1, 1])
    assert package.texts == ["bbbb", "cc", "a"]


def test_a_question_gives_one_vector_and_no_texts_give_none(package: type[TextEmbedding]) -> None:
    embedder = FastEmbed("thenlper/gte-base")
    assert embedder.embed_query("a").shape == (3,)
    assert embedder.embed_texts([]).shape == (0, 3)


@pytest.mark.parametrize(
    ("model", "query", "passage"),
    [
        ("BAAI/bge-small-en-v1.5", "Represent this sentence for searching relevant passages: abc", "abc"),
        ("intfloat/multilingual-e5-large", "query: abc", "passage: abc"),
        ("thenlper/gte-base", "abc", "abc"),
    ],
)
def test_questions_and_passages_carry_the_prefixes_that_their_model_wants(
    package: type[TextEmbedding], model: str, query: str, passage: str
) -> None:
    embedder = FastEmbed(model)
    embedder.embed_query("abc")
    embedder.embed_texts(["abc"])
    assert package.texts == [query, passage]


def test_name_and_dimension_are_known_before_anything_is_loaded(package: type[TextEmbedding]) -> None:
    embedder = build_embedder(Settings(embedding="fastembed"))
    assert (embedder.name, embedder.dimension) == ("fastembed:BAAI/bge-small-en-v1.5@1", 3)
    assert package.made == []


def test_the_name_is_the_packages_own_however_the_setting_is_written(package: type[TextEmbedding]) -> None:
    assert FastEmbed("baai/BGE-small-en-v1.5").name == FastEmbed("BAAI/bge-small-en-v1.5").name


def test_a_model_is_loaded_once_from_our_cache_with_the_threads_that_are_set(
    package: type[TextEmbedding], tmp_path: Path
) -> None:
    embedder = build_embedder(Settings(embedding="fastembed", threads=2))
    embedder.embed_query("a")
    embedder.embed_texts(["a"])
    (made,) = package.made
    assert made == {
        "model": "BAAI/bge-small-en-v1.5",
        "cache": str(tmp_path / "cache" / "citewell" / "fastembed"),
        "threads": 2,
        "local_files_only": True,
    }
    assert package.batches == [32]


def test_the_packages_own_setting_for_the_cache_is_honoured(
    package: type[TextEmbedding], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FASTEMBED_CACHE_PATH", "elsewhere")
    FastEmbed("thenlper/gte-base").embed_query("a")
    assert (package.made[0]["cache"], package.made[0]["threads"]) == ("elsewhere", None)


def test_a_model_that_is_not_here_is_downloaded(package: type[TextEmbedding]) -> None:
    package.stored, package.downloads = False, True
    FastEmbed("thenlper/gte-base").embed_query("a")
    assert [made.get("local_files_only", False) for made in package.made] == [True, False]


def test_a_model_that_cannot_be_downloaded_names_the_command(package: type[TextEmbedding]) -> None:
    package.stored = False
    with pytest.raises(ModelError, match=r"cannot be downloaded; connect .* run: citewell doctor"):
        FastEmbed("thenlper/gte-base").embed_query("a")


def test_without_the_package_the_install_command_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "fastembed", None)
    with pytest.raises(SettingsError, match=r"pip install 'citewell\[fastembed\]'"):
        build_embedder(Settings(embedding="fastembed"))


def test_a_model_the_package_does_not_know_is_a_setting_to_mend(package: type[TextEmbedding]) -> None:
    with pytest.raises(
        SettingsError, match=r"CITEWELL_EMBEDDING_MODEL: .*'bge-small'; it knows BAAI/bge-small-en-v1\.5"
    ):
        build_embedder(Settings(embedding="fastembed", embedding_model="bge-small"))


@pytest.mark.parametrize("spoiled", [np.array([1.0, 2.0]), np.array([np.nan] * 3), np.zeros(3), "no numbers"])
def test_vectors_that_are_none_fail_in_one_sentence(package: type[TextEmbedding], spoiled: Any) -> None:
    package.spoiled = spoiled
    with pytest.raises(ModelError, match="embedding model 'thenlper/gte-base'"):
        FastEmbed("thenlper/gte-base").embed_query("a")


def test_half_a_surrogate_pair_reaches_the_model_as_a_question_mark(package: type[TextEmbedding]) -> None:
    FastEmbed("thenlper/gte-base").embed_texts(["a\ud800"])
    assert package.texts == ["a?"]


def test_a_library_is_filled_and_searched_and_refuses_another_embedder(
    package: type[TextEmbedding], tmp_path: Path
) -> None:
    papers = [
        Paper.create(title=f"On {word}", abstract=f"All about {word}. It ends.") for word in ("aaa", "bbb", "ccc")
    ]
    settings = Settings(embedding="fastembed", embedding_model="thenlper/gte-base")
    with Library.open(tmp_path / "library", settings, create=True) as library:
        library.add(papers)
        assert library.search("bbb", k=1).evidence[0].paper == papers[1]
    with pytest.raises(LibraryError, match="citewell rebuild"):
        Library.open(tmp_path / "library", Settings())


@pytest.mark.parametrize(
    ("kind", "given", "used"),
    [
        ("openai", None, "text-embedding-3-small"),
        ("fastembed", None, "BAAI/bge-small-en-v1.5"),
        ("openai", "nomic", "nomic"),
    ],
)
def test_each_kind_of_embedding_has_a_default_model_of_its_own(kind: str, given: str | None, used: str) -> None:
    settings = Settings.model_validate({"embedding": kind, "embedding_model": given})
    assert settings.embedding_model_name == used
