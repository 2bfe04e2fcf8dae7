"""The description of the API in docs/openapi.json: `python -m blindgrade.service.web.openapi [--check] FILE`."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from blindgrade.service.places import Settings
from blindgrade.service.web.app import make_app

NOWHERE = Path("nowhere")


def text() -> str:
    """Content of the file. It needs no course: nothing is opened before the application starts."""
    app = make_app(Settings(NOWHERE, NOWHERE, NOWHERE, "sqlite://", "https://grade.example.org"))
    found = app.openapi()
    found["info"]["version"] = "1"  # of the API, so that a release of the package alone changes nothing
    return json.dumps(found, indent=1, sort_keys=True) + "\n"


def main(arguments: list[str]) -> int:
    """Exit code: 1 if --check found that the file is out of date."""
    path = Path(next((one for one in arguments if not one.startswith("-")), "docs/openapi.json"))
    current = path.read_text(encoding="utf-8") if path.exists() else ""
    if "--check" not in arguments:
        path.write_text(text(), encoding="utf-8")
        print(f"wrote {path}")
        return 0
    if current == text():
        return 0
    print(f"out of date: {path}\nrun `python -m blindgrade.service.web.openapi` and commit the result", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
