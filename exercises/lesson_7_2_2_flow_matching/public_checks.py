"""Public checks of lesson-7.2.2: Flow Matching. Made by `course build`; do not edit."""

from __future__ import annotations

import torch
from torch import Tensor

class AffineVelocity:
    """v(x, t) = A x + c t with A [D, D], c [D]: smooth; `calls` lists the t of the first sample at each call."""

    def __init__(self, A: Tensor, c: Tensor) -> None:
        self.A = torch.as_tensor(A)
        self.c = torch.as_tensor(c)
        self.calls: list[float] = []

    def __call__(self, x: Tensor, t: Tensor) -> Tensor:
        self.calls.append(float(torch.as_tensor(t, dtype=torch.float64).reshape(-1)[0]))
        return x @ self.A.to(x).T + self.c.to(x) * trailing(t, x)

class RotationVelocity:
    """v(x, t) = omega (-y, x): circles, so the exact flow is a rotation by omega times the elapsed t."""

    def __init__(self, omega: float) -> None:
        self.omega = float(omega)

    def __call__(self, x: Tensor, t: Tensor) -> Tensor:
        return self.omega * torch.stack([-x[:, 1], x[:, 0]], dim=-1)

import torch
from torch import Tensor

def energy_distance(a: Tensor, b: Tensor) -> float:
    """2 E|a - b| - E|a - a'| - E|b - b'| over all pairs of a [N, D] and b [M, D] (Székely); 0 for equal sets."""
    a, b = a.double(), b.double()
    return float(2 * torch.cdist(a, b).mean() - torch.cdist(a, a).mean() - torch.cdist(b, b).mean())

import torch
from torch import Tensor

def trailing(coefficient: Tensor | float, x: Tensor) -> Tensor:
    """The coefficient ([B], 0-dim or a number) in x's dtype, shaped to broadcast over x's trailing axes."""
    value = torch.as_tensor(coefficient, dtype=x.dtype, device=x.device)
    return value.reshape(value.shape + (1,) * (x.ndim - value.ndim)) if value.ndim else value

import math

import torch

from blindgrade.checks import Fail, check

from toys import mlp

FLOATS = {"float32": torch.float32, "float64": torch.float64}
DOUBLE = torch.float64

@check("interpolate", weight=2, public=True)
def mixes_data_and_noise(lesson, rng):
    """Each sample is mixed at its own time, in float32 and float64."""
    results = {}
    for name, dtype in FLOATS.items():
        x0, eps = rng.normal(4, 4, dtype=dtype), rng.normal(4, 4, dtype=dtype)
        results[name] = lesson.interpolate(x0, eps, rng.uniform(4, dtype=dtype))
    return results

@check("velocity_target", weight=2, public=True)
def is_the_speed_of_the_line(lesson, rng):
    """The target is the derivative of the straight line in t, in every shape and dtype."""
    results = {}
    for name, dtype in FLOATS.items():
        for shape in ((5, 3), (2, 3, 4, 4)):
            x0, eps = rng.normal(*shape, dtype=dtype), rng.normal(*shape, dtype=dtype)
            results[f"{name} {shape}"] = lesson.velocity_target(x0, eps)
    return results

def _on_path(lesson, rng, path):
    results = {}
    for name, dtype in FLOATS.items():
        x0, eps = rng.normal(5, 5, dtype=dtype), rng.normal(5, 5, dtype=dtype)
        t = rng.uniform(5, low=0.05, high=0.95, dtype=dtype)
        t[rng.integer(0, 5)] = rng.integer(0, 2)  # an end is as good a time as any
        results[name] = lesson.path_velocity(path, x0, eps, t)
    return results

@check("path_velocity", public=True)
def drives_the_linear_path(lesson, rng):
    """The linear path and its velocity."""
    return _on_path(lesson, rng, "linear")

def _network(rng, dim, dtype):
    """A small velocity model with drawn weights."""
    layers = rng.fill(mlp(dim + 1, dim, 8, 1).to(rng.device, dtype))
    return lambda x, t: layers(torch.cat([x, t[:, None]], dim=-1))

@check("cfm_loss", weight=2, public=True)
def is_the_mean_squared_error(lesson, rng):
    """The loss is the mean squared error of the predicted velocities, a 0-dim tensor in the inputs' dtype."""
    results = {}
    for name, dtype in FLOATS.items():
        for batch, dim in ((4, 4), (7, 2), (1, 3)):
            model = _network(rng, dim, dtype)
            x0, eps = rng.normal(batch, dim, dtype=dtype), rng.normal(batch, dim, dtype=dtype)
            t = rng.uniform(batch, dtype=dtype)
            results[f"{name} {batch}x{dim}"] = lesson.cfm_loss(model, x0, eps, t)
    return results

