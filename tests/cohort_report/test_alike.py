"""Copies are found among answers that chance explains, and no pair is reported if there is no copy."""

import json

from blindgrade.cohort_report.alike import Alike, alike, read_forms, read_groups
from blindgrade.cohort_report.sections import alike_table
from blindgrade.roster.matching import Roster
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


def test_members_of_one_group_are_not_copies_of_each_other_and_others_still_are():
    import numpy as np

    free, passed = _write_independently(np.random.default_rng(3), 60, 20)
    forms = {s: {f"l/{e}": form for e, form in own.items()} for s, own in free.items()}
    passed = {s: {f"l/{e}": ok for e, ok in own.items()} for s, own in passed.items()}
    weakest = min(passed, key=lambda s: sum(passed[s].values()))
    for other in ("member", "copier"):
        forms[other], passed[other] = dict(forms[weakest]), dict(passed[weakest])
    everybody = {(p.first, p.second) for p in alike(forms, passed).pairs}
    trio = {("copier", "member"), ("copier", weakest), ("member", weakest)}
    assert trio <= everybody
    found = alike(forms, passed, {"l": {"member": "Team 1", weakest: "Team 1"}})
    assert trio & {(p.first, p.second) for p in found.pairs} == {("copier", "member"), ("copier", weakest)}
    assert found.together == 1
    other_lesson = alike(forms, passed, {"m": {"member": "Team 1", weakest: "Team 1"}})
    assert ("member", weakest) in {(p.first, p.second) for p in other_lesson.pairs} and other_lesson.together == 0


def test_an_answer_of_a_group_counts_once():
    """Three members do not make an answer frequent, so a copy of it by another student is as rare as before."""
    forms = {f"s{n}": {f"l/{e}": f"w{n}" for e in range(4)} for n in range(40)}
    forms["copier"] = dict(forms["s0"])
    alone = alike(forms, {})
    forms |= {"member1": dict(forms["s0"]), "member2": dict(forms["s0"])}
    grouped = alike(forms, {}, {"l": dict.fromkeys(("s0", "member1", "member2"), "Team 1")})
    bits = {(p.first, p.second): p.bits for found in (alone, grouped) for p in found.pairs if p.second == "s0"}
    assert bits.keys() == {("copier", "s0")} and len({p.bits for p in (*alone.pairs, *grouped.pairs)}) == 1


def test_groups_are_read_from_the_index_of_collected_submissions(tmp_path):
    lessons = {"lesson-1": {"group": "Team 1"}, "lesson-2": {"group": ""}}
    (tmp_path / ".collected.json").write_text(json.dumps({"students": {"ana": {"lessons": lessons}, "bo": {}}}))
    assert read_groups(tmp_path) == {"lesson-1": {"ana": "Team 1"}}


def test_the_table_says_how_many_pairs_handed_in_as_a_group():
    end = " handed in as a group, and their common work is not compared."
    assert alike_table(Alike([], [], 5, 2), Roster()).about.endswith(f"2 pairs{end}")
    assert alike_table(Alike([], [], 5, 1), Roster()).about.endswith(f"1 pair{end}")
    assert "group" not in alike_table(Alike([], [], 5), Roster()).about
