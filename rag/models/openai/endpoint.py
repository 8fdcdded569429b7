"""Where a model is served: the address, the name, the key, and how messages speak of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from rag.errors import SettingsError
from rag.loopback import is_loopback
from rag.settings import OPENAI_BASE_URL as OPENAI_BASE_URL
from rag.settings import Settings

#: Local servers ask for no key, but the client refuses to send none.
NO_KEY = "not-needed"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One model of one OpenAI-compatible server. ``model_setting``, ``shorten`` and ``way_out`` name the settings that
    a message about a failure points to; the key is in no ``repr``."""

    base_url: str
    model: str
    key: str = field(repr=False)
    timeout_s: float
    model_setting: str
    shorten: str
    way_out: str

    @classmethod
    def for_answers(cls, settings: Settings) -> Endpoint:
        """The endpoint of the openai backend.

        Raises:
            SettingsError: no key and no address, or one of them cannot be one.
        """
        return cls(
            **_server(settings, "CITEWELL_LLM=extractive"),
            model=settings.model,
            model_setting="CITEWELL_MODEL",
            shorten="lower CITEWELL_MAX_PROMPT_TOKENS or CITEWELL_K",
        )

    @classmethod
    def for_embeddings(cls, settings: Settings) -> Endpoint:
        """The endpoint of embedding openai; raises as :meth:`for_answers` does."""
        return cls(
            **_server(settings, "CITEWELL_EMBEDDING=minilm"),
            model=settings.embedding_model_name,
            model_setting="CITEWELL_EMBEDDING_MODEL",
            shorten="set CITEWELL_EMBEDDING_MODEL to one that reads more",
        )

    @property
    def host(self) -> str:
        """Host and port: all of the address that is safe to show, since an address may carry a password."""
        parts = urlsplit(self.base_url)
        return parts.netloc.rpartition("@")[2]

    @property
    def is_local(self) -> bool:
        """Whether the server runs on this machine."""
        return is_loopback(urlsplit(self.base_url).hostname or "")

    @property
    def has_key(self) -> bool:
        """Whether the user gave a key."""
        return self.key != NO_KEY


def _server(settings: Settings, way_out: str) -> dict[str, Any]:
    """The fields that both kinds of endpoint take from the same settings."""
    key = settings.openai_api_key.get_secret_value().strip() if settings.openai_api_key else ""
    base_url = (settings.openai_base_url or "").strip()
    if not key and not base_url:
        raise SettingsError(
            f"OPENAI_API_KEY is not set; set it, or OPENAI_BASE_URL of a server that needs no key, or {way_out}"
        )
    # A key with a line break or a typographic character would fail deep in the client, in a message that quotes it.
    if not all("!" <= character <= "~" for character in key):
        raise SettingsError("OPENAI_API_KEY holds a blank or a character that no key has; copy it again")
    return {
        "base_url": _checked_address(base_url or OPENAI_BASE_URL),
        "key": key or NO_KEY,
        "timeout_s": settings.timeout_s,
        "way_out": way_out,
    }


def _checked_address(base_url: str) -> str:
    problem = "OPENAI_BASE_URL is not an http address; give one like http://127.0.0.1:11434/v1"
    try:
        parts = urlsplit(base_url)
        # Asking for the port is what checks it.
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable or any(character <= " " or character == "\x7f" for character in base_url):
        raise SettingsError(problem)
    return base_url
