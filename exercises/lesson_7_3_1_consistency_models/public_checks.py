"""Public checks of lesson-7.3.1: Consistency Models. Made by `course build`; do not edit."""

from __future__ import annotations

import copy
import math
import torch
import torch.nn.functional as F
from blindgrade.checks import Fail, Watch, answers_and_purity, check, describe, error_of, gradients, in_each_dtype
from blindgrade.figures import bars, curves, image, points
from digits import judge, load_digits, teacher
from torch import Tensor, nn


class ToyMLP(nn.Module):
    """(x [B, dim], t [B]) -> [B, out]; t enters as log(1 + t), its sine and its cosine. Weights follow from the seed."""

    def __init__(
        self,
        dim: int = 2,
        width: int = 32,
        out: int | None = None,
        seed: int = 0,
        depth: int = 2,
        dtype: torch.dtype = torch.float32,
    ) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(seed)
        sizes = [dim + 3] + [width] * depth + [out or dim]
        self.layers = nn.ModuleList()
        for fan_in, fan_out in zip(sizes[:-1], sizes[1:], strict=True):
            layer = nn.Linear(fan_in, fan_out)
            with torch.no_grad():
                layer.weight.copy_(torch.randn(fan_out, fan_in, generator=generator) / math.sqrt(fan_in))
                layer.bias.copy_(0.1 * torch.randn(fan_out, generator=generator))
            self.layers.append(layer)
        self.to(dtype)

    def forward(self, x: Tensor, t: Tensor) -> Tensor:
        t = torch.as_tensor(t, dtype=x.dtype, device=x.device).expand(x.shape[0])
        time = torch.log1p(t.clamp_min(0))
        h = torch.cat([x, torch.stack([time, time.sin(), time.cos()], dim=1)], dim=1)
        for layer in self.layers[:-1]:
            h = F.silu(layer(h))
        return self.layers[-1](h)

class WithBuffer(nn.Module):
    """A linear layer beside two buffers, one of floats and one of integers."""

    def __init__(self, seed: int = 0) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(seed)
        self.lin = nn.Linear(3, 2)
        with torch.no_grad():
            self.lin.weight.copy_(torch.randn(2, 3, generator=generator))
            self.lin.bias.copy_(torch.randn(2, generator=generator))
        self.register_buffer("running", torch.randn(3, generator=generator))
        self.register_buffer("count", torch.tensor(7 + seed))

PAGE = {"atol": {"float64": 1e-6}, "rtol": {"float64": 1e-5}}

def trailing(t, x):
    """A level for each sample, against x [B, ...]."""
    return t.reshape(-1, *([1] * (x.ndim - 1)))

def bent(x, t):
    """A smooth function of the point and the level that mixes the features and is no straight line in either."""
    return torch.tanh(x.flip(-1)) / (1 + trailing(t, x)) + 0.3 * x + 0.1 * torch.sin(3 * trailing(t, x))

def gaussian_case(rng, batch, dim, dtype):
    """Points at levels of their own, and a Gaussian away from the origin."""
    return (
        2 * rng.normal(batch, dim, dtype=dtype),
        rng.uniform(batch, low=0.3, high=3.0, dtype=dtype),
        1 + rng.uniform(dim, dtype=dtype),
        rng.number(0.4, 1.5),
    )

@check("gaussian_consistency_function", weight=2, public=True, **PAGE)
def follows_its_trajectory_to_the_end(lesson, rng):
    """The answer is the end of the trajectory through the point, not an average of many.

    The arguments stay as they are.
    """
    cases = in_each_dtype(lambda dtype: gaussian_case(rng, 6, 2, dtype))
    return answers_and_purity(lesson.gaussian_consistency_function, cases)

@check("euler_pf_ode", weight=2, public=True, **PAGE)
def steps_down_the_slope(lesson, rng):
    """Each step moves along the slope of the probability flow ODE, taken where the step begins.

    The arguments stay as they are.
    """
    cases = in_each_dtype(lambda dtype: (bent, rng.normal(5, 3, dtype=dtype), rng.number(1.0, 3.0), 4))
    cases["in 2 steps, square"] = (bent, rng.normal(4, 4, dtype=torch.float64), rng.number(1.0, 3.0), 2)
    return answers_and_purity(lesson.euler_pf_ode, cases)

