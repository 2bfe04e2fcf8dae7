"""Every command in the documentation exists, and the pages that begin a story are run from top to bottom."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from blindgrade.cli.blindgrade import main
from blindgrade.cli.course.group import course
from blindgrade.cli.lazy import WithWords

from ..notebooks_of_others import ALGORITHMS, write

ROOT = Path(__file__).parents[2]
PROGRAMS = ("blindgrade", "course", "grade", "make")
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
INLINE = re.compile(r"`([^`\n]+)`")
BLOCK = re.compile(r"^ *```\w*\n(.*?)^ *```", re.DOTALL | re.MULTILINE)
STORY = re.compile(r"^```sh\n(.*?)^```", re.DOTALL | re.MULTILINE)
# Words that stand for something that a person fills in.
OPEN = re.compile(
    r"[…\[\]|<>]|\b(?:LESSON|EXERCISE|NAME|FILE|DIR|PATH|SOURCE|SUBMITTED|ATTEMPT|CHECK|NUMBER|ADDRESS)\b"
)


def written(path: Path) -> Iterator[str]:
    """Commands of a page: lines of its blocks, and code in its text."""
    text = path.read_text()
    lines = [re.sub(r"\s#.*", "", line) for block in BLOCK.findall(text) for line in block.splitlines()]
    named = [f"{span} …" for span in INLINE.findall(BLOCK.sub("", text))]  # a sentence may name a part of a command
    for line in [*lines, *named]:
        line = line.strip().removeprefix("$ ")
        line = re.sub(r"^(?:\w+=\S+ )*(?:\S*/bin/)?", "", line)
        words = line.split()
        if len(words) > 1 and words[0] in PROGRAMS and words[1] != "…" and not words[1].endswith(":"):
            yield line  # a line such as "course release: …" is what a command says


def fault(line: str) -> str:
    """What is wrong with the command; "" if a person can type it."""
    if line.startswith("make "):
        targets = re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
        words = [word for word in line.split()[1:] if "=" not in word and word != "…"]
        return "" if words and words[0] in targets else "no such target"
    words, command = shlex.split(line), main
    context = click.Context(main)
    if words[0] != "blindgrade":
        words.insert(0, "blindgrade")
    for index, word in enumerate(words[1:], start=2):
        if word in ("--help", "--version", "…"):
            return ""
        below = command.get_command(context, word) if isinstance(command, click.Group) else None
        if below is None:
            return f"no command {word}"
        command, context = below, click.Context(below)
        if isinstance(command, WithWords) and words[index : index + 1] and words[index] in command.words:
            return _options(command.word(words[index]), words[index + 1 :])
        if not isinstance(command, click.Group):
            return _options(command, words[index:])
    return ""


def _options(command: click.Command, words: list[str]) -> str:
    known = {
        name for one in command.params if isinstance(one, click.Option) for name in (*one.opts, *one.secondary_opts)
    }
    named = {word.partition("=")[0] for word in words if re.match(r"--?[a-z]", word)}
    if unknown := sorted(named - known - {"-h", "--help"}):
        return f"no option {unknown[0]}"
    if OPEN.search(" ".join(words)) or not words:
        return ""  # it is a form, not a call
    try:
        command.make_context(command.name, list(words), resilient_parsing=False)
    except click.UsageError as error:
        # The files that a line names need not be here.
        return "" if "does not exist" in error.format_message() else error.format_message()
    return ""


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_of_a_page_exists_with_its_options(page: Path) -> None:
    assert [(line, why) for line in written(page) if (why := fault(line))] == []


def test_wrong_commands_would_be_found() -> None:
    assert fault("course grad all") == "no command grad"
    assert fault("course grade all --wrokers 2") == "no option --wrokers"
    assert fault("make nothing") == "no such target"
    assert "Missing" in fault("course simulate lesson-1 --students 3")
    assert fault("course verify LESSON --mutants") == ""
    assert len([line for page in PAGES for line in written(page)]) > 150


def story(page: str) -> list[list[str]]:
    """Commands that a page has its reader type, in order."""
    text = (ROOT / "docs" / page).read_text()
    return [shlex.split(line) for block in STORY.findall(text) for line in block.splitlines()]


def typed(commands: list[list[str]], place: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Run the commands; return what was run. Those that need a network are left out."""
    monkeypatch.delenv("BLINDGRADE_COURSE", raising=False)
    monkeypatch.chdir(place)
    ran = []
    for words in commands:
        if words[0] in ("pip", "python3"):
            continue
        if words[0] == "cd":
            monkeypatch.chdir(words[1])
        elif words[0] == "course":
            done = CliRunner().invoke(course, [*words[1:], *cheaply(words[1])])
            assert done.exit_code in fine(words[1]), f"{' '.join(words)}\n{done.output}{done.exception!r}"
        else:
            program = Path(sys.executable).with_name(words[0])
            done_there = subprocess.run([program, *words[1:]], capture_output=True, text=True, timeout=300)
            assert done_there.returncode in fine(words[0]), f"{' '.join(words)}\n{done_there.stderr}"
        ran.append(" ".join(words))
    return ran


def cheaply(command: str) -> list[str]:
    return ["--seeds", "1", "--workers", str(os.cpu_count() or 1)] if command == "verify" else []


def fine(command: str) -> tuple[int, ...]:
    """Points may be missing, hand-ins may be missing, and an import may have something to look at."""
    return (0, 1) if command in ("grade", "import", "report") else (0,)


LAYER = '''
def attention(query, key):
    """Weights of each query over the keys."""
    return (query @ key.T).softmax(dim=-1)
'''


@pytest.mark.slow
def test_a_course_in_an_hour_then_monday_morning_then_an_import(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    author = story("first-lesson.md")
    monkeypatch.chdir(tmp_path)
    at = next(number for number, words in enumerate(author) if "--from" in words)
    assert len(typed(author[:at], tmp_path, monkeypatch)) == 9
    here = Path.cwd()
    assert here == tmp_path / "my-course"
    (here / "layers.py").write_text(LAYER)
    write(here / "problem1.ipynb", ALGORITHMS)
    typed([*author[at:], *story("students.md")], here, monkeypatch)
    set_apart(here)
    typed([*story("monday.md"), *story("importing.md")], here, monkeypatch)
    assert (here / "build" / "marks.csv").is_file() and (here / "reports" / "lesson-1.1.1" / "cohort.html").is_file()
    assert "TODO is left in" in " ".join(
        CliRunner().invoke(course, ["verify", "squares", *cheaply("verify")]).output.split()
    )


def set_apart(here: Path) -> None:
    """Monday begins with another cohort and another release."""
    for path in (here / "build" / "submitted", here.parent / "students", here / "attempts"):
        path.rename(path.with_name(f"{path.name}-before"))
