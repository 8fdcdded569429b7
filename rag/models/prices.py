"""What model calls cost, by a small table of list prices or by a file of the user's."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from rag.errors import SettingsError
from rag.models.protocols import Backend, Usage
from rag.settings import OPENAI_BASE_URL, Settings

_SHIPPED = Path(__file__).with_name("prices.json")
_LARGEST_FILE = 1_000_000
# OpenAI names a model's day of release behind it: gpt-4o-mini-2024-07-18.
_RELEASE = re.compile(r"-\d{4}-\d{2}-\d{2}\Z")


@dataclass(frozen=True, slots=True)
class Price:
    """Money for a million prompt tokens and a million completion tokens."""

    prompt: float
    completion: float

    def of(self, prompt_tokens: float, completion_tokens: float) -> float:
        """Return what so many tokens cost."""
        return (prompt_tokens * self.prompt + completion_tokens * self.completion) / 1_000_000


@dataclass(frozen=True, slots=True)
class Cost:
    """An amount of money, at list prices; ``currency`` as ISO 4217 names it."""

    amount: float
    currency: str

    def to_dict(self) -> dict[str, Any]:
        """The record of ``ask --json``."""
        return {"amount": round(self.amount, 8), "currency": self.currency}

    def __str__(self) -> str:
        """For a reader, to two digits that count: ``0.00042 USD``."""
        if not self.amount:
            return f"0 {self.currency}"
        digits = max(2, 1 - math.floor(math.log10(self.amount)))
        return f"{self.amount:.{digits}f} {self.currency}"


@dataclass(frozen=True, slots=True)
class Prices:
    """Prices by model name in one currency.

    ``own`` are the user's, for any server; the ``listed`` ones are OpenAI's and hold for no other server, whatever its
    models are called.
    """

    currency: str
    own: Mapping[str, Price] = field(default_factory=dict)
    listed: Mapping[str, Price] = field(default_factory=dict)

    @classmethod
    def load(cls, settings: Settings) -> Self:
        """Load the table that ships with the engine, or the user's own (``CITEWELL_PRICES``) in its place.

        Raises:
            SettingsError: the user's file cannot be read or is not a table of prices.
        """
        if settings.prices is not None:
            currency, models = _read(settings.prices)
            return cls(currency, own=models)
        currency, models = _read(_SHIPPED)
        address = (settings.openai_base_url or OPENAI_BASE_URL).strip().rstrip("/")
        return cls(currency, listed=models if address == OPENAI_BASE_URL.rstrip("/") else {})

    def cost(self, backend: Backend, usage: Usage) -> Cost | None:
        """Return what ``usage`` of ``backend`` cost, or ``None`` if its price is not known."""
        price = self._price(backend)
        if not usage.model_calls:
            return Cost(0.0, self.currency)
        return Cost(price.of(usage.prompt_tokens, usage.completion_tokens), self.currency) if price else None

    def _price(self, backend: Backend) -> Price | None:
        tables = [self.own, self.listed] if backend.name == "openai" else [self.own]
        for name in (backend.model, _RELEASE.sub("", backend.model)):
            for table in tables:
                if name in table:
                    return table[name]
        # What runs on this machine is paid to nobody.
        return Price(0.0, 0.0) if backend.name == "llamacpp" or not backend.is_model else None


def _read(path: Path) -> tuple[str, dict[str, Price]]:
    try:
        with path.open("rb") as file:
            table = json.loads(file.read(_LARGEST_FILE))
    except OSError as error:
        raise SettingsError(f"CITEWELL_PRICES: {path} cannot be read ({error.strerror})") from error
    except (ValueError, RecursionError) as error:
        raise SettingsError(f"CITEWELL_PRICES: {path} is not JSON ({error})") from error
    models = table.get("models") if isinstance(table, dict) else None
    currency = table.get("currency", "USD") if isinstance(table, dict) else None
    if not isinstance(models, dict) or not isinstance(currency, str):
        raise SettingsError(
            f'CITEWELL_PRICES: {path} is not {{"currency": "USD", "models": {{NAME: {{"prompt", "completion"}}}}}}'
        )
    return currency, {name: _price(path, name, record) for name, record in models.items()}


def _price(path: Path, name: str, record: Any) -> Price:
    amounts = [record.get(key) if isinstance(record, dict) else None for key in ("prompt", "completion")]
    if not all(isinstance(a, int | float) and not isinstance(a, bool) and 0 <= a < math.inf for a in amounts):
        raise SettingsError(
            f"CITEWELL_PRICES: {path}: {name!r} needs a price from 0 for a million prompt tokens and one for a million "
            "completion tokens, as numbers"
        )
    return Price(float(amounts[0] or 0), float(amounts[1] or 0))