@check("euler_pf_ode", public=True, **PAGE)
def refuses_a_walk_without_steps(lesson, rng):
    """No step and a negative number of steps raise ValueError; one step does not."""
    x, negative = rng.normal(3, 2), -rng.integer(1, 5)
    return {
        "error with 0 steps": error_of(lesson.euler_pf_ode, bent, x, 1.5, 0),
        "error with a negative number": error_of(lesson.euler_pf_ode, bent, x, 1.5, negative),
        "with one step": lesson.euler_pf_ode(bent, x, 1.5, 1),
    }

def walk_case(rng, times, batch, dim, dtype):
    """Trajectories without any order, and levels that fall."""
    levels = rng.uniform(times, low=0.1, high=3.0, dtype=dtype).sort(descending=True).values
    return bent, 2 * rng.normal(times, batch, dim, dtype=dtype), levels

@check("self_consistency_gap", weight=2, public=True, **PAGE)
def reports_the_worst_disagreement(lesson, rng):
    """The gap of a trajectory is the largest distance between two answers of f along it.

    The arguments stay as they are.
    """
    return answers_and_purity(lesson.self_consistency_gap, in_each_dtype(lambda dtype: walk_case(rng, 4, 5, 2, dtype)))

def levels_above(rng, batch, dtype, t_min=0.002):
    """A level for each sample, some near t_min and some far above."""
    return t_min + rng.uniform(batch, low=0.05, high=2.5, dtype=dtype)

@check("consistency_function", weight=2, public=True, **PAGE)
def mixes_the_point_and_the_network(lesson, rng):
    """The answer is the point and the network's word, each with the coefficient of its level.

    The arguments stay as they are.
    """
    cases = in_each_dtype(lambda dtype: (bent, rng.normal(6, 2, dtype=dtype), levels_above(rng, 6, dtype)))
    cases["square"] = (bent, rng.normal(4, 4, dtype=torch.float64), levels_above(rng, 4, torch.float64))
    return answers_and_purity(lesson.consistency_function, cases)

@check("consistency_function", public=True, **PAGE)
def lets_the_network_learn(lesson, rng):
    """Gradients flow into the network's weights and into the point."""
    net = rng.fill(ToyMLP(2, 8, dtype=torch.float64))
    x, t = rng.normal(5, 2, dtype=torch.float64).requires_grad_(True), levels_above(rng, 5, torch.float64)
    return gradients(lesson.consistency_function(net, x, t) ** 2, [x, *net.parameters()])

def pair_case(rng, shape, dtype):
    """Data, noise and two levels for each sample, the second one lower."""
    high = rng.uniform(shape[0], low=1.0, high=3.0, dtype=dtype)
    low = high * rng.uniform(shape[0], low=0.4, high=0.8, dtype=dtype)
    return rng.normal(*shape, dtype=dtype), rng.normal(*shape, dtype=dtype), high, low

def slanted(x, t):
    """Another smooth function of the point and the level, unlike `bent`."""
    return 0.6 * x - 0.2 * torch.sin(x + trailing(t, x))

def shrinking(x, t):
    """A denoiser that is not linear in the point."""
    return torch.tanh(x) / (1 + 0.5 * trailing(t, x))

def networks(rng, count):
    """Small networks in float64 with weights of their own."""
    return [rng.fill(ToyMLP(2, 8, dtype=torch.float64), scale=0.6) for _ in range(count)]

@check("consistency_distillation_loss", weight=2, public=True, **PAGE)
def compares_neighbours_on_the_teachers_walk(lesson, rng):
    """The student at the noisier point is compared with the target where the teacher's Heun step leads.

    The arguments stay as they are.
    """
    cases = in_each_dtype(lambda dtype: (bent, slanted, shrinking, *pair_case(rng, (6, 2), dtype)))
    return answers_and_purity(lesson.consistency_distillation_loss, cases)

@check("consistency_distillation_loss", weight=2, public=True, **PAGE)
def holds_the_target_still_if_it_is_the_student(lesson, rng):
    """With one network as student and target the gradient comes through the student's answer alone."""
    (net, teacher), arguments = networks(rng, 2), pair_case(rng, (5, 2), torch.float64)
    value = lesson.consistency_distillation_loss(net, net, teacher, *arguments)
    alike = lesson.consistency_distillation_loss(net, net, net, *arguments)
    return {
        "one network in two roles": gradients(value, list(net.parameters())),
        "in all three": gradients(alike, list(net.parameters())),
    }

