"""Public checks of lesson-7.2.2: Flow Matching. Made by `course build`; do not edit."""

from __future__ import annotations

import math
import torch
from blindgrade.checks import Fail, check
from blindgrade.figures import arrows, paths
from torch import Tensor
from toys import mlp


class RotationVelocity:
    """v(x, t) = omega (-y, x): circles, so the exact flow is a rotation by omega times the elapsed t."""

    def __init__(self, omega: float) -> None:
        self.omega = float(omega)

    def __call__(self, x: Tensor, t: Tensor) -> Tensor:
        return self.omega * torch.stack([-x[:, 1], x[:, 0]], dim=-1)

FLOATS = {"float32": torch.float32, "float64": torch.float64}
DOUBLE = torch.float64

def _number(rng, low, high):
    """One time as a Python float, a multiple of 1/64, so that a float32 tensor made of it loses nothing."""
    return rng.integer(round(64 * low), round(64 * high)) / 64

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

def _wind(rng, dim, dtype):
    """A smooth velocity field that depends on place and time."""
    turn, push = rng.normal(dim, dim, dtype=dtype), rng.normal(dim, dtype=dtype)
    return lambda x, t: torch.tanh(x @ turn) + x + push * t.reshape(-1, 1)

def _ways(result, rng):
    return paths("Six points on their way, each from its dot", result["float64 12 steps"].transpose(0, 1))

@check("euler_sample", weight=2, public=True, figure=_ways)
def follows_the_velocity(lesson, rng):
    """Every row of the trajectory is Euler's, from the noise down to the data."""
    results = {}
    for name, dtype in FLOATS.items():
        for samples, dim, steps in ((3, 3, 5), (6, 2, 12), (1, 1, 2)):
            field, noise = _wind(rng, dim, dtype), rng.normal(samples, dim, dtype=dtype)
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

def _grid():
    ticks = torch.linspace(-2.5, 2.5, 8, dtype=DOUBLE)
    return torch.cartesian_prod(ticks, ticks)

def _field(result, rng):
    return arrows("The velocity around five data points, halfway", _grid(), result["on a grid"])

@check("marginal_velocity", weight=2, public=True, **MARGINAL, figure=_field)
def averages_the_lines_through_a_place(lesson, rng):
    """The velocity is the mean over all lines through x, weighted by how near each passes."""
    results = {}
    for name, dtype in FLOATS.items():
        for places, dim, count in ((6, 2, 9), (3, 3, 3), (1, 1, 4)):
            x, data = rng.normal(places, dim, dtype=dtype), 1.5 * rng.normal(count, dim, dtype=dtype)
            for t in (_number(rng, 0.25, 0.5), _number(rng, 0.5, 0.9)):
                results[f"{name} {places}x{dim} t={t:.3f}"] = lesson.marginal_velocity(x, t, data)
    results["on a grid"] = lesson.marginal_velocity(_grid(), 0.5, 1.5 * rng.normal(5, 2, dtype=DOUBLE))
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
            for t in (_number(rng, 0.05, 0.45), _number(rng, 0.55, 0.9)):
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

def _pairs(result, rng):
    pairs = result["float64 9x2"]
    return paths("Each noise, a dot, and its partner", torch.stack([pairs["eps"], pairs["x0"]], dim=1))

@check("reflow_pairs", weight=2, public=True, figure=_pairs)
def pairs_noise_with_where_it_went(lesson, rng):
    """Row for row, the pair is a noise and the place where the flow took it."""
    results = {}
    for name, dtype in FLOATS.items():
        for samples, dim, steps in ((9, 2, 8), (3, 3, 1)):
            field, eps = _wind(rng, dim, dtype), rng.normal(samples, dim, dtype=dtype)
            results[f"{name} {samples}x{dim}"] = lesson.reflow_pairs(field, eps, steps)
    return results

def _cloud(rng):
    """A round cloud of data, its centre, and noise."""
    centre = rng.choice([-1, 1]) * (2 + rng.uniform(2))
    return centre + 0.5 * rng.normal(4000, 2), centre, rng.normal(500, 2)

def _ends_are_learnt(result, expected, rng):
    data, centre, noise = _cloud(rng)
    for name, target in (("noise", noise - centre), ("data", -data[:500])):
        share = float((result[name] - target).square().mean() / target.square().mean())
        if not share < 0.15:
            raise Fail(f"the velocity in the {name} has a squared error of {share:.2f} (wanted: below 0.15)")

def _cloud_and_noise(rng):
    data, _, noise = _cloud(rng)
    return {"data": data, "noise": noise}

@check("train_flow", public=True, reference=False, verdict=_ends_are_learnt, inputs=_cloud_and_noise)
def knows_both_ends_of_the_road(lesson, rng, given):
    """After 500 updates on a single cloud, the velocity is right in pure noise and right on the data."""
    data, noise = given["data"], given["noise"]
    field = lesson.train_flow(data, 500, rng.integer(0, 1000))
    one = torch.ones_like(noise[:, 0])
    return {"noise": field(noise, one).detach(), "data": field(data[:500], 0 * one).detach()}

def _circles_become_chords(result, expected, rng):
    noise = rng.normal(1000, 2)
    turned = noise @ torch.tensor([[math.cos(1.0), -math.sin(1.0)], [math.sin(1.0), math.cos(1.0)]])
    apart = float((result - turned).norm(dim=-1).mean())
    if not apart < 0.35:
        raise Fail(f"one step ends {apart:.2f} from where the circle leads, on average (wanted: below 0.35)")

@check("train_reflow", public=True, reference=False, verdict=_circles_become_chords)
def turns_circles_into_chords(lesson, rng):
    """After 800 updates on a flow that drives in circles, one step ends where the circle leads."""
    noise = rng.normal(1000, 2)
    field = lesson.train_reflow(RotationVelocity(1.0), 2, 800, rng.integer(0, 1000))
    return noise - field(noise, torch.ones_like(noise[:, 0])).detach()
