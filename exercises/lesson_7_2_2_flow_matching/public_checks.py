"""Public checks of lesson-7.2.2: Flow Matching. Made by `course build`; do not edit."""

from __future__ import annotations

import math
import torch
from blindgrade.checks import Fail, Watch, check, error_of, gradients
from blindgrade.figures import arrows, paths
from torch import Tensor, nn
from toys import mlp


class RotationVelocity:
    """v(x, t) = omega (-y, x): circles, so the exact flow is a rotation by omega times the elapsed t."""

    def __init__(self, omega: float) -> None:
        self.omega = float(omega)

    def __call__(self, x: Tensor, t: Tensor) -> Tensor:
        return self.omega * torch.stack([-x[:, 1], x[:, 0]], dim=-1)

class TinyVelocity(nn.Module):
    """A velocity model x [B, D], t [B] -> [B, D], the same for the same seed; `seen` lists the shapes of its calls."""

    def __init__(self, dim: int = 2, seed: int = 0) -> None:
        super().__init__()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.net = mlp(dim + 1, dim, 16, 2)
        self.seen: list[tuple[tuple[int, ...], tuple[int, ...]]] = []

    def forward(self, x: Tensor, t: Tensor) -> Tensor:
        self.seen.append((tuple(x.shape), tuple(t.shape)))
        return self.net(torch.cat([x, t[:, None].to(x.dtype)], dim=-1))

FLOATS = {"float32": torch.float32, "float64": torch.float64}
DOUBLE = torch.float64

def _moment(rng, low, high):
    """One time for a whole batch: a 0-dim tensor."""
    return rng.uniform(1, low=low, high=high)[0]

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

@check("interpolate", public=True)
def mixes_samples_of_any_shape(lesson, rng):
    """The time belongs to the first axis, whatever axes follow, and one time may serve the whole batch."""
    shapes = ((3, 2, 5, 3), (6,), (5, 3, 5))
    cases = [(rng.normal(*shape), rng.normal(*shape), rng.uniform(shape[0])) for shape in shapes]
    cases.append((rng.normal(2, 3, 4), rng.normal(2, 3, 4), _moment(rng, 0.1, 0.9)))
    watch = Watch(cases)
    results = [lesson.interpolate(*case) for case in cases]
    return {"results": results, "inputs_unchanged": watch.unchanged()}

@check("interpolate", public=True)
def refuses_times_off_the_road(lesson, rng):
    """A time below 0 or above 1 raises ValueError, also if only one sample has it; 0 and 1 are fine."""
    x0, eps = rng.normal(3, 2), rng.normal(3, 2)
    times = [[0.2, 1.3, 0.5], [-0.2, 0.4, 1.0], 1.4, -0.3, [0.0, 0.5, 1.0], 0.0, 1.0]
    return [error_of(lesson.interpolate, x0, eps, torch.tensor(t).to(x0)) for t in times]

@check("velocity_target", weight=2, public=True)
def is_the_speed_of_the_line(lesson, rng):
    """The target is the derivative of the straight line in t, in every shape and dtype; the ends stay as they are."""
    results = {}
    for name, dtype in FLOATS.items():
        for shape in ((5, 3), (2, 3, 4, 4)):
            x0, eps = rng.normal(*shape, dtype=dtype), rng.normal(*shape, dtype=dtype)
            watch = Watch(x0, eps)
            results[f"{name} {shape}"] = lesson.velocity_target(x0, eps)
            results[f"{name} {shape}, inputs unchanged"] = watch.unchanged()
    return results

@check("velocity_target", public=True)
def refuses_other_shapes(lesson, rng):
    """Data and noise of different shapes raise ValueError, also where they would broadcast."""
    x0 = rng.normal(4, 4)
    others = [rng.normal(4, 1), rng.normal(4), rng.normal(3, 4), rng.normal(1, 4, 4), rng.normal(4, 4)]
    return [error_of(lesson.velocity_target, x0, eps) for eps in others]

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

