from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from blindgrade.catalog import Catalog, CourseError, UnknownId

ROOT = Path(__file__).parents[1]

COURSE = """
title = "Tiny"
summary = "Two modules."

[[module]]
id = "1.1"
title = "First"
[[module.lesson]]
id = "lesson-1.1.1"
slug = "basics"
title = "Basics"
[[module.lesson]]
id = "lesson-1.1.2"
slug = "curves"
title = "Curves"

[[module]]
id = "1.10"
title = "Tenth"
[[module.lesson]]
id = "lesson-1.10.1"
slug = "waves"
title = "Waves"
[[module.lesson]]
id = "lesson-1.10.2"
slug = "storms"
title = "Storms"
status = "planned"

[[module]]
id = "1.11"
title = "Later"
[[module.lesson]]
id = "lesson-1.11.1"
slug = "calm"
title = "Calm"
status = "planned"

[[concept]]
id = "scale"
title = "Scale"
depth = "developed"
lessons = ["lesson-1.1.1"]

[[mental_model]]
id = "mm-01"
title = "One scale"
says = "Compare on one scale."
"""
LESSON = """
title = "Any"
summary = "Any."

[[exercise]]
name = "standardize"
title = "One"
points = 40
difficulty = 1
concepts = ["scale"]
hints = ["a", "b", "c"]

[[exercise]]
name = "correlate"
title = "Two"
points = 60
difficulty = 2
requires = ["standardize"]
concepts = ["scale"]
mental_models = ["mm-01"]
hints = ["a", "b", "c"]
"""


@pytest.fixture
def course(tmp_path: Path) -> Catalog:
    (tmp_path / "course.toml").write_text(COURSE)
    catalog = Catalog(tmp_path)
    for files in catalog.ready():
        files.exercises.mkdir(parents=True)
        files.spec.write_text(LESSON)
    return catalog


def found(course: Catalog, *ids: str) -> list[tuple[str, tuple[str, ...]]]:
    return [(target.files.entry.id, target.exercises) for target in course.find(ids)]


def rewrite(course: Catalog, old: str, new: str) -> None:
    """Change the first lesson's lesson.toml."""
    assert old in LESSON
    course.files("lesson-1.1.1").spec.write_text(LESSON.replace(old, new))


def course_error(course: Catalog) -> str:
    with pytest.raises(CourseError) as caught:
        course.find(["lesson-1.1.1"])
    return str(caught.value)


BOTH = ("standardize", "correlate")


@pytest.mark.parametrize(
    ("ids", "expected"),
    [
        (["lesson-1.1.2"], [("lesson-1.1.2", BOTH)]),
        (["lesson-1.1"], [("lesson-1.1.1", BOTH), ("lesson-1.1.2", BOTH)]),
        (["lesson-1.1.1/correlate"], [("lesson-1.1.1", ("correlate",))]),
        (["all"], [("lesson-1.1.1", BOTH), ("lesson-1.1.2", BOTH), ("lesson-1.10.1", BOTH)]),
        (["lesson-1.10.1", "lesson-1.1.1"], [("lesson-1.1.1", BOTH), ("lesson-1.10.1", BOTH)]),
        (["lesson-1.1.1/correlate", "lesson-1.1.1/standardize"], [("lesson-1.1.1", BOTH)]),
        (["lesson-1.1.1/correlate", "lesson-1.1.1"], [("lesson-1.1.1", BOTH)]),
        (["lesson-1.1.1", "lesson-1.1.1/correlate"], [("lesson-1.1.1", BOTH)]),
        (["lesson-1.10"], [("lesson-1.10.1", BOTH)]),
        ([], []),
    ],
)
def test_ids_name_lessons_once_and_in_the_courses_order(
    course: Catalog, ids: list[str], expected: list[tuple[str, tuple[str, ...]]]
) -> None:
    assert found(course, *ids) == expected


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("lesson-1.1.3", "lesson-1.1.1"),
        ("lesson-1.2", "lesson-1.1"),
        ("curve", "lesson-1.1.2"),
        ("al", "all"),
        ("lesson-1.1.1/correlat", "lesson-1.1.1/correlate"),
    ],
)
def test_the_message_for_an_unknown_id_names_the_nearest_ids(course: Catalog, name: str, nearest: str) -> None:
    with pytest.raises(UnknownId, match="did you mean") as caught:
        course.find([name])
    assert nearest in str(caught.value).split("did you mean")[1]


@pytest.mark.parametrize("name", ["", "§", "../../etc", "qqqqqqqq"])
def test_the_message_for_an_id_like_no_other_names_all_ids(course: Catalog, name: str) -> None:
    with pytest.raises(UnknownId, match="the ids are all, lesson-1.1.1, lesson-1.1.2, lesson-1.10.1"):
        course.find([name])


