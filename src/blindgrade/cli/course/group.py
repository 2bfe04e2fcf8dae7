"""`course`: the commands for authors and instructors."""

from __future__ import annotations

import click

from blindgrade.cli import options
from blindgrade.cli.lazy import Entry, LazyGroup

HERE = "blindgrade.cli.course"
COMMANDS = {
    "adjust": Entry(f"{HERE}.adjust:adjust", "Change the points of students in a lesson or an exercise."),
    "attack": Entry(f"{HERE}.attack:attack", "Test this machine's sandbox with hostile submissions."),
    "build": Entry(f"{HERE}.build:build", "Make the course's generated files from their sources."),
    "collect": Entry(f"{HERE}.collect:collect", "Collect submissions into a folder for each student."),
    "decisions": Entry(f"{HERE}.decisions:decisions", "List what instructors decided, or take a decision back."),
    "discover": Entry(f"{HERE}.discover:discover", "Group the wrong answers that no misconception explains."),
    "excuse": Entry(f"{HERE}.excuse:excuse", "Excuse students from a lesson."),
    "extend": Entry(f"{HERE}.extend:extend", "Give students a later due date."),
    "feedback": Entry(f"{HERE}.feedback:feedback", "Write each student's feedback as a page and a text."),
    "grade": Entry(f"{HERE}.grade:grade", "Grade every submission in SUBMITTED."),
    "gradebook": Entry(
        f"{HERE}.gradebook:gradebook",
        "Write points into gradebooks.",
    ),
    "import": Entry(f"{HERE}.import_notebook:import_notebook", "Make a lesson of an nbgrader assignment."),
    "invite": Entry(f"{HERE}.invite:invite", "Invite people to the grading service."),
    "new": Entry(f"{HERE}.new:new", "Make a course with one small lesson to learn from."),
    "new-exercise": Entry(f"{HERE}.new_exercise:new_exercise", "Add an exercise to a lesson."),
    "new-lesson": Entry(f"{HERE}.new_lesson:new_lesson", "Add a lesson to the course."),
    "release": Entry(f"{HERE}.release:release", "Release lessons to students or to another system."),
    "replay": Entry(f"{HERE}.replay:replay", "Grade ATTEMPT again and show what differs."),
    "report": Entry(f"{HERE}.report:report", "Write a page with figures about a cohort."),
    "serve": Entry(f"{HERE}.serve:serve", "Start the grading service."),
    "simulate": Entry(f"{HERE}.simulate:simulate", "Write the submissions of an invented cohort."),
    "standings": Entry(f"{HERE}.standings:standings", "Show each student's points by the course's policy."),
    "verify": Entry(f"{HERE}.verify:verify", "Prove that the course is sound."),
}


@click.group(cls=LazyGroup, table=COMMANDS, context_settings=options.HELP)
@options.version
def course() -> None:
    """Build a course, prove that it is sound, and release it.

    Run it inside the course's folder, or set BLINDGRADE_COURSE to it. A LESSON is a module (lesson-7.2),
    a lesson (lesson-7.2.1), an exercise (lesson-7.2.1/score_from_noise), or `all`.
    """
