from __future__ import annotations

import math
from typing import Any

import pytest
import torch

from blindgrade.agreement import Fail, agree, agrees
from blindgrade.engine.wire.frames import Opaque
from blindgrade.wording import unlike


def failure(got: Any, want: Any, **options: Any) -> Fail:
    with pytest.raises(Fail) as caught:
        agree(got, want, **options)
    return caught.value


# ---------------------------------------------------------------- tensors


@pytest.mark.parametrize(
    "value",
    [
        torch.tensor([1.0, math.nan, math.inf, -math.inf]),
        torch.tensor(3),
        torch.empty(0, 3),
        torch.tensor([True, False]),
        torch.tensor([1 + 2j]),
        {"a": [1, (2.0, None)], "b": "text"},
        math.nan,
        -math.inf,
        b"raw",
    ],
    ids=str,
)
def test_every_value_agrees_with_itself(value: Any) -> None:
    agree(value, value)


def test_a_wrong_element_is_named_with_both_values_and_the_tolerance() -> None:
    got, want = torch.tensor([[0.0, 0.71], [1.0, 1.0]]), torch.tensor([[0.0, 0.5], [1.0, 2.0]])
    error = failure(got, want, name="f(x)")
    assert error.message == (
        "f(x), row 0, column 1, is 0.71; expected 0.5 (they differ by 0.21, and the tolerance is 6e-05);"
        " 2 of 4 values differ"
    )
    assert error.hidden == "f(x): 2 of 4 values differ, the first at row 0, column 1"


@pytest.mark.parametrize(
    ("got", "want", "said"),
    [
        ((3,), (3, 1), "has shape (3,); expected (3, 1): an axis of size 1 is missing"),
        ((1, 3, 1), (3,), "has shape (1, 3, 1); expected (3,): 2 axes of size 1 are too many"),
        ((3, 1), (3, 3), "has shape (3, 1); expected (3, 3): axis 1 has 1 instead of 3"),
        ((2, 3), (3, 2), "has shape (2, 3); expected (3, 2): the axes are in another order"),
        ((2, 3), (3,), "has shape (2, 3); expected (3,): 2 axes instead of 1"),
        ((1,), (), "has shape (1,); expected () (one number, no axis): an axis of size 1 is extra"),
        ((), (4,), "has shape () (one number, no axis); expected (4,)"),
        ((0,), (1,), "has shape (0,); expected (1,): axis 0 has 0 instead of 1"),
        ((0, 3), (3, 0), "has shape (0, 3); expected (3, 0): the axes are in another order"),
        ((4, 5), (2, 3), "has shape (4, 5); expected (2, 3)"),
    ],
)
def test_shapes_that_would_broadcast_or_are_empty_do_not_agree(
    got: tuple[int, ...], want: tuple[int, ...], said: str
) -> None:
    error = failure(torch.zeros(got), torch.zeros(want))
    assert error.message == error.hidden == f"the result {said}"


@pytest.mark.parametrize("dtype", [torch.float64, torch.float16, torch.bfloat16, torch.int64, torch.bool])
def test_another_dtype_does_not_agree_even_with_equal_values(dtype: torch.dtype) -> None:
    error = failure(torch.ones(2, dtype=dtype), torch.ones(2))
    assert error.message.startswith(f"the result has dtype {str(dtype).removeprefix('torch.')} (")
    assert error.message.endswith("; expected float32 (single precision)")


def test_nan_agrees_with_nan_only() -> None:
    failure(torch.tensor([math.nan]), torch.tensor([0.0]))
    failure(torch.tensor([0.0]), torch.tensor([math.nan]))
    failure(math.nan, 0.0)
    failure(0.0, math.nan)


@pytest.mark.parametrize("got", [0.0, 1e308, -math.inf, math.nan])
def test_an_infinity_agrees_with_itself_only(got: float) -> None:
    failure(got, math.inf)
    failure(torch.tensor([got], dtype=torch.float64), torch.tensor([math.inf], dtype=torch.float64))