def _affine(rng, dim, dtype):
    return AffineVelocity(rng.normal(dim, dim, dtype=dtype), rng.normal(dim, dtype=dtype))

@check("euler_sample", weight=2, public=True)
def follows_the_velocity(lesson, rng):
    """Every row of the trajectory is Euler's, from the noise down to the data."""
    results = {}
    for name, dtype in FLOATS.items():
        for samples, dim, steps in ((3, 3, 5), (6, 2, 12), (1, 1, 2)):
            field, noise = _affine(rng, dim, dtype), rng.normal(samples, dim, dtype=dtype)
            results[f"{name} {steps} steps"] = lesson.euler_sample(field, noise, steps)
    return results

NAMES = ("noise", "score", "velocity", "x0")
LOOSE = {"atol": {"float32": 1e-4}, "rtol": {"float32": 1e-3}}  # divisions by t and 1 - t cost digits

def _converted(lesson, rng, source):
    results = {}
    for name, dtype in FLOATS.items():
        value, x_t = rng.normal(4, 4, dtype=dtype), rng.normal(4, 4, dtype=dtype)
        t = rng.uniform(4, low=0.1, high=0.9, dtype=dtype)
        for target in NAMES:
            results[f"{name} {target}"] = lesson.convert_prediction(value, x_t, t, source, target)
    return results

@check("convert_prediction", public=True, **LOOSE)
def reads_a_velocity(lesson, rng):
    """A velocity says noise, score and data."""
    return _converted(lesson, rng, "velocity")

@check("straightness", weight=2, public=True)
def is_chord_over_arc(lesson, rng):
    """Straightness is the direct way over the way that was driven, for each sample."""
    results = {}
    for name, dtype in FLOATS.items():
        for shape in ((6, 5, 3), (4, 4, 4), (9, 1, 2)):
            results[f"{name} {shape}"] = lesson.straightness(rng.normal(*shape, dtype=dtype))
    return results

def _along(t, places):
    """Points [T, N, D] at the fractions t [T] of the straight lines between places [2, N, D]."""
    return places[0] + t[:, None, None] * (places[1] - places[0])

def _fractions(rng, count):
    """Increasing numbers [count] from 0 to 1, unevenly spaced."""
    inner = rng.uniform(count - 2, dtype=DOUBLE).sort().values
    return torch.cat([inner.new_zeros(1), inner, inner.new_ones(1)])

MARGINAL = {"atol": {"float32": 2e-3}, "rtol": {"float32": 2e-3}}  # differences are divided by t

@check("marginal_velocity", weight=2, public=True, **MARGINAL)
def averages_the_lines_through_a_place(lesson, rng):
    """The velocity is the mean over all lines through x, weighted by how near each passes."""
    results = {}
    for name, dtype in FLOATS.items():
        for places, dim, count in ((6, 2, 9), (3, 3, 3), (1, 1, 4)):
            x, data = rng.normal(places, dim, dtype=dtype), 1.5 * rng.normal(count, dim, dtype=dtype)
            for t in (rng.number(0.25, 0.5), rng.number(0.5, 0.9)):
                results[f"{name} {places}x{dim} t={t:.3f}"] = lesson.marginal_velocity(x, t, data)
    return results

def _noise_model(weight, seen=None):
    """A smooth noise prediction that depends on place and alpha_bar; `seen` collects what it was asked."""

    def noise(x, alpha_bar):
        if seen is not None:
            seen.append([x.detach().clone(), alpha_bar.detach().clone()])
        column = torch.as_tensor(alpha_bar, dtype=x.dtype).reshape(-1, 1)
        return torch.tanh(x @ weight.to(x)) * (1 + column) + column**2 * x

    return noise

@check("flow_velocity_from_vp", weight=2, public=True)
def turns_noise_into_velocity(lesson, rng):
    """The diffusion model's noise prediction gives the velocity of the straight path."""
    results = {}
    for name, dtype in FLOATS.items():
        for samples, dim in ((3, 3), (5, 2), (1, 4)):
            x, model = rng.normal(samples, dim, dtype=dtype), _noise_model(rng.normal(dim, dim))
            for t in (rng.number(0.05, 0.45), rng.number(0.55, 0.9)):
                results[f"{name} {samples}x{dim} t={t:.3f}"] = lesson.flow_velocity_from_vp(model, x, t)
    return results

def _lines(rng, times=6, samples=4, dim=2):
    """Straight trajectories [T, N, D] at an uneven speed; samples are at least 0.5 long."""
    start = rng.normal(samples, dim, dtype=DOUBLE)
    way = rng.normal(samples, dim, dtype=DOUBLE)
    way = way / way.norm(dim=-1, keepdim=True) * rng.uniform(samples, 1, low=0.5, high=3.0, dtype=DOUBLE)
    return _along(_fractions(rng, times), torch.stack([start, start + way]))

