"""The vocabulary of relations."""

from __future__ import annotations

import re
from pathlib import Path

from blindgrade.engine.judging.relations.relation import Name

PAGE = Path(__file__).parents[4] / "docs" / "relations.md"


def test_the_page_explains_every_relation_and_no_other() -> None:
    rows = [line.split("|")[1] for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("| `")]
    explained = [name for row in rows for name in re.findall(r"`(\w+)`", row)]
    assert sorted(explained) == sorted(Name)
