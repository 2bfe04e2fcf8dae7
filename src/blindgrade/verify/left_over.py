"""What a proposal has left for the author: every TODO in a lesson's hand-written files."""

from __future__ import annotations

import re

from blindgrade.verify.workshop import Workshop

TODO = re.compile(r"\bTODO\b")


def nothing_is_left_to_do(workshop: Workshop) -> str:
    """The places of every TODO, in one text; "" if there is none."""
    files = workshop.files
    problems = []
    for path in (files.spec, files.solution, files.private_checks, files.known_answers):
        lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
        numbers = [str(number) for number, line in enumerate(lines, start=1) if TODO.search(line)]
        if numbers:
            where = f"line {numbers[0]}" if len(numbers) == 1 else f"lines {', '.join(numbers)}"
            problems.append(f"a TODO is left in {path.relative_to(files.root)}, {where}")
    return "; ".join(problems) + "; write what it asks for, and delete the word" if problems else ""
