from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from blindgrade.checks import (
    Check,
    Fail,
    Rng,
    Watch,
    agree,
    answers,
    answers_and_purity,
    check,
    derive,
    error_of,
    gradients,
    in_each_dtype,
)
from blindgrade.engine.wire.frames import Opaque


def failure(got: Any, want: Any, **options: Any) -> Fail:
    with pytest.raises(Fail) as caught:
        agree(got, want, **options)
    return caught.value


def add(lesson: Any, rng: Rng) -> Any:
    """The sum
    is right."""
    return lesson.add(rng.integer(0, 9), 1)


# ---------------------------------------------------------------- check


def test_a_check_has_its_functions_name_and_its_docstring_on_one_line_as_claim() -> None:
    made = check("sum", weight=2.0, public=True)(add)
    assert (made.exercise, made.name, made.claim) == ("sum", "add", "The sum is right.")
    assert (made.weight, made.public, made.experiment) == (2.0, True, add)


def test_an_experiment_without_a_docstring_is_no_check() -> None:
    def silent(lesson: Any, rng: Rng) -> None: ...

    with pytest.raises(TypeError, match="check silent: write the claim"):
        check("sum")(silent)


def test_judge_agrees_within_the_checks_tolerance_by_default() -> None:
    made = check("sum", atol=0.5, rtol=0.0)(add)
    made.judge(1.4, 1.0, Rng(0))
    with pytest.raises(Fail):
        made.judge(1.6, 1.0, Rng(0))


def test_a_verdict_replaces_the_comparison_and_draws_from_the_seed() -> None:
    seen: list[tuple[Any, Any, int]] = []

    def verdict(result: Any, expected: Any, rng: Rng) -> None:
        seen.append((result, expected, rng.integer(0, 1 << 40)))

    Check("sum", "add", "", add, verdict=verdict).judge(1, 2, Rng(5))
    assert seen == [(1, 2, Rng(5).integer(0, 1 << 40))]


def test_a_failure_is_read_in_full_when_hidden_unless_it_has_another_text() -> None:
    assert Fail("open").hidden == "open"
    assert Fail("open", hidden="closed").hidden == "closed"


# ---------------------------------------------------------------- agree: tensors


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
    assert error.message == "f(x)[0, 1] is 0.71; expected 0.5 (rtol 0.0001, atol 1e-05); 2 of 4 values differ"
    assert error.hidden == "f(x): 2 of 4 values differ, the first at [0, 1]"


@pytest.mark.parametrize(
    ("got", "want"),
    [
        (torch.ones(3), torch.ones(3, 1)),
        (torch.ones(3, 1), torch.ones(3, 3)),
        (torch.ones(1), torch.tensor(1.0)),
        (torch.tensor(1.0), torch.ones(4)),
        (torch.empty(0), torch.ones(1)),
        (torch.empty(0, 3), torch.empty(3, 0)),
        (torch.empty(0), torch.empty(0, 1)),
    ],
)
def test_shapes_that_would_broadcast_or_are_empty_do_not_agree(got: Tensor, want: Tensor) -> None:
    error = failure(got, want)
    assert error.message == f"the result has shape {tuple(got.shape)}; expected {tuple(want.shape)}"


@pytest.mark.parametrize("dtype", [torch.float64, torch.float16, torch.bfloat16, torch.int64, torch.bool])
def test_another_dtype_does_not_agree_even_with_equal_values(dtype: torch.dtype) -> None:
    error = failure(torch.ones(2, dtype=dtype), torch.ones(2))
    assert error.message.endswith("expected float32")


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


# ---------------------------------------------------------------- agree: everything else


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
    assert failure({"mean": [0.0, 1.0]}, {"mean": [0.0, 2.0]}).message == "mean[1] is 1; expected 2"
    assert failure({"m": 1}, {"m": 2}, name="f(x)").message == "f(x)['m'] is 1; expected 2"


def test_the_message_for_none_asks_whether_a_return_is_missing() -> None:
    assert "does the function end without a return?" in failure(None, torch.ones(1)).message


def test_an_object_that_is_no_data_is_described_by_its_type() -> None:
    assert failure(Opaque("Normal"), torch.ones(1)).message.startswith("the result is a Normal object;")
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


# ---------------------------------------------------------------- randomness


def draws(rng: Rng) -> list[Any]:
    return [
        rng.normal(2, 3),
        rng.uniform(4, low=-1.0, high=1.0),
        rng.integers(5, high=100),
        rng.number(),
        rng.integer(0, 1 << 40),
        rng.choice("abcdefgh"),
        rng.shuffled(range(20)),
    ]


def test_the_same_seed_gives_the_same_draws() -> None:
    agree(draws(Rng(3)), draws(Rng(3)), atol=0.0, rtol=0.0)


def test_another_seed_gives_other_draws() -> None:
    for one, other in zip(draws(Rng(3))[:5], draws(Rng(4))[:5], strict=True):
        failure(one, other)


def test_draws_neither_use_nor_change_the_global_source() -> None:
    torch.manual_seed(0)
    first = torch.rand(1)
    torch.manual_seed(0)
    draws(Rng(3))
    assert torch.equal(torch.rand(1), first)


def test_draws_stay_in_their_range_and_have_the_given_shape_and_dtype() -> None:
    rng = Rng(0)
    unit = rng.uniform(1000, low=2.0, high=3.0, dtype=torch.float64)
    assert unit.dtype == torch.float64 and bool(((unit >= 2) & (unit < 3)).all())
    whole = rng.integers(1000, low=-2, high=3)
    assert whole.unique().tolist() == [-2, -1, 0, 1, 2]
    assert rng.normal(2, 0, 3).shape == (2, 0, 3)


