"""Acceptance when the disk, the database or the clock fails: what was not acknowledged does not count."""

from __future__ import annotations

import errno
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy.exc import OperationalError

from blindgrade.service import accepting
from blindgrade.service.accepting import Clock
from blindgrade.service.blobs import Blobs, packed
from blindgrade.service.database.connect import Database

from ..served import LESSON
from ..web_app import FILES, Web


def test_a_full_disk_accepts_nothing_and_says_when_to_try_again(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("blindgrade.service.blobs.write_whole", full)
    refused = web.put()
    assert (refused.status_code, refused.json()["error"]) == (503, "cannot_store")
    assert refused.json()["retry_after"] and "No space left" in refused.json()["message"]
    monkeypatch.undo()
    assert web.rows() == [] and web.put().status_code == 202


def test_a_database_that_cannot_be_written_accepts_nothing(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    @contextmanager
    def read_only(self: Database) -> Iterator[Any]:
        raise OperationalError("INSERT", {}, sqlite3.OperationalError("attempt to write a readonly database"))
        yield

    monkeypatch.setattr(Database, "writing", read_only)
    refused = web.put()
    assert (refused.status_code, refused.json()["error"]) == (503, "cannot_store")
    assert "readonly" in refused.json()["message"] and "INSERT" not in refused.text
    monkeypatch.undo()
    assert web.rows() == [] and web.put().status_code == 202


def test_killed_between_blob_and_row_the_same_request_is_accepted(web: Web) -> None:
    digest, content = packed(FILES)
    Blobs(web.settings.blobs).keep(digest, content)
    assert web.rows() == []
    assert web.put().status_code == 202
    assert len(list(web.settings.blobs.rglob("*.json"))) == 1


def test_killed_between_row_and_answer_the_same_request_gets_the_same_receipt(web: Web) -> None:
    uuid = str(uuid4())
    first = web.put(uuid=uuid).json()["receipt"]  # the student never sees this answer
    assert web.put(uuid=uuid).json()["receipt"] == first


def test_many_at_once_are_committed_together_and_each_gets_its_answer(web: Web) -> None:
    from concurrent.futures import ThreadPoolExecutor

    students = [f"s{number}" for number in range(12)]
    for one in students:
        web.enrol(one)
    with ThreadPoolExecutor(12) as pool:
        found = list(pool.map(lambda who: web.put({"basics.py": f"x = '{who}'"}, who), students))
    assert {one.status_code for one in found} == {202}
    assert {one.json()["receipt"]["student"] for one in found} == set(students)
    assert len({one.accepted_at for one in web.rows()}) == 12


def test_a_clock_that_is_set_back_changes_no_order(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    first = web.put({"basics.py": "x = 1"}).json()["receipt"]["accepted_at"]
    real = time.time
    monkeypatch.setattr(accepting.time, "time", lambda: real() - 600)
    second = web.put({"basics.py": "x = 2"}).json()["receipt"]["accepted_at"]
    assert second > first


def test_a_clock_that_was_far_ahead_once_does_not_stay_so(web: Web) -> None:
    clock = Clock(web.database)
    clock._last = time.time() + 10 * accepting.MOST_BACK
    assert abs(clock.now() - time.time()) < 5


def test_a_receipt_that_was_changed_is_not_ours(web: Web) -> None:
    from blindgrade.service.receipts import is_ours
    from blindgrade.submitting.wire_models import Receipt

    receipt = Receipt.model_validate(web.put().json()["receipt"])
    secret = web.service.secret
    assert receipt.lesson == LESSON and is_ours(secret, receipt)
    for change in ({"accepted_at": "2020-01-01T00:00:00Z"}, {"student": "eve"}, {"number": 2}, {"sha256": "0"}):
        assert not is_ours(secret, receipt.model_copy(update=change))
    assert not is_ours(b"another", receipt)