@check("consistency_training_loss", weight=2, public=True, **PAGE)
def compares_two_points_of_one_line(lesson, rng):
    """The student at the noisier point is compared with the target at the cleaner point of the same line.

    The arguments stay as they are.
    """
    cases = in_each_dtype(lambda dtype: (bent, slanted, *pair_case(rng, (6, 2), dtype)))
    return answers_and_purity(lesson.consistency_training_loss, cases)

@check("consistency_training_loss", weight=2, public=True, **PAGE)
def holds_its_own_copy_still(lesson, rng):
    """With one network as student and target the gradient comes through the student's answer alone."""
    (net,), arguments = networks(rng, 1), pair_case(rng, (5, 2), torch.float64)
    return gradients(lesson.consistency_training_loss(net, net, *arguments), list(net.parameters()))

def values_of(module):
    """All parameters and buffers by name, detached copies."""
    return {name: tensor.detach().clone() for name, tensor in module.state_dict().items()}

@check("ema_update", weight=2, public=True)
def keeps_the_share_decay(lesson, rng):
    """Each of the target's parameters keeps the share decay of itself and takes the rest from the online module."""
    pairs = {
        f"decay {decay}, {dtype}": (decay, *(rng.fill(nn.Linear(3, 2).to(dtype), scale=1.0) for _ in range(2)))
        for decay in (0.9, 0.25)
        for dtype in (torch.float32, torch.float64)
    }
    seen = {}
    for name, (decay, target, online) in pairs.items():
        seen[f"{name}, returned"] = lesson.ema_update(target, online, decay)
        seen[name] = values_of(target)
    return seen

@check("ema_update", weight=2, public=True)
def shares_no_memory(lesson, rng):
    """After the update a change of the online module leaves the target as it is; the online module is untouched."""
    first = rng.integer(0, 50)
    seen = {}
    for decay in (0.0, 0.5, 1.0):
        target, online = WithBuffer(first), WithBuffer(first + 1)
        watch = Watch(*online.state_dict().values())
        lesson.ema_update(target, online, decay)
        seen[f"online module unchanged, decay {decay}"] = watch.unchanged()
        with torch.no_grad():
            for tensor in online.state_dict().values():
                tensor.add_(1)
        seen[f"target afterwards, decay {decay}"] = values_of(target)
    return seen

@check("ema_update", public=True)
def follows_through_many_updates(lesson, rng):
    """Also for nested modules, and again and again, the target follows in place, its parameters trainable leaves."""
    layers = [nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Sequential(nn.Linear(4, 2), nn.PReLU())]
    online = rng.fill(nn.Sequential(*layers), scale=1.0, buffers=True)
    target = rng.fill(copy.deepcopy(online), scale=1.0, buffers=True)
    before = list(target.parameters())
    for _ in range(3):
        lesson.ema_update(target, online, 0.8)
    after = list(target.parameters())
    return {
        "values": values_of(target),
        "the same parameters": [p is q for p, q in zip(before, after, strict=True)],
        "leaves": [p.is_leaf for p in after],
        "trainable": [p.requires_grad for p in after],
        "with gradients": [p.grad is not None for p in list(online.parameters()) + after],
    }

RECIPES = {
    "all three": (0.8, True, True),
    "no boundary condition": (0.8, False, True),
    "no stop-gradient": (0.8, True, False),
    "neither": (0.8, False, False),
    "no slow target": (0.0, True, True),
}

def chains(rng, levels, dtype):
    """Spreads before training, the true one, and a step size at which the training is steady."""
    return rng.uniform(levels, low=-1.0, high=3.0, dtype=dtype), rng.number(0.3, 1.2), rng.number(0.1, 0.2)

def trained_chains(answer, start, width, rate, steps):
    """What `answer` says for each recipe."""
    return {name: answer(start, width, rate, decay, steps, *parts) for name, (decay, *parts) in RECIPES.items()}

