"""What the settings name is what is built, and nothing else is imported for it."""

from __future__ import annotations

import subprocess
import sys

import pytest

from rag.answering.backends import build_backend
from rag.errors import SettingsError
from rag.models.registry import build_embedder
from rag.settings import Settings


def test_without_any_setting_the_extractive_backend_answers() -> None:
    assert build_backend(Settings()).name == "extractive"


def test_an_address_alone_selects_the_openai_backend() -> None:
    backend = build_backend(Settings(openai_base_url="http://127.0.0.1:11434/v1", model="llama3"))
    assert (backend.name, backend.model) == ("openai", "llama3")


def test_a_backend_that_cannot_be_built_is_not_replaced_by_another() -> None:
    with pytest.raises(SettingsError, match="OPENAI_API_KEY is not set"):
        build_backend(Settings(llm="openai"))


def test_without_any_setting_the_bundled_embedder_embeds() -> None:
    assert build_embedder(Settings()).name.startswith("all-MiniLM-L6-v2")


def test_embeddings_of_openai_need_a_key_or_an_address() -> None:
    with pytest.raises(SettingsError, match="CITEWELL_EMBEDDING=minilm"):
        build_embedder(Settings(embedding="openai"))


def test_the_length_of_openais_own_vectors_is_known_without_asking() -> None:
    embedder = build_embedder(Settings.model_validate({"embedding": "openai", "openai_api_key": "sk-x"}))
    assert embedder.dimension == 1_536


def test_choosing_a_model_imports_no_other() -> None:
    code = (
        "import sys; from rag.answering.backends import build_backend; from rag.settings import Settings; "
        "build_backend(Settings(llm='extractive')); "
        "sys.exit(str([m for m in ('openai', 'llama_index', 'onnxruntime', 'xllamacpp') if m in sys.modules]))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stderr.strip() == "[]"
