"""Checks and references of lessons, made once for all submissions that are graded together."""

from __future__ import annotations

from blindgrade.catalog import CourseError, Target
from blindgrade.engine.answers.answer_key import KEY_SEED, KeyReference
from blindgrade.engine.answers.lesson_checks import LessonChecks
from blindgrade.engine.answers.reference import LiveReference
from blindgrade.engine.answers.solution import Solution
from blindgrade.engine.grading.options import Options
from blindgrade.engine.judging.judged_before import JudgedBefore
from blindgrade.lesson_files import LessonFiles


class References:
    """Checks and references of lessons, made once and shared by all submissions that are graded with them."""

    def __init__(self) -> None:
        self._made: dict[tuple[str, str, str], tuple[LessonChecks, LiveReference | KeyReference]] = {}
        self._judged: dict[tuple[str, str, str], JudgedBefore] = {}

    def of(self, target: Target, options: Options) -> tuple[LessonChecks, LiveReference | KeyReference]:
        """Checks and reference of the lesson. CourseError if this course does not have them."""
        key = self._key(target, options)
        if key not in self._made:
            self._made[key] = _reference(target, options)
        return self._made[key]

    def judged_before(self, target: Target, options: Options) -> JudgedBefore:
        """Results that the lesson's reference gave for earlier submissions."""
        _, reference = self.of(target, options)
        if options.figures is not None:  # code that draws a figure could write into a shared reply
            return JudgedBefore(reference)
        return self._judged.setdefault(self._key(target, options), JudgedBefore(reference))

    def _key(self, target: Target, options: Options) -> tuple[str, str, str]:
        return target.files.entry.id, options.reference, options.device


def _reference(target: Target, options: Options) -> tuple[LessonChecks, LiveReference | KeyReference]:
    files: LessonFiles = target.files
    live = files.solution.is_file()
    if options.reference == "live" and not live:
        raise CourseError(f"{files.solution} does not exist, so there is no live reference; use --reference key")
    if options.reference == "key" or not live:
        if options.seed not in (None, KEY_SEED):
            raise CourseError(
                f"an answer key works with seed {KEY_SEED} only; leave --seed out, or use --reference live"
            )
        checks = LessonChecks(files, target.lesson, files.public_checks)
        return checks, KeyReference(files, checks)
    checks = LessonChecks(files, target.lesson)
    return checks, LiveReference(checks, Solution(files, target.lesson), options.device)
