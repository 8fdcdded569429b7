"""Settings, from the environment and ``.env``: checked once, then passed to whatever needs them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Literal, Self
from urllib.parse import urlsplit

from dotenv import dotenv_values
from pydantic import AliasChoices, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from rag.errors import SettingsError

BackendName = Literal["openai", "llamacpp", "extractive"]
PREFIX = "CITEWELL_"
#: The server that is asked if ``OPENAI_BASE_URL`` is not set.
OPENAI_BASE_URL = "https://api.openai.com/v1"
#: Default models; the bundled one cannot be changed, its name is for messages.
_EMBEDDING_MODELS = {
    "minilm": "all-MiniLM-L6-v2",
    "openai": "text-embedding-3-small",
    "fastembed": "BAAI/bge-small-en-v1.5",
}


class Settings(BaseSettings):
    """All settings with their bounds, in the order in which docs/settings.md lists them.

    ``OPENAI_API_KEY`` and ``OPENAI_BASE_URL`` keep their usual names; every other name is ``CITEWELL_`` and the field's
    name in capitals. An empty value counts as not set.
    """

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_file=".env",
        env_file_encoding="utf-8",
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        populate_by_name=True,
    )

    openai_api_key: SecretStr | None = Field(
        default=None,
        validation_alias=AliasChoices("openai_api_key", "OPENAI_API_KEY"),
        description="key of the server that answers; with a key or a base URL, auto chooses openai",
    )
    openai_base_url: str | None = Field(
        default=None,
        validation_alias=AliasChoices("openai_base_url", "OPENAI_BASE_URL"),
        description="address of any OpenAI-compatible server; without one, OpenAI's own",
        examples=["http://127.0.0.1:11434/v1"],
    )
    llm: Literal["auto", "openai", "llamacpp", "extractive"] = Field(
        default="auto",
        description="what writes answers; auto chooses openai if a key or base URL is set, else extractive",
    )
    model: str = Field(default="gpt-4o-mini", min_length=1, description="name of the model that openai asks for")
    gguf: Path | None = Field(
        default=None,
        description="model file of llamacpp; without one, the small model of the extra local (253 MB)",
        examples=["model.gguf"],
    )
    context_window: int = Field(default=16_384, ge=1_024, description="tokens the model reads and writes in one call")
    max_prompt_tokens: int = Field(default=2_500, ge=256, description="tokens of a prompt, sources included")
    max_answer_tokens: int = Field(default=600, ge=32, le=8_192, description="tokens of an answer")
    timeout_s: float = Field(default=60.0, gt=0, le=3_600, description="seconds to wait for a model's next words")
    retries: int = Field(default=3, ge=0, le=10, description="how often a failed model request is sent again")
    prices: Path | None = Field(
        default=None,
        description='file of prices for a million tokens, as {"currency": "USD", "models": {"NAME": {"prompt": 0.15, '
        '"completion": 0.6}}}; without one, OpenAI\'s list prices',
        examples=["prices.json"],
    )
    library: Path = Field(default=Path("library"), description="directory of the library")
    chroma_url: str | None = Field(
        default=None,
        description="address of a Chroma server that keeps the library for several machines (docs/library.md)",
        examples=["http://host:8000"],
    )
    chroma_token: SecretStr | None = Field(default=None, description="token sent to the Chroma server (Bearer)")
    chroma_collection: str = Field(
        default="citewell",
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{1,98}[A-Za-z0-9]$",
        description="name of the library on the Chroma server; several may share one server",
    )
    k: int = Field(default=6, ge=1, le=50, description="papers put before the model as sources")
    rerank: Literal["off", "model"] = Field(
        default="off",
        description="model: the model that answers first puts the 20 best papers in order (one call more a question)",
    )
    expand: Literal["off", "model"] = Field(
        default="off",
        description="model: it also writes other words for the question to search with (one call more a question)",
    )
    judge: Literal["off", "model"] = Field(
        default="off",
        description="model: it also judges whether the cited abstracts support each sentence (one call more an answer)",
    )
    unsupported: Literal["mark", "drop"] = Field(
        default="mark", description="mark or drop a sentence that its citation does not support"
    )
    embedding: Literal["minilm", "openai", "fastembed"] = Field(
        default="minilm",
        description="what turns text into vectors: minilm is bundled; openai and fastembed (extra fastembed, downloads "
        "its model at the first use) take a model name",
    )
    embedding_model: str | None = Field(
        default=None,
        min_length=1,
        description="model of openai (text-embedding-3-small) or fastembed (BAAI/bge-small-en-v1.5)",
        examples=["BAAI/bge-small-en-v1.5"],
    )
    threads: int = Field(default=0, ge=0, le=256, description="threads of models in this process; 0: one a core")

    @field_validator("chroma_url", mode="before")
    @classmethod
    def _web_address(cls, value: object) -> object:
        if not value:
            return None
        parts = urlsplit(str(value))
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment:
            raise ValueError("is not a web address as http://host:8000")
        if parts.username is not None:
            raise ValueError("holds a name or password; put the token into CITEWELL_CHROMA_TOKEN")
        return str(value).rstrip("/")

    @field_validator("chroma_token", mode="before")
    @classmethod
    def _sendable_token(cls, value: object) -> object:
        text = value.get_secret_value() if isinstance(value, SecretStr) else value
        if isinstance(text, str) and not all("!" <= c <= "~" for c in text):
            raise ValueError("may hold letters, digits and punctuation of ASCII only, as it is sent in a header")
        return value or None

    @classmethod
    def load(cls, **overrides: Any) -> Self:
        """Return the settings of the environment and ``.env``, replaced by those ``overrides`` that are not ``None``.

        Raises:
            SettingsError: an unknown ``CITEWELL_`` name, or a value outside its bounds.
        """
        _refuse_unknown_names(cls)
        try:
            return cls(**{name: value for name, value in overrides.items() if value is not None})
        except ValidationError as error:
            first = error.errors()[0]
            field = str(first["loc"][0]) if first["loc"] else "settings"
            name = field if field.startswith("OPENAI_") else PREFIX + field.upper()
            secret = {"key", "token"} & set(field.lower().split("_")) or "@" in str(first.get("input"))
            given = "" if secret else f" (given: {first.get('input')!r})"
            raise SettingsError(f"{name}: {first['msg']}{given}") from None

    def local(self) -> Self:
        """Return the same settings for a temporary library: in its own directory, even if the user's is on a server."""
        return self.model_copy(update={"chroma_url": None})

    @property
    def embedding_model_name(self) -> str:
        """Name of the embedding model in use: the one set, or the default of its kind."""
        return self.embedding_model or _EMBEDDING_MODELS[self.embedding]

    @property
    def backend(self) -> BackendName:
        """Backend in use, with ``auto`` resolved: openai only if the user configured it."""
        if self.llm != "auto":
            return self.llm
        return "openai" if self.openai_api_key or self.openai_base_url else "extractive"

    @property
    def uses_model(self) -> bool:
        """Whether a language model writes the answers, rather than the extractive answerer."""
        return self.backend != "extractive"

    @property
    def answering_model(self) -> str:
        """Name to show of the model that writes answers; the extractive backend has none and shows its own."""
        if self.backend == "llamacpp":
            return self.gguf.stem if self.gguf else "small model"
        return self.model if self.backend == "openai" else self.backend


def _refuse_unknown_names(settings: type[Settings]) -> None:
    # A field with an alias is read from its alias alone, so its prefixed name would be taken and do nothing.
    known = {PREFIX + name.upper() for name, field in settings.model_fields.items() if field.validation_alias is None}
    env_file = settings.model_config.get("env_file")
    path = env_file if isinstance(env_file, str) else ".env"
    try:
        given = set(os.environ) | set(dotenv_values(path))
    except (OSError, UnicodeDecodeError):
        raise SettingsError(f"{path} cannot be read as UTF-8 text; mend or remove it") from None
    unknown = sorted(name for name in given if name.upper().startswith(PREFIX) and name.upper() not in known)
    if unknown:
        names = ", ".join(sorted(known))
        raise SettingsError(f"unknown setting {unknown[0]}; the settings are {names}")
