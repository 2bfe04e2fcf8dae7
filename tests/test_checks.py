from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

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
