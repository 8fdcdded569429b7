"""Tokens are counted from shipped tables, exactly for OpenAI's models and from above for others."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from rag.models import tokens
from rag.models.tokens import ByteCounter, counter_for

TEXT = "LAMB trains BERT in 76 minutes by raising the batch size to the memory limit of a TPUv3 Pod."


@pytest.mark.parametrize(("model", "expected"), [("gpt-4", 25), ("gpt-4o-mini", 24), ("openai/gpt-4o", 24)])
def test_known_models_are_counted_by_their_own_table(model: str, expected: int) -> None:
    import tiktoken

    name = "cl100k_base" if model == "gpt-4" else "o200k_base"
    assert counter_for(model).count(TEXT) == len(tiktoken.get_encoding(name).encode(TEXT))
    assert counter_for(model).count(TEXT) == pytest.approx(expected, abs=2)


def test_other_models_are_counted_with_a_margin() -> None:
    assert counter_for("qwen2.5:7b").count(TEXT) > counter_for("gpt-4").count(TEXT)


def test_other_scripts_cost_an_unknown_model_their_bytes() -> None:
    text = "知識の蒸留"
    assert counter_for("some-model").count(text) >= len(text) * 1.5


def test_control_words_in_a_text_count_as_text() -> None:
    assert counter_for("gpt-4").count("<|endoftext|>") > 1


def test_without_tables_bytes_give_an_upper_estimate() -> None:
    assert ByteCounter().count(TEXT) >= counter_for("gpt-4").count(TEXT)


def test_a_table_that_is_not_the_expected_one_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokens, "_TABLES", {name: (file, "0" * 64) for name, (file, _) in tokens._TABLES.items()})
    counter_for.cache_clear()
    assert isinstance(counter_for("gpt-4"), ByteCounter)
    counter_for.cache_clear()


def test_counting_leaves_the_environment_alone() -> None:
    before = dict(os.environ)
    counter_for.cache_clear()
    counter_for("gpt-4").count(TEXT)
    assert dict(os.environ) == before


def test_counting_does_not_import_llama_index() -> None:
    code = (
        "import sys; from rag.models.tokens import counter_for; counter_for('gpt-4').count('a'); "
        "sys.exit('llama_index.core' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
