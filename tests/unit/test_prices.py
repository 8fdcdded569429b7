"""What an answer cost, where that can be known."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from rag.errors import SettingsError
from rag.models.prices import Cost, Prices
from rag.models.protocols import Usage
from rag.settings import Settings

USAGE = Usage(2_000_000, 500_000, 1)


@dataclass
class Named:
    """A backend of which only names matter here."""

    name: str
    model: str
    is_model: bool = True

    def stream(self, *_: Any, **__: Any) -> Any:
        raise NotImplementedError

    astream = stream


def cost(backend: str, model: str, usage: Usage = USAGE, **settings: Any) -> Cost | None:
    return Prices.load(Settings(**settings)).cost(Named(backend, model, backend != "extractive"), usage)


def table(path: Path, **models: Any) -> Path:
    path.write_text(json.dumps({"currency": "EUR", "models": models}), encoding="utf-8")
    return path


def test_tokens_are_paid_by_the_million() -> None:
    assert cost("openai", "gpt-4o-mini") == Cost(2 * 0.15 + 0.5 * 0.6, "USD")


def test_a_model_with_its_day_of_release_costs_what_the_model_costs() -> None:
    assert cost("openai", "gpt-4o-mini-2024-07-18") == cost("openai", "gpt-4o-mini")


def test_a_model_nobody_listed_has_no_known_cost() -> None:
    assert cost("openai", "some-model") is None
    assert cost("llama-index", "gpt-4o-mini") is None


def test_list_prices_are_not_those_of_another_server() -> None:
    assert cost("openai", "gpt-4o-mini", openai_base_url="http://127.0.0.1:11434/v1") is None
    assert cost("openai", "gpt-4o-mini", openai_base_url="https://api.openai.com/v1/") is not None


@pytest.mark.parametrize(("backend", "model"), [("extractive", "extractive"), ("llamacpp", "gemma.gguf")])
def test_what_runs_on_this_machine_costs_nothing(backend: str, model: str) -> None:
    assert cost(backend, model) == Cost(0.0, "USD")


def test_without_a_call_nothing_is_owed_even_where_the_price_is_not_known() -> None:
    assert cost("openai", "some-model", Usage()) == Cost(0.0, "USD")


def test_the_users_prices_go_for_any_server_and_in_place_of_ours(tmp_path: Path) -> None:
    own = table(tmp_path / "p.json", **{"some-model": {"prompt": 1, "completion": 2.5}})
    local = "http://127.0.0.1:11434/v1"
    assert cost("openai", "some-model", prices=own, openai_base_url=local) == Cost(3.25, "EUR")
    assert cost("openai", "gpt-4o-mini", prices=own) is None


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("{", "is not JSON"),
        ("[]", 'is not {"currency": "USD", "models"'),
        ('{"models": {"m": {"prompt": "1", "completion": 2}}}', "'m' needs a price from 0"),
        ('{"models": {"m": {"prompt": -1, "completion": 2}}}', "'m' needs a price from 0"),
        ('{"models": {"m": {"prompt": NaN, "completion": 2}}}', "'m' needs a price from 0"),
        ('{"models": {"m": {"prompt": true, "completion": 2}}}', "'m' needs a price from 0"),
        ('{"models": {"m": 3}}', "'m' needs a price from 0"),
        ("[" * 100_000, "is not JSON"),
    ],
)
def test_a_table_that_is_none_is_refused_in_a_line(tmp_path: Path, content: str, complaint: str) -> None:
    (tmp_path / "p.json").write_text(content, encoding="utf-8")
    with pytest.raises(SettingsError) as caught:
        Prices.load(Settings(prices=tmp_path / "p.json"))
    assert complaint in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_table_that_is_not_there_is_named() -> None:
    with pytest.raises(SettingsError, match=r"no/such\.json cannot be read"):
        Prices.load(Settings(prices=Path("no/such.json")))


@pytest.mark.parametrize(
    ("amount", "shown"), [(0.0, "0 USD"), (0.000423, "0.00042 USD"), (0.0231, "0.023 USD"), (12.5, "12.50 USD")]
)
def test_money_is_shown_to_two_digits_that_count(amount: float, shown: str) -> None:
    assert str(Cost(amount, "USD")) == shown