@check("path_velocity", public=True)
def drives_samples_of_any_shape(lesson, rng):
    """Every path takes images, with one time for all or one for each; arguments are left alone."""
    images, more = rng.normal(3, 2, 4, 3), rng.normal(3, 2, 4, 3)
    each, one = rng.uniform(3), _moment(rng, 0.1, 0.9)
    watch = Watch(images, more, each, one)
    results = {
        f"{path} {name}": lesson.path_velocity(path, images, more, t)
        for path in ("linear", "cosine", "quadratic")
        for name, t in (("each", each), ("one", one))
    }
    return {"results": results, "inputs_unchanged": watch.unchanged()}

@check("path_velocity", weight=0.5, public=True)
def refuses_unknown_paths(lesson, rng):
    """A path that is none of the three raises ValueError."""
    x0, eps, t = rng.normal(3, 2), rng.normal(3, 2), rng.uniform(3)
    paths = ("cubic", "vp", "linear", "cosine", "quadratic")
    return [error_of(lesson.path_velocity, path, x0, eps, t) for path in paths]

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

@check("cfm_loss", public=True)
def shows_the_model_place_and_time(lesson, rng):
    """The model is called once, with the places on the road [B, D] and their times [B]."""
    x0, eps, t = rng.normal(3, 3, dtype=DOUBLE), rng.normal(3, 3, dtype=DOUBLE), rng.uniform(3, dtype=DOUBLE)
    watch = Watch(x0, eps, t)
    seen = []

    def model(x, time):
        seen.append([x.detach().clone(), time.detach().clone()])
        return torch.tanh(x)

    loss = lesson.cfm_loss(model, x0, eps, t)
    return {"seen": seen, "loss": loss, "inputs_unchanged": watch.unchanged()}

@check("cfm_loss", weight=2, public=True)
def teaches_every_parameter(lesson, rng):
    """The loss has a gradient for every parameter of the model."""
    model = rng.fill(TinyVelocity(dim=3).to(rng.device, DOUBLE))
    x0, eps, t = rng.normal(3, 3, dtype=DOUBLE), rng.normal(3, 3, dtype=DOUBLE), rng.uniform(3, dtype=DOUBLE)
    loss = lesson.cfm_loss(model, x0, eps, t)
    parameters = dict(model.named_parameters())
    return dict(zip(parameters, gradients(loss, list(parameters.values())), strict=True))

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

@check("euler_sample", public=True)
def leaves_the_noise_alone(lesson, rng):
    """The noise given is the first row and is not changed; the velocity depends on place and time."""
    noise = rng.normal(4, 2)
    watch = Watch(noise)
    field = _wind(rng, 2, torch.float32)
    trajectory = lesson.euler_sample(lambda x, t: field(x, t) * t[:, None] ** 2, noise, 6)
    return {"trajectory": trajectory, "noise_unchanged": watch.unchanged()}

@check("euler_sample", weight=0.5, public=True)
def refuses_no_steps(lesson, rng):
    """Fewer than one step raises ValueError; one step is enough."""
    noise = rng.normal(3, 2)
    return [error_of(lesson.euler_sample, RotationVelocity(1.0), noise, steps) for steps in (0, -3, 1)]

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

@check("convert_prediction", public=True, **LOOSE)
def converts_samples_of_any_shape(lesson, rng):
    """Every pair works on images, with one time for all or one for each sample; arguments are left alone."""
    value, x_t = rng.normal(3, 2, 2, 3), rng.normal(3, 2, 2, 3)
    each, one = rng.uniform(3, low=0.2, high=0.8), _moment(rng, 0.2, 0.8)
    watch = Watch(value, x_t, each, one)
    results = {}
    for source in NAMES:
        for target in NAMES:
            results[f"{source} {target}"] = [
                lesson.convert_prediction(value, x_t, each, source, target).clone(),
                lesson.convert_prediction(value, x_t, one, source, target).clone(),
            ]
    return {"results": results, "inputs_unchanged": watch.unchanged()}

