"""Copies are found among answers that chance explains, and no pair is reported if there is no copy."""

from blindgrade.cohort_report.alike import alike, read_forms
from blindgrade.simulate.simulation import simulate
from blindgrade.simulate.written import write_submissions


def _write_independently(rng, students, exercises):
    """Forms of a cohort. Right answers have two forms, wrong ones nine. Able students write more right answers."""
    forms, passed = {}, {}
    for n in range(students):
        ability = rng.uniform(0.3, 0.95)
        right = {f"e{e}": bool(rng.random() < ability) for e in range(exercises)}
        passed[f"s{n:03}"] = right
        forms[f"s{n:03}"] = {e: f"r{rng.integers(2)}" if ok else f"w{rng.integers(9)}" for e, ok in right.items()}
    return forms, passed


def test_students_who_write_independently_are_rarely_reported():
    import numpy as np

    named = 0
    for seed in range(10):
        forms, passed = _write_independently(np.random.default_rng(seed), 60, 20)
        named += bool(alike(forms, passed).pairs)
    assert named <= 1  # the bound promises fewer than one cohort in twenty


def test_a_copy_is_found_and_able_students_are_not_reported_as_copies():
    import numpy as np

    forms, passed = _write_independently(np.random.default_rng(3), 60, 20)
    weakest = min(passed, key=lambda s: sum(passed[s].values()))
    forms["copier"], passed["copier"] = dict(forms[weakest]), dict(passed[weakest])
    for name in ("able1", "able2", "able3"):
        forms[name], passed[name] = {f"e{e}": "r0" for e in range(20)}, {f"e{e}": True for e in range(20)}
    found = alike(forms, passed)
    assert ("copier", weakest) in {(p.first, p.second) for p in found.pairs}
    assert sorted(["copier", weakest]) in found.groups
    first = next(p for p in found.pairs if p.first == "copier")
    assert first.by_chance < 0.05 and len(first.shared) == first.compared == 20


def test_a_few_equal_answers_prove_nothing():
    forms = {f"s{n}": {"a": str(n), "b": str(n)} for n in range(50)}
    forms["t"] = dict(forms["s0"])
    passed = {s: {"a": False, "b": False} for s in forms}
    assert not alike(forms, passed).pairs
    assert not alike({}, {}).pairs


def test_forms_are_read_from_submissions_and_the_stub_has_none(pieces, mini, tmp_path):
    cohort = simulate([p.known for p in pieces], 30, 5)
    write_submissions(pieces, cohort, tmp_path)
    (tmp_path / "broken").mkdir()
    lessons = [(p.files, p.lesson) for p in pieces]
    forms = read_forms(tmp_path, lessons)
    lesson = pieces[0].lesson.id
    for student in cohort.students:
        if lesson in student.versions:
            choices = student.versions[lesson][-1].choices
            written = {f"{lesson}/{e}" for e, c in choices.items() if c.kind != "stub"}
            assert set(forms.get(student.id, {})) == written
    by_choice = {}
    for student in cohort.students:
        for e, c in student.versions[lesson][-1].choices.items() if lesson in student.versions else ():
            if c.kind != "stub":
                by_choice.setdefault((e, c), set()).add(forms[student.id][f"{lesson}/{e}"])
    assert all(len(same) == 1 for same in by_choice.values())


def test_an_unreadable_or_endlessly_nested_submission_does_not_stop_the_comparison(pieces, tmp_path):
    files, lesson = pieces[0].files, pieces[0].lesson
    deep = "def standardize(values):\n    return " + " + ".join(["values"] * 900) + "\n"
    for student, text in {"deep": deep, "broken": "def standardize(:\n", "nul": "\0"}.items():
        place = tmp_path / student / files.folder
        place.mkdir(parents=True)
        (place / f"{files.module}.py").write_text(text)
    (tmp_path / "packed.zip").write_bytes(b"PK no archive")
    assert not set(read_forms(tmp_path, [(files, lesson)])) - {"deep"}
