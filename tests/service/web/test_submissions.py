"""The API without a grader: what it accepts, what it refuses, and what it shows to whom."""

from __future__ import annotations

import json
import time
from typing import Any
from uuid import uuid4

import pytest
from fastapi.routing import APIRoute
from sqlalchemy import select

from blindgrade.service.database.tables import Person, Token
from blindgrade.service.people import Role
from blindgrade.service.web.app import ROUTERS
from blindgrade.service.web.auth import permission_of
from blindgrade.service.web.permissions import NEEDED, Permission

from ...served import LESSON
from ...web_app import FILES, Web


def test_accepted_is_stored_with_a_receipt_before_the_answer(web: Web) -> None:
    answer = web.put()
    assert answer.status_code == 202
    found = answer.json()
    [row] = web.rows()
    assert (row.uuid, row.state, row.number) == (found["uuid"], "waiting", 1)
    assert web.service.blobs.read(found["receipt"]["sha256"]) == FILES
    assert (found["state"], found["position"], found["view"]) == ("waiting", 0, None)


def test_the_same_uuid_or_the_same_files_are_one_submission(web: Web) -> None:
    first = web.put().json()
    again = web.put(uuid=first["uuid"])
    same = web.put()
    assert (again.status_code, same.status_code) == (200, 200)
    for later in (again.json(), same.json()):
        assert {**later, "expected_seconds": 0} == {**first, "expected_seconds": 0}
    assert len(web.rows()) == 1
    other = web.put({"basics.py": "x = 1"}, uuid=first["uuid"])
    assert (other.status_code, other.json()["error"]) == (409, "uuid_taken")


def test_files_that_come_back_after_others_are_a_new_submission(web: Web) -> None:
    for text in ("x = 1", "x = 2", "x = 1"):
        assert web.put({"basics.py": text}).status_code == 202
    assert [(one.number, one.state) for one in web.rows()] == [
        (1, "superseded"), (2, "superseded"), (3, "waiting"),
    ]  # fmt: skip


def test_another_students_uuid_shows_nothing_and_takes_nothing(web: Web) -> None:
    mine = web.put().json()["uuid"]
    web.enrol("eve")
    seen = web.ask("GET", f"/lessons/{LESSON}/submissions/{mine}", "eve")
    none = web.ask("GET", f"/lessons/{LESSON}/submissions/{uuid4()}", "eve")
    assert (seen.status_code, seen.json()) == (none.status_code, none.json()) == (404, none.json())
    taken = web.put({"basics.py": "x = 3"}, "eve", mine)
    assert taken.status_code == 409
    assert [one.person_id for one in web.rows()] == [1]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"{", 400), (b"[]", 400), (b"{}", 400), (b"\xff\xfe", 400), (b"[" * 200_000, 400),
        (b'{"files": {}}', 400), (b'{"files": {"a.py": 1}}', 400), (b'{"files": {"../a.py": ""}}', 400),
        (b'{"files": {"a.py": "\\u0000"}}', 400), (b'{"files": {"a.py": ""}, "student": "ana"}', 400),
        (b'{"files": {"a.py": "' + b"x" * (2 << 20) + b'"}}', 413),
        (json.dumps({"files": {f"f{n}.py": "" for n in range(10_000)}}).encode(), 400),
    ],
)  # fmt: skip
def test_a_body_that_is_no_submission_is_refused_with_a_sentence(web: Web, body: bytes, status: int) -> None:
    answer = web.ask("PUT", f"/lessons/{LESSON}/submissions/{uuid4()}", content=body)
    assert answer.status_code == status, answer.text
    assert set(answer.json()) == {"error", "message", "retry_after"}
    assert web.rows() == [] and not list(web.settings.blobs.rglob("*.json"))


def test_a_lesson_that_is_not_there_and_an_address_that_is_not_there(web: Web) -> None:
    assert web.put(lesson="lesson-9.9.9").json()["error"] == "no_lesson"
    assert web.put(uuid="not-a-uuid").status_code == 422
    assert web.ask("GET", "/nothing").json()["error"] == "no_such_route"


def test_tokens_that_are_unknown_expired_revoked_or_in_the_address_open_nothing(web: Web) -> None:
    def error(**more: Any) -> Any:
        answer = web.client.get("/api/v1/whoami", **more)
        return answer.status_code, answer.json()["error"]

    token = web.tokens["student"]
    assert error() == (401, "no_token")
    assert error(headers={"Authorization": "Bearer bgt_guess"}) == (401, "bad_token")
    assert error(headers={"Authorization": f"Basic {token}"}) == (401, "no_token")
    assert error(params={"token": token}) == (400, "token_in_address")
    assert web.ask("GET", "/whoami").json()["student"] == "student"
    with web.database.writing() as session:
        session.scalars(select(Token).join(Person).where(Person.student == "owner")).one().expires_at = time.time() - 1
        session.scalars(select(Person).where(Person.student == "assistant")).one().removed_at = time.time()
    assert error(headers={"Authorization": f"Bearer {web.tokens['owner']}"}) == (401, "expired")
    assert error(headers={"Authorization": f"Bearer {web.tokens['assistant']}"}) == (401, "bad_token")
    assert web.ask("POST", "/logout").status_code == 204
    assert error(headers={"Authorization": f"Bearer {token}"}) == (401, "bad_token")


def test_every_route_names_its_permission_and_a_lower_role_is_refused(web: Web) -> None:
    routes = [(prefix, one) for prefix, router in ROUTERS for one in router.routes if isinstance(one, APIRoute)]
    assert len(routes) > 5
    for prefix, route in routes:
        permissions = [permission_of(one.call) for one in route.dependant.dependencies if one.call]
        [permission] = [one for one in permissions if one is not None]
        needed = NEEDED[permission]
        path = prefix + route.path.replace("{lesson}", LESSON).replace("{uuid}", str(uuid4()))
        for method in route.methods:
            for who, role in ((None, None), *((one.value, one) for one in Role)):
                if method == "POST" and path.endswith("logout"):
                    continue  # it would end the token
                headers = {"Authorization": f"Bearer {web.tokens[who]}"} if who else {}
                status = web.client.request(method, path, headers=headers, follow_redirects=False).status_code
                if needed is None:
                    assert status not in (401, 403), path
                elif role is None:
                    assert status == 401, path
                else:
                    assert (status == 403) is (not role.may(needed)), (path, role)
    assert {Permission.ANYBODY, Permission.SUBMIT} <= set(NEEDED)


def test_every_answer_has_the_headers_that_protect_a_browser(web: Web) -> None:
    for path in ("/", "/api/v1/health", "/nothing"):
        headers = web.client.get(path).headers
        assert "default-src 'none'" in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"


def test_the_web_never_loads_torch() -> None:
    import subprocess
    import sys

    code = "import sys, blindgrade.service.web.app, blindgrade.service.web.__main__; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