@pytest.mark.parametrize(
    ("dtype", "within", "beyond"),
    [
        (torch.float64, 1.0e-7, 1.2e-7),
        (torch.float32, 1.0e-4, 1.2e-4),
        (torch.float16, 0.9e-2, 1.3e-2),
        (torch.bfloat16, 1.6e-2, 2.4e-2),
        (torch.complex64, 1.0e-4, 1.2e-4),
        (torch.complex128, 1.0e-7, 1.2e-7),
    ],
)
def test_each_dtype_has_its_tolerance(dtype: torch.dtype, within: float, beyond: float) -> None:
    want = torch.ones(1, dtype=dtype)
    agree(want + within, want)
    failure(want + beyond, want)


def test_integers_and_bools_are_compared_exactly() -> None:
    failure(torch.tensor([1_000_000_001]), torch.tensor([1_000_000_000]), atol=10.0)
    failure(torch.tensor([True]), torch.tensor([False]), atol=10.0)
    failure(5, 6, atol=10.0)


def test_errors_of_opposite_sign_do_not_cancel() -> None:
    failure(torch.tensor([1.0, 2.0, 3.0]), torch.tensor([3.0, 2.0, 1.0]))


def test_a_tolerance_may_name_one_dtype_and_leaves_the_others_alone() -> None:
    loose = {"float32": 0.5}
    agree(torch.tensor([1.4]), torch.tensor([1.0]), atol=loose)
    failure(torch.tensor([1.4], dtype=torch.float64), torch.tensor([1.0], dtype=torch.float64), atol=loose)
    failure(1.4, 1.0, atol=loose)
    agree(1.4, 1.0, atol={"float": 0.5})


def test_a_number_is_no_tensor_and_a_tensor_no_number() -> None:
    assert failure(1.0, torch.tensor(1.0)).message == "the result is 1.0; expected a tensor of shape ()"
    assert "a tensor of shape ()" in failure(torch.tensor(1.0), 1.0).message


def test_a_result_that_requires_grad_agrees() -> None:
    agree(torch.ones(2, requires_grad=True), torch.ones(2))


# ---------------------------------------------------------------- everything else


def test_an_int_passes_for_a_float_and_a_bool_does_not() -> None:
    agree(1, 1.0)
    assert failure(True, 1.0).message == "the result is True; expected 1.0"


@pytest.mark.parametrize(("got", "want"), [(1.0, 1), (True, 1), (1, True), ("1", 1), (None, 0), (0, None)])
def test_other_types_are_not_interchangeable(got: Any, want: Any) -> None:
    failure(got, want)


def test_list_and_tuple_are_interchangeable() -> None:
    agree((1, [2.0]), [1, (2.0,)])
    agree([1, (2.0,)], (1, [2.0]))


def test_a_missing_or_extra_item_is_counted() -> None:
    assert failure([1, 2], [1]).message == "the result has 2 items; expected 1"
    assert failure([], (1,)).message == "the result has 0 items; expected 1"


def test_a_dict_needs_exactly_the_keys() -> None:
    assert failure({"a": 1}, {"a": 1, "b": 2}).message == "the result: missing keys: 'b'"
    assert failure({"a": 1, "b": 2}, {"a": 1}).message == "the result: extra keys: 'b'"
    assert failure({"c": 1}, {"a": 1}).message == "the result: missing keys: 'a'; extra keys: 'c'"


def test_a_wrong_part_is_named_by_its_place() -> None:
    assert failure({"mean": [0.0, 1.0]}, {"mean": [0.0, 2.0]}).message == (
        "`mean`, item 1 is 1; expected 2 (they differ by 1, and the tolerance is 3e-06)"
    )
    assert failure({"m": 1}, {"m": 2}, name="f(x)").message == "f(x), `m` is 1; expected 2"
    assert failure({"in float32": {"weight": 1}}, {"in float32": {"weight": 2}}).message == (
        "in float32, `weight` is 1; expected 2"
    )
    assert failure({3: 1}, {3: 2}).message == "item 3 is 1; expected 2"


def test_the_message_for_none_asks_whether_a_return_is_missing() -> None:
    assert "does the function end without a return?" in failure(None, torch.ones(1)).message


def test_an_object_that_is_no_data_is_described_by_its_type() -> None:
    assert failure(Opaque("Normal"), torch.ones(1)).message.startswith("the result is an object of the class Normal;")
    failure(Opaque("Normal"), Opaque("Normal"))


SECRET = 4.8151623