def _bent(rng, ratio, samples=4):
    """Lines of equal steps, of which one sample has a kink in the middle and `ratio` as its straightness."""
    equal = torch.linspace(0, 1, 7, dtype=DOUBLE, device=rng.device)
    traj = _along(equal, rng.normal(2, samples, 2, dtype=DOUBLE))
    chosen, size, tilt = rng.integer(0, samples), rng.number(0.2, 0.6), math.acos(ratio)
    up = size * traj.new_tensor([math.cos(tilt), math.sin(tilt)])
    down = size * traj.new_tensor([math.cos(tilt), -math.sin(tilt)])
    traj[:, chosen] = traj[0, chosen] + torch.stack([0 * up, up, up, up, down, down, down]).cumsum(dim=0)
    return traj

def _runs(traj, count):
    return traj.expand(count, *traj.shape).clone()

@check("which_lens", weight=2, public=True)
def tells_the_four_lenses_apart(lesson, rng):
    """Jumps, noisy runs, straight roads and bent deterministic roads are told apart."""
    cases = []
    for _ in range(3):
        line, bend = _lines(rng), _bent(rng, rng.number(0.5, 0.9))
        noisy = _runs(rng.choice([line, bend]), 3)
        noisy[1:, 1:] += 0.3 * rng.normal(*noisy[1:, 1:].shape, dtype=DOUBLE)
        cases += [_runs(line[[0, -1]], 2), noisy, _runs(line, 2), _runs(bend, 2)]
    return [lesson.which_lens(traj) for traj in rng.shuffled(cases)]

def _starts(rng, samples, radius):
    """Places in the plane within `radius`, one of them at it."""
    angle = rng.uniform(samples, high=2 * math.pi, dtype=DOUBLE)
    length = rng.uniform(samples, low=0.1, high=0.9 * radius, dtype=DOUBLE)
    length[rng.integer(0, samples)] = radius
    return torch.stack([angle.cos(), angle.sin()], dim=-1) * length[:, None]

def _tolerance(rng, low, high):
    return math.exp(rng.number(math.log(low), math.log(high)))

@check("steps_needed", weight=2, public=True)
def counts_steps_on_circles(lesson, rng):
    """On circles the count grows with the speed of turning and with the accuracy asked for."""
    cases = [(omega, _starts(rng, 5, 2.0), _tolerance(rng, 0.04, 2.5)) for omega in (1.0, 2.0, 2.5, 3.0)]
    cases += [(1.0, _starts(rng, 4, 2.5), 0.1), (3.0, _starts(rng, 4, 2.5), 0.3)]
    return [lesson.steps_needed(RotationVelocity(omega), x1, tol) for omega, x1, tol in cases]

@check("reflow_pairs", weight=2, public=True)
def pairs_noise_with_where_it_went(lesson, rng):
    """Row for row, the pair is a noise and the place where the flow took it."""
    results = {}
    for name, dtype in FLOATS.items():
        for samples, dim, steps in ((9, 2, 8), (3, 3, 1)):
            field, eps = _affine(rng, dim, dtype), rng.normal(samples, dim, dtype=dtype)
            results[f"{name} {samples}x{dim}"] = lesson.reflow_pairs(field, eps, steps)
    return results

def _drive(field, noise, steps):
    """The places [steps + 1, N, D] where a trained field takes the noise."""
    places = [noise]
    for k in range(steps):
        t = torch.full_like(noise[:, 0], 1 - k / steps)
        places.append((places[-1] - field(places[-1], t) / steps).detach())
    return torch.stack(places)

def _blob(rng, count):
    return 0.4 * rng.normal(count, 2) + torch.tensor([2.5, -1.5], device=rng.device)

def _flow_task(rng, draw):
    """Data to learn from, noise to sample from, and pairs that the field has not seen, with their times."""
    return {
        "data": draw(rng, 4000),
        "noise": rng.normal(2000, 2),
        "x0": draw(rng, 4000),
        "eps": rng.normal(4000, 2),
        "t": rng.uniform(4000),
    }

def _trained_flow(lesson, rng, draw, steps):
    """The samples of a trained field, and its velocity on unseen pairs, at their time and at 1 - t."""
    task = _flow_task(rng, draw)
    field = lesson.train_flow(task["data"], steps, rng.integer(0, 1000))
    t = task["t"]
    x_t = (1 - t[:, None]) * task["x0"] + t[:, None] * task["eps"]
    return {
        "samples": _drive(field, task["noise"], 50)[-1],
        "velocity": field(x_t, t).detach(),
        "mirrored": field(x_t, 1 - t).detach(),
    }

