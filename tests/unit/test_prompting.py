"""Prompt files are checked when they are loaded, and filled in one pass."""

from __future__ import annotations

import re

import pytest

from rag.answering.prompt.sentinels import NOT_FOUND, NOT_STATED
from rag.answering.prompt.templates import load_prompt, parse_prompt_file
from rag.errors import PromptError

FILE = "---\nname: greet\nversion: 3\ninputs: who, what\n---\n<<system>>\nSay {{what}}.\n<<user>>\n{{who}}\n"


def test_a_prompt_carries_its_name_and_version() -> None:
    prompt = parse_prompt_file(FILE, where="greet.md")
    assert prompt.label == "greet@3"
    assert prompt.inputs == {"who", "what"}


def test_a_prompt_is_filled_message_by_message() -> None:
    system, user = parse_prompt_file(FILE, where="greet.md").fill({"who": "Ada", "what": "hello"})
    assert (system.role, system.content) == ("system", "Say hello.")
    assert (user.role, user.content) == ("user", "Ada")


def test_a_placeholder_inside_a_value_stays_text() -> None:
    _, user = parse_prompt_file(FILE, where="greet.md").fill({"who": "{{what}}", "what": "secret"})
    assert user.content == "{{what}}"


@pytest.mark.parametrize("values", [{"who": "Ada"}, {"who": "Ada", "what": "hello", "why": "no"}])
def test_filling_with_other_inputs_than_declared_fails(values: dict[str, str]) -> None:
    with pytest.raises(PromptError, match=r"greet@3: missing inputs .* unknown inputs"):
        parse_prompt_file(FILE, where="greet.md").fill(values)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("no front matter", "front matter"),
        (FILE.replace("version: 3", "version: three"), "whole number"),
        (FILE.replace("version: 3\n", ""), "exactly inputs, name, version"),
        (FILE.replace("name: greet", "name: greet\nname: twice"), "comes twice"),
        (FILE.replace("inputs: who, what", "inputs: who, what, when"), r"declared but not used \['when'\]"),
        (FILE.replace("inputs: who, what", "inputs: who"), r"used but not declared \['what'\]"),
        (FILE.replace("<<system>>", "<<oracle>>"), "no role"),
        (FILE.replace("<<system>>\n", "before\n<<system>>\n"), "must open with"),
    ],
)
def test_a_malformed_prompt_file_is_refused(text: str, says: str) -> None:
    with pytest.raises(PromptError, match=says):
        parse_prompt_file(text, where="greet.md")


def test_a_prompt_that_does_not_exist_is_named() -> None:
    with pytest.raises(PromptError, match=r"prompts/absent\.md"):
        load_prompt("absent")


@pytest.mark.parametrize("name", ["answer", "condense"])
def test_the_shipped_prompts_load(name: str) -> None:
    prompt = load_prompt(name)
    assert re.fullmatch(rf"{name}@\d+", prompt.label)
    assert [message.role for message in prompt.messages] == ["system", "user"]


def test_the_rules_and_the_data_stand_in_messages_of_their_own() -> None:
    values = {"sources": "SOURCES", "question": "QUESTION", "not_stated": NOT_STATED, "not_found": NOT_FOUND}
    system, user = load_prompt("answer").fill(values)
    assert "SOURCES" not in system.content
    assert "QUESTION" not in system.content
    assert user.content == "SOURCES\nQUESTION"


def test_the_rules_name_both_sentinels() -> None:
    values = {"sources": "", "question": "", "not_stated": NOT_STATED, "not_found": NOT_FOUND}
    system, _ = load_prompt("answer").fill(values)
    assert NOT_STATED in system.content
    assert NOT_FOUND in system.content