def spreads_at_the_top(result, rng):
    lines = {name: (torch.arange(len(rows)), rows[:, -1]) for name, rows in result.items() if name in RECIPES}
    title = "Spread of the answers at the highest level, for five recipes"
    return curves(title, lines, xlabel="step", ylabel="spread")

@check("answers_over_training", weight=2, public=True, figure=spreads_at_the_top)
def keeps_or_loses_the_true_spread(lesson, rng):
    """With each part of the recipe switched on or off, the spreads of all levels are followed step by step.

    The arguments stay as they are.
    """
    start, width, rate = chains(rng, 5, torch.float64)
    watch = Watch(start)
    seen = trained_chains(lesson.answers_over_training, start, width, rate, 60)
    return {**seen, "the start, unchanged": watch.unchanged()}

@check("answers_over_training", public=True)
def begins_with_the_boundary_condition(lesson, rng):
    """Without any step there is one row: the start, in which the lowest level is true already if the condition is on."""
    start, width, rate = chains(rng, 4, torch.float64)
    return {
        f"{name}, no step": lesson.answers_over_training(start, width, rate, decay, 0, *parts)
        for name, (decay, *parts) in RECIPES.items()
    }

CLOUD = {"atol": {"float32": 1e-4, "float64": 1e-6}, "rtol": {"float32": 1e-3, "float64": 1e-5}}

def cloud_case(rng, points, batch, dim, dtype):
    """Clean points, and places among them at levels where several of them count."""
    return (
        rng.normal(points, dim, dtype=dtype),
        1.5 * rng.normal(batch, dim, dtype=dtype),
        rng.uniform(batch, low=0.6, high=2.0, dtype=dtype),
    )

@check("ct_direction_noise", weight=2, public=True, **CLOUD)
def knows_direction_and_variance(lesson, rng):
    """The teacher's direction is the mean of the guesses, and the variance says how far they scatter.

    The arguments stay as they are.
    """
    return answers_and_purity(lesson.ct_direction_noise, in_each_dtype(lambda dtype: cloud_case(rng, 5, 6, 2, dtype)))

def jumps(rng, batch, dim, taus, dtype):
    """The arguments of a sampling run with f = bent."""
    return bent, 3 * rng.normal(batch, dim, dtype=dtype), 3.0, taus, [rng.normal(batch, dim, dtype=dtype) for _ in taus]

@check("multistep_consistency_sample", weight=2, public=True, **PAGE)
def renoises_and_jumps_again(lesson, rng):
    """After the first jump each further one starts from the sample with new noise, at the level tau.

    The arguments stay as they are.
    """
    taus = [rng.number(1.5, 2.5), rng.number(0.7, 1.2), rng.number(0.2, 0.5)]
    cases = in_each_dtype(lambda dtype: jumps(rng, 5, 2, taus, dtype))
    cases["two jumps, square"] = jumps(rng, 4, 4, taus[:1], torch.float64)
    return answers_and_purity(lesson.multistep_consistency_sample, cases)

@check("multistep_consistency_sample", public=True, **PAGE)
def refuses_levels_outside_the_range(lesson, rng):
    """A tau below t_min, at t_max or above raises ValueError, wherever it stands; t_min itself is a level."""
    sample = lesson.multistep_consistency_sample
    good, below, above = rng.number(0.5, 2.0), rng.number(0.02, 0.08), rng.number(3.1, 5.0)
    plans = {"below t_min": [good, below], "at t_max": [3.0, good], "above t_max": [above], "negative": [-good]}
    cases = {name: jumps(rng, 3, 2, taus, torch.float64) for name, taus in plans.items()}
    lowest = jumps(rng, 3, 2, [good, 0.125], torch.float64)
    errors = {f"error for a tau {name}": error_of(sample, *case, t_min=0.125) for name, case in cases.items()}
    return {**errors, "with a tau at t_min": sample(*lowest, t_min=0.125)}

T_MIN, T_MAX, STEPS = 0.02, 5.0, 700

def jumps_after_training(lesson, net, teacher, data, places, seed):
    """What the trained f says at t_max and at t_min for the same places, and how often it asked the teacher for it.

    Also how far the training moved a weight of the network.
    """
    calls, before = [], copies(net)

    def listening(x, t):
        calls.append(len(x))
        return teacher(x, t)

    f = lesson.train_consistency_model(net, listening, data, T_MIN, T_MAX, STEPS, seed)
    calls.clear()
    return {**far_and_near(f, places), "teacher calls": len(calls), "moved": moved(net, before)}

