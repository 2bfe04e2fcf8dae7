"""An entry of known_answers.py for a discovered wrong answer, and its place in the file."""

from __future__ import annotations

import ast
import json
from dataclasses import dataclass

from blindgrade.cohort_report.samples import Sample
from blindgrade.discover.edits import small_edit
from blindgrade.discover.mutant_replies import MutantReply
from blindgrade.models import Lesson
from blindgrade.verify.workshop import Workshop

LINE = 110  # characters; a longer entry has its hint on a line of its own
IMPORT = "from blindgrade.known_answers import exercise, wrong"


class NoEntry(Exception):
    """The answer cannot be written as an entry. The message says what to do."""


@dataclass(frozen=True)
class Entry:
    """Text of an entry. `of_a_student`: is it code of a student, and not a change that the grader made itself?"""

    text: str
    of_a_student: bool

    @property
    def is_definition(self) -> bool:
        """Is it a whole definition?"""
        return self.text.startswith("@")


def entry(
    workshop: Workshop, exercise: str, name: str, hint: str, changes: list[MutantReply], sample: Sample | None
) -> Entry:
    """Entry for an answer, as a small edit of the solution if possible, otherwise as whole code.

    `changes` are those of the solution that reply like it. Raises NoEntry.
    """
    definition = workshop.solution.definition_text(exercise)
    for change in changes:
        edit = _edit_of(workshop, exercise, definition, change)
        if edit is not None:
            return Entry(_as_edit(name, *edit, hint), of_a_student=False)
    if sample is None:
        raise NoEntry("no student's file of this group is where it was graded; grade the folder again, or write it")
    if not sample.helpers or _only_imports(sample):
        edit = small_edit(definition, sample.code)
        if edit is not None:
            return Entry(_as_edit(name, *edit, hint), of_a_student=True)
    return Entry(_as_definition(workshop, exercise, name, hint, sample), of_a_student=True)


def _edit_of(workshop: Workshop, exercise: str, definition: str, change: MutantReply) -> tuple[str, str] | None:
    """Edit of the exercise's definition that gives the change; None for a change of a helper, or of unclear place."""
    node = workshop.solution.definitions[workshop.lesson.exercise(exercise).defines]
    if not node.lineno <= change.line <= (node.end_lineno or node.lineno):
        return None
    if definition.count(change.old) == 1:
        return change.old, change.new
    line = workshop.solution.text.splitlines()[change.line - 1].strip()
    return (line, line.replace(change.old, change.new)) if _is_clear(definition, line, change) else None


def _is_clear(definition: str, line: str, change: MutantReply) -> bool:
    return definition.count(line) == 1 and line.count(change.old) == 1


def _as_edit(name: str, old: str, new: str, hint: str) -> str:
    head = f"wrong({quoted(name)}, {quoted(old)}, {quoted(new)},"
    tail = f"hint={quoted(hint)})"
    return f"{head} {tail}" if len(head) + len(tail) < LINE else f"{head}\n      {tail}"


def _as_definition(workshop: Workshop, exercise: str, name: str, hint: str, sample: Sample) -> str:
    """The student's definition under the misconception's name. What it uses of the student's file is inside it."""
    node = ast.parse(sample.code).body[0]
    known = {ast.dump(one) for one in ast.parse(workshop.solution.text).body}  # for example imports
    helpers = [one for one in ast.parse(sample.helpers).body if ast.dump(one) not in known]
    taken = {part.id for part in ast.walk(ast.parse(sample.whole)) if isinstance(part, ast.Name)}
    if name in taken or name in workshop.solution.definitions:
        raise NoEntry(f"the answer or the solution uses the name {name!r}; choose another --name")
    if isinstance(node, ast.ClassDef) and helpers:
        raise NoEntry(
            f"the answer is a class that uses other parts of its file; write it into {workshop.files.known_answers}"
            " by hand"
        )
    if not isinstance(node, ast.FunctionDef | ast.ClassDef):
        raise NoEntry(f"the answer is no plain function; write it into {workshop.files.known_answers} by hand")
    node.name = name
    node.body = [*helpers, *node.body]
    node.decorator_list = []
    return f"@wrong(hint={quoted(hint)})\n{ast.unparse(node)}"


def _only_imports(sample: Sample) -> bool:
    return all(isinstance(node, ast.Import | ast.ImportFrom) for node in ast.parse(sample.helpers).body)


def quoted(text: str) -> str:
    """The text as a string of Python, in double quotes if they need no backslash."""
    return f"'{text}'" if '"' in text and "'" not in text and "\\" not in text and "\n" not in text else json.dumps(
        text, ensure_ascii=False
    )  # fmt: skip


# ---------------------------------------------------------------- its place in the file


def added(text: str, lesson: Lesson, exercise: str, new: Entry) -> str:
    """Text of known_answers.py with the entry below the last wrong answer of its exercise."""
    if not text.strip():
        text = f'"""Known right and wrong answers to lesson {lesson.id.removeprefix("lesson-")}."""\n\n{IMPORT}\n'
    lines = _importing_wrong(text).rstrip("\n").split("\n")
    last = _last_of_group("\n".join(lines), exercise)
    if last is None:
        apart = ["", ""] if new.is_definition else []
        return "\n".join([*lines, "", "", f'exercise("{exercise}")', *apart, *new.text.split("\n"), ""])
    end, after_edit = last
    rest = lines[end:]
    while rest and not rest[0].strip():
        rest.pop(0)
    middle = [] if after_edit and not new.is_definition else ["", ""]
    gap = ["", ""] if rest and (new.is_definition or not rest[0].startswith("wrong(")) else []
    return "\n".join([*lines[:end], *middle, *new.text.split("\n"), *gap, *rest, ""])


def _last_of_group(text: str, exercise: str) -> tuple[int, bool] | None:
    """Last line of the group's last wrong answer, or of its first line; and whether a plain call ends there."""
    at: tuple[int, bool] | None = None
    inside = False
    for node in ast.parse(text).body:
        call = node.value if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call) else None
        if call is not None and _name(call.func) == "exercise":
            inside = bool(call.args) and getattr(call.args[0], "value", None) == exercise
            at = (node.end_lineno or 0, True) if inside else at
        elif inside and call is not None and _name(call.func) == "wrong":
            at = (node.end_lineno or 0, True)
        elif inside and isinstance(node, ast.FunctionDef | ast.ClassDef):
            if any(isinstance(mark, ast.Call) and _name(mark.func) == "wrong" for mark in node.decorator_list):
                at = (node.end_lineno or 0, False)
    return at


def _importing_wrong(text: str) -> str:
    """The text with an import of `wrong`."""
    for node in ast.parse(text).body:
        if isinstance(node, ast.ImportFrom) and node.module == "blindgrade.known_answers":
            names = sorted({alias.name for alias in node.names} | {"exercise", "wrong"})
            if names == sorted(alias.name for alias in node.names):
                return text
            lines = text.split("\n")
            lines[node.lineno - 1 : node.end_lineno] = [f"from blindgrade.known_answers import {', '.join(names)}"]
            return "\n".join(lines)
    return text


def _name(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else ""
