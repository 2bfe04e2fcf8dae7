"""A grading as Markdown for the summary page of a CI job."""

from __future__ import annotations

import html
import re

from blindgrade.models import Attempt, ExerciseResult, Grading
from blindgrade.render.outcomes import SIGNS, points
from blindgrade.render.public_part import public_part, unit
from blindgrade.render.safe import shown
from blindgrade.render.sentences import begun
from blindgrade.render.terminal.results import TO_SHOW, WRONG

LIMIT = 900_000  # characters; GitHub takes 1 MiB a step
SPECIAL = re.compile(r"([\\`*_{}\[\]<>()#+!|~@$-])")


def as_summary(grading: Grading) -> str:
    """The page: a table for each lesson, and below it the failed exercises, folded."""
    parts = [_lesson(attempt) for attempt in grading.lessons]
    if len(grading.lessons) > 1:
        parts.insert(0, f"**{points(grading.points)} of {points(grading.max_points)} {unit(grading)}**\n")
    text = "\n".join(parts)
    return text if len(text) <= LIMIT else text[: text.rindex("\n", 0, LIMIT)] + "\n\n… and more\n"


def _lesson(attempt: Attempt) -> str:
    score = f"{points(attempt.points)} of {points(attempt.max_points)} {unit(attempt)}"
    lines = [f"### {attempt.lesson} {escaped(attempt.title)}: {score}", ""]
    if sentence := public_part(attempt):
        lines.append(f"{begun(sentence)}.\n")
    lines += [f"> {escaped(problem)}\n" for problem in attempt.problems]
    if attempt.unreadable:
        return "\n".join(lines)
    lines += ["| exercise | outcome | points |", "|---|---|--:|"]
    for result in attempt.exercises:
        sign, word = SIGNS[result.outcome]
        score = f"{points(result.points)} / {points(result.max_points)}"
        lines.append(f"| {escaped(result.name)} | {sign} {word} | {score} |")
    failed = [r for r in attempt.exercises if r.outcome in TO_SHOW]
    return "\n".join([*lines, "", *(_details(result) for result in failed)])


def _details(result: ExerciseResult) -> str:
    waits = [f"{begun(escaped(result.waits_for))}: correct that first.", ""] if result.waits_for else []
    lines = [f"<details><summary>{html.escape(f'{result.name}: {result.title}')}</summary>", "", *waits]
    said: set[str] = set()
    for check in result.checks:
        if check.outcome not in WRONG:
            continue
        lines += [f"**{escaped(check.claim)}**", ""]
        if check.seen:
            lines += [_fenced(check.seen), ""]
        if check.compared and check.compared not in said:
            said.add(check.compared)
            lines += [escaped(check.compared), ""]
        if check.hint:
            lines += [f"{'Diagnosis' if check.misconception else 'Hint'}: {escaped(check.hint)}", ""]
        if check.where:
            lines += [f"at {escaped(str(check.where))}", ""]
    return "\n".join([*lines, "</details>", ""])


def escaped(text: str) -> str:
    """Text on one line, in which Markdown and HTML have nothing to interpret."""
    return SPECIAL.sub(r"\\\1", " ".join(shown(text).split())).replace("\\<", "&lt;").replace("\\>", "&gt;")


def _fenced(text: str) -> str:
    """Block of code. Its fence is longer than every run of backticks in the text."""
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}text\n{shown(text)}\n{fence}"
