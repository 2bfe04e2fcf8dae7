"""Marks of a term from its raw facts, by the rules of docs/cohorts.md. It imports nothing of blindgrade.

Usage: python marks_from_facts.py FACTS.json last|best. It prints {student: {lesson: points, or null if excused}}.
"""

from __future__ import annotations

import json
import math
import sys
from datetime import datetime, timedelta
from typing import Any


def mark(facts: dict[str, Any], count: str) -> dict[str, dict[str, float | None]]:
    """Points of each student in each lesson, as they must be now."""
    return {student: marks_of(student, facts, count) for student in facts["students"]}


def marks_of(student: str, facts: dict[str, Any], count: str) -> dict[str, float | None]:
    decided = [d for n, d in enumerate(facts["decisions"]) if d["student"] == student and n not in facts["undone"]]
    bank = facts["policy"]["bank"]
    due = {name: moved(lesson["due"], of(decided, name, "extend")) for name, lesson in facts["lessons"].items()}
    found: dict[str, float | None] = {}
    for name in sorted(facts["lessons"], key=lambda name: (due[name], name)):
        versions = facts["handed_in"].get(student, {}).get(name, [])
        if of(decided, name, "excuse"):
            found[name] = None
            continue
        worth = facts["lessons"][name]["points"]
        tried = [with_lateness(version, worth, due[name], bank, facts["policy"]) for version in versions]
        points, used = 0.0, 0
        if tried:
            points, used = max(tried, key=lambda t: (t[0], -t[1])) if count == "best" else tried[-1]
        bank -= used
        if adjustments := of(decided, name, "adjust"):
            points = adjusted(points, adjustments)
        elif not tried:
            continue
        found[name] = round(points, 6)
    return found


def with_lateness(version: dict[str, Any], worth: dict[str, float], due: datetime, bank: int, policy: dict[str, Any]):
    earned = sum(worth[exercise] for exercise in version["right"])
    over = datetime.fromisoformat(version["at"]) - due
    days = math.ceil(over / timedelta(days=1)) if over > timedelta(minutes=policy["grace_minutes"]) else 0
    if days > policy["days"]:
        return 0.0, 0
    used = min(days, bank)
    return earned * max(0.0, 1 - policy["penalty"] * (days - used)), used


def of(decided: list[dict[str, Any]], lesson: str, kind: str) -> list[dict[str, Any]]:
    return [d for d in decided if d["lesson"] == lesson and d["kind"] == kind]


def moved(due: str, extensions: list[dict[str, Any]]) -> datetime:
    return datetime.fromisoformat(due) + timedelta(days=sum(one["days"] for one in extensions))


def adjusted(points: float, adjustments: list[dict[str, Any]]) -> float:
    for one in adjustments:
        points = one["points"] if "points" in one else points + one["by"]
    return max(0.0, points)


if __name__ == "__main__":
    with open(sys.argv[1], encoding="utf-8") as stream:
        print(json.dumps(mark(json.load(stream), sys.argv[2])))