@pytest.mark.parametrize("given", [7.7342, 77342, "7.7342", [7.7342], (7.7342, 7.7342), torch.tensor(7.7342), None])
@pytest.mark.parametrize(
    "want",
    [
        torch.tensor(SECRET),
        torch.tensor([SECRET, 0.0]),
        SECRET,
        48151623,
        "4.815",
        [SECRET, 0, 0],
        {"a": SECRET},
        [[SECRET]],
        None,
        b"4.815",
    ],
)
def test_a_hidden_message_shows_no_value(given: Any, want: Any) -> None:
    if given is None and want is None:
        given = 7.7342
    hidden = failure(given, want).hidden
    assert not any(digits in hidden for digits in ("4.81", "4815", "7.73", "7734"))


# ---------------------------------------------------------------- several faults, digits, errors

TENSOR = "a tensor of shape (3,) and dtype float32"


def test_faults_are_listed_up_to_three_each_on_its_own_line() -> None:
    want = {"in float32": 1, "in float64": 2, "of one": 3, "of none": 4}
    error = failure({"in float32": 0, "in float64": 2, "of one": 0}, want)
    assert error.message == (
        "the result: missing keys: 'of none';\nin float32 is 0; expected 1;\nof one is 0; expected 3"
    )
    many = failure(dict.fromkeys(want, 0), want)
    assert many.message.endswith(";\nof one is 0; expected 3;\nand more")
    assert many.hidden.split(";\n")[-1] == "and more"


def test_a_wrong_shape_and_a_wrong_dtype_are_both_said() -> None:
    said = failure(torch.ones(1, dtype=torch.float64), torch.ones(()))
    assert "has dtype float64 (double precision)" in said.message and "has shape (1,)" in said.message


def test_numbers_have_digits_until_they_differ_and_their_difference() -> None:
    got, want = torch.tensor([0.12345691], dtype=torch.float64), torch.tensor([0.12345678], dtype=torch.float64)
    said = failure(got, want, rtol=1e-8).message
    assert said == (
        "the result, index 0, is 0.12345691; expected 0.12345678 (they differ by 1.3e-07, and the tolerance is 2.2e-09)"
    )


def test_two_numbers_that_differ_never_look_alike() -> None:
    for one, other in [(1.0, 1.0 + 2**-52), (1e20, 1e20 + 2**15), (0.1, 0.1 + 1e-16), (1 + 2j, 1 + 2.0000001j)]:
        assert len(set(unlike(one, other))) == 2


@pytest.mark.parametrize(
    ("got", "want", "message", "hidden"),
    [
        (None, "ValueError", "no error was raised; expected ValueError", "no error was raised, and one is due"),
        ("TypeError", "ValueError", "TypeError was raised; expected ValueError", None),
        (
            torch.ones(3),
            "ValueError",
            "a tensor of shape (3,) and dtype float32 was returned; expected ValueError",
            None,
        ),
        ("KeyError", None, "KeyError was raised; expected no error", "an error was raised, and none is due"),
        ("KeyError", 2.5, "KeyError was raised; expected 2.5", None),
        ("KeyError", torch.ones(3), "KeyError was raised; expected a tensor of shape (3,)", None),
    ],
)
def test_an_error_that_is_due_or_that_came_is_said_as_that(
    got: Any, want: Any, message: str, hidden: str | None
) -> None:
    error = failure({"error at sigma = 0": got}, {"error at sigma = 0": want})
    assert error.message == f"error at sigma = 0: {message}"
    if hidden:
        assert error.hidden == f"error at sigma = 0: {hidden}"


def test_a_hidden_message_does_not_name_the_error_that_is_due() -> None:
    for got in (None, "TypeError", 2.5, torch.ones(2)):
        assert "ValueError" not in failure(got, "ValueError").hidden


def test_a_changed_argument_is_said_as_that() -> None:
    got, want = {"in float32, arguments unchanged": False}, {"in float32, arguments unchanged": True}
    assert (
        failure(got, want).message == "in float32: the call changed its arguments; expected that they stay as they were"
    )
    assert failure({"input_unchanged": False}, {"input_unchanged": True}).message.startswith("the call changed its")


def test_agrees_says_what_agree_says() -> None:
    for got, want in [(1.0, 1.0), (1.0, 2.0), ({"a": 1}, {"a": 1}), ({"a": 1}, {}), (None, "ValueError")]:
        passes = True
        try:
            agree(got, want)
        except Fail:
            passes = False
        assert agrees(got, want) is passes
