"""Faults of a graded attack: differences from the attack's header, and text that is not safe to show to a person."""

from __future__ import annotations

import io
import re
import unicodedata
from collections.abc import Iterator

from rich.console import Console

from blindgrade.attack.corpus import Attack
from blindgrade.models import Attempt, ExerciseResult, Grading, Outcome
from blindgrade.render.safe import HIDDEN
from blindgrade.render.terminal.results import print_grading

MAX_MESSAGE = 4_000  # characters that a message of an attempt may have
MAX_ATTEMPT = 2 << 20  # characters of a whole attempt
COMMAND = re.compile(r"^\s*::\w|##\[", re.MULTILINE)  # what a GitHub runner reads as a command
TRIED = "tried:"  # what an attack prints; the attempt must show it if the header names no target


def judge(attack: Attack, attempt: Attempt) -> Iterator[str]:
    """Faults of the attempt: one sentence for each difference from the attack's header."""
    for result in attempt.exercises:
        if result.outcome is Outcome.ERROR:
            yield f"the outcome is the grader's error: {in_short(result)}"
        if result.name == attack.target:
            if result.points > attack.points:
                yield f"{result.name} earned {result.points:g} points; an honest wrong answer earns {attack.points:g}"
            if result.outcome is not attack.expects:
                yield f"{result.name} is {result.outcome}, not {attack.expects}: {in_short(result)}"
        elif result.name not in attack.harms and result.points < result.max_points:
            yield f"another exercise lost points: {in_short(result)}"
        failed = [c for c in result.checks if c.outcome is Outcome.FAILED]
        if any(not c.message for c in failed):
            yield f"{result.name} failed without a message"
    text = " ".join([*attempt.problems, *(in_short(r) + r.output for r in attempt.exercises)])
    expected = attack.says or (TRIED if attack.target == "none" else "")
    if expected not in text:
        yield f"the attempt does not say {expected!r}: {text[:500]}"


def unreadable(grading: Grading) -> Iterator[str]:
    """Faults of the texts: one sentence for each that is too long, or unsafe for a terminal or a CI runner."""
    for attempt in grading.lessons:
        messages = [*attempt.problems, *(c.message for e in attempt.exercises for c in e.checks)]
        for message in messages:
            if len(message) > MAX_MESSAGE:
                yield f"a message of {len(message)} characters: {message[:60]}"
    if (size := len(grading.model_dump_json())) > MAX_ATTEMPT:
        yield f"an attempt of {size} characters"
    console = Console(file=io.StringIO(), width=120, highlight=False)
    print_grading(grading, console, verbose=True)
    assert isinstance(console.file, io.StringIO)
    screen = console.file.getvalue()
    if odd := {c for c in screen if c != "\n" and unicodedata.category(c) in (*HIDDEN, "Zl", "Zp")}:
        yield f"the terminal gets the hidden characters {sorted(odd)!a}"
    if command := COMMAND.search(screen):
        yield f"a CI runner would obey {screen[command.start() : command.start() + 40]!r}"


def in_short(result: ExerciseResult) -> str:
    """One line about the result: the exercise, its outcome and the messages of its checks."""
    messages = " | ".join(dict.fromkeys(c.message for c in result.checks if c.message))
    return f"{result.name} {result.outcome}: {messages}"
