"""Changes of our own code that make stored results old, tried on a copy of the package."""

from __future__ import annotations

import ast
import re
import shutil
from pathlib import Path

import pytest

from blindgrade.versions.deciding import APART, DECIDES, MODELS, PACKAGE, _written, code_digest, deciding


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A copy of the package that a test may change."""
    return Path(shutil.copytree(PACKAGE, tmp_path / "blindgrade", ignore=shutil.ignore_patterns("__pycache__")))


def test_comments_docstrings_and_formatting_of_the_whole_package_do_not_count(package: Path) -> None:
    for path in package.rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(node) is not None:
                if len(node.body) > 1:
                    del node.body[0]
                else:
                    node.body = [ast.Expr(ast.Constant("other words"))]
        if not any(isinstance(node, ast.JoinedStr) for node in ast.walk(tree)):  # unparsing may split their text
            path.write_text(f"# a comment\n{ast.unparse(tree)}\n", encoding="utf-8")
        else:
            path.write_text(f"# a comment\n\n\n{path.read_text(encoding='utf-8')}\n# another", encoding="utf-8")
    assert code_digest(package) == code_digest()


@pytest.mark.parametrize("name", [*DECIDES, MODELS])
def test_every_module_that_decides_counts(package: Path, name: str) -> None:
    places = sorted((package / name).rglob("*.py")) if (package / name).is_dir() else [package / name]
    changed = [path for path in places if path.relative_to(package).as_posix() not in APART]
    assert changed
    before = code_digest(package)
    for path in changed:
        path.write_text(f"{path.read_text(encoding='utf-8')}\nprint()\n", encoding="utf-8")
        code_digest.cache_clear()
        after = code_digest(package)
        assert after != before, path
        before = after


@pytest.mark.parametrize(
    ("module", "old", "new"),
    [
        ("models.py", "Outcome.FAILED, Outcome.ERROR]", "Outcome.ERROR, Outcome.FAILED]"),
        ("models.py", 'BLOCKED = "blocked"', 'BLOCKED = "waiting"'),
        ("engine/judging/judging.py", "==", "!="),
        ("engine/wire/frames.py", "<<", ">>"),
        ("checks.py", "rtol", "relative"),
    ],
)
def test_a_change_that_decides_changes_the_digest(package: Path, module: str, old: str, new: str) -> None:
    path = package / module
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    assert code_digest(package) != code_digest()


@pytest.mark.parametrize("line", ["from blindgrade import models as m", "import blindgrade.models"])
def test_a_module_that_imports_models_whole_makes_every_line_of_it_count(package: Path, line: str) -> None:
    scoring, models = package / "engine" / "judging" / "scoring.py", package / MODELS
    scoring.write_text(f"{scoring.read_text(encoding='utf-8')}\n{line}\n", encoding="utf-8")
    before = code_digest(package)
    models.write_text(f"{models.read_text(encoding='utf-8')}\nMOST_POINTS = 100\n", encoding="utf-8")
    code_digest.cache_clear()
    assert code_digest(package) != before


def test_what_a_used_name_uses_in_turn_counts(package: Path) -> None:
    scoring, models = package / "engine" / "judging" / "scoring.py", package / MODELS
    scoring.write_text(
        f"{scoring.read_text(encoding='utf-8')}\nfrom blindgrade.models import OUTER\n", encoding="utf-8"
    )
    text = models.read_text(encoding="utf-8")
    digests = set()
    for value in ("1", "2"):
        models.write_text(f"{text}\nINNER = {value}\nOUTER = [INNER]\n", encoding="utf-8")
        code_digest.cache_clear()
        digests.add(code_digest(package))
    assert len(digests) == 2


def test_an_empty_field_that_a_newer_python_adds_does_not_count() -> None:
    node = ast.parse("def f(): pass").body[0]
    before = _written(node)
    node._fields = (*node._fields, "type_params_of_tomorrow")
    node.type_params_of_tomorrow = []  # type: ignore[attr-defined]  # as a later Python's parser does
    assert _written(node) == before


def test_each_definition_of_a_name_counts(package: Path) -> None:
    models = package / MODELS
    text = models.read_text(encoding="utf-8")
    digests = set()
    for value in ("1", "2"):
        models.write_text(text.replace("\nGRAVITY = [", f"\nGRAVITY = [{value}]\nGRAVITY = [", 1), encoding="utf-8")
        code_digest.cache_clear()
        digests.add(code_digest(package))
    assert len(digests) == 2


def test_a_new_module_in_a_room_counts(package: Path) -> None:
    (package / "engine" / "judging" / "rounding.py").write_text("DIGITS = 2\n")
    assert code_digest(package) != code_digest()


def test_walls_pages_policies_and_commands_do_not_count(package: Path) -> None:
    for path in package.rglob("*.py"):
        name = path.relative_to(package).as_posix()
        apart = any(name == one or name.startswith(f"{one}/") for one in APART)
        if apart or name.split("/")[0] not in {MODELS, *(one.split("/")[0] for one in DECIDES)}:
            path.write_text("changed = True\n")
    models = package / MODELS
    text = models.read_text(encoding="utf-8")
    fields, count = re.subn(r"(class Late\(Described\):)", r"\1\n    weekend: bool = False", text)
    assert count == 1
    models.write_text(fields, encoding="utf-8")
    assert code_digest(package) == code_digest()


def test_every_room_of_the_engine_is_decided_upon() -> None:
    rooms = {f"engine/{path.name}" for path in (PACKAGE / "engine").iterdir() if (path / "__init__.py").is_file()}
    assert rooms <= {*DECIDES, *APART}
    assert all((PACKAGE / name).exists() for name in (*DECIDES, *APART))


def test_no_module_that_decides_uses_code_of_ours_that_is_not_weighed() -> None:
    """The other imports of these folders are named here: paths of files, the clock, and seeds."""
    known = {
        "blindgrade.catalog",
        "blindgrade.lesson_files",
        "blindgrade.clock",
        "blindgrade.seeds",
        "blindgrade.models",
    }
    for path in deciding():
        for node in ast.walk(ast.parse(path.read_bytes())):
            if not isinstance(node, ast.ImportFrom) or not (node.module or "").startswith("blindgrade"):
                continue
            for name in [f"{node.module}.{alias.name}" for alias in node.names]:
                place = name.removeprefix("blindgrade.").replace(".", "/")
                weighed = any(place.startswith(one.removesuffix(".py")) for one in (*DECIDES, *APART))
                assert weighed or any(name.startswith(one) for one in known), f"{path} imports {name}"
