"""Tasks of a run: one submission of one lesson, as bytes for another process."""

from __future__ import annotations

import json
from pathlib import Path

from blindgrade.catalog import Target
from blindgrade.cohort.pool import Task
from blindgrade.engine.grading.budget import whole_seconds
from blindgrade.submitted import SubmittedWork

SLACK_SECONDS = 120.0  # added to the lesson's own budget: reading, the start of a warm process, diagnosis


def tasks(targets: list[Target], submissions: list[SubmittedWork]) -> list[Task]:
    """Tasks for each lesson and student, lesson by lesson."""
    return [
        task(target, one.student, one.path, one.at(target.files.entry.id)) for target in targets for one in submissions
    ]


def task(target: Target, student: str, path: Path, submitted_at: str | None, shown: str = "") -> Task:
    """Task for one submission. `shown` is the place of a kept version, whose files are laid out in `path`."""
    lesson = target.files.entry.id
    content = {"lesson": lesson, "student": student, "path": str(path), "submitted_at": submitted_at}
    return Task(
        json.dumps([lesson, student, shown]),
        json.dumps(content).encode(),
        whole_seconds(target.lesson.seconds) + SLACK_SECONDS,
    )


def named(task: Task) -> tuple[str, str, str]:
    """Lesson, student and place of a kept version that the task is about."""
    lesson, student, shown = json.loads(task.name)
    return lesson, student, shown
