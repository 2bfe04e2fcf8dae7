"""Snippet that reproduces a public check in a student's own Python, and the functions that such a snippet imports.

It has nothing that a released course lacks: the text of the public check, its seed, and the recorded reply in the key.
"""

from __future__ import annotations

import functools
import io
import tokenize
from collections.abc import Callable
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

from blindgrade.checks import Check, Fail, Rng
from blindgrade.engine.answers.answer_key import KEY_SEED, read_key, recorded_reply
from blindgrade.engine.answers.exact import Keyed
from blindgrade.engine.answers.lesson_checks import LessonChecks
from blindgrade.engine.answers.reference import check_seed
from blindgrade.engine.answers.slices import MAIN
from blindgrade.engine.wire.replies import Result, crossed, sent

FUTURE = "from __future__ import annotations"


def snippet(checks: LessonChecks, check: Check, file: Path) -> str:
    """Text of the snippet for a check of the lesson's public checks. `file` is the student's .py file or notebook."""
    exercise = checks.lesson.exercise(check.exercise)
    text = checks.slicer.cut([check.name], decorators=True)[MAIN]
    seed = check_seed(KEY_SEED, checks.lesson.id, check)
    in_notebook = file.suffix == ".ipynb"
    folders = [str(folder) for folder in (file.parent.resolve(), checks.files.shared.home.resolve())]
    where = f"Run it in a cell of {file.name}, below your code." if in_notebook else "Paste it into Python, or run it."
    lesson = "SimpleNamespace(**globals())" if in_notebook else f"importlib.import_module({file.stem!r})  # your file"
    return "\n".join([
        f"# Reproduces the public check {check.name} of {checks.lesson.id}/{check.exercise}. {where}",
        f"# Claim: {check.claim}",
        *([FUTURE] if FUTURE in text else []),
        "import importlib, sys",
        "from types import SimpleNamespace",
        "from blindgrade.checks import Rng, derive",
        "from blindgrade.engine.answers.snippet import as_received, expected_value, verdict, with_calls",
        "from blindgrade.engine.worker.state import begin",
        f"sys.path[:0] = {folders!r}",
        f"lesson = {lesson}",
        "",
        "# The check: its inputs, and what it asks your code.",
        without_gaps(text.replace(FUTURE, "")),
        "",
        f"check, seed = {check.name}, {seed}  # the seed of the answer key",
        "drawn, data = check.prepare(seed)",
        'begin(derive(drawn, "student"))  # random numbers as in a grading',
        f"watched = with_calls(lesson, {exercise.defines!r})  # prints each call with its inputs",
        "got = as_received(check.experiment(watched, Rng(drawn), *data))",
        f"expected = expected_value({str(checks.files.answer_key.resolve())!r}, check)",
        'print("got:", got)',
        'print("expected:", expected)',
        "print(verdict(check, got, expected, seed))",
        "",
    ])  # fmt: skip


def without_gaps(text: str) -> str:
    """The text with one blank line after each top-level statement that is a block, and no other.

    A blank line inside a block would end it when the text is pasted into Python.
    """
    lines = text.splitlines()
    in_strings: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.STRING:
            in_strings |= set(range(token.start[0], token.end[0]))  # the next line is inside the text, too
    kept: list[str] = []
    for number, line in enumerate(lines):  # `number` is that of the line before, counted from 1
        if not line.strip() and number not in in_strings:
            continue
        new = line[:1] not in (" ", "\t", ")", "]", "}", "") and number not in in_strings
        if new and kept and kept[-1][:1] in (" ", "\t"):
            kept.append("")
        kept.append(line)
    return "\n".join([*kept, ""])


# ---------------------------------------------------------------- what a snippet imports


def with_calls(lesson: ModuleType | SimpleNamespace, name: str) -> SimpleNamespace:
    """The lesson with a function that prints each call. A class stays as it is, because experiments look into it."""
    names = dict(vars(lesson))
    if name in names and not isinstance(names[name], type):
        names[name] = _printing(names[name], name)
    return SimpleNamespace(**names)


def _printing(function: Callable[..., Any], name: str) -> Callable[..., Any]:
    @functools.wraps(function)
    def printing(*args: Any, **kwargs: Any) -> Any:
        given = ", ".join([*map(repr, args), *(f"{key}={value!r}" for key, value in kwargs.items())])
        print(f"{name}({given})")
        result = function(*args, **kwargs)
        print(f"  returned {result!r}")
        return result

    return printing


def as_received(value: Any) -> Any:
    """The value as the grader gets it from a student's process."""
    answer = crossed(sent(Result(value)))
    assert isinstance(answer, Result)
    return answer.value


def verdict(check: Check, got: Any, expected: Any, seed: int) -> str:
    """Sentence about the value: what differs, or that the check passes."""
    if isinstance(expected, Keyed):
        fault = expected.fault(got)
        return f"This check fails: {fault}" if fault else "This check passes."
    try:
        check.judge(got, expected, Rng(seed))
    except Fail as failure:
        return f"This check fails: {failure.message}"
    return "This check passes."


def expected_value(key: str, check: Check) -> Any:
    """Recorded value in an answer key, or its digests; None for a check that judges an outcome."""
    reply = recorded_reply(check, read_key(Path(key))["checks"][check.name])
    return reply.value if isinstance(reply, Result) else reply if isinstance(reply, Keyed) else None