def test_a_draw_without_a_shape_is_one_number() -> None:
    rng = Rng(0)
    assert rng.normal().shape == rng.uniform().shape == rng.integers(high=3).shape == ()


class Scaled(nn.Module):
    def __init__(self, first: bool) -> None:
        super().__init__()
        if first:
            self.linear = nn.Linear(2, 3)
        self.scale = nn.Parameter(torch.ones(()))
        self.register_buffer("offset", torch.zeros(3))
        self.register_buffer("count", torch.tensor(7))
        if not first:
            self.linear = nn.Linear(2, 3)


def test_fill_depends_on_the_names_and_not_on_the_order_of_definition() -> None:
    one, other = Rng(1).fill(Scaled(True)), Rng(1).fill(Scaled(False))
    agree(dict(one.state_dict()), dict(other.state_dict()), atol=0.0, rtol=0.0)


def test_fill_draws_parameters_and_leaves_a_students_buffer_alone() -> None:
    filled = Rng(1).fill(Scaled(True)).state_dict()
    assert filled["scale"] != 1 and not filled["offset"].any()
    assert filled["count"] == 7


def test_an_extra_buffer_does_not_change_what_the_parameters_get() -> None:
    plain, extra = nn.Linear(2, 3), nn.Linear(2, 3)
    extra.register_buffer("a_constant", torch.tensor(2.0))  # before `bias` in the order of the names
    agree(dict(Rng(1).fill(extra).named_parameters()), dict(Rng(1).fill(plain).named_parameters()), atol=0.0, rtol=0.0)
    assert extra.a_constant == 2


def test_fill_draws_the_buffers_of_a_courses_module_when_it_is_asked_to() -> None:
    filled = Rng(1).fill(Scaled(True), buffers=True).state_dict()
    assert bool((filled["offset"] != 0).all()) and filled["count"] == 7


@pytest.mark.parametrize("device", ["meta"])
def test_draws_do_not_depend_on_the_default_device_or_dtype(device: str) -> None:
    def draws() -> list[Any]:
        rng = Rng(3)
        numbers = [rng.number(), rng.integer(0, 9), rng.shuffled([1, 2, 3, 4])]
        return [rng.normal(2), rng.uniform(2), rng.integers(3, high=9), *numbers]

    plain = draws()
    torch.set_default_dtype(torch.float64)
    torch.set_default_device(device)
    try:
        agree(draws(), plain)
    finally:
        torch.set_default_device(None)
        torch.set_default_dtype(torch.float32)


def test_derived_seeds_differ_by_name_and_fit_a_generator() -> None:
    seeds = {derive(0), derive(1), derive(0, "a"), derive(0, "b"), derive(0, "a", "b")}
    assert len(seeds) == 5
    assert all(0 <= seed < 1 << 63 for seed in seeds)
    assert derive(0, "a") == derive(0, "a")


# ---------------------------------------------------------------- observers


def test_watch_sees_a_change_in_place_in_any_container() -> None:
    tensors = [torch.ones(2) for _ in range(4)]
    for tensor in tensors:
        watch = Watch(tensors[0], {"a": [tensors[1], (tensors[2],)]}, [tensors[3]], "text")
        assert watch.unchanged()
        tensor += 1
        assert not watch.unchanged()


def test_watch_sees_a_change_of_shape() -> None:
    tensor = torch.ones(2, 3)
    watch = Watch(tensor)
    tensor.t_()
    assert not watch.unchanged()


def test_watch_ignores_a_gradient() -> None:
    tensor = torch.ones(2, requires_grad=True)
    watch = Watch(tensor)
    tensor.sum().backward()
    assert watch.unchanged()


def test_error_of_names_the_class_and_none_if_the_call_returns() -> None:
    def fail(error: BaseException) -> None:
        raise error

    assert error_of(fail, error=KeyError("x")) == "KeyError"
    assert error_of(int, "3") is None


def test_error_of_names_every_kind_of_value_error_value_error() -> None:
    assert error_of(lambda: "\ud800".encode()) == "ValueError"


@pytest.mark.parametrize("error", [NotImplementedError, SystemExit, KeyboardInterrupt])
def test_error_of_lets_the_stubs_error_and_exits_through(error: type[BaseException]) -> None:
    def stub() -> None:
        raise error

    with pytest.raises(error):
        error_of(stub)


def test_gradients_are_those_of_the_sum_and_none_where_nothing_flows() -> None:
    x, unused = torch.tensor([1.0, 2.0], requires_grad=True), torch.ones(1, requires_grad=True)
    flows, missing = gradients(x**2, [x, unused])
    assert flows is not None and flows.tolist() == [2.0, 4.0]
    assert missing is None


def test_gradients_of_an_output_without_graph_are_none() -> None:
    assert gradients(torch.ones(2), [torch.ones(2, requires_grad=True)]) == [None]


def test_answers_have_the_names_of_their_cases_and_report_changed_arguments() -> None:
    cases = in_each_dtype(lambda dtype: (torch.ones(2, dtype=dtype), 3.0))
    assert answers(lambda x, factor: str(x.dtype), cases) == {
        "in float32": "torch.float32",
        "in float64": "torch.float64",
    }
    seen = answers_and_purity(lambda x, factor: float(x.mul_(factor).sum()), cases)
    assert seen["in float64"] == 6.0
    assert seen["in float64, arguments unchanged"] is False
    assert answers_and_purity(lambda x, factor: 1, cases)["in float32, arguments unchanged"] is True
