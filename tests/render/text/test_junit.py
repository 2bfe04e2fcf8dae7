from __future__ import annotations

from collections.abc import Callable
from xml.etree import ElementTree

from blindgrade.models import Grading
from blindgrade.render.links import Links
from blindgrade.render.text.junit import as_junit


def test_counts_and_outcomes_agree(grading: Grading, placed: Callable[[], Links]) -> None:
    root = ElementTree.fromstring(as_junit(grading, placed()))
    (suite,) = root
    assert suite.attrib["name"] == "lesson-1.1.1"
    for element in (root, suite):
        counts = [element.attrib[name] for name in ("tests", "failures", "errors", "skipped")]
        assert counts == ["8", "2", "1", "4"]
    tags = {case.attrib["classname"]: [child.tag for child in case] for case in suite.iter("testcase")}
    assert tags == {
        "lesson-1.1.1/right": [], "lesson-1.1.1/wrong": ["failure"], "lesson-1.1.1/waits": ["skipped"],
        "lesson-1.1.1/empty": ["skipped"], "lesson-1.1.1/ours": ["error"],
    }  # fmt: skip


def test_a_failure_says_claim_what_was_seen_diagnosis_and_place(
    grading: Grading, placed: Callable[[], Links], nasty: str
) -> None:
    failure = next(ElementTree.fromstring(as_junit(grading, placed())).iter("failure"))
    assert failure.text is not None
    lines = failure.text.split("\n")
    assert lines[0] == "Claim 0 of wrong."
    assert lines[1].startswith(r"is <b>&amp; ]]> \x1b[31m\x00")
    assert lines[-2:] == ["Diagnosis: Which way?", "lesson_1_1_1_basics/basics.py:3"]
