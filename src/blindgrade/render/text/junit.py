"""Grading as JUnit XML, which CI systems show: a suite for each lesson, a case for each check."""

from __future__ import annotations

from collections.abc import Iterable
from xml.etree import ElementTree

from blindgrade.models import Attempt, CheckResult, ExerciseResult, Grading, Outcome
from blindgrade.render.links import Links
from blindgrade.render.public_part import public_part
from blindgrade.render.safe import shown
from blindgrade.render.text.findings import FILE_CHECK, FILE_CLAIM

TAGS = {
    Outcome.FAILED: "failure",
    Outcome.ERROR: "error",
    Outcome.BLOCKED: "skipped",
    Outcome.NOT_ATTEMPTED: "skipped",
}


def as_junit(grading: Grading, links: Links) -> str:
    """The XML document. A check that is not written or is blocked is `skipped`, but it earns no points."""
    root = ElementTree.Element(
        "testsuites", {"name": "grade", **_counts(c for a in grading.lessons for c in _checks(a))}
    )
    for attempt in grading.lessons:
        about = {"name": attempt.lesson, "timestamp": attempt.graded_at.removesuffix("Z")}
        suite = ElementTree.SubElement(root, "testsuite", about | _counts(_checks(attempt)))
        properties = ElementTree.SubElement(suite, "properties")
        counted = ("points", "max_points", "public_checks", "checks")
        for name in counted:
            ElementTree.SubElement(properties, "property", name=name, value=f"{getattr(attempt, name):g}")
        if sentence := public_part(attempt):
            ElementTree.SubElement(properties, "property", name="ran", value=sentence)
        if attempt.unreadable:
            _add_file(suite, attempt)
            continue
        for result in attempt.exercises:
            for check in result.checks:
                _add_case(suite, attempt, result, check, links)
    ElementTree.indent(root)
    text = ElementTree.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="utf-8"?>\n{text}\n'


def _checks(attempt: Attempt) -> list[CheckResult]:
    if attempt.unreadable:
        return [CheckResult(name=FILE_CHECK, claim=FILE_CLAIM, public=True, outcome=Outcome.FAILED)]
    return [check for result in attempt.exercises for check in result.checks]


def _counts(checks: Iterable[CheckResult]) -> dict[str, str]:
    found = list(checks)
    tags = [TAGS.get(check.outcome, "") for check in found]
    return {
        "tests": str(len(found)),
        "failures": str(tags.count("failure")),
        "errors": str(tags.count("error")),
        "skipped": str(tags.count("skipped")),
        "time": f"{sum(check.seconds for check in found):.3f}",
    }


def _add_file(suite: ElementTree.Element, attempt: Attempt) -> None:
    """The one case of a lesson whose file could not be read."""
    about = {"classname": f"{attempt.lesson}/file", "name": FILE_CHECK, "time": "0.000"}
    case = ElementTree.SubElement(suite, "testcase", about)
    reason = shown(attempt.unreadable)
    ElementTree.SubElement(case, "failure", message=reason).text = f"{FILE_CLAIM}\n{reason}"


def _add_case(
    suite: ElementTree.Element, attempt: Attempt, result: ExerciseResult, check: CheckResult, links: Links
) -> None:
    case = ElementTree.SubElement(
        suite, "testcase", classname=f"{attempt.lesson}/{result.name}", name=check.name, time=f"{check.seconds:.3f}"
    )
    tag = TAGS.get(check.outcome)
    if tag is None:
        return
    message = shown(f"{check.message}; its own failure: {check.own}" if check.own else check.message)
    entry = ElementTree.SubElement(case, tag, message=message)
    if tag != "skipped":
        hint = f"{'Diagnosis' if check.misconception else 'Hint'}: {check.hint}" if check.hint else ""
        where = links.of(attempt.lesson, check.where).text if check.where else ""
        entry.text = "\n".join(line for line in (check.claim, message, shown(check.compared), hint, where) if line)