def copies(net):
    """The network's weights now."""
    return [parameter.detach().clone() for parameter in net.parameters()]

def moved(net, before):
    """How far a weight has moved since then, at most."""
    return max(float((now.detach() - then).abs().max()) for now, then in zip(net.parameters(), before, strict=True))

def far_and_near(f, places):
    """What f says at t_max and at t_min for the same places."""
    with torch.no_grad():
        return {name: f(places, torch.full((len(places),), t)) for name, t in (("far", T_MAX), ("near", T_MIN))}

def stands_alone_and_still(result, places):
    """Fail unless f did without the teacher, both answers are like the places, and the one at t_min is the places."""
    if result["teacher calls"] != 0:
        raise Fail(
            f"the returned f asks the teacher: {result['teacher calls']} times for two batches",
            hidden="the returned f asks the teacher",
            misconception="walks_with_the_teacher",
        )
    still_at_t_min(result, places)

def still_at_t_min(result, places):
    """Fail unless both answers are like the places, and the one at t_min is the places."""
    for name, level in (("far", "t_max"), ("near", "t_min")):
        answer = result[name]
        if not (isinstance(answer, torch.Tensor) and answer.shape == places.shape):
            raise Fail(f"f(x, {level}) is {describe(answer)}; expected {describe(places)}")
    error = float((result["near"].double() - places.double()).abs().max())
    if not error <= 1e-4:
        # Places reach to 3 t_max = 15; a boundary at another low level is missed by little, a missing one by far.
        named = "default_t_min" if error < 0.5 else "no_boundary"
        raise Fail(f"f(x, t_min) differs from x by up to {error:.2g}", misconception=named)

def hill(rng):
    """Data around one place, and noise at t_max to start from."""
    centre = torch.tensor([1.5, -1.0])
    return centre + 0.5 * rng.normal(2048, 2), T_MAX * rng.normal(200, 2), centre

def lands_on_the_hill(result, expected, rng):
    """The verdict on one hill: the boundary holds, and far noise lands near the hill."""
    _, places, centre = hill(rng)
    stands_alone_and_still(result, places)
    distance = float(((result["far"] - centre) ** 2).sum(dim=1).mean().sqrt())
    if not distance < 2.0:
        raise Fail(f"noise at t_max lands {distance:.2f} away from a hill that is 0.7 wide")
    # Solution and alternatives spread by 0.67, as the hill does; the posterior mean by 0.09.
    width = rms(result["far"] - result["far"].mean(dim=0))
    if not width > 0.35:
        named = "denoiser_instead" if width < 0.2 else None
        raise Fail(f"all noise lands within {width:.2f} of one place; the hill is 0.7 wide", misconception=named)
    # A cloud of the right width is not enough: on one hill, who starts further out to one side lands further out there.
    share = share_on_the_hill(result["far"], places, centre)
    if not share < 0.6:
        raise Fail(
            f"noise lands on the hill, but by {share:.2f} of Euler's miss away from the end of its own trajectory"
        )

END, ONE_STEP = 0.0997, 0.0139

def share_on_the_hill(far, places, centre):
    """How far the landings are from their trajectories' ends, as a share of what one Euler step misses."""
    offset = places - centre
    return rms(far - centre - END * offset) / rms((END - ONE_STEP) * offset)

def landings(result, rng):
    data, _, _ = hill(rng)
    return points("Where noise lands in one jump", {"landings": result["far"], "data": data[:200]})

@check("train_consistency_model", public=True, reference=False, verdict=lands_on_the_hill, figure=landings)
def lands_on_one_hill(lesson, rng):
    """After 700 updates on a single hill f is the identity at t_min and moves noise at t_max all over the hill."""
    data, places, centre = hill(rng)

    def teacher(x, t):
        return centre + (x - centre) * (0.25 / (0.25 + t**2))[:, None]

    seed = rng.integer(0, 1000)
    net = ToyMLP(2, 64, seed=seed, depth=3)
    return jumps_after_training(lesson, net, teacher, data, places, seed)

