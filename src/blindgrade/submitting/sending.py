"""Hand in, keep what could not be sent, and wait for results. Sentences are for the student."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from blindgrade import clock
from blindgrade.submitting.client import WAIT, Client, RefusedByService, Unreachable
from blindgrade.submitting.outbox import KeptSubmission, Outbox
from blindgrade.submitting.wire_models import FINAL, SubmissionStatus

WRONG_REQUEST, NOT_ACCEPTED = 2, 4  # exit codes of `grade`
# The same files are refused again at any time. Everything else may succeed later.
FINALLY_REFUSED = ("not_files", "not_json", "too_large", "no_lesson", "uuid_taken", "invalid")
PAUSES = (1.0, 2.0, 4.0, 8.0, 16.0)  # seconds between tries while the service does not answer
Progress = Callable[[SubmissionStatus], None]


@dataclass
class Offered:
    """What became of a submission. code: exit code if it was not accepted; None if it was."""

    status: SubmissionStatus
    accepted: bool
    code: int | None = None
    receipt: Path | None = None
    sentences: list[str] = field(default_factory=list)


def hand_in(client: Client, outbox: Outbox, lesson: str, uuid: str, files: dict[str, str]) -> Offered:
    """Send a submission. One that the service may take later is kept."""
    try:
        status = client.submit(lesson, uuid, files)
    except (Unreachable, RefusedByService) as error:
        return _not_accepted(client, outbox, lesson, uuid, files, error)
    found = Offered(status, True)
    if status.uuid != uuid and status.receipt is not None:
        found.sentences.append(
            f"{lesson}: nothing changed since your submission {status.receipt.number} of {status.receipt.accepted_at},"
            " so that one counts and no new one was made"
        )
    if status.receipt is not None:
        try:
            found.receipt = outbox.add_receipt(status.receipt)
        except OSError as error:
            found.sentences.append(f"{lesson}: accepted, but the receipt could not be stored ({error.strerror})")
    return found


def _not_accepted(
    client: Client, outbox: Outbox, lesson: str, uuid: str, files: dict[str, str], error: Exception
) -> Offered:  # fmt: skip
    text = str(error)
    status = SubmissionStatus(uuid=uuid, lesson=lesson, receipt=None, state="kept", message=text)
    if isinstance(error, RefusedByService) and error.code in FINALLY_REFUSED:
        return Offered(status, False, WRONG_REQUEST, sentences=[f"{lesson} was not accepted: {text}"])
    kept = KeptSubmission(
        uuid=uuid, url=client.url, lesson=lesson, files=files, kept_at=clock.now("microseconds"), reason=text
    )
    try:
        if not any(one.lesson == lesson and one.files == files for one in outbox.waiting(client.url)):
            outbox.keep(kept)
        after = "your files are kept, and the next `grade LESSON --submit` sends them"
    except OSError as why:
        after = f"your files could not be kept either ({why.strerror}); submit again yourself"
    return Offered(status, False, NOT_ACCEPTED, sentences=[f"{lesson} was NOT accepted: {text}; {after}"])


def send_kept(client: Client, outbox: Outbox) -> list[str]:
    """Send what was kept for this service, the oldest first; a sentence for each."""
    said = []
    for one in outbox.waiting(client.url):
        when = f"{one.lesson}, kept since {one.kept_at[:16].replace('T', ' ')}"
        try:
            status = client.submit(one.lesson, one.uuid, one.files)
        except Unreachable:
            break  # the new submission will have the sentence
        except RefusedByService as error:
            if error.code in FINALLY_REFUSED:
                place = outbox.refused(one.uuid)
                said.append(f"{when}: the service will not take it ({error}); the files are in {place}")
                continue
            said.append(f"{when}: still not accepted ({error})")
            if error.status == 401:
                break
            continue
        try:
            if status.receipt is not None:
                outbox.add_receipt(status.receipt)
            outbox.sent(one.uuid)
        except OSError as error:
            said.append(f"{when}: sent, but {outbox.folder} cannot be written ({error.strerror})")
        said.append(f"{when}: sent now; its time is now, not when it was kept")
    return said


def wait_for(client: Client, status: SubmissionStatus, progress: Progress) -> tuple[SubmissionStatus, list[str]]:
    """The submission when it is done, however long that takes; and sentences about a service that stopped answering.

    The service may start again meanwhile: the submission is safe, so the wait goes on for a while.
    """
    said: tuple[str, int | None] | None = None
    failures = 0
    while status.state not in FINAL:
        if (status.state, status.position) != said:
            said = status.state, status.position
            progress(status)
        try:
            status = client.status(status.lesson, status.uuid, WAIT)
            failures = 0
        except Unreachable as error:
            if failures >= len(PAUSES):
                return status, [f"{error}. Your submission was accepted and is safe; the same command shows its result"]
            time.sleep(PAUSES[failures])
            failures += 1
        except RefusedByService as error:
            return status, [f"{error}. Your submission was accepted and is safe"]
    return status, []
