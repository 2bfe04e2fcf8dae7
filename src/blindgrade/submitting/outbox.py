"""Submissions that could not be sent yet, and receipts of those that were, in the folder `.blindgrade/`."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ValidationError

from blindgrade.files import write_whole
from blindgrade.history import make_hidden
from blindgrade.submitting.wire_models import Receipt

MOST = 50  # submissions that wait; more would not be sent by anybody who knows of them


class KeptSubmission(BaseModel):
    """A submission that waits on the student's machine. `kept_at` is this machine's time and decides nothing."""

    uuid: str
    url: str
    lesson: str
    files: dict[str, str]
    kept_at: str
    reason: str


class Outbox:
    """Submissions that wait, and receipts, in a folder of the course."""

    def __init__(self, local: Path) -> None:
        self.local = local
        self.folder = local / "outbox"

    def keep(self, one: KeptSubmission) -> None:
        """Keep a submission. OSError if it cannot be written."""
        make_hidden(self.local)
        stamp = one.kept_at.replace("-", "").replace(":", "")
        write_whole(self.folder / f"{stamp}-{one.uuid}.json", one.model_dump_json(indent=1) + "\n", durable=True)

    def waiting(self, url: str) -> list[KeptSubmission]:
        """Submissions that wait for this service, the oldest first."""
        found = []
        for path in sorted(self.folder.glob("*.json"))[:MOST]:
            try:
                one = KeptSubmission.model_validate_json(path.read_bytes())
            except (OSError, ValidationError):
                continue
            if one.url == url:
                found.append(one)
        return found

    def sent(self, uuid: str) -> None:
        """Remove a submission that the service has. OSError if that is not possible."""
        for path in self.folder.glob(f"*-{uuid}.json"):
            path.unlink(missing_ok=True)

    def refused(self, uuid: str) -> Path | None:
        """Move a submission that the service will never take out of the way; its new place."""
        for path in self.folder.glob(f"*-{uuid}.json"):
            return path.rename(path.with_suffix(".refused"))
        return None

    def add_receipt(self, receipt: Receipt) -> Path:
        """Store a receipt, and say where. OSError if it cannot be written."""
        make_hidden(self.local)
        path = self.local / "receipts" / receipt.lesson / f"{receipt.number:04}-{receipt.uuid}.json"
        write_whole(path, receipt.model_dump_json(indent=1) + "\n", durable=True)
        return path
