"""Proofs as a JUnit XML file, which CI systems show. Each lesson is a suite, each proof a case."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from pathlib import Path
from xml.etree import ElementTree

from blindgrade.verify.tasks import Proof


def write_junit(proofs: Iterable[Proof], path: Path) -> None:
    """Write the file. Make its folder if it is missing."""
    root = ElementTree.Element("testsuites", name="course verify")
    for lesson, group in groupby(sorted(proofs, key=lambda p: p.lesson), key=lambda p: p.lesson):
        cases = list(group)
        suite = ElementTree.SubElement(
            root,
            "testsuite",
            name=lesson,
            tests=str(len(cases)),
            failures=str(sum(not p.passed for p in cases)),
            time=f"{sum(p.seconds for p in cases):.3f}",
        )
        for proof in cases:
            name = f"{proof.name}: {proof.subject}" if proof.subject else proof.name
            case = ElementTree.SubElement(suite, "testcase", classname=lesson, name=name, time=f"{proof.seconds:.3f}")
            if not proof.passed:
                ElementTree.SubElement(case, "failure", message=proof.detail).text = proof.detail
    ElementTree.indent(root)
    path.parent.mkdir(parents=True, exist_ok=True)
    ElementTree.ElementTree(root).write(path, encoding="utf-8", xml_declaration=True)