FAR = 0.15

def rms(offset):
    """Root of the mean squared length of the rows."""
    return float((offset**2).sum(dim=1).mean().sqrt())

GOAL = 0.37

def jumps_of_its_own(lesson, data, places, seed):
    """What the f that was trained without a teacher says, how far a weight moved, and the prediction."""
    net = ToyMLP(2, 64, seed=seed, depth=3)
    before = copies(net)
    result = lesson.train_without_teacher(net, data, T_MIN, T_MAX, STEPS, seed)
    return {**far_and_near(result["f"], places), "moved": moved(net, before), "predicted": result["predicted"]}

def judged_by_share(result, places, data, share, own_share):
    """Fail unless the boundary holds, the network was trained, and the share of Euler's miss is below the goal."""
    still_at_t_min(result, places)
    if not (isinstance(result["predicted"], float) and result["predicted"] >= 0):
        raise Fail(f"the prediction is {describe(result['predicted'])}; expected a Python float, 0 or more")
    far = result["far"]
    if float((far[:20, None] - data).norm(dim=2).min(dim=1).values.max()) < 1e-4:
        raise Fail("every answer at t_max is a point of the data itself", misconception="looks_up_the_data")
    if share < GOAL and not result["moved"] > 0:
        raise Fail("the given network was not trained: it is not what answers", misconception="walks_on_the_data")
    if not share < GOAL:
        named = "denoiser_instead" if own_share < 0.3 and result["moved"] > FAR else None
        raise Fail(f"one jump misses by {share:.2f} of Euler's miss; expected less than {GOAL}", misconception=named)

def lands_on_the_hill_alone(result, expected, rng):
    """The verdict on one hill, trained without a teacher."""
    data, places, centre = hill(rng)
    share = share_on_the_hill(result["far"], places, centre)
    spread = rms(result["far"] - result["far"].mean(dim=0))
    # The posterior mean spreads by 0.07 here, the hill by 0.7.
    judged_by_share(result, places, data, share, spread / 0.7)

def foreseen_share(result, rng):
    _, places, centre = hill(rng)
    measured = share_on_the_hill(result["far"], places, centre)
    return bars("Share of the Euler step's miss", {"predicted": result["predicted"], "measured": measured})

@check(
    "train_without_teacher",
    public=True,
    reference=False,
    verdict=lands_on_the_hill_alone,
    figure=foreseen_share,
)
def finds_the_ends_on_one_hill(lesson, rng):
    """After 700 updates on one hill without a teacher, one jump misses the true ends by less than 0.37 of Euler's miss."""
    data, places, _ = hill(rng)
    return jumps_of_its_own(lesson, data, places, rng.integer(0, 1000))

UPDATES, STARTS = 120, 200

MISS, ONE_JUMP, FOUR_JUMPS, WITHIN = 0.6, 0.09, 0.07, 0.4

