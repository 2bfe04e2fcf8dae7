"""The web application of a service, without its grader, in the process of the test."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any
from uuid import uuid4

from fastapi.testclient import TestClient
from sqlalchemy import select

from blindgrade.catalog import Catalog
from blindgrade.service import people
from blindgrade.service.database.tables import Submission
from blindgrade.service.people import Role
from blindgrade.service.places import Settings
from blindgrade.service.service import Service
from blindgrade.service.setting_up import prepared, settings_for
from blindgrade.service.web.app import make_app

from .served import LESSON, MINI, SOLUTION

FILES = {"basics.py": SOLUTION}


class Web:
    """The web application of a course in a folder, and a token for each person."""

    def __init__(self, top: Path, policy: str = "") -> None:
        course = top / "course"
        shutil.copytree(MINI, course, ignore=shutil.ignore_patterns("__pycache__"))
        if policy:
            text = (course / "course.toml").read_text()
            (course / "course.toml").write_text(text.replace("\n[[module]]", f"\n{policy}\n\n[[module]]", 1))
        self.settings: Settings = settings_for(Catalog(course), top / "data", None, None, mark_after=0.2)
        self.database = prepared(self.settings, note_url=True)
        self.service = Service(self.settings)
        self.tokens: dict[str, str] = {}
        for role in Role:
            self.enrol(role.value, role)
        self.client = TestClient(make_app(self.settings), base_url="http://localhost", raise_server_exceptions=False)

    def enrol(self, student: str, role: Role = Role.STUDENT, days: float | None = 1.0) -> str:
        with self.database.writing() as session:
            person = people.enrol(session, student, role=role)
            self.tokens[student] = people.issue(session, person, "access", days=days)
        return self.tokens[student]

    def ask(self, method: str, path: str, who: str | None = "student", **more: Any) -> Any:
        headers = {"Authorization": f"Bearer {self.tokens[who]}"} if who else {}
        return self.client.request(method, f"/api/v1{path}", headers={**headers, **more.pop("headers", {})}, **more)

    def put(self, files: Any = FILES, who: str = "student", uuid: str = "", lesson: str = LESSON) -> Any:
        return self.ask("PUT", f"/lessons/{lesson}/submissions/{uuid or uuid4()}", who, json={"files": files})

    def rows(self) -> list[Submission]:
        with self.database.reading() as session:
            return list(session.scalars(select(Submission).order_by(Submission.number)))
