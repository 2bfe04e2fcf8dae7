"""Results of proofs that were done before, by the digest of all that decides them.

Two places keep results: `build/proofs/` on this machine, for every proof, and `graders/<lesson>/proofs.json` in the
course's history, for trained exercises, whose proofs take minutes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, Field, ValidationError

from blindgrade import clock
from blindgrade.catalog import CourseError
from blindgrade.files import write_whole

MOST = 20_000  # results of a lesson that a machine keeps; the oldest are removed first


class KeptResult(BaseModel):
    """Result of one proof. For a mutant, `passed` means that a check notices it."""

    what: str
    passed: bool
    seconds: float


class _KeptFile(BaseModel):
    schema_: Literal["blindgrade/kept-proofs/v1"] = Field(default="blindgrade/kept-proofs/v1", alias="schema")
    results: dict[str, KeptResult] = {}


class Kept:
    """Results of one lesson on this machine. A damaged file counts as an empty one."""

    def __init__(self, folder: Path, lesson: str) -> None:
        self.path = folder / "proofs" / f"{lesson}.json"
        self._results: dict[str, KeptResult] = {}
        with suppress(OSError, ValidationError):
            self._results = _KeptFile.model_validate_json(self.path.read_bytes()).results

    def get(self, digest: str) -> KeptResult | None:
        """Result with this digest, if it is kept."""
        return self._results.get(digest)

    def seconds(self) -> dict[str, float]:
        """Seconds of each proof, also of proofs of an older course."""
        return {one.what: one.seconds for one in self._results.values()}

    def add(self, results: Mapping[str, KeptResult]) -> None:
        """Keep these results, too. If they cannot be written, the next run does these proofs again."""
        if not results:
            return
        for digest in results:
            self._results.pop(digest, None)  # a result that is used again is a young one
        self._results |= results
        while len(self._results) > MOST:
            del self._results[next(iter(self._results))]
        with suppress(OSError):
            write_whole(self.path, _KeptFile(results=self._results).model_dump_json(by_alias=True))


class ProofRecord(BaseModel):
    """`graders/<lesson>/proofs.json`: the proofs of the lesson's trained exercises, by digest."""

    schema_: Literal["blindgrade/proof-record/v1"] = Field(default="blindgrade/proof-record/v1", alias="schema")
    made_at: str
    seeds: int
    mutants: str
    software: dict[str, str]
    proofs: dict[str, KeptResult]

    @classmethod
    def read(cls, path: Path) -> ProofRecord | None:
        """Record in the file; None without a file. CourseError if it is damaged."""
        try:
            return cls.model_validate_json(path.read_bytes())
        except FileNotFoundError:
            return None
        except (OSError, ValidationError) as error:
            raise CourseError(
                f"{path} cannot be read ({str(error).splitlines()[0]}); restore it, or make it anew: make verify"
            ) from None

    def write(self, path: Path) -> None:
        """Write the record, a line for each proof, so that a change of the course is a small change of the file."""
        ordered = dict(sorted(self.proofs.items(), key=lambda one: one[1].what))
        text = json.dumps(self.model_copy(update={"proofs": ordered}).model_dump(by_alias=True), indent=1)
        write_whole(path, _one_line_each(text) + "\n")


def new_record(seeds: int, mutants: str, software: dict[str, str], proofs: dict[str, KeptResult]) -> ProofRecord:
    """Record of proofs that were all done now."""
    return ProofRecord(made_at=clock.now(), seeds=seeds, mutants=mutants, software=software, proofs=proofs)


def _one_line_each(text: str) -> str:
    """JSON text in which each innermost object is on one line."""
    lines: list[str] = []
    inner: list[str] = []
    for line in text.split("\n"):
        if line.startswith("   "):
            inner.append(line.strip())
        elif inner and line.startswith("  }"):
            lines[-1] += f"{' '.join(inner)}{line.strip()}"
            inner = []
        else:
            lines.append(line)
    return "\n".join(lines)
