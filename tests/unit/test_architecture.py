"""The rooms of docs/architecture.md, and the arrows between them, drawn from the imports."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from tests.conftest import ROOT

DOCUMENT = ROOT / "docs" / "architecture.md"
#: A line of the picture: a room's path and what it is for. Ground first.
_ROOM = re.compile(r"^((?:rag|prompts|ui|eval)/[\w/.]*) {2,}\S", re.MULTILINE)
ROOMS = _ROOM.findall(DOCUMENT.read_text(encoding="utf-8"))


def _files() -> list[Path]:
    return sorted(f for top in ("rag", "ui", "eval") for f in (ROOT / top).rglob("*.py"))


def _room_of(path: str) -> str | None:
    """Return the listed room with the longest path that holds a file."""
    held = [room for room in ROOMS if path == room or (room.endswith("/") and path.startswith(room))]
    return max(held, key=len, default=None)


def _imported(file: Path) -> Iterator[str]:
    """Yield the files of the project that a file imports, at its top, in a function or for annotations."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names = [f"{node.module}.{alias.name}" for alias in node.names] + [node.module]
        for name in names:
            place = ROOT.joinpath(*name.split("."))
            if place.with_suffix(".py").is_file():
                yield str(place.with_suffix(".py").relative_to(ROOT))
            elif (place / "__init__.py").is_file() and name.split(".")[0] in {"rag", "ui", "eval"}:
                yield str((place / "__init__.py").relative_to(ROOT))


def test_every_file_is_in_a_room_of_the_picture() -> None:
    lost = [str(file.relative_to(ROOT)) for file in _files() if _room_of(str(file.relative_to(ROOT))) is None]
    assert lost == []


def test_every_room_of_the_picture_is_there() -> None:
    assert ROOMS
    assert [room for room in ROOMS if not (ROOT / room).exists()] == []


def test_every_arrow_goes_to_a_room_further_down() -> None:
    up = []
    for file in _files():
        path = str(file.relative_to(ROOT))
        own = _room_of(path)
        for target in _imported(file):
            other = _room_of(target)
            # A package's face hands on the names of its own rooms; it is neither the end nor the start of an arrow.
            face = target.endswith("__init__.py") or (file.name == "__init__.py" and target.startswith(path[:-11]))
            if own and other and own != other and not face:
                up += [f"{path} -> {target}"] if ROOMS.index(other) > ROOMS.index(own) else []
    assert up == []


def test_no_files_import_each_other_in_a_circle() -> None:
    arrows = {str(f.relative_to(ROOT)): set(_imported(f)) for f in _files() if f.name != "__init__.py"}
    done: set[str] = set()

    def circle_from(path: str, way: tuple[str, ...]) -> tuple[str, ...]:
        if path in way:
            return (*way[way.index(path) :], path)
        if path in done:
            return ()
        found = next((c for t in sorted(arrows.get(path, ())) if (c := circle_from(t, (*way, path)))), ())
        done.add(path)
        return found

    assert [circle for path in arrows if (circle := circle_from(path, ()))] == []


def test_no_folder_holds_more_than_sixteen_files_side_by_side() -> None:
    folders = {file.parent for file in _files()}
    assert [str(folder.relative_to(ROOT)) for folder in folders if len(list(folder.glob("*.py"))) > 16] == []


def test_every_room_says_what_question_it_answers() -> None:
    faces = [file for file in _files() if file.name == "__init__.py"]
    assert [
        str(face.relative_to(ROOT)) for face in faces if not ast.get_docstring(ast.parse(face.read_text("utf-8")))
    ] == []
