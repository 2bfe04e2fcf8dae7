"""The reference of formats, made from the JSON schemas: a table for each part of each file."""

from __future__ import annotations

import json
from typing import Any

from blindgrade.generate.schemas import texts

TITLES = {
    "course.toml": "course.toml: the course",
    "lesson.toml": "lesson.toml: the exercises of a lesson",
    "attempt.v1": "An attempt: one grading of one lesson",
    "grading.v1": "A grading: `grade --json`",
    "decision.v1": "A decision of an instructor",
    "progress.v1": "A student's progress in a lesson",
    "submission.v1": "A submission to the grading service: `grade LESSON --submit --json`",
}


def formats_page() -> str:
    """Markdown of the page. The files that people write come first."""
    schemas = {name.removesuffix(".schema.json"): json.loads(text) for name, text in texts().items()}
    order = [*TITLES, *sorted(set(schemas) - set(TITLES))]
    parts = [
        "# Formats\n\nThis page is made from the schemas in `docs/schemas/`, which are made from the code that reads."
    ]
    for name in (one for one in order if one in schemas):
        schema = schemas[name]
        parts.append(f"## {TITLES.get(name, name)}")
        parts += _table(schema)
        for part, inner in sorted(schema.get("$defs", {}).items()):
            if inner.get("properties"):
                parts += [f"### {part} in {name}", *_table(inner)]
    return "\n\n".join(parts) + "\n"


def _table(schema: dict[str, Any]) -> list[str]:
    required = set(schema.get("required", ()))
    lines = ["| key | type | |", "|---|---|---|"]
    for key, value in schema["properties"].items():
        default = f"default {json.dumps(value['default'], ensure_ascii=False)}" if "default" in value else ""
        note = "required" if key in required else default
        lines.append(f"| `{key}` | {_type(value)} | {_cell(note)} |")
    said = _cell(" ".join(schema.get("description", "").split()))
    return [said, "\n".join(lines)] if said else ["\n".join(lines)]


def _type(value: dict[str, Any]) -> str:
    if "$ref" in value:
        return str(value["$ref"]).rpartition("/")[2]
    if "anyOf" in value:
        return " or ".join(_type(one) for one in value["anyOf"])
    if "enum" in value or "const" in value:
        return ", ".join(f"`{one}`" for one in value.get("enum", [value.get("const")]))
    kind = str(value.get("type", "anything"))
    if kind == "array":
        return f"list of {_type(value.get('items', {}))}"
    if kind == "object" and isinstance(value.get("additionalProperties"), dict):
        return f"table of {_type(value['additionalProperties'])}"
    limits = {"exclusiveMinimum": "above", "minimum": "at least", "maximum": "at most"}
    said = [f"{word} {value[key]:g}" for key, word in limits.items() if key in value]
    return f"{kind} ({', '.join(said)})" if said else kind


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