def digit_starts(rng):
    """Noise at t = 1 with the digits that are asked for, each 20 times, further noise for three jumps, and a seed."""
    asked = torch.arange(10).repeat(STARTS // 10)
    return rng.normal(STARTS, 1, 8, 8), asked, rng.normal(3, STARTS, 1, 8, 8), rng.integer(0, 1000)

def digits_after_training(lesson, rng, guidance):
    """Samples of the distilled f after one jump and after four, and how it treats t = 0, the class and the teacher."""
    start, asked, noises, seed = digit_starts(rng)
    images, labels = load_digits("train")
    guide, calls = teacher(), []
    # Copies of the teacher have this hook, too, so it counts the calls of the teacher itself.
    guide.register_forward_hook(lambda module, *_: calls.append(1) if module is guide else None)
    watch = Watch(*guide.parameters())
    f = lesson.distil_digits(guide, images, labels, guidance, UPDATES, seed)
    calls.clear()
    with torch.no_grad():
        one = four = f(start, torch.ones(STARTS), asked)
        for level, noise in zip((0.75, 0.5, 0.25), noises, strict=True):
            four = f((1 - level) * four + level * noise, torch.full((STARTS,), level), asked)
        other = f(start[:10], torch.ones(10), (asked[:10] + 3) % 10)
        still = f(start[:20], torch.zeros(20), asked[:20])
    return {
        "one": one,
        "four": four,
        "still": still,
        "deaf to the class": torch.equal(one[:10], other),
        "teacher calls": len(calls),
        "teacher unchanged": watch.unchanged(),
    }

@torch.no_grad()
def teachers_end(start, asked, guidance, steps):
    """Where the teacher's flow with this guidance leads from t = 1 in equal Euler steps."""
    guide, x = teacher(), start
    for k in range(steps):
        now = torch.full((len(x),), 1 - k / steps)
        free = guide(x, now)
        x = x - torch.lerp(free, guide(x, now, asked), guidance) / steps
    return x

def apart(a, b):
    """Root of the mean squared distance of two sets of pictures."""
    return float((a - b).flatten(1).square().sum(dim=1).mean().sqrt())

def follows_the_guided_teacher(result, rng, guidance):
    """Fail unless f stands alone, keeps x at t = 0, hears the class, and jumps near the guided trajectory's end."""
    start, asked, _, _ = digit_starts(rng)
    if result["teacher calls"] != 0:
        raise Fail("the returned f asks the teacher", misconception="walks_with_the_teacher")
    if not result["teacher unchanged"]:
        raise Fail("the teacher's weights have changed")
    for name in ("one", "four"):
        if not (isinstance(result[name], torch.Tensor) and result[name].shape == start.shape):
            raise Fail(f"f(x, 1, label) is {describe(result[name])}; expected {describe(start)}")
    error = float((result["still"] - start[:20]).abs().max())
    if not error <= 1e-4:
        raise Fail(f"f(x, 0, label) differs from x by up to {error:.2g}", misconception="no_boundary")
    if result["deaf to the class"]:
        raise Fail("f draws the same, whatever digit is asked for", misconception="forgets_the_class")
    few, digits, one = start[:60], asked[:60], result["one"][:60]
    end = teachers_end(few, digits, guidance, 16)
    miss, bound = apart(one, end), MISS * apart(teachers_end(few, digits, guidance, 1), end)
    plain = teachers_end(few, digits, 1.0, 16)
    if not miss < apart(one, plain):
        learned = apart(one, plain) < 0.6 * apart(teachers_end(few, digits, 1.0, 1), plain)
        raise Fail(
            "one jump lands nearer to the end of the trajectory without guidance than to that with it",
            misconception="no_guidance" if learned else None,
        )
    if not miss < bound:
        raise Fail(f"one jump is {miss:.2f} away from the guided ends; expected less than {bound:.2f}")

def judged_by(reader, result, rng):
    """Fail unless the samples are close to real digits for this judge."""
    _, asked, _, _ = digit_starts(rng)
    for name, words, most in (("one", "one jump", ONE_JUMP), ("four", "four jumps", FOUR_JUMPS)):
        distance = reader.distance(result[name])
        if not distance < most:
            raise Fail(f"after {words} the distance to real digits is {distance:.3f}; expected less than {most}")
    within = reader.diversity(result["one"], asked)
    if not within > WITHIN:
        raise Fail(f"after one jump the diversity within the digits is {within:.2f}; expected more than {WITHIN}")

def digits_in_one_jump(result, expected, rng):
    """The public verdict on digits, with guidance 2."""
    state = rng.generator.get_state()
    follows_the_guided_teacher(result, rng, 2.0)
    rng.generator.set_state(state)
    judged_by(judge(), result, rng)

def sheet(result, rng):
    """One jump in the upper two rows, four jumps in the lower two: ten digits in each row."""
    rows = torch.cat([result["one"][:20], result["four"][:20]])  # [40, 1, 8, 8]
    pixels = rows.reshape(4, 10, 8, 8).permute(0, 2, 1, 3).reshape(32, 80)
    return image("Your digits: one jump (two rows above), four jumps (two rows below)", -pixels[:, :64], low=-1, high=1)

@check("distil_digits", public=True, reference=False, verdict=digits_in_one_jump, figure=sheet)
def draws_digits_in_one_jump(lesson, rng):
    """After 120 updates with guidance 2, one jump draws the digit that is asked for, near the guided teacher's end.

    f(x, 0, label) is x, the teacher is not asked any more, and the judge finds the samples close to real digits.
    """
    return digits_after_training(lesson, rng, 2.0)
