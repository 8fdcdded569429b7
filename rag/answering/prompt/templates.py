"""Prompt files: loading, checking and filling.

A prompt file is front matter (``name``, ``version``, ``inputs``) between two lines of ``---``, then the messages, each
opened by a line ``<<role>>``. Placeholders are ``{{input}}``. The inputs declared and those used must be the same.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Literal, TypeGuard

from rag.errors import PromptError
from rag.models.protocols import Message

Role = Literal["system", "user", "assistant"]
_PLACEHOLDER = re.compile(r"\{\{(\w+)\}\}")
_ROLE_LINE = re.compile(r"^<<(\w+)>>$", re.MULTILINE)
_FIELDS = {"name", "version", "inputs"}


@dataclass(frozen=True, slots=True)
class Prompt:
    """A checked prompt, whose messages hold placeholders for ``inputs``."""

    name: str
    version: int
    inputs: frozenset[str]
    messages: tuple[Message, ...]

    @property
    def label(self) -> str:
        """Name and version as they travel with an answer: ``answer@1``."""
        return f"{self.name}@{self.version}"

    def fill(self, values: Mapping[str, str]) -> tuple[Message, ...]:
        """Return the messages with every placeholder replaced, in one pass: a value that holds ``{{name}}`` stays text.

        Raises:
            PromptError: a declared input is missing, or an undeclared one is given.
        """
        if set(values) != self.inputs:
            missing, extra = sorted(self.inputs - set(values)), sorted(set(values) - self.inputs)
            raise PromptError(f"prompt {self.label}: missing inputs {missing}, unknown inputs {extra}")
        return tuple(
            Message(m.role, _PLACEHOLDER.sub(lambda match: values[match.group(1)], m.content)) for m in self.messages
        )


def load_prompt(name: str) -> Prompt:
    """Load ``prompts/<name>.md``, from a checkout or an installed wheel alike.

    Raises:
        PromptError: the file does not exist or is malformed.
    """
    # The folder lies beside this package in a checkout and in a wheel; another distribution's "prompts" never wins.
    file = Path(str(resources.files("rag"))).parent / "prompts" / f"{name}.md"
    if not file.is_file():
        raise PromptError(f"prompts/{name}.md: no such prompt; reinstall citewell")
    prompt = parse_prompt_file(file.read_text(encoding="utf-8"), where=f"prompts/{name}.md")
    if prompt.name != name:
        raise PromptError(f"prompts/{name}.md: names itself {prompt.name!r}; the name must be the file's")
    return prompt


def parse_prompt_file(text: str, *, where: str) -> Prompt:
    """Parse a prompt file's ``text``; ``where`` names the file in messages.

    Raises:
        PromptError: front matter, roles or placeholders are not as declared.
    """
    fields, body = _front_matter(text, where)
    if not fields["version"].isdigit():
        raise PromptError(f"{where}: version must be a whole number, not {fields['version']!r}")
    inputs = frozenset(name.strip() for name in fields["inputs"].split(",") if name.strip())
    messages = _messages(body, where)
    used = {name for message in messages for name in _PLACEHOLDER.findall(message.content)}
    if used != inputs:
        raise PromptError(
            f"{where}: declared but not used {sorted(inputs - used)}, used but not declared {sorted(used - inputs)}"
        )
    return Prompt(fields["name"], int(fields["version"]), inputs, messages)


def _front_matter(text: str, where: str) -> tuple[dict[str, str], str]:
    head, opened, rest = text.partition("---\n")
    matter, closed, body = rest.partition("\n---\n")
    if head or not opened or not closed:
        raise PromptError(f"{where}: must open with front matter between two lines of ---")
    fields: dict[str, str] = {}
    for line in matter.splitlines():
        key, colon, value = line.partition(":")
        if not colon or key.strip() in fields:
            raise PromptError(f"{where}: front matter line {line!r} is not 'key: value', or comes twice")
        fields[key.strip()] = value.strip()
    if set(fields) != _FIELDS or not fields["name"]:
        raise PromptError(f"{where}: front matter must give exactly {', '.join(sorted(_FIELDS))}")
    return fields, body


def _messages(body: str, where: str) -> tuple[Message, ...]:
    marks = list(_ROLE_LINE.finditer(body))
    if not marks or body[: marks[0].start()].strip():
        raise PromptError(f"{where}: the text must open with a line <<system>> or <<user>>")
    ends = [mark.start() for mark in marks[1:]] + [len(body)]
    messages: list[Message] = []
    for mark, end in zip(marks, ends, strict=True):
        role = mark.group(1)
        if not _is_role(role):
            raise PromptError(f"{where}: <<{role}>> is no role; the roles are system, user and assistant")
        messages.append(Message(role, body[mark.end() : end].strip()))
    return tuple(messages)


def _is_role(text: str) -> TypeGuard[Role]:
    return text in {"system", "user", "assistant"}