@check("convert_prediction", public=True, **LOOSE)
def lets_gradients_through(lesson, rng):
    """A loss on the converted prediction still teaches the network that made it."""
    value, x_t = rng.normal(5, 5, dtype=DOUBLE).requires_grad_(), rng.normal(5, 5, dtype=DOUBLE)
    t, goal = rng.uniform(5, low=0.2, high=0.8, dtype=DOUBLE), rng.normal(5, 5, dtype=DOUBLE)
    pairs = [(source, target) for source in NAMES for target in NAMES if source != target]
    results = {}
    for source, target in pairs:
        converted = lesson.convert_prediction(value, x_t, t, source, target)
        results[f"{source} {target}"] = gradients(converted * goal, [value])
    return results

@check("convert_prediction", public=True)
def refuses_ends_and_unknown_names(lesson, rng):
    """A time of 0 or 1 or beyond, even for one sample, and an unknown name raise ValueError."""
    value, x_t, fine = rng.normal(3, 2), rng.normal(3, 2), rng.uniform(3, low=0.2, high=0.8)
    errors = []
    for bad in ([0.5, 0.0, 0.5], [1.0, 0.5, 0.5], 0.0, 1.0, -0.4, [0.3, 0.6, 1.6], 0.5):
        t = torch.tensor(bad).to(value)
        errors.append(error_of(lesson.convert_prediction, value, x_t, t, "noise", "velocity"))
    for source, target in (("noise", "speed"), ("image", "x0"), ("velocity", "v"), ("score", "x0")):
        errors.append(error_of(lesson.convert_prediction, value, x_t, fine, source, target))
    return errors

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

@check("straightness", public=True)
def counts_rest_as_straight(lesson, rng):
    """A sample that does not move has straightness 1, and its neighbours keep their own."""
    traj = rng.normal(5, 4, 2)
    rest = rng.integer(0, 4)
    traj[:, rest] = traj[0, rest].clone()
    return {"some": lesson.straightness(traj), "double": lesson.straightness(traj.double())}

@check("straightness", public=True)
def ignores_place_and_size(lesson, rng):
    """Moving, enlarging or shrinking a trajectory leaves its straightness; two points are a line."""
    traj, shift = rng.normal(6, 3, 2, dtype=DOUBLE), rng.normal(2, dtype=DOUBLE)
    watch = Watch(traj)
    results = [lesson.straightness(t) for t in (traj, 50 * traj, 0.03 * traj, traj + shift, traj[:2])]
    return {"results": results, "input_unchanged": watch.unchanged()}

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

@check("marginal_velocity", public=True, **MARGINAL)
def starts_towards_the_mean(lesson, rng):
    """In pure noise every data point counts alike, so the first full step lands on the mean of the data."""
    x, data = rng.normal(5, 2, dtype=DOUBLE), 2 + rng.normal(8, 2, dtype=DOUBLE)
    watch = Watch(x, data)
    landed = x.clone() - lesson.marginal_velocity(x, 1.0, data)
    return {"landed": landed, "inputs_unchanged": watch.unchanged()}

@check("marginal_velocity", public=True, **MARGINAL)
def stays_finite_near_the_data(lesson, rng):
    """Close to t = 0 and far from all data the weights neither vanish nor overflow."""
    data = 2 * rng.normal(6, 2, dtype=DOUBLE)
    x = torch.cat([data[:3] + 0.05 * rng.normal(3, 2, dtype=DOUBLE), 40 + rng.normal(2, 2, dtype=DOUBLE)])
    return [lesson.marginal_velocity(x, t, data) for t in (1 / 64, 0.3125)]

@check("marginal_velocity", weight=0.5, public=True)
def refuses_times_without_noise(lesson, rng):
    """A time of 0, below 0 or above 1 raises ValueError; 1 is fine."""
    x, data = rng.normal(3, 2), rng.normal(4, 2)
    return [error_of(lesson.marginal_velocity, x, t, data) for t in (0.0, -0.2, 1.1, 1.0, 0.4)]

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

