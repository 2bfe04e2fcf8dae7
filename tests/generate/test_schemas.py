from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from blindgrade.generate import schemas
from blindgrade.models import Grading

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs" / "schemas"


def schema(name: str) -> Any:
    return json.loads((DOCS / f"{name}.schema.json").read_text())


def test_the_published_schemas_are_up_to_date() -> None:
    assert schemas.outdated(DOCS) == [], "run `python -m blindgrade.generate.schemas` and commit the result"


def test_a_missing_changed_or_left_over_schema_is_out_of_date(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    schemas.write(tmp_path)
    assert schemas.main(["--check", str(tmp_path)]) == 0
    (tmp_path / "grading.v1.schema.json").unlink()
    (tmp_path / "lesson.toml.schema.json").write_text("{}")
    (tmp_path / "old.schema.json").write_text("{}")
    assert {p.name.split(".")[0] for p in schemas.outdated(tmp_path)} == {"grading", "lesson", "old"}
    assert schemas.main(["--check", str(tmp_path)]) == 1
    assert "run `python -m blindgrade.generate.schemas`" in capsys.readouterr().err
    assert schemas.main([str(tmp_path)]) == 0
    assert schemas.outdated(tmp_path) == []


@pytest.mark.parametrize("name", sorted(schemas.PUBLISHED))
def test_each_file_is_a_schema(name: str) -> None:
    jsonschema.Draft202012Validator.check_schema(schema(name))


@pytest.mark.parametrize("path", sorted(ROOT.glob("exercises/*/lesson.toml")), ids=lambda p: p.parent.name)
def test_every_lesson_of_the_course_is_valid(path: Path) -> None:
    jsonschema.validate(tomllib.loads(path.read_text()), schema("lesson.toml"))


def test_the_course_is_valid_and_a_mistyped_key_is_not() -> None:
    course = tomllib.loads((ROOT / "course.toml").read_text())
    jsonschema.validate(course, schema("course.toml"))
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**course, "sumary": ""}, schema("course.toml"))


def test_a_grading_is_valid_and_another_version_is_not() -> None:
    printed = json.loads(Grading.of([]).model_dump_json(by_alias=True))
    jsonschema.validate(printed, schema("grading.v1"))
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**printed, "schema": "blindgrade/grading/v2"}, schema("grading.v1"))
