"""JSON schemas in `docs/schemas/`, made from the pydantic models: of JSON output, and of TOML that authors write.

`python -m blindgrade.generate.schemas [--check] FOLDER` writes the schemas. With `--check` it only names those that are
out of date.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Literal

from pydantic import BaseModel

from blindgrade.attempts.decision import Decision
from blindgrade.course import Course
from blindgrade.history import LessonProgress
from blindgrade.models import Attempt, Grading, Lesson
from blindgrade.submitting.wire_models import SubmissionStatus

DIALECT = "https://json-schema.org/draft/2020-12/schema"
Mode = Literal["serialization", "validation"]
# Output is described as we write it; files of authors are described as we accept them.
PUBLISHED: dict[str, tuple[type[BaseModel], Mode]] = {
    "grading.v1": (Grading, "serialization"),
    "attempt.v1": (Attempt, "serialization"),
    "decision.v1": (Decision, "serialization"),
    "progress.v1": (LessonProgress, "serialization"),
    "submission.v1": (SubmissionStatus, "serialization"),
    "course.toml": (Course, "validation"),
    "lesson.toml": (Lesson, "validation"),
}


def texts() -> dict[str, str]:
    """Content of every schema, by file name."""
    return {f"{name}.schema.json": _text(name, model, mode) for name, (model, mode) in PUBLISHED.items()}


def _text(name: str, model: type[BaseModel], mode: Mode) -> str:
    schema = model.model_json_schema(by_alias=True, mode=mode)
    if name == "lesson.toml":
        # The folder's name gives the id, so the file has none.
        schema["properties"].pop("id")
        schema["required"].remove("id")
    return json.dumps({"$schema": DIALECT, "$id": f"blindgrade/{name}", **schema}, indent=1) + "\n"


def outdated(folder: Path) -> list[Path]:
    """Schemas that are missing or differ from their model, and schemas without a model."""
    wanted = texts()
    known = {path.name: path for path in folder.glob("*.json")}
    stale = [folder / name for name, text in wanted.items() if name not in known or known[name].read_text() != text]
    return stale + [path for name, path in sorted(known.items()) if name not in wanted]


def write(folder: Path) -> list[Path]:
    """Bring the folder up to date; return the changed files."""
    changed = outdated(folder)
    folder.mkdir(parents=True, exist_ok=True)
    for path in changed:
        if path.name in texts():
            path.write_text(texts()[path.name])
        else:
            path.unlink()
    return changed


def main(arguments: list[str]) -> int:
    """Exit code: 1 if --check found a schema that is out of date."""
    check = "--check" in arguments
    folder = Path(next((a for a in arguments if not a.startswith("-")), "docs/schemas"))
    paths = outdated(folder) if check else write(folder)
    for path in paths:
        print(f"out of date: {path}" if check else f"wrote {path}")
    if check and paths:
        print("run `python -m blindgrade.generate.schemas` and commit the result", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
