"""``python -m rag.settings_docs``: write docs/settings.md and .env.example from :class:`rag.settings.Settings`.

With ``--check`` nothing is written; the exit code is 1 if a file is not what would be written.
"""

from __future__ import annotations

import sys
from pathlib import Path
from textwrap import wrap
from typing import Any

from rag.settings import PREFIX, Settings

ROOT = Path(__file__).resolve().parents[1]
#: The first field of each section.
_SECTIONS = {
    "openai_api_key": "Who answers",
    "library": "The library",
    "k": "How a question is answered",
    "embedding": "Embedding",
}
_MARKDOWN_HEAD = """# Settings

Settings come from the environment and from a file `.env` in the working directory; the environment goes first. An empty
value counts as not set, an unknown `CITEWELL_` name is an error. None is needed: without any, Citewell answers with no
key and no network. `.env.example` holds the same list to copy.
"""
_EXAMPLE_HEAD = "# Copy to .env and keep what you need. None is needed: without any, no key and no network are used."


def markdown() -> str:
    """Return docs/settings.md: a table a section."""
    lines = [_MARKDOWN_HEAD.rstrip()]
    for name in Settings.model_fields:
        if name in _SECTIONS:
            lines += [
                "",
                f"## {_SECTIONS[name]}",
                "",
                "| setting | default | values | what it does |",
                "|---|---|---|---|",
            ]
        lines.append(f"| `{_variable(name)}` | {_default(name)} | {_values(name)} | {_description(name)} |")
    return "\n".join(lines) + "\n"


def example() -> str:
    """Return .env.example: every setting as a comment, with its default or an example."""
    lines = [_EXAMPLE_HEAD]
    for name, field in Settings.model_fields.items():
        if name in _SECTIONS:
            lines += ["", f"# --- {_SECTIONS[name]} ---"]
        values = f" [{_values(name).replace('`', '')}]" if _values(name) else ""
        lines += [f"# {line}" for line in wrap(_description(name) + values, 116)]
        shown = field.default if field.default is not None else (field.examples or [""])[0]
        lines.append(f"# {_variable(name)}={shown}")
    return "\n".join(lines) + "\n"


def _variable(name: str) -> str:
    return name.upper() if Settings.model_fields[name].validation_alias else PREFIX + name.upper()


def _description(name: str) -> str:
    return str(Settings.model_fields[name].description)


def _default(name: str) -> str:
    default = Settings.model_fields[name].default
    return "" if default is None else f"`{default}`"


def _values(name: str) -> str:
    """Return the allowed values as Markdown: a list of choices, or bounds."""
    schema: dict[str, Any] = Settings.model_json_schema()["properties"].get(name, {})
    if "enum" in schema:
        return ", ".join(f"`{value}`" for value in schema["enum"])
    low = schema.get("minimum", schema.get("exclusiveMinimum"))
    if low is None:
        return ""
    above = f"above {low:g}" if "exclusiveMinimum" in schema else f"{low} or more"
    return f"{above}, at most {schema['maximum']:g}" if "maximum" in schema else above


def main(arguments: list[str]) -> int:
    """Write both files, or compare them with ``--check``."""
    wanted = {ROOT / "docs" / "settings.md": markdown(), ROOT / ".env.example": example()}
    if "--check" not in arguments:
        for path, text in wanted.items():
            path.write_text(text, encoding="utf-8")
        return 0
    stale = [path.name for path, text in wanted.items() if path.read_text(encoding="utf-8") != text]
    if stale:
        sys.stderr.write(f"{', '.join(stale)}: not as rag/settings.py has it; run: make settings\n")
    return 1 if stale else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
