"""Each kind of leak is planted where it could come from, and the release fails with file and line."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from blindgrade.catalog import Catalog
from blindgrade.engine.answers import packing
from blindgrade.engine.wire import frames
from blindgrade.engine.wire.replies import Result
from blindgrade.release import repository, wheel
from blindgrade.release.scan.leaks import LeakError, find_leaks
from blindgrade.release.scan.private_matter import PrivateMatter
from blindgrade.release.wheel import zipped
from blindgrade.systems.targets import release_as

LESSON = "exercises/lesson_1_1_1_basics"
SOLUTION = "    return centered / _spread(centered)"
RENAMED = "def f(a, b):\n    return (g(a) * g(b)).mean(dim=-1)\n"
LOOP = """
def g(x, y, a, b):
    for _ in range(100):
        e = a * x + b - y
        a = a - (e * x).mean()
        b = b - e.mean()
    return lambda z: a * z + b
"""
TOY = '''"""Private toys."""

import torch


def ring(rng, n):
    """Points on a ring."""
    angle = 2 * torch.pi * rng.uniform(n)
    return torch.stack([angle.cos(), angle.sin()], dim=-1)


def spiral(rng, n):
    """Points on a spiral."""
    turns = 3 * rng.uniform(n).sqrt()
    return turns[:, None] * torch.stack([turns.cos(), turns.sin()], dim=-1)
'''


def leaks(catalog: Catalog, files: dict[str, bytes]) -> list[str]:
    return [str(leak) for leak in find_leaks(PrivateMatter(catalog), files)]


def released(catalog: Catalog) -> dict[str, bytes]:
    return repository.files(catalog, catalog.find(["all"]))


def test_a_release_as_it_is_has_no_leak(catalog: Catalog) -> None:
    assert leaks(catalog, released(catalog)) == []


@pytest.mark.parametrize(
    ("text", "what", "place"),
    [
        (SOLUTION, "a line of a solution", "basics.py:37"),
        (f"# noted: {SOLUTION}", "a line of a solution", "basics.py:37"),
        ('"""The answer:   return centered/_spread( centered )"""', "a line of a solution", "basics.py:37"),
        ("centered = values - values.mean(dim=-1, keepdim=True)  # [B]", "a line of a solution", "basics.py:36"),
        ("    return (centered**2).mean(dim=-1, keepdim=True).sqrt()", "a line of a solution", "basics.py:19"),
        (
            '    """A single row is standardized like a row of a batch, and the values given are left alone."""',
            "a hidden check",
            "checks.py:21",
        ),
        ("works_on_a_single_row", "the name of a hidden check", "checks.py:20"),
        ('    return {"result": lesson.standardize(values), "input_unchanged": x}', "", ""),
        ("    one, two = rng.normal(4, 1), rng.normal(4, 2)", "a hidden check", "checks.py:30"),
        ("Divide by the population's spread: n, not n - 1.", "", ""),  # a hint: answer keys show it
        ("first = first - first.mean(dim=-1, keepdim=True)", "a known answer", "known_answers.py:42"),
        (
            "x = torch.einsum('...n,...n->...', standardize(first), standardize(second)) / first.shape[-1]",
            "a known answer",
            "known_answers.py:49",
        ),
        ("variance = ((values - mean) ** 2).mean(dim=-1, keepdim=True)", "a known answer", "known_answers.py:30"),
    ],
)
def test_a_private_line_is_found_in_a_public_file(catalog: Catalog, text: str, what: str, place: str) -> None:
    found = leaks(catalog, {"exercises/toys.py": f'"""Toys."""\n\n{text}\n'.encode()})
    if not what:
        assert found == []
    else:
        assert any(leak.startswith(f"exercises/toys.py:3: {what}") and place in leak for leak in found), found


@pytest.mark.parametrize(
    ("code", "line"),
    [(RENAMED, 2), (LOOP, 3), ("x = (p(u) * p(w)).mean(dim=-1).item()", 1)],
    ids=["def", "loop", "call"],
)
def test_private_code_is_found_under_other_names(catalog: Catalog, code: str, line: int) -> None:
    assert leaks(catalog, {"a.py": code.encode()})[0].startswith(
        f"a.py:{line}: a line of a solution, perhaps under other"
    )
    markdown = f"Text\n\n```python\n{code}\n```\n"
    assert leaks(catalog, {"a.md": markdown.encode()})[0].startswith(f"a.md:{line + 3}: a line of a solution")
    notebook = json.dumps({"cells": [{"cell_type": "code", "source": [code]}]})
    assert leaks(catalog, {"a.ipynb": notebook.encode()})[0].startswith(
        f"a.ipynb: cell 1, line {line}: a line of a solution"
    )


def test_a_private_line_is_found_in_the_cell_of_a_notebook(catalog: Catalog) -> None:
    path = catalog.root / LESSON / "basics.ipynb"
    notebook = json.loads(path.read_text())
    notebook["cells"][4]["source"].append(f"\n# {SOLUTION.strip()}")
    text = json.dumps(notebook, indent=1)
    line = text[: text.index(SOLUTION.strip())].count("\n") + 1
    assert leaks(catalog, {f"{LESSON}/basics.ipynb": text.encode()}) == [
        f"{LESSON}/basics.ipynb:{line}: a line of a solution (solutions/lesson_1_1_1_basics/basics.py:37)"
    ]


def test_a_private_line_is_found_inside_the_wheel(catalog: Catalog) -> None:
    wheel = zipped({"blindgrade/models.py": b"x = 1\n", "blindgrade/data.zip": zipped({"a/b.py": SOLUTION.encode()})})
    (leak,) = leaks(catalog, {"vendor/blindgrade.whl": wheel})
    assert leak.startswith("vendor/blindgrade.whl!blindgrade/data.zip!a/b.py:1: a line of a solution")


def test_a_private_toy_is_found_and_the_part_that_a_public_check_shows_is_not(catalog: Catalog) -> None:
    (catalog.root / "graders" / "grader_toys" / "rings.py").write_text(TOY)
    checks = catalog.root / "graders" / "lesson_1_1_1_basics" / "checks.py"
    text = checks.read_text().replace("import torch\n", "import torch\nfrom grader_toys.rings import ring, spiral\n", 1)
    text = text.replace(
        '    """Each row has mean 0 and standard deviation 1."""\n', '    """Each row."""\n    ring(rng, 3)\n'
    )
    text = text.replace("    row = _rows(rng)\n", "    row = _rows(rng)\n    spiral(rng, 3)\n")
    checks.write_text(text)
    ring, spiral = TOY.split("def spiral")
    assert leaks(catalog, {"exercises/toys.py": ring.encode()}) == []
    found = leaks(catalog, {"exercises/toys.py": f"\n\ndef spiral{spiral}".encode()})
    assert found[0] == "exercises/toys.py:5: a private toy (graders/grader_toys/rings.py:14)"
    assert any("perhaps under other names" in leak for leak in found)


def test_a_path_of_this_machine_or_of_a_private_tree_is_found(catalog: Catalog) -> None:
    files = {
        "a.txt": f"one\nsee {catalog.root}/exercises\n".encode(),
        "b.txt": b"graders\\lesson_1_1_1_basics\\checks.py",
        "c.png": b"\x89PNG\r\n\x1a\n\xff" + str(catalog.root).encode(),
        "d.txt": b"course: solutions/ and graders/ stay at home",
    }
    found = leaks(catalog, files)
    assert [leak.split(",")[0] for leak in found] == [
        "a.txt:2: a path of this machine", "b.txt:1: a path of a private tree", "c.png:3: a path of this machine",
    ]  # fmt: skip


def test_the_seed_and_the_record_of_an_attempt_are_found(catalog: Catalog) -> None:
    attempt = {"schema": "blindgrade/attempt/v1", "seed": 4503599627370497, "lesson": "lesson-1.1.1"}
    home = catalog.attempts / "lesson-1.1.1"
    home.mkdir(parents=True)
    (home / "ana.json").write_text(json.dumps(attempt, indent=1))
    found = leaks(
        catalog, {"README.md": b"Graded.\nTry --seed 4503599627370497!\n", "a.json": json.dumps(attempt).encode()}
    )
    assert "README.md:2: the seed of an attempt (attempts/lesson-1.1.1/ana.json)" in found
    assert "a.json:1: the record of an attempt, with its seed" in found
    assert leaks(catalog, {"README.md": b"Try --seed 4503599627370498 or 14503599627370497.\n"}) == []


def spoil_key(catalog: Catalog, change: Callable[[dict[str, object]], object]) -> list[str]:
    key = json.loads((catalog.root / LESSON / "answer_key.json").read_text())
    change(key)
    return leaks(catalog, {f"{LESSON}/answer_key.json": json.dumps(key, indent=1).encode()})


def test_an_answer_key_holds_results_of_public_checks_for_the_public_seed_alone(catalog: Catalog) -> None:
    assert spoil_key(catalog, lambda key: None) == []
    (hidden,) = spoil_key(catalog, lambda k: k["checks"].update(refuses_one={"digest": "", "reply": ""}))  # type: ignore[attr-defined]
    assert "the result of refuses_one, which is no public check of lesson-1.1.1" in hidden
    (seed,) = spoil_key(catalog, lambda k: k.update(seed=8))
    assert "another seed than the public one (7)" in seed
    (other,) = spoil_key(catalog, lambda k: k["checks"]["compares_rows"].update(digest="0" * 64))  # type: ignore[index]
    assert "a result of" in other and "belongs to another check" in other and "answer_key.json:3:" in other


def test_an_answer_key_is_opened(catalog: Catalog) -> None:
    secret = frames.encode({"kind": "error", "message": f"{SOLUTION} at {catalog.root}/x.py"})
    for field in ("reply", "wrong"):
        entry = {"reply": "", "wrong": "", field: packing.text(secret)}
        found = spoil_key(catalog, lambda k, entry=entry: k["checks"]["compares_rows"].update(entry))  # type: ignore[misc]
        said = [leak.split(": ", 1)[1].split(",")[0] for leak in found]
        assert "in the entry compares_rows: a line of a solution (solutions/lesson_1_1_1_basics/basics.py:37)" in said
        assert "in the entry compares_rows: a path of this machine" in said
    (unread,) = spoil_key(catalog, lambda k: k["checks"]["compares_rows"].update(reply="AAAA"))  # type: ignore[index]
    assert "a result of compares_rows that cannot be read" in unread


def test_the_arguments_in_an_answer_key_are_names_and_digests(catalog: Catalog) -> None:
    def given(content: object) -> list[str]:
        entry = {"given": packing.text(json.dumps(content).encode())}
        return spoil_key(catalog, lambda k: k["checks"]["compares_rows"].update(entry))  # type: ignore[index]

    assert given({"first": ["0123456789ab"], "rows[]": ["ba9876543210"], "*more[]": ["000000000000"]}) == []
    for wrong in ({"first": [SOLUTION]}, {SOLUTION: ["0123456789ab"]}, {"first": ["0123456789ab0123456789ab"]}, ["x"]):
        assert any("in the result of compares_rows: arguments that are no digests" in leak for leak in given(wrong))


def packed_hints(**hints: dict[str, str]) -> str:
    return packing.text(json.dumps(hints).encode())


def packed_replies(*names: str) -> str:
    return packing.text(packing.packed_all({name: Result(1.0) for name in names}))


def test_an_answer_key_shows_hints_and_replies_of_misconceptions_and_nothing_else_of_known_answers(
    catalog: Catalog,
) -> None:
    hint = "Walk against the gradient."
    assert spoil_key(catalog, lambda k: k.update(hints=packed_hints(fit_line={"uphill": hint}))) == []
    (other,) = spoil_key(catalog, lambda k: k.update(hints=packed_hints(fit_line={"uphill": "Subtract 0.1 times it."})))
    assert "a hint of fit_line/uphill that is not the misconception's" in other
    (alternative,) = spoil_key(catalog, lambda k: k.update(hints=packed_hints(fit_line={"by_normal_equations": ""})))
    assert "a hint of fit_line/by_normal_equations that is not the misconception's" in alternative

    def wrong(*names: str) -> list[str]:
        entry = {"reply": "", "wrong": packed_replies(*names)}
        return spoil_key(catalog, lambda k: k["checks"]["compares_rows"].update(entry))  # type: ignore[index]

    assert wrong("covariance", "unsigned") == []
    for private in ("by_einsum", "uphill"):  # an alternative, a misconception of another exercise
        (leak,) = wrong("covariance", private)
        assert f"in the result of compares_rows: {private}, which is no misconception of its exercise" in leak
    (field,) = spoil_key(catalog, lambda k: k.update(notes="all"))
    assert "the field notes, which an answer key does not have" in field


def test_the_code_of_a_misconception_stays_private(catalog: Catalog) -> None:
    found = leaks(
        catalog, {"README.md": b"slope = slope + (miss * x)\nfails(twice_the_target, offset - y, offset - 2 * y)\n"}
    )
    assert any("a known answer" in leak for leak in found)


def test_a_file_that_cannot_be_scanned_is_a_leak(catalog: Catalog) -> None:
    (leak,) = leaks(catalog, {"exercises/model.pt": b"\x80\x04\xff"})
    assert leak.startswith("exercises/model.pt: it is not text, so it cannot be scanned")


def test_a_line_that_the_course_shows_on_purpose_passes_in_that_file_only(catalog: Catalog) -> None:
    entry = f'[[line]]\nfile = "exercises/toys.py"\nlines = ["{SOLUTION.strip()}"]\nreason = "a test"\n'
    catalog.on_purpose.write_text(entry)
    for name in ("exercises/toys.py", "deep/down/exercises/toys.py"):
        assert leaks(catalog, {name: SOLUTION.encode()}) == []
    assert leaks(catalog, {"a.zip": zipped({"exercises/toys.py": SOLUTION.encode()})}) == []
    assert len(leaks(catalog, {"myexercises/toys.py": SOLUTION.encode()})) == 1
    assert len(leaks(catalog, {"exercises/other.py": SOLUTION.encode()})) == 1


def test_a_leak_fails_the_release_and_nothing_is_written(catalog: Catalog, tmp_path: Path) -> None:
    toys = catalog.root / "exercises" / "toys.py"
    toys.write_text(f'"""Toys."""\n\n\ndef shown(values):\n{SOLUTION}\n')
    with pytest.raises(LeakError, match=r"exercises/toys\.py:5: a line of a solution \(solutions/.*basics\.py:37\)"):
        release_as(catalog, ["all"], "repository", tmp_path / "to")
    assert not (tmp_path / "to").exists()


def test_a_leak_in_the_students_template_fails_the_release(catalog: Catalog, tmp_path: Path) -> None:
    readme = catalog.student_template / "README.md"
    readme.write_text(readme.read_text() + "\n{# see the answer #}\n`return centered / _spread(centered)`\n")
    with pytest.raises(LeakError, match=r"README\.md:\d+: a line of a solution"):
        release_as(catalog, ["all"], "repository", tmp_path / "to")


PLANTED = {
    "a line of a solution": SOLUTION,
    "a hidden check": "    one, two = rng.normal(4, 1), rng.normal(4, 2)",
    "the name of a hidden check": "see works_on_a_single_row",
    "a known answer": "    return (values - mean) * variance.rsqrt()",
    "a private toy": "    return turns[:, None] * torch.stack([turns.cos(), turns.sin()], dim=-1)",
    "the seed of an attempt": "grade all --seed 4503599627370497",
    "a path of this machine": "{root}/exercises/toys.py",
    "a path of a private tree": "graders/lesson_1_1_1_basics/checks.py",
}


def prepare(catalog: Catalog) -> None:
    (catalog.root / "graders" / "grader_toys" / "rings.py").write_text(TOY)
    (catalog.attempts / "lesson-1.1.1").mkdir(parents=True)
    (catalog.attempts / "lesson-1.1.1" / ".seed.json").write_text('{"id": "0", "seed": 4503599627370497}')


@pytest.mark.parametrize("what", PLANTED)
def test_each_kind_of_leak_fails_the_release_with_file_and_line(catalog: Catalog, tmp_path: Path, what: str) -> None:
    prepare(catalog)
    text = PLANTED[what].replace("{root}", str(catalog.root))
    (catalog.root / "exercises" / "toys.py").write_text(f'"""Toys."""\n\n# {text}\n')
    with pytest.raises(LeakError, match=rf"exercises/toys\.py:3: {what}"):
        release_as(catalog, ["all"], "repository", tmp_path / "to")
    assert not (tmp_path / "to").exists()


@pytest.mark.parametrize("what", PLANTED)
def test_each_kind_of_leak_in_the_engine_fails_the_release(
    catalog: Catalog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    prepare(catalog)
    package = tmp_path / "elsewhere" / "blindgrade"
    package.mkdir(parents=True)
    text = PLANTED[what].replace("{root}", str(catalog.root))
    (package / "models.py").write_text(f'"""Models."""\n\n\nNOTE = """\n{text}\n"""\n')
    monkeypatch.setattr(wheel, "PACKAGE", package)
    with pytest.raises(LeakError, match=rf"vendor/blindgrade-.*\.whl!blindgrade/models\.py:5: {what}"):
        release_as(catalog, ["all"], "repository", tmp_path / "to")


def test_a_leak_in_an_answer_key_fails_the_release(catalog: Catalog, tmp_path: Path) -> None:
    path = catalog.root / LESSON / "answer_key.json"
    key = json.loads(path.read_text())
    key["checks"]["works_on_a_single_row"] = key["checks"]["compares_rows"]
    path.write_text(json.dumps(key, indent=1, sort_keys=True))
    with pytest.raises(
        LeakError, match=r"answer_key\.json:\d+: the result of works_on_a_single_row, which is no public"
    ):
        release_as(catalog, ["all"], "repository", tmp_path / "to")


def test_a_leak_in_a_public_check_fails_the_release(catalog: Catalog, tmp_path: Path) -> None:
    path = catalog.root / LESSON / "public_checks.py"
    path.write_text(path.read_text() + "\n\ndef helper(a):\n    return b(a * c(d) / e(a)).mean(dim=-1)\n" + RENAMED)
    with pytest.raises(LeakError, match=r"public_checks\.py:\d+: a line of a solution, perhaps under other names"):
        release_as(catalog, ["all"], "repository", tmp_path / "to")


# ---------------------------------------------------------------- data


def npz(**arrays: np.ndarray) -> bytes:
    stream = io.BytesIO()
    np.savez_compressed(stream, **arrays)
    return stream.getvalue()


@pytest.fixture
def judged(catalog: Catalog) -> dict[str, np.ndarray]:
    """Weights of a private judge in the course, in half precision."""
    weights = {"head.weight": np.random.default_rng(0).normal(size=(10, 32)).astype(np.float16)}
    (catalog.root / "graders" / "assets").mkdir()
    (catalog.root / "graders" / "assets" / "private_judge.npz").write_bytes(npz(**weights, few=np.zeros(3)))
    return weights


def test_numbers_of_the_course_are_released_and_private_ones_are_not(
    catalog: Catalog, judged: dict[str, np.ndarray]
) -> None:
    own = npz(weight=np.random.default_rng(1).normal(size=(10, 32)), few=np.zeros(3))
    assert leaks(catalog, {"exercises/assets/own.npz": own}) == []
    private = (catalog.root / "graders" / "assets" / "private_judge.npz").read_bytes()
    for name, content in {
        "exercises/assets/judge.npz": private,
        "renamed.npz": npz(a=judged["head.weight"], b=np.ones(20)),
        "of another precision.npz": npz(a=judged["head.weight"].astype(np.float32)),
        "packed.zip": zipped({"deep/judge.npz": private}),
    }.items():
        found = leaks(catalog, {name: content})
        assert found and "private data (graders/assets/private_judge.npz:1)" in found[0], name


def test_the_name_of_private_data_is_not_released(catalog: Catalog, judged: dict[str, np.ndarray]) -> None:
    found = leaks(catalog, {"exercises/toys.py": b"x = 'private_judge.npz'"})
    assert found == [
        "exercises/toys.py:1: the name of a private file, private_judge.npz (graders/assets/private_judge.npz)"
    ]


def test_a_pickle_inside_an_array_file_is_refused(catalog: Catalog) -> None:
    stream = io.BytesIO()
    np.savez(stream, objects=np.array([{"a": 1}], dtype=object), allow_pickle=True)
    [leak] = leaks(catalog, {"exercises/assets/own.npz": stream.getvalue()})
    assert "store numbers without pickle" in leak
