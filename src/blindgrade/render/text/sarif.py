"""Findings as SARIF 2.1.0. Editors and code scanning underline them in the source."""

from __future__ import annotations

import json
from collections.abc import Iterable
from importlib.metadata import version
from typing import Any

from blindgrade.render.text.findings import Finding

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"


def as_sarif(found: Iterable[Finding]) -> str:
    """SARIF document with one run, and a rule for each check that did not pass."""
    all_found = list(found)
    rules = {one.rule: one for one in all_found}
    numbers = {rule: number for number, rule in enumerate(rules)}
    driver = {
        "name": "blindgrade",
        "version": version("blindgrade"),
        "rules": [
            {"id": rule, "name": one.check.name, "shortDescription": {"text": one.check.claim}}
            for rule, one in rules.items()
        ],
    }
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": [_result(one, numbers[one.rule]) for one in all_found],
    }
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=1) + "\n"


def _result(one: Finding, rule: int) -> dict[str, Any]:
    result: dict[str, Any] = {
        "ruleId": one.rule,
        "ruleIndex": rule,
        "level": one.level,
        "message": {"text": one.text},
        "partialFingerprints": {"check/v1": one.rule},
    }
    if one.file is not None:
        where: dict[str, Any] = {"artifactLocation": {"uri": _uri(one)}, "region": {"startLine": one.place.line or 1}}
        result["locations"] = [{"physicalLocation": where}]
    return result


def _uri(one: Finding) -> str:
    from urllib.parse import quote

    assert one.file is not None
    return one.file.as_uri() if one.file.is_absolute() else quote(one.file.as_posix())
