"""A simulated cohort obeys its own law, and is the same for the same seed."""

import numpy as np

from blindgrade.simulate.simulation import simulate


def test_equal_seeds_give_equal_cohorts(pieces):
    known = [p.known for p in pieces]
    assert simulate(known, 30, 7) == simulate(known, 30, 7)
    assert simulate(known, 30, 7) != simulate(known, 30, 8)


def test_students_solve_exercises_by_the_logistic_law(pieces):
    cohort = simulate([p.known for p in pieces], 4000, 1)
    lesson = pieces[0].lesson
    own = [s for s in cohort.students if s.copied_from is None and lesson.id in s.versions]
    ability = np.array([s.ability for s in own])
    for exercise in lesson.exercises:
        truth = cohort.items[f"{lesson.id}/{exercise.name}"]
        expected = 1 / (1 + np.exp(-truth.discrimination * (ability - truth.difficulty)))
        solved = np.array([s.versions[lesson.id][-1].choices[exercise.name].right for s in own])
        for part in (ability < -0.5, abs(ability) <= 0.5, ability > 0.5):
            assert abs(solved[part].mean() - expected[part].mean()) < 0.05


def test_a_student_who_copies_submits_another_students_answers_later(cohort):
    by_id = {s.id: s for s in cohort.students}
    copiers = [s for s in cohort.students if s.copied_from]
    assert len(copiers) == 4
    for copier in copiers:
        source = by_id[copier.copied_from]
        assert source.copied_from is None
        for lesson, versions in source.versions.items():
            assert copier.versions[lesson][-1].choices == versions[-1].choices
            assert copier.versions[lesson][-1].submitted_at > versions[-1].submitted_at


def test_versions_are_in_order_and_do_not_lose_right_answers(cohort):
    for student in cohort.students:
        for versions in student.versions.values():
            times = [v.submitted_at for v in versions]
            assert times == sorted(times)
            for earlier, later in zip(versions, versions[1:], strict=False):
                assert all(later.choices[name].right for name, c in earlier.choices.items() if c.right)
