"""What the grading service and `grade --submit` exchange. docs/schemas/submission.v1.schema.json describes it."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from blindgrade.models import Level
from blindgrade.student_view import StudentView

MAX_BODY = 2 << 20  # bytes of a submission as JSON
State = Literal["kept", "waiting", "done", "superseded", "failed", "set_aside"]
FINAL: tuple[State, ...] = ("done", "superseded", "failed", "set_aside")


class Receipt(BaseModel):
    """Proof that the service has the submission. Only the service can make and check `signature`.

    `sha256` is the digest of the files, `number` counts the student's submissions of the lesson.
    """

    uuid: str
    lesson: str
    student: str
    number: int
    sha256: str
    accepted_at: str
    signature: str


class SubmissionStatus(BaseModel):
    """A submission as its student sees it: the answer to PUT and GET, and what `grade LESSON --submit --json` prints.

    state: kept on the student's machine, because the service did not accept it; waiting, also while it is graded; done;
    superseded, because a newer submission took its place; failed, by a fault of the service, which costs no attempt;
    set_aside, because the code ended the grader's processes. `message` is a sentence about the state. receipt: None for
    a submission that is kept. position: how many gradings come first; None if it does not wait. expected_seconds: until
    the result. level: what the course shows of the result now. over_quota: it shows less, because there were too many
    submissions. view: the result at this level; None until there is one. hidden: did hidden checks run?
    """

    model_config = ConfigDict(populate_by_name=True)

    schema_: Literal["blindgrade/submission/v1"] = Field(default="blindgrade/submission/v1", alias="schema")
    uuid: str
    lesson: str
    receipt: Receipt | None
    state: State
    message: str = ""
    position: int | None = None
    expected_seconds: float | None = None
    level: Level = Level.NOTHING
    over_quota: bool = False
    hidden: bool = True
    view: StudentView | None = None


class Refusal(BaseModel):
    """Why the service did not do what was asked. `error` is a word for programs, `message` a sentence.

    retry_after: seconds after which the same request may succeed; None if it will not.
    """

    error: str
    message: str
    retry_after: float | None = None


class WhoAmI(BaseModel):
    """The person of a token."""

    student: str
    name: str
    role: str
    section: str
    course: str
    server_time: str


class DeviceCode(BaseModel):
    """A code that the user enters in a browser, so that a terminal is signed in.

    `device_code` is the terminal's own secret. It asks with it every `interval` seconds.
    """

    device_code: str
    user_code: str
    verification_url: str
    expires_in: int
    interval: int = 2


class DeviceToken(BaseModel):
    """The token of a terminal; None until its user has entered the code."""

    token: str | None = None
    student: str | None = None


class Invitation(BaseModel):
    """An invitation that a terminal accepts."""

    invitation: str


class SubmissionList(BaseModel):
    """Several submissions: what `grade MODULE --submit --json` prints if the module has several lessons."""

    model_config = ConfigDict(populate_by_name=True)

    schema_: Literal["blindgrade/submissions/v1"] = Field(default="blindgrade/submissions/v1", alias="schema")
    submissions: list[SubmissionStatus]
