from __future__ import annotations

import pytest

from blindgrade.systems.nbgrader.names import submitted

TIME = "2026-11-10 21:40:00.000000"


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        (f"ana+ps1+{TIME} UTC", ("ana", "ps1", f"{TIME} UTC")),
        (f"ana+ps1+{TIME} UTC+Zm9vYmFy-_12", ("ana", "ps1", f"{TIME} UTC")),
        (f"ana+ps1+{TIME} +0100", ("ana", "ps1", f"{TIME} +0100")),
        (f"ana+ps1+{TIME} +0100+Zm9vYmFyYmF6", ("ana", "ps1", f"{TIME} +0100")),
        (f"ana+ps1+{TIME}", ("ana", "ps1", TIME)),
        (f"ana+ps1+{TIME}+Zm9vYmFyYmF6", ("ana", "ps1", TIME)),
        ("ana+ps1+2026-11-10T21:40:00+01:00", ("ana", "ps1", "2026-11-10T21:40:00+01:00")),
        (f"ana+x@uni.edu+ps1+{TIME} UTC", ("ana+x@uni.edu", "ps1", f"{TIME} UTC")),
        (f"ana+lesson 7+{TIME} UTC", ("ana", "lesson 7", f"{TIME} UTC")),
        ("ana+ps1", None),
        ("ana+ps1+yesterday", None),
        ("ana", None),
        (f"+ps1+{TIME} UTC", None),
    ],
)
def test_the_name_of_a_submission_has_student_assignment_and_time(name: str, parts: tuple[str, ...] | None) -> None:
    assert submitted(name) == parts