@check("flow_velocity_from_vp", public=True)
def asks_the_model_on_its_own_road(lesson, rng):
    """The model is asked at the rescaled place, with the alpha_bar of equal signal to noise, given as [N]."""
    results = []
    for dtype in FLOATS.values():
        x, seen = rng.normal(4, 3, dtype=dtype), []
        model, t, watch = _noise_model(rng.normal(3, 3), seen), _number(rng, 0.2, 0.8), Watch(x)
        velocity = lesson.flow_velocity_from_vp(model, x, t)
        results.append({"asked": seen[:1], "velocity": velocity, "x_unchanged": watch.unchanged()})
    return results

@check("flow_velocity_from_vp", weight=0.5, public=True)
def refuses_pure_noise(lesson, rng):
    """A time of 1 or more, or below 0, raises ValueError; 0 is fine and has alpha_bar 1."""
    x, model = rng.normal(3, 2), _noise_model(rng.normal(2, 2))
    errors = [error_of(lesson.flow_velocity_from_vp, model, x, t) for t in (1.0, 1.2, -0.1, 0.0)]
    return {"errors": errors, "at_0": lesson.flow_velocity_from_vp(model, x, 0.0)}

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

def _nudged(rng, traj, count, size):
    """Equal runs, of which one (never the first) is off by `size` in one coordinate at one place."""
    runs = _runs(traj, count)
    spot = [rng.integer(1, count), *(rng.integer(0, n) for n in traj.shape)]
    runs[tuple(spot)] += size * rng.choice([-1, 1])
    return runs

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

@check("which_lens", public=True)
def hears_one_whisper_of_noise(lesson, rng):
    """Runs that part at one place are noisy; differences below 1e-4 are rounding; one run cannot differ."""
    cases = []
    for _ in range(3):
        for base in (_lines(rng), _bent(rng, rng.number(0.6, 0.9))):
            sizes = (rng.number(5e-4, 5e-3), rng.number(1.6e-4, 1.9e-4), rng.number(1e-7, 8e-5))
            cases += [_nudged(rng, base, 3, size) for size in sizes] + [_runs(base, 1)]
    return [lesson.which_lens(traj) for traj in rng.shuffled(cases)]

@check("which_lens", public=True)
def hears_of_one_bend_among_many(lesson, rng):
    """One sample that bends makes the road bent, however straight the others are."""
    bends = [_runs(_bent(rng, rng.number(0.984, 0.99), samples=20), 2) for _ in range(2)]
    lines = [_runs(_lines(rng, samples=20), 2) for _ in range(2)]
    return [lesson.which_lens(traj) for traj in rng.shuffled([*bends, *lines])]

@check("which_lens", public=True)
def sees_the_jump_first(lesson, rng):
    """Two recorded places are a jump, even if the runs differ; three or more are not."""
    cases = []
    for _ in range(3):
        pair, triple = _lines(rng, times=2), _lines(rng, times=3)
        cases += [_runs(pair, 1), _runs(pair, 4), _nudged(rng, pair, 3, 0.5), _runs(triple, 2)]
        cases.append(_runs(_bent(rng, 0.8), 1))
    return [lesson.which_lens(traj.float()) for traj in rng.shuffled(cases)]

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
    counts = [lesson.steps_needed(RotationVelocity(omega), x1, tol) for omega, x1, tol in cases]
    turn = torch.block_diag(*[torch.tensor([[0.0, 1.0], [-1.0, 0.0]], dtype=DOUBLE)] * 4).to(rng.device)
    four = torch.cat([_starts(rng, 1, 2.0) for _ in range(4)], dim=-1)  # a place in four planes at once
    return {"in a plane": counts, "in four planes": lesson.steps_needed(lambda x, t: x @ turn, four, 0.5)}

