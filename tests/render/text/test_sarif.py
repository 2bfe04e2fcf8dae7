from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from blindgrade.models import Grading
from blindgrade.render.links import Links
from blindgrade.render.text.findings import findings
from blindgrade.render.text.sarif import as_sarif


def test_each_result_has_its_rule_its_level_and_its_place(grading: Grading, placed: Callable[[], Links]) -> None:
    log = json.loads(as_sarif(findings(grading, placed())))
    assert log["version"] == "2.1.0"
    (run,) = log["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert [rules[r["ruleIndex"]]["id"] for r in run["results"]] == [r["ruleId"] for r in run["results"]]
    assert [r["level"] for r in run["results"]] == ["error", "error", "warning", "note"]
    places = [r["locations"][0]["physicalLocation"] for r in run["results"]]
    assert places[0] == {
        "artifactLocation": {"uri": "lesson_1_1_1_basics/basics.py"}, "region": {"startLine": 3},
    }  # fmt: skip
    assert "Diagnosis: Which way?" in run["results"][0]["message"]["text"]


def test_a_path_is_a_uri(grading: Grading, tmp_path: Path) -> None:
    file = tmp_path / "my #1 answer" / "basics.py"
    file.parent.mkdir()
    file.write_text("1\n")
    found = findings(grading, Links(file, [files for files in _mini()]))
    (run,) = json.loads(as_sarif(found))["runs"]
    uri = run["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert uri == file.resolve().as_uri() and "%231" in uri


def test_without_a_file_there_is_no_location(grading: Grading) -> None:
    (run,) = json.loads(as_sarif(findings(grading, Links.none())))["runs"]
    assert not any("locations" in result for result in run["results"])


def _mini():  # type: ignore[no-untyped-def]
    from blindgrade.catalog import Catalog

    return Catalog(Path(__file__).parents[2] / "courses" / "mini").ready()
