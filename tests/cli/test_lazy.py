"""Every command of `blindgrade` and `course`, by its table and in fresh interpreters."""

from __future__ import annotations

import inspect
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from pkgutil import resolve_name

import click
import pytest
from click.testing import CliRunner

from blindgrade.cli.blindgrade import main
from blindgrade.cli.course.group import course
from blindgrade.cli.lazy import LazyGroup, runs

PROJECT = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())["project"]
HEAVY = {"torch", "numpy", "pydantic", "jinja2", "rich", "scipy", "nbgrader"}
POSIX_ALONE = ("fcntl", "grp", "pty", "pwd", "resource", "termios", "tty")


def group(command: click.Command) -> LazyGroup:
    assert isinstance(command, LazyGroup)
    return command


GROUPS = (group(main), group(course))


def loaded(group: LazyGroup, name: str) -> click.Command:
    command = group.get_command(click.Context(group), name)
    assert command is not None
    return command


def leaves(command: click.Command, *words: str) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Every command that does something, by the words after `blindgrade`."""
    if not isinstance(command, click.Group):
        yield words, command
        return
    context = click.Context(command)
    for name in command.list_commands(context):
        below = command.get_command(context, name)
        assert below is not None
        yield from leaves(below, *words, name)


LEAVES = {" ".join(words): command for words, command in leaves(main)}


def modules_after(*words: str, before: str = "0") -> tuple[int, set[str]]:
    """Exit code of `blindgrade WORDS` in a fresh interpreter that ran `before`, and the modules it loaded."""
    code = f"import sys; {before}; import atexit; atexit.register(lambda: print(*sys.modules, file=sys.stderr))"
    code += f"; from blindgrade.cli.blindgrade import main; main({list(words)})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    return done.returncode, set(done.stderr.split())


@pytest.mark.parametrize(
    ("group", "name"), [(g, name) for g in GROUPS for name in g.table], ids=lambda value: getattr(value, "name", value)
)
def test_the_table_has_the_name_and_the_first_sentence_of_each_command(group: LazyGroup, name: str) -> None:
    command = loaded(group, name)
    assert command.name == name
    if group is not main:  # whose table speaks of both by who types them
        assert group.table[name].short_help == command.get_short_help_str(limit=1000)


def test_the_help_of_course_lists_all_commands_and_imports_none() -> None:
    text = CliRunner().invoke(course, ["--help"]).output
    assert [line.split()[0] for line in text.split("Commands:\n")[1].splitlines() if line[2:3].strip()] == [
        *group(course).table
    ]
    assert "..." not in text.split("Commands:\n")[1], "a short help is cut"
    code, modules = modules_after("course", "--help")
    ours = {name for name in modules if name.startswith("blindgrade.cli.course.")}
    assert (code, ours) == (0, {"blindgrade.cli.course.group"})


@pytest.mark.parametrize("name", LEAVES)
def test_a_commands_function_has_the_commands_parameters(name: str) -> None:
    command = LEAVES[name]
    done = inspect.signature(resolve_name(vars(command.callback)["target"])).parameters
    asked = {p.name for p in command.params} - {"version"}
    if any(p.kind is p.VAR_KEYWORD for p in done.values()):
        assert asked >= {p.name for p in done.values() if p.kind is not p.VAR_KEYWORD}
    else:
        assert asked == set(done)


@pytest.mark.parametrize(
    "words", ["--version", "--help", *(f"{name} --help" for name in ("course", "course gradebook", *LEAVES))]
)
def test_a_help_loads_no_large_library_and_none_that_windows_lacks(words: str) -> None:
    before = f"sys.modules.update(dict.fromkeys({POSIX_ALONE}))"
    code, modules = modules_after(*words.split(), before=before)
    assert code == 0 and "blindgrade.cli.lazy" in modules
    assert not HEAVY & modules


def test_a_missing_library_is_named_with_the_extra_that_installs_it() -> None:
    @click.command()
    @runs("nowhere:never", needs=("no_such_library", "report"))
    def count() -> None:
        """Count."""

    done = CliRunner().invoke(count)
    assert done.exit_code == 2
    assert done.stderr == "count: no_such_library is not installed; run pip install 'blindgrade[report]'\n"


def test_a_command_that_names_no_extra_starts_without_the_libraries_of_extras() -> None:
    """Otherwise the user reads a traceback where a line with the extra should be."""
    extras = PROJECT["optional-dependencies"]
    needed = {re.split(r"[^\w-]", one)[0] for one in PROJECT["dependencies"]}
    left_out = {re.split(r"[^\w-]", one)[0].replace("-", "_") for extra in extras.values() for one in extra} - needed
    assert {"libcst", "pytest", "scipy", "nbgrader", "matplotlib"} <= left_out
    modules = {vars(c.callback)["target"].split(":")[0] for c in LEAVES.values() if not vars(c.callback)["needs"]}
    code = f"import sys, importlib; sys.modules.update(dict.fromkeys({sorted(left_out)}))"
    code += f"\nfor name in {sorted(modules)}: importlib.import_module(name)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr


def test_an_unknown_command_of_course_is_a_bad_request() -> None:
    done = CliRunner().invoke(course, ["grades"])
    assert done.exit_code == 2 and "No such command 'grades'" in done.output
