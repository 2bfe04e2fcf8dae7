"""The published description of the API."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from blindgrade.service.web.openapi import main, text

DOCS = Path(__file__).parents[3] / "docs"


def test_the_published_description_is_up_to_date(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["--check", str(DOCS / "openapi.json")]) == 0, capsys.readouterr().err
    (tmp_path / "old.json").write_text("{}")
    assert main(["--check", str(tmp_path / "old.json")]) == 1


def test_every_operation_has_a_sentence_and_describes_its_refusals() -> None:
    found = json.loads(text())
    operations = [one for path in found["paths"].values() for one in path.values()]
    assert len(operations) >= 9
    for one in operations:
        assert one["description"]
        assert {"401", "422"} <= set(one["responses"])
    [put] = [path["put"] for path in found["paths"].values() if "put" in path]
    assert {"200", "202", "403", "409", "413"} <= set(put["responses"])
    assert put["requestBody"]["required"]


def test_the_object_of_a_submission_is_the_published_schema() -> None:
    ours = json.loads((DOCS / "schemas" / "submission.v1.schema.json").read_text())
    api = json.loads(text())["components"]["schemas"]["SubmissionStatus"]
    assert set(api["properties"]) == set(ours["properties"])
