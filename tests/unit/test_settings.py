"""Settings come from the environment and ``.env``, are checked once, and never show a key."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from rag.errors import SettingsError, UsageError
from rag.settings import Settings

KEY = "sk-secret-0123456789"


def test_without_any_setting_the_defaults_hold() -> None:
    settings = Settings.load()
    assert (settings.library, settings.llm, settings.embedding, settings.k) == (Path("library"), "auto", "minilm", 6)


def test_a_setting_is_read_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CITEWELL_K", "9")
    assert Settings.load().k == 9


def test_a_setting_is_read_from_the_file_env() -> None:
    Path(".env").write_text("CITEWELL_K=9\nOPENAI_BASE_URL=http://127.0.0.1:11434/v1\n", encoding="utf-8")
    settings = Settings.load()
    assert (settings.k, settings.openai_base_url) == (9, "http://127.0.0.1:11434/v1")


def test_the_environment_goes_before_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    Path(".env").write_text("CITEWELL_K=9\n", encoding="utf-8")
    monkeypatch.setenv("CITEWELL_K", "10")
    assert Settings.load().k == 10


def test_what_is_handed_in_goes_before_both(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CITEWELL_K", "10")
    assert (Settings.load(k=11).k, Settings.load(k=None).k) == (11, 10)


def test_an_unknown_name_in_the_environment_is_an_error_that_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CITEWELL_LIBARY", "x")
    with pytest.raises(SettingsError, match=r"^unknown setting CITEWELL_LIBARY; .*CITEWELL_LIBRARY"):
        Settings.load()


def test_an_unknown_name_in_the_file_is_an_error_that_names_it() -> None:
    Path(".env").write_text("CITEWELL_TOP_K=9\n", encoding="utf-8")
    with pytest.raises(SettingsError, match="unknown setting CITEWELL_TOP_K"):
        Settings.load()


@pytest.mark.parametrize("name", ["CITEWELL_OPENAI_API_KEY", "CITEWELL_OPENAI_BASE_URL"])
def test_the_names_of_openai_take_no_prefix(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, KEY)
    with pytest.raises(SettingsError, match=f"unknown setting {name}") as caught:
        Settings.load()
    assert KEY not in str(caught.value)


def test_names_of_others_are_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_ORG_ID", "x")
    Path(".env").write_text("SOMETHING_ELSE=1\n", encoding="utf-8")
    assert Settings.load() == Settings()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CITEWELL_LLM", "gpt"),
        ("CITEWELL_CONTEXT_WINDOW", "1023"),
        ("CITEWELL_MAX_ANSWER_TOKENS", "31"),
        ("CITEWELL_MAX_ANSWER_TOKENS", "8193"),
        ("CITEWELL_MAX_PROMPT_TOKENS", "255"),
        ("CITEWELL_TIMEOUT_S", "0"),
        ("CITEWELL_TIMEOUT_S", "nan"),
        ("CITEWELL_TIMEOUT_S", "3601"),
        ("CITEWELL_RETRIES", "-1"),
        ("CITEWELL_RETRIES", "11"),
        ("CITEWELL_K", "0"),
        ("CITEWELL_K", "51"),
        ("CITEWELL_K", "six"),
        ("CITEWELL_UNSUPPORTED", "hide"),
        ("CITEWELL_EMBEDDING", "bert"),
        ("CITEWELL_THREADS", "257"),
    ],
)
def test_a_value_outside_its_bounds_is_an_error_that_names_the_setting(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as caught:
        Settings.load()
    message = str(caught.value)
    assert message.startswith(f"{name}: ")
    assert repr(value) in message
    assert "\n" not in message


def test_a_file_that_is_no_text_is_an_error() -> None:
    Path(".env").write_bytes(b"CITEWELL_K=\xff\n")
    with pytest.raises(SettingsError, match=r"\.env cannot be read"):
        Settings.load()


def test_a_wrong_setting_is_a_matter_of_usage() -> None:
    assert issubclass(SettingsError, UsageError)


@pytest.mark.parametrize(
    ("given", "backend"),
    [
        ({}, "extractive"),
        ({"OPENAI_API_KEY": KEY}, "openai"),
        ({"OPENAI_BASE_URL": "http://127.0.0.1:11434/v1"}, "openai"),
        ({"OPENAI_API_KEY": "", "OPENAI_BASE_URL": ""}, "extractive"),
        ({"OPENAI_API_KEY": KEY, "CITEWELL_LLM": "extractive"}, "extractive"),
        ({"CITEWELL_LLM": "openai"}, "openai"),
        ({"OPENAI_API_KEY": KEY, "CITEWELL_LLM": "llamacpp"}, "llamacpp"),
    ],
)
def test_auto_takes_openai_only_where_it_is_configured(
    monkeypatch: pytest.MonkeyPatch, given: dict[str, str], backend: str
) -> None:
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    assert Settings.load().backend == backend


def test_a_key_is_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    settings = Settings.load()
    shown: list[Any] = [repr(settings), str(settings), settings.model_dump_json(), repr(settings.model_dump())]
    assert not [text for text in shown if KEY in text]


def test_a_key_is_not_shown_by_an_error_about_another_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setenv("CITEWELL_K", "0")
    with pytest.raises(SettingsError) as caught:
        Settings.load()
    assert KEY not in str(caught.value)


@pytest.mark.parametrize("url", ["host:8000", "ftp://host", "http://", "http://u:p@host:8000", "http://host/?x=1"])
def test_the_address_of_a_chroma_server_is_checked(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("CITEWELL_CHROMA_URL", url)
    with pytest.raises(SettingsError, match="CITEWELL_CHROMA_URL") as refused:
        Settings.load()
    assert "u:p" not in str(refused.value)


@pytest.mark.parametrize("name", Settings.model_fields)
def test_an_empty_setting_is_as_good_as_none(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    variable = name.upper() if name.startswith("openai_") else f"CITEWELL_{name.upper()}"
    monkeypatch.setenv(variable, "")
    assert Settings.load() == Settings()
    monkeypatch.delenv(variable)
    Path(".env").write_text(f"{variable}=\n", encoding="utf-8")
    assert Settings.load() == Settings()


def test_a_token_that_cannot_be_sent_is_refused_without_being_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CITEWELL_CHROMA_TOKEN", "geheim\u00fc")
    with pytest.raises(SettingsError, match="CITEWELL_CHROMA_TOKEN") as refused:
        Settings.load()
    assert "geheim" not in str(refused.value)


def test_a_library_of_a_moment_stays_off_the_server() -> None:
    assert Settings(chroma_url="http://host:8000", k=3).local() == Settings(k=3)
