"""No module that a student's command can reach uses what Windows lacks. mypy knows what each system has."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SRC = ROOT / "src"
FILES = {
    ".".join(path.relative_to(SRC).with_suffix("").parts).removesuffix(".__init__"): path
    for path in (SRC / "blindgrade").rglob("*.py")
}
# What students run: `grade`, `%grade`, `python -m blindgrade`, and the worker of the portable tier.
ENTRIES = [
    "blindgrade",
    "blindgrade.__main__",
    "blindgrade.cli.blindgrade",
    "blindgrade.cli.grade.command",
    "blindgrade.cli.grade.resident.__main__",
    "blindgrade.notebook",
    "blindgrade.engine.worker.fresh",
]
# Modules that are imported only after a question to the system, and the module that asks it.
ASKED = {
    "blindgrade.engine.grading.warm_process": "blindgrade.engine.grading.choosing",
    "blindgrade.engine.sandbox.posix_limits": "blindgrade.engine.worker.fresh",
    "blindgrade.cli.grade.watch.keyboard": "blindgrade.cli.grade.watch.keys",
    "blindgrade.cli.grade.explain": "blindgrade.cli.grade.run",  # for instructors; `job.need_solutions` asks
}
POSIX_MODULES = {"fcntl", "grp", "posix", "pty", "pwd", "readline", "resource", "syslog", "termios", "tty"}
NAMES_OF_SYSTEMS = re.compile(r"\bsys\.platform\b|\bos\.name\b|\bplatform\.system\b")
OPENERS = {"open", "read_text", "write_text", "fdopen"}
NOT_TEXT = {"os", "webbrowser", "archive", "zipfile", "tarfile", "self", "distribution"}  # they open no text of ours
BINARY = re.compile(r"[rwxa]\+?b|b")


def imported(tree: ast.AST) -> set[str]:
    """Names of all modules that a text imports, at its top or inside functions, or names as a command's work."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {node.module or "", *(f"{node.module}.{alias.name}" for alias in node.names)}
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.startswith("blindgrade."):
            found.add(node.value.partition(":")[0])
    return found


def reached() -> dict[str, ast.AST]:
    """Modules that a student's command can import, with their syntax trees."""
    found: dict[str, ast.AST] = {}
    waiting = list(ENTRIES)
    while waiting:
        name = waiting.pop()
        if name in found or name in ASKED or name not in FILES or name.startswith("blindgrade.cli.course."):
            continue
        found[name] = ast.parse(FILES[name].read_bytes())
        waiting += imported(found[name])
    return found


REACHED = reached()


def complaints(modules: list[Path]) -> list[str]:
    """What mypy says about these modules on Windows."""
    command = [sys.executable, "-m", "mypy", "--platform", "win32", "--follow-imports", "silent"]
    command += ["--cache-dir", str(ROOT / ".mypy_cache" / "win32"), "--no-warn-unused-ignores", *map(str, modules)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode in (0, 1), done.stderr
    return [line for line in done.stdout.splitlines() if ": error:" in line]


def test_the_students_commands_reach_the_portable_tier_and_no_module_of_the_walls() -> None:
    assert {"blindgrade.engine.grading.fresh_processes", "blindgrade.cli.grade.watch.watch"} <= set(REACHED)
    walls = {f"blindgrade.engine.sandbox.{name}" for name in ("jail", "kernel", "landlock", "seccomp", "tiers")}
    assert not walls & set(REACHED) and "blindgrade.engine.worker.zygote" not in REACHED


def test_a_module_with_what_only_posix_has_is_imported_after_a_question_alone() -> None:
    for name, asks in ASKED.items():
        assert [other for other in REACHED if name in imported(REACHED[other])] == [asks]


def test_no_reached_module_uses_a_name_that_windows_lacks() -> None:
    assert complaints([FILES[name] for name in sorted(REACHED)]) == []


def test_names_that_windows_lacks_are_found() -> None:
    found = complaints([FILES[name] for name in ASKED])
    assert len(found) > 10
    assert any('"fork"' in line or '"killpg"' in line for line in found)
    assert any('"tcgetattr"' in line for line in found)


@pytest.mark.parametrize("name", sorted(REACHED))
def test_a_reached_module_asks_what_is_there(name: str) -> None:
    tree = REACHED[name]
    assert not POSIX_MODULES & imported(tree)
    assert not NAMES_OF_SYSTEMS.search(ast.unparse(tree))


@pytest.mark.parametrize("name", sorted(REACHED))
def test_a_reached_module_names_the_encoding_of_every_text(name: str) -> None:
    """The code page of Windows is not UTF-8."""
    for node in ast.walk(REACHED[name]):
        if not isinstance(node, ast.Call):
            continue
        called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        whose = ast.unparse(node.func).rpartition(".")[0]
        if called not in OPENERS or whose in NOT_TEXT:
            continue
        constants = [one.value for one in node.args if isinstance(one, ast.Constant)]
        binary = any(isinstance(one, str) and BINARY.fullmatch(one) for one in constants)
        assert binary or any(keyword.arg == "encoding" for keyword in node.keywords), ast.unparse(node)