def _judge_flow(result, rng, draw, largest_distance, largest_share):
    """Fail, with the misconception that the field shows, unless samples and squared error are good enough."""
    task = _flow_task(rng, draw)
    eps, target = task["eps"], task["eps"] - task["x0"]
    velocity, mirrored = result["velocity"], result["mirrored"]
    distance = energy_distance(result["samples"], draw(rng, 2000))
    share = _mean_square(velocity - target) / _mean_square(target)
    if distance < largest_distance and share < largest_share:
        return
    message = (
        f"samples are {distance:.3f} from the data in energy distance (wanted: below {largest_distance:g}); "
        f"error on unseen pairs is {share:.2f} of that of a field of zeros (wanted: below {largest_share:g})"
    )
    raise Fail(message, misconception=_flow_misconception(target, eps, velocity, mirrored))

def _flow_misconception(target, eps, velocity, mirrored):
    """Which known mistake the velocities at unseen places show, if any."""
    if _mean_square(velocity) < 0.05 * _mean_square(target):
        return "untrained"
    if _mean_square(velocity - mirrored) < 1e-6 * _mean_square(velocity):
        return "t_frozen"
    if _mean_square(mirrored + target) < 0.85 * min(_mean_square(velocity - target), _mean_square(target)):
        return "time_reversed"
    if _mean_square(velocity - eps) < 0.8 * min(_mean_square(velocity - target), _mean_square(eps)):
        return "noise_target"
    return None

def _mean_square(x, y=None):
    """The mean of x times y, of x squared if there is no y."""
    return float((x.double() * (x if y is None else y).double()).mean())

def _blob_is_learnt(result, expected, rng):
    _judge_flow(result, rng, _blob, largest_distance=0.15, largest_share=0.5)

@check("train_flow", public=True, reference=False, verdict=_blob_is_learnt)
def learns_a_blob(lesson, rng):
    """In 500 updates it learns to drive noise into a single cloud of data away from the origin."""
    return _trained_flow(lesson, rng, _blob, 500)

def _trained_reflow(lesson, rng, first, steps):
    """Where the second flow takes noise, in one step and in fifty, and its velocity at places in between."""
    noise = rng.normal(1000, 2)
    places, t = 1.5 * rng.normal(500, 2), rng.uniform(500, low=0.1, high=0.9)
    field = lesson.train_reflow(first, 2, steps, rng.integer(0, 1000))
    return {
        "one_step": _drive(field, noise, 1)[-1],
        "road": _drive(field, noise, 50),
        "velocity": field(places, t).detach(),
    }

def _reflow_measures(result, rng, first):
    """What counts of a second flow, beside the same of the first one, and what tells mistakes apart."""
    noise = rng.normal(1000, 2)
    places, t = 1.5 * rng.normal(500, 2), rng.uniform(500, low=0.1, high=0.9)
    before, jump = _drive(first, noise, 50), _drive(first, noise, 1)[-1]
    road, end = result["road"], before[-1]
    way = noise - end
    return {
        "straight": _chord_over_arc(road),
        "straight_before": _chord_over_arc(before),
        "apart": _distance(road[-1], end),
        "one_step_apart": _distance(result["one_step"], end),
        "same_field": float((result["velocity"] - first(places, t)).abs().max()),
        "from_jump": _distance(road[-1], jump) / _distance(noise, jump),
        "along": _mean_square(way, noise - result["one_step"]) / _mean_square(way),
    }

def _chord_over_arc(road):
    arc = (road[1:] - road[:-1]).norm(dim=-1).sum(dim=0)
    return float(((road[-1] - road[0]).norm(dim=-1) / arc.clamp(min=1e-12)).mean())

def _distance(a, b):
    return float((a - b).norm(dim=-1).mean())

def _reflow_misconception(seen):
    """Which known mistake the second flow shows, if any."""
    if seen["same_field"] < 1e-3:
        return "no_reflow"
    if seen["straight"] < 0.9:
        return "shuffled_pairs"
    if seen["from_jump"] < 0.15:
        return "one_step_teacher"
    if seen["along"] < -0.2:
        return "swapped"
    return None

def _circles_become_chords(result, expected, rng):
    seen = _reflow_measures(result, rng, RotationVelocity(1.0))
    if not seen["one_step_apart"] < 0.35:
        message = f"one step ends {seen['one_step_apart']:.2f} from the first flow's end (wanted: below 0.35)"
        raise Fail(message, misconception=_reflow_misconception(seen))

@check("train_reflow", public=True, reference=False, verdict=_circles_become_chords)
def turns_circles_into_chords(lesson, rng):
    """After 800 updates on a flow that drives in circles, one step ends where the first flow's many do."""
    return _trained_reflow(lesson, rng, RotationVelocity(1.0), 800)
