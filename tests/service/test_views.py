"""What students see of a submission, through the web application, at every level and moment."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from blindgrade.attempts.decision import DecisionKind, Ruling
from blindgrade.attempts.decisions import DecisionStore
from blindgrade.models import Attempt, CheckResult, ExerciseResult, Level, MutantMatch, Outcome, SubmissionRef
from blindgrade.places import Frame, Place
from blindgrade.service import accepting
from blindgrade.service.database.tables import Job, Submission

from ..served import LESSON
from ..web_app import Web

SEED, SECONDS = 8_123_456_789_012, 12.34567
NEVER = ("CANARY-HIDDEN", "canary_name", str(SEED), str(SECONDS), "canary_misconception", "77777")
CLAIM, HINT = "CLAIM-OF-A-CHECK", "HINT-OF-A-CHECK"


def attempt(student: str, key: str) -> Attempt:
    """An attempt with canaries in everything that no student may read."""
    hidden = CheckResult(
        name="canary_name", claim=CLAIM, public=False, outcome=Outcome.FAILED, message="CANARY-HIDDEN 4.25",
        own="CANARY-HIDDEN own", hint=HINT, misconception="canary_misconception",
        where=Place.parse("basics.py:77777"), frames=[Frame.parse("basics.py:77777 in standardize")], seconds=SECONDS,
        relation="negated", relation_text="",
    )  # fmt: skip
    ours = hidden.model_copy(update={"outcome": Outcome.ERROR, "hint": ""})
    mutant = MutantMatch(words="", kinds=["CANARY-HIDDEN"], changes=["CANARY-HIDDEN"], count=1)
    exercise = ExerciseResult(
        name="standardize", title="One scale", outcome=Outcome.FAILED, points=20, max_points=40, concepts=[],
        checks=[hidden, ours, hidden.model_copy(update={"outcome": Outcome.PASSED})], answer="CANARY-HIDDEN",
        group="CANARY-HIDDEN", mutant=mutant, version="CANARY-HIDDEN",
    )  # fmt: skip
    return Attempt(
        lesson=LESSON, title="Basics", points=20, max_points=100, student=student,
        graded_at="2026-11-30T20:00:00.123456Z",
        submission=SubmissionRef(path="CANARY-HIDDEN", sha256="CANARY-HIDDEN"), seed=SEED, reference="live",
        sandbox="CANARY-HIDDEN", seconds=SECONDS, key=key, course="CANARY-HIDDEN", versions={"torch": "CANARY-HIDDEN"},
        purpose="feedback", exercises=[exercise],
    )  # fmt: skip


@contextmanager
def course(tmp_path: Path, policy: str = "") -> Iterator[Web]:
    web = Web(tmp_path, policy)
    with web.client:
        yield web
    web.database.close()


def graded(web: Web, took: float, *, ago: float = 100.0, who: str = "student", over: bool = False) -> dict[str, Any]:
    """A submission that was accepted some time ago, and whose grading took so long, as the web shows it now."""
    uuid = web.put({"basics.py": f"x = {time.time()}"}, who).json()["uuid"]
    web.service.feedback.write(attempt(who, "key"))
    with web.database.writing() as session:
        row = session.get_one(Submission, uuid)
        row.accepted_at = time.time() - ago
        row.graded_at, row.state, row.feedback_key, row.over_quota = row.accepted_at + took, "done", "key", over
    answer = web.ask("GET", f"/lessons/{LESSON}/submissions/{uuid}", who)
    found: dict[str, Any] = answer.json()
    return {**found, "text": answer.text}


@pytest.mark.parametrize("level", list(Level))
def test_no_level_shows_anything_that_is_hidden(tmp_path: Path, level: Level) -> None:
    with course(tmp_path, f'[policy.feedback]\nbefore = "{level}"') as web:
        found = graded(web, 1.0)
        assert found["state"] == "done" and found["level"] == found["view"]["level"] == level
        assert [canary for canary in NEVER if canary in found["text"]] == []
        assert (CLAIM in found["text"]) is (HINT in found["text"]) is (level is Level.CHECKS)
        assert (found["view"]["points"] is not None) is (level in (Level.TOTAL, Level.COUNTS, Level.CHECKS))


@pytest.mark.parametrize(("level", "slot"), [("total", 10.0), ("exercises", 10.0), ("counts", 2.0), ("checks", 2.0)])
def test_two_submissions_differ_by_nothing_that_says_how_long_the_code_ran(
    tmp_path: Path, level: str, slot: float
) -> None:
    with course(tmp_path, f'[policy.feedback]\nbefore = "{level}"') as web:
        short, long = (graded(web, took) for took in (0.01, slot - 0.01))
        for one in (short, long):
            accepted = datetime.fromisoformat(one["view"]["submitted_at"] or one["receipt"]["accepted_at"])
            del one["text"], one["uuid"], one["receipt"]
            shown = datetime.fromisoformat(one["view"].pop("graded_at"))
            assert shown.microsecond == 0 and isinstance(accepted, datetime)
        assert short == long


def test_a_result_is_not_there_before_its_slot_also_if_it_failed(tmp_path: Path) -> None:
    with course(tmp_path, '[policy.feedback]\nbefore = "exercises"') as web:
        early = graded(web, 0.1, ago=3.0)
        assert (early["state"], early["view"]) == ("waiting", None)
        assert 5 < early["expected_seconds"] <= 7.1
        late = graded(web, 11.0, ago=12.0)  # it missed the first slot
        assert (late["state"], late["view"]) == ("waiting", None)
        with web.database.writing() as session:
            session.get_one(Submission, early["uuid"]).state = "failed"
        again = web.ask("GET", f"/lessons/{LESSON}/submissions/{early['uuid']}").json()
        assert again["state"] == "waiting"


def test_beyond_the_quota_a_submission_counts_and_shows_less(tmp_path: Path) -> None:
    rules = '[policy.feedback]\nbefore = "checks"\n[policy.feedback.quota]\nper_hour = 2\nbeyond = "total"'
    with course(tmp_path, rules) as web:
        found = []
        for number in range(4):
            answer = web.put({"basics.py": f"x = {number}"}).json()
            found.append((answer["over_quota"], answer["level"]))
            with web.database.writing() as session:
                session.get_one(Submission, answer["uuid"]).state = "done"
                session.execute(update(Job).values(state="done"))
        assert found == [(False, "checks")] * 2 + [(True, "total")] * 2
        less = graded(web, 1.0, over=True)
        assert less["view"]["level"] == "total" and less["view"]["exercises"] == [] and HINT not in less["text"]


def test_after_the_due_date_of_the_last_student_everybody_reads_more(tmp_path: Path) -> None:
    due = (datetime.now(UTC) - timedelta(hours=1)).isoformat()
    rules = f'[policy.due]\n"{LESSON}" = {due}\n[policy.feedback]\nbefore = "total"\nafter = "counts"'
    with course(tmp_path, rules) as web:
        assert graded(web, 1.0)["level"] == "counts"
        decisions = DecisionStore(web.settings.attempts)
        decisions.add(
            Ruling(kind=DecisionKind.EXTEND, student="ana", lesson=LESSON, days=2, reason="ill"), "owner"
        )  # fmt: skip
        time.sleep(1.1)  # decisions are at most a second old
        assert graded(web, 1.0)["level"] == "total"


def test_a_closed_lesson_accepts_nothing_but_from_those_with_an_extension(tmp_path: Path) -> None:
    due = (datetime.now(UTC) - timedelta(days=3)).isoformat()
    rules = f'[policy.due]\n"{LESSON}" = {due}\n[policy.late]\ndays = 2'
    with course(tmp_path, rules) as web:
        web.enrol("ana")
        DecisionStore(web.settings.attempts).add(
            Ruling(kind=DecisionKind.EXTEND, student="ana", lesson=LESSON, days=2, reason="ill"), "owner"
        )
        refused = web.put()
        assert (refused.status_code, refused.json()["error"]) == (403, "closed")
        assert web.put(who="ana").status_code == 202


def test_a_submission_in_flight_looks_as_one_that_waits_also_to_the_students_next_one(tmp_path: Path) -> None:
    with course(tmp_path) as web:
        first = web.put({"basics.py": "x = 1"}).json()["uuid"]
        with web.database.writing() as session:
            session.execute(update(Job).values(state="leased"))
            session.get_one(Submission, first).state = "grading"
        second = web.put({"basics.py": "x = 2"}).json()["uuid"]

        def seen(uuid: str) -> tuple[Any, ...]:
            found = web.ask("GET", f"/lessons/{LESSON}/submissions/{uuid}").json()
            return found["state"], found["position"], found["message"], found["view"]

        during = seen(first), seen(second)
        with web.database.writing() as session:
            session.execute(update(Job).where(Job.submission == first).values(state="done"))
            session.execute(update(Job).where(Job.submission == second).values(state="leased"))
            done = session.get_one(Submission, first)
            done.state, done.graded_at = "done", time.time()
            session.get_one(Submission, second).state = "grading"
        assert (seen(first), seen(second)) == during
        assert set(web.client.get("/api/v1/health").json()) == {"status", "server_time"}
        assert web.ask("GET", "/queue").status_code == 403


def test_a_flood_of_one_student_is_refused_and_touches_nobody_else(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr(accepting, "MOST_AN_HOUR", 3)
    with course(tmp_path) as web:
        web.enrol("ana")
        found = [web.put({"basics.py": f"x = {number}"}) for number in range(5)]
        assert [one.status_code for one in found] == [202] * 3 + [429] * 2
        assert found[-1].json()["retry_after"] and "Retry-After" in found[-1].headers
        assert web.put(who="ana").status_code == 202
        assert len(list(web.settings.blobs.rglob("*.json"))) == 4