def test_an_exercise_of_a_whole_module_is_no_id(course: Catalog) -> None:
    with pytest.raises(UnknownId):
        course.find(["lesson-1.1/correlate"])


@pytest.mark.parametrize("name", ["lesson-1.10.2", "lesson-1.11.1", "lesson-1.11"])
def test_the_message_for_a_planned_lesson_says_so_and_names_the_ready_lessons(course: Catalog, name: str) -> None:
    with pytest.raises(UnknownId, match="planned and not written yet.*try one of lesson-1.1.1"):
        course.find([name])


def test_a_planned_lesson_is_in_the_table_of_contents(course: Catalog) -> None:
    assert course.files("lesson-1.11.1").entry.title == "Calm"
    assert "lesson-1.11.1" not in [files.entry.id for files in course.ready()]


def test_the_message_for_files_of_an_unknown_lesson_names_the_nearest_ids(course: Catalog) -> None:
    with pytest.raises(UnknownId, match="did you mean .*lesson-1.10.1"):
        course.files("lesson-1.10.3")


def test_a_lessons_folder_has_its_id_and_slug_as_name_in_every_tree(course: Catalog) -> None:
    files = course.files("lesson-1.10.1")
    assert files.spec == course.root / "exercises/lesson_1_10_1_waves/lesson.toml"
    assert files.solution == course.root / "solutions/lesson_1_10_1_waves/waves.py"
    assert files.private_checks == course.root / "graders/lesson_1_10_1_waves/checks.py"


def test_checks_are_the_private_ones_if_the_course_has_them(course: Catalog) -> None:
    files = course.files("lesson-1.1.1")
    assert files.checks == files.public_checks
    files.private_checks.parent.mkdir(parents=True)
    files.private_checks.touch()
    assert files.checks == files.private_checks


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ('requires = ["standardize"]', 'requires = ["standardise"]', "requires `standardise`.*`standardize`"),
        ('concepts = ["scale"]', 'concepts = ["scales"]', "concepts `scales`.*`scale`"),
        ('mental_models = ["mm-01"]', 'mental_models = ["mm-1"]', "mental_models `mm-1`.*`mm-01`"),
    ],
)
def test_the_message_for_a_mistyped_name_names_the_right_one(
    course: Catalog, old: str, new: str, expected: str
) -> None:
    rewrite(course, old, new)
    with pytest.raises(CourseError, match=expected.replace(".*", ".*did you mean ")):
        course.find(["lesson-1.1.1"])


def test_an_exercise_cannot_require_itself_or_a_later_one(course: Catalog) -> None:
    rewrite(course, 'requires = ["standardize"]', 'requires = ["correlate"]')
    assert "which is not an earlier exercise" in course_error(course)


def test_an_exercise_that_is_defined_twice_is_an_error(course: Catalog) -> None:
    rewrite(course, 'name = "correlate"', 'name = "standardize"')
    assert "exercise `standardize` is defined twice; rename one" in course_error(course)


def test_a_missing_lesson_toml_is_named(course: Catalog) -> None:
    spec = course.files("lesson-1.1.1").spec
    spec.unlink()
    assert course_error(course).startswith(f"{spec} is missing")


def test_toml_that_does_not_parse_is_named_with_its_line(course: Catalog) -> None:
    rewrite(course, 'title = "Any"', 'title = "Any')
    error = course_error(course)
    assert "lesson.toml is not valid TOML" in error and "line 2" in error


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("points = 40", "points = 0", ":8: exercise 1 (`standardize`): `points`: input should be greater than 0"),
        ("difficulty = 2", "difficulty = 6", ":17: exercise 2 (`correlate`): `difficulty`: input should be less"),
        ('hints = ["a", "b", "c"]', 'hints = ["a", "b"]', ":11: exercise 1 (`standardize`): `hints`: list should"),
        (
            "points = 40",
            "poitns = 4",
            ":8: exercise 1 (`standardize`): there is no key `poitns`; did you mean `points`?",
        ),
        ("points = 40", "", ":5: exercise 1 (`standardize`): `points` is missing; add it"),
        ('concepts = ["scale"]', "concepts = []", ":10: exercise 1 (`standardize`): `concepts`: list should have at"),
    ],
)
def test_a_fault_is_named_with_its_line_and_its_exercise_counted_from_1(
    course: Catalog, old: str, new: str, said: str
) -> None:
    rewrite(course, old, new)
    assert f"lesson.toml{said}" in course_error(course)


