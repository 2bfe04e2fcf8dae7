"""What could not be sent is kept, sent later, and never in silence."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from blindgrade.submitting.client import RefusedByService, Unreachable
from blindgrade.submitting.outbox import KeptSubmission, Outbox
from blindgrade.submitting.sending import hand_in, send_kept
from blindgrade.submitting.wire_models import Receipt, Refusal, SubmissionStatus

FILES = {"basics.py": "x = 1"}


class Service:
    """A client whose service does what the test says."""

    url = "https://a.example"

    def __init__(self) -> None:
        self.fault: Exception | None = None
        self.got: list[str] = []

    def submit(self, lesson: str, uuid: str, files: dict[str, str]) -> SubmissionStatus:
        if self.fault is not None:
            raise self.fault
        self.got.append(uuid)
        receipt = Receipt(
            uuid=uuid, lesson=lesson, student="ana", number=len(self.got), sha256="d", accepted_at="t", signature="s"
        )  # fmt: skip
        return SubmissionStatus(uuid=uuid, lesson=lesson, receipt=receipt, state="waiting")


def refused(status: int, error: str) -> RefusedByService:
    return RefusedByService(status, Refusal(error=error, message=f"because of {error}"))


def offer(service: Any, outbox: Outbox, uuid: str, files: dict[str, str] | None = None) -> Any:
    return hand_in(service, outbox, "lesson-1", uuid, files or FILES)


def test_what_may_succeed_later_is_kept_and_sent_in_its_order(tmp_path: Path) -> None:
    service, outbox = Service(), Outbox(tmp_path / ".blindgrade")
    for number, fault in enumerate([Unreachable("it is down"), refused(401, "expired"), refused(403, "closed")]):
        service.fault = fault
        found = offer(service, outbox, f"u{number}", {"basics.py": f"x = {number}"})
        assert (found.accepted, found.code, found.status.state) == (False, 4, "kept")
        assert "NOT accepted" in found.sentences[0] and "kept" in found.sentences[0]
    assert len(outbox.waiting(service.url)) == 3
    assert outbox.waiting("https://b.example") == []  # another course's service gets nothing of it
    service.fault = None
    said = send_kept(service, outbox)  # type: ignore[arg-type]  # it has what is used of a client
    assert service.got == ["u0", "u1", "u2"] and len(said) == 3 and "sent now" in said[0]
    assert outbox.waiting(service.url) == []
    assert len(list((tmp_path / ".blindgrade" / "receipts" / "lesson-1").iterdir())) == 3
    assert "/*" in (tmp_path / ".blindgrade" / ".gitignore").read_text()  # git never sees them


def test_the_same_files_are_kept_once(tmp_path: Path) -> None:
    service, outbox = Service(), Outbox(tmp_path)
    service.fault = Unreachable("it is down")
    for number in range(3):
        offer(service, outbox, f"u{number}")
    assert len(outbox.waiting(service.url)) == 1


def test_what_is_refused_for_good_is_no_later_submission(tmp_path: Path) -> None:
    service, outbox = Service(), Outbox(tmp_path)
    service.fault = refused(413, "too_large")
    found = offer(service, outbox, "u0")
    assert (found.code, outbox.waiting(service.url)) == (2, [])
    outbox.keep(
        KeptSubmission(uuid="u1", url=service.url, lesson="l", files=FILES, kept_at="2026-01-01T00:00:00Z", reason="")
    )
    service.fault = refused(404, "no_lesson")
    [said] = send_kept(service, outbox)  # type: ignore[arg-type]  # it has what is used of a client
    assert "will not take it" in said and outbox.waiting(service.url) == []
    assert len(list((tmp_path / "outbox").glob("*.refused"))) == 1  # the files are there still


def test_while_the_service_is_down_nothing_kept_is_lost(tmp_path: Path) -> None:
    service, outbox = Service(), Outbox(tmp_path)
    service.fault = Unreachable("it is down")
    offer(service, outbox, "u0")
    assert send_kept(service, outbox) == []  # type: ignore[arg-type]  # it has what is used of a client
    assert len(outbox.waiting(service.url)) == 1


def test_a_folder_that_cannot_be_written_is_said_in_the_same_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    service, outbox = Service(), Outbox(tmp_path / "file")
    service.fault = Unreachable("it is down")
    found = offer(service, outbox, "u0")
    assert found.code == 4 and "could not be kept either" in found.sentences[0]
    service.fault = None
    assert "the receipt could not be stored" in offer(service, outbox, "u1").sentences[0]