@check("steps_needed", public=True)
def refuses_the_impossible(lesson, rng):
    """If not even 256 steps are good enough it raises ValueError; if only 256 are, the answer is 256."""
    x1, narrow = _starts(rng, 4, 2.0), _starts(rng, 4, 2.0).float()
    watch = Watch(x1)
    errors = [error_of(lesson.steps_needed, RotationVelocity(3.0), x1, tol) for tol in (1e-3, 1e-5, 1.0)]
    counts = [lesson.steps_needed(RotationVelocity(3.0), x, tol) for x, tol in ((x1, 0.03), (narrow, 0.4))]
    return {"errors": errors, "counts": counts, "x1_unchanged": watch.unchanged()}

def _pairs(result, rng):
    pairs = result["float64 9x2"]
    return paths("Each noise, a dot, and its partner", torch.stack([pairs["eps"], pairs["x0"]], dim=1))

@check("reflow_pairs", weight=2, public=True, figure=_pairs)
def pairs_noise_with_where_it_went(lesson, rng):
    """Row for row, the pair is a noise and the place where the flow took it; the noise stays as it is."""
    results = {}
    for name, dtype in FLOATS.items():
        for samples, dim, steps in ((9, 2, 8), (3, 3, 1)):
            field, eps = _wind(rng, dim, dtype), rng.normal(samples, dim, dtype=dtype)
            watch = Watch(eps)
            results[f"{name} {samples}x{dim}"] = lesson.reflow_pairs(field, eps, steps)
            results[f"{name} {samples}x{dim}, noise unchanged"] = watch.unchanged()
    return results

@check("reflow_pairs", weight=0.5, public=True)
def keeps_each_noise_with_its_sample(lesson, rng):
    """Each noise that was given stands in the row of the sample that it became, and no other noise comes in."""
    field, eps = _wind(rng, 2, DOUBLE), rng.normal(8, 2, dtype=DOUBLE)
    pairs = [dict(lesson.reflow_pairs(field, eps, 6)) for _ in range(2)]
    first, second = (one["eps"].detach() for one in pairs)
    return {
        "the noise that was given": sorted(first.tolist()) == sorted(eps.tolist()),
        "in the row of its sample": torch.equal(first, eps),
        "the same each time": torch.equal(first, second),
        "noise in place of data": torch.equal(pairs[0]["x0"].detach(), eps),
    }

@check("reflow_pairs", public=True)
def hands_out_data_without_a_graph(lesson, rng):
    """The pairs are data: no gradient leads back into the teacher."""
    teacher, eps = rng.fill(TinyVelocity().to(rng.device)), rng.normal(6, 2)
    pairs = lesson.reflow_pairs(teacher, eps, 4)
    return {"pairs": pairs, "graph": {name: one.requires_grad for name, one in dict(pairs).items()}}

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

def _origin(rng):
    """A round cloud of data around the origin, and places to ask for the velocity."""
    return {"data": 0.6 * rng.normal(4000, 2), "places": rng.normal(500, 2)}

def _times_are_told_apart(result, expected, rng):
    places = _origin(rng)["places"]
    if torch.equal(result["at 1"], result["at 0"]):
        # Trained without the time, it varies with the place by 0.88 to 1.05. A network that a large rate broke answers
        # the same everywhere.
        varies = float(result["at 0"].std(dim=0).min()) > 0.3
        raise Fail("the velocity is the same at t = 0 and t = 1", misconception="t_frozen" if varies else None)
    for name, target in (("at 1", places), ("at 0", -places)):
        share = float((result[name] - target).square().mean() / target.square().mean())
        if not share < 0.8:  # 1 is the share of a velocity that does not depend on the time
            raise Fail(f"the velocity {name.replace('at', 'at t =')} has a squared error of {share:.2f} (wanted: below 0.8)")

@check("train_flow", public=True, reference=False, verdict=_times_are_told_apart, inputs=_origin)
def turns_round_with_the_time(lesson, rng, given):
    """After 500 updates on a cloud around the origin, the velocity leads outwards at t = 1 and inwards at t = 0."""
    field = lesson.train_flow(given["data"], 500, rng.integer(0, 1000))
    one = torch.ones(len(given["places"]))
    return {"at 1": field(given["places"], one).detach(), "at 0": field(given["places"], 0 * one).detach()}

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