def test_a_concept_of_no_lesson_is_an_error(course: Catalog) -> None:
    (course.root / "course.toml").write_text(COURSE.replace('lessons = ["lesson-1.1.1"]', 'lessons = ["lesson-9"]'))
    with pytest.raises(CourseError, match="concept `scale` names lesson-9, which is not a lesson; correct the id"):
        _ = Catalog(course.root).course


def test_a_course_is_located_from_any_folder_in_it(course: Catalog, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BLINDGRADE_COURSE", raising=False)
    assert Catalog.locate(course.files("lesson-1.1.1").exercises).root == course.root.resolve()


def test_the_environment_names_the_course(course: Catalog, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BLINDGRADE_COURSE", str(course.root))
    monkeypatch.chdir("/")
    assert Catalog.locate().root == course.root.resolve()


def test_the_message_outside_a_course_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BLINDGRADE_COURSE", raising=False)
    with pytest.raises(CourseError, match="set BLINDGRADE_COURSE"):
        Catalog.locate(tmp_path)


def test_this_course_has_twelve_lessons_and_all_concepts_and_mental_models() -> None:
    catalog = Catalog(ROOT)
    assert len(catalog.entries) == 12
    assert len({concept.id for concept in catalog.course.concepts}) == len(catalog.course.concepts) == 48
    assert len({model.id for model in catalog.course.mental_models}) == len(catalog.course.mental_models) == 29


def later_requires(course: Catalog, name: str) -> Catalog:
    spec = course.files("lesson-1.1.2").spec
    spec.write_text(LESSON.replace('requires = ["standardize"]', f'requires = ["standardize", "{name}"]'))
    return course


def test_an_exercise_may_require_one_of_an_earlier_lesson(course: Catalog) -> None:
    (target,) = later_requires(course, "lesson-1.1.1/correlate").find(["lesson-1.1.2"])
    exercise = target.lesson.exercise("correlate")
    assert exercise.requires == ["standardize", "lesson-1.1.1/correlate"]
    assert exercise.requires_here == ["standardize"]


@pytest.mark.parametrize("name", ["lesson-1.10.1/correlate", "lesson-1.1.1/corelate", "lesson-9.9.9/correlate"])
def test_a_required_exercise_of_a_later_lesson_or_of_none_is_an_error(course: Catalog, name: str) -> None:
    """A cycle between lessons needs at least one requirement of a later lesson."""
    with pytest.raises(CourseError, match=f"requires `{name}`, which is not an earlier exercise"):
        later_requires(course, name).find(["lesson-1.1.2"])


@pytest.mark.parametrize(
    ("ids", "path"),
    [
        (["all"], "reports/all/student.html"),
        (["lesson-1.1"], "reports/lesson-1.1/student.html"),
        (["lesson-1.1.1/fit_line"], "reports/lesson-1.1.1/student-fit_line.html"),
        (["lesson-1.1.1/a", "lesson-1.1.1/b"], "reports/lesson-1.1.1/student-a-b.html"),
        (["lesson-1.1", "lesson-1.2"], "reports/lesson-1.1_lesson-1.2/student.html"),
    ],
)
def test_a_page_is_written_below_reports_by_what_it_is_about(tmp_path: Path, ids: list[str], path: str) -> None:
    assert Catalog(tmp_path).page(ids, "student") == tmp_path / path


def test_toml_files_may_begin_with_a_byte_order_mark(course: Catalog) -> None:
    (course.root / "course.toml").write_text(COURSE, encoding="utf-8-sig")
    course.files("lesson-1.1.1").spec.write_text(LESSON, encoding="utf-8-sig")
    assert found(Catalog(course.root), "1.1.1/correlate") == [("lesson-1.1.1", ("correlate",))]


def test_toml_in_another_encoding_is_one_sentence(course: Catalog) -> None:
    course.files("lesson-1.1.1").spec.write_bytes(LESSON.replace("Any", "Größe").encode("cp1252"))
    assert course_error(course).endswith("lesson.toml is not UTF-8 text; save it again as UTF-8")


def test_a_file_that_did_not_change_is_parsed_once_and_an_edit_is_read_at_once(
    course: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    parsed: list[str] = []
    real = tomllib.loads
    monkeypatch.setattr(tomllib, "loads", lambda text: (parsed.append(text), real(text))[1])
    spec = course.ready()[0].spec
    spec.write_text(spec.read_text() + "# as no other test has it\n")
    for _ in range(3):
        Catalog(course.root).find(["lesson-1.1.1"])
    assert parsed.count(spec.read_text()) == 1
    spec.write_text(spec.read_text().replace('title = "One"', 'title = "Two"'))
    [target] = Catalog(course.root).find(["lesson-1.1.1"])
    assert target.lesson.exercises[0].title == "Two"
