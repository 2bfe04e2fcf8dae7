"""The import contracts cover every room, so a new module cannot be forgotten."""

from __future__ import annotations

import ast
import sys
import tomllib
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "src" / "blindgrade"
API = {"agreement", "checks", "state_dicts", "wording"}  # what authors of checks import
STUDENTS = {*API, "engine.sandbox", "engine.wire", "engine.worker"}  # what a student's process may load of ours


def contract(name: str) -> dict[str, Any]:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    [found] = [one for one in contracts if one["name"].startswith(name)]
    return found


def rooms(folder: Path) -> set[str]:
    packages = {path.parent.name for path in folder.glob("*/__init__.py")}
    return packages | {path.stem for path in folder.glob("*.py") if path.stem != "__init__"}


def test_everything_but_the_students_own_rooms_is_forbidden_to_the_students_process() -> None:
    ours = contract("the student's process")
    everything = (rooms(PACKAGE) - {"engine"}) | {f"engine.{room}" for room in rooms(PACKAGE / "engine")}
    assert set(ours["source_modules"]) == {f"blindgrade.{room}" for room in STUDENTS}
    assert set(ours["forbidden_modules"]) == {f"blindgrade.{room}" for room in everything - STUDENTS}


def test_the_engine_has_a_floor_for_each_room_and_no_module_outside_of_one() -> None:
    floors = {room.strip() for floor in contract("layers of the engine")["layers"] for room in floor.split("|")}
    assert floors == rooms(PACKAGE / "engine")
    assert not list((PACKAGE / "engine").glob("[!_]*.py"))


def test_packages_have_no_code_of_their_own() -> None:
    # IPython looks for an extension's entry in the top package and nowhere else.
    assert [p for p in PACKAGE.rglob("__init__.py") if p.read_text().strip()] == [PACKAGE / "__init__.py"]


def test_every_folder_with_code_is_a_package() -> None:
    # Without an `__init__.py` a folder can be imported, and import-linter and the tests above see nothing of it.
    folders = {path.parent for path in PACKAGE.rglob("*.py")}
    assert [folder for folder in folders if not (folder / "__init__.py").is_file()] == []


def test_the_students_own_rooms_import_what_students_use_and_the_standard_library_alone() -> None:
    """Anywhere in them, inside functions too: a worker need not have loaded the module in a test to load it one day."""
    modules = [PACKAGE / f"{room.replace('.', '/')}.py" for room in STUDENTS]
    modules += [path for room in STUDENTS for path in (PACKAGE / room.replace(".", "/")).rglob("*.py")]
    nodes = [(path, node) for path in modules if path.is_file() for node in ast.walk(ast.parse(path.read_bytes()))]
    found = {(path, alias.name) for path, node in nodes if isinstance(node, ast.Import) for alias in node.names}
    found |= {(path, node.module or "") for path, node in nodes if isinstance(node, ast.ImportFrom)}
    known = {"blindgrade", "jaxtyping", "numpy", "torch", *sys.stdlib_module_names}
    assert len(found) > 100
    assert [(path.name, name) for path, name in found if name.split(".")[0] not in known] == []


def test_architecture_names_every_room() -> None:
    text = (ROOT / "ARCHITECTURE.md").read_text()
    missing = [room for room in rooms(PACKAGE) - {"__main__"} if f"`{room}" not in text]
    missing += [room for room in rooms(PACKAGE / "engine") if f"| `{room}/` |" not in text]
    assert not missing
