"""Other right answers to lesson 7.2.2."""

import math

import torch
import torch.nn.functional as F
from torch import nn

from blindgrade.known_answers import alternative

# ---------------------------------------------------------------- interpolate


@alternative("interpolate")
def by_lerp(x0, eps, t):
    if t.min() < 0 or t.max() > 1:
        raise ValueError("t is off the road")
    weight = t.view(-1, *[1] * (x0.dim() - 1)) if t.dim() else t
    return torch.lerp(x0, eps, weight.expand_as(x0))


@alternative("interpolate")
def sample_by_sample(x0, eps, t):
    if not all(0 <= float(one) <= 1 for one in t.reshape(-1)):
        raise ValueError("t is off the road")
    if t.ndim == 0:
        t = t.repeat(len(x0))
    return torch.stack([data + time * (noise - data) for data, noise, time in zip(x0, eps, t, strict=True)])


@alternative("interpolate")
def by_einsum(x0, eps, t):
    if ((t < 0) + (t > 1)).any():
        raise ValueError("t is off the road")
    t = t.expand(x0.shape[0])
    return torch.einsum("b...,b->b...", x0, 1 - t) + torch.einsum("b...,b->b...", eps, t)


# ---------------------------------------------------------------- velocity_target


@alternative("velocity_target")
def by_sub(x0, eps):
    if tuple(x0.size()) != tuple(eps.size()):
        raise ValueError("shapes differ")
    return torch.sub(eps, x0)


@alternative("velocity_target")
def by_derivative(x0, eps):
    if x0.shape != eps.shape:
        raise ValueError("shapes differ")
    t = torch.zeros((), dtype=x0.dtype)
    return torch.func.jvp(lambda t: (1 - t) * x0 + t * eps, (t,), (torch.ones_like(t),))[1]


# ---------------------------------------------------------------- path_velocity


@alternative("path_velocity")
def by_jvp(path, x0, eps, t):
    ways = {
        "linear": lambda t: (1 - t, t),
        "cosine": lambda t: (torch.cos(t * torch.pi / 2), torch.sin(t * torch.pi / 2)),
        "quadratic": lambda t: (1 - t * t, t * t),
    }
    if path not in ways:
        raise ValueError(path)

    def place(t):
        a, b = ways[path](t[(...,) + (None,) * (x0.ndim - 1)])
        return a * x0 + b * eps

    each = t.expand(len(x0)).clone()
    x_t, velocity = torch.func.jvp(place, (each,), (torch.ones_like(each),))
    return {"x_t": x_t, "velocity": velocity}


@alternative("path_velocity")
def in_float64(path, x0, eps, t):
    time = t.double().reshape(t.shape + (1,) * (x0.ndim - t.ndim))
    quarter = 0.5 * math.pi
    if path == "linear":
        weights = (1 - time, time, time * 0 - 1, time * 0 + 1)
    elif path == "cosine":
        weights = (
            (quarter * time).cos(),
            (quarter * time).sin(),
            -quarter * (quarter * time).sin(),
            quarter * (quarter * time).cos(),
        )
    elif path == "quadratic":
        weights = (1 - time.square(), time.square(), -2 * time, 2 * time)
    else:
        raise ValueError(f"no such path: {path}")
    a, b, da, db = weights
    x, e = x0.double(), eps.double()
    return {"velocity": (da * x + db * e).to(x0.dtype), "x_t": (a * x + b * e).to(x0.dtype)}


# ---------------------------------------------------------------- cfm_loss


@alternative("cfm_loss")
def written_out(model, x0, eps, t):
    time = t[:, None]
    prediction = model((1 - time) * x0 + time * eps, t)
    return (prediction + x0 - eps).pow(2).mean()


@alternative("cfm_loss")
def by_inner_product(model, x0, eps, t):
    error = (model(torch.lerp(x0, eps, t.unsqueeze(1)), t) - (eps - x0)).flatten()
    return torch.dot(error, error) / error.numel()


# ---------------------------------------------------------------- euler_sample


@alternative("euler_sample")
def into_an_empty_tensor(velocity_fn, x1, n_steps):
    if n_steps <= 0:
        raise ValueError("no steps")
    path = torch.empty(n_steps + 1, *x1.shape, dtype=x1.dtype)
    path[0] = x1
    times = torch.linspace(1, 0, n_steps + 1, dtype=x1.dtype)
    with torch.no_grad():
        for k in range(n_steps):
            step = times[k + 1] - times[k]
            path[k + 1] = path[k] + step * velocity_fn(path[k].clone(), times[k].expand(len(x1)))
    return path


@alternative("euler_sample")
def by_accumulate(velocity_fn, x1, n_steps):
    from itertools import accumulate

    if n_steps < 1:
        raise ValueError("no steps")

    def step(x, k):
        t = torch.full(x.shape[:1], (n_steps - k) / n_steps, dtype=x.dtype)
        return x - (1 / n_steps) * velocity_fn(x, t)

    return torch.stack(list(accumulate(range(n_steps), step, initial=x1)))


# ---------------------------------------------------------------- convert_prediction


@alternative("convert_prediction")
def by_noise(value, x_t, t, source, target):
    if {source, target} - {"noise", "score", "velocity", "x0"}:
        raise ValueError("unknown name")
    if t.min() <= 0 or t.max() >= 1:
        raise ValueError("t")
    if source == target:
        return value.clone()
    s = t.view(*t.shape, *[1] * (x_t.dim() - t.dim()))
    eps = {
        "noise": lambda: value,
        "score": lambda: -s * value,
        "velocity": lambda: x_t + (1 - s) * value,
        "x0": lambda: (x_t - (1 - s) * value) / s,
    }[source]()
    return {
        "noise": lambda: eps,
        "score": lambda: -eps / s,
        "velocity": lambda: (eps - x_t) / (1 - s),
        "x0": lambda: (x_t - s * eps) / (1 - s),
    }[target]()


@alternative("convert_prediction")
def by_data_and_noise(value, x_t, t, source, target):
    if bool((t <= 0).any()) or bool((t >= 1).any()):
        raise ValueError("t")
    time = t if t.ndim == 0 else t[(slice(None),) + (None,) * (x_t.ndim - 1)]
    if source == "x0":
        data, noise = value, (x_t - (1 - time) * value) / time
    elif source == "velocity":
        data, noise = x_t - time * value, x_t + (1 - time) * value
    elif source in ("noise", "score"):
        noise = value if source == "noise" else -time * value
        data = (x_t - time * noise) / (1 - time)
    else:
        raise ValueError(source)
    if target == "x0":
        return data
    if target == "noise":
        return noise
    if target == "velocity":
        return noise - data
    if target == "score":
        return ((1 - time) * data - x_t) / time**2
    raise ValueError(target)


@alternative("convert_prediction")
def by_a_linear_system(value, x_t, t, source, target):
    rows = {"noise": (0.0, 1.0), "score": None, "velocity": (-1.0, 1.0), "x0": (1.0, 0.0)}
    if source not in rows or target not in rows or not bool(((t > 0) & (t < 1)).all()):
        raise ValueError("bad argument")
    s = (t.reshape(-1, *[1] * (x_t.ndim - 1)) if t.ndim else t).expand_as(x_t)
    zero = torch.zeros_like(s)
    a, b = (zero, -1 / s) if source == "score" else (zero + rows[source][0], zero + rows[source][1])
    # (1-s) data + s noise = x_t and a data + b noise = value, by Cramer's rule.
    determinant = (1 - s) * b - s * a
    data, noise = (x_t * b - s * value) / determinant, ((1 - s) * value - a * x_t) / determinant
    c, d = (zero, -1 / s) if target == "score" else (zero + rows[target][0], zero + rows[target][1])
    return c * data + d * noise


# ---------------------------------------------------------------- straightness


@alternative("straightness")
def sample_by_sample(traj):
    ratios = []
    for path in traj.unbind(dim=1):
        arc = sum(torch.dist(a, b) for a, b in zip(path[:-1], path[1:], strict=True))
        ratios.append(torch.dist(path[0], path[-1]) / arc if arc > 0 else torch.ones_like(arc))
    return torch.stack(ratios)


@alternative("straightness")
def filling_nan(traj):
    steps = traj[1:] - traj[:-1]
    arc = steps.square().sum(-1).sqrt().sum(0)
    return (steps.sum(0).square().sum(-1).sqrt() / arc).nan_to_num(nan=1.0)


# ---------------------------------------------------------------- marginal_velocity


@alternative("marginal_velocity")
def by_mean_of_conditionals(x, t, data):
    if t <= 0 or t > 1:
        raise ValueError("t")
    velocities = (x[:, None, :] - data[None]) / t
    logits = -0.5 * torch.cdist(x, (1 - t) * data, compute_mode="donot_use_mm_for_euclid_dist") ** 2 / t**2
    shares = (logits - torch.logsumexp(logits, dim=1, keepdim=True)).exp()
    return torch.einsum("nm,nmd->nd", shares, velocities)


@alternative("marginal_velocity")
def by_score(x, t, data):
    if not 0 < t <= 1:
        raise ValueError("t")
    if t == 1:
        return x - data.mean(dim=0)
    place = x.detach().double().requires_grad_(True)
    centres = (1 - t) * data.double()
    with torch.enable_grad():
        log_density = torch.logsumexp(-((place[:, None] - centres) ** 2).sum(-1) / (2 * t * t), dim=1)
        score = torch.autograd.grad(log_density.sum(), place)[0]
    return (-(x.double() + t * score) / (1 - t)).to(x.dtype)


@alternative("marginal_velocity")
def place_by_place(x, t, data):
    if t <= 0 or t > 1:
        raise ValueError("t")
    rows = []
    for place in x:
        exponents = -((place - (1 - t) * data) ** 2).sum(dim=1) / (2 * t * t)
        weights = torch.exp(exponents - exponents.max())
        rows.append((place - (weights[:, None] * data).sum(dim=0) / weights.sum()) / t)
    return torch.stack(rows)


# ---------------------------------------------------------------- flow_velocity_from_vp


@alternative("flow_velocity_from_vp")
def by_signal_to_noise(noise_fn, x, t):
    if t < 0 or t >= 1:
        raise ValueError("t")
    alpha_bar = 1 / (1 + (t / (1 - t)) ** 2)
    stretch = math.sqrt(alpha_bar) / (1 - t)
    eps = noise_fn(x * stretch, torch.full((len(x),), alpha_bar, dtype=x.dtype))
    return eps - (x - t * eps) / (1 - t)


@alternative("flow_velocity_from_vp")
def with_tensors(noise_fn, x, t):
    if not (t >= 0 and t < 1):
        raise ValueError("t")
    time = torch.full(x.shape[:1], t, dtype=torch.float64)
    length = torch.hypot(1 - time, time)
    alpha_bar = ((1 - time) ** 2 / length**2).to(x.dtype)
    return (noise_fn(x / length.to(x.dtype).unsqueeze(1), alpha_bar) - x) / (1 - t)


# ---------------------------------------------------------------- which_lens


@alternative("which_lens")
def with_loops(traj):
    runs, times, samples, _ = traj.shape
    if times == 2:
        return "consistency"
    for run in range(1, runs):
        if (traj[run] - traj[0]).abs().amax() > 1e-4:
            return "sde"
    for n in range(samples):
        path = traj[0, :, n]
        arc = (path[1:] - path[:-1]).norm(dim=1).sum()
        if arc > 0 and (path[-1] - path[0]).norm() / arc <= 0.999:
            return "pf_ode"
    return "flow"


@alternative("which_lens")
def by_all(traj):
    if traj.size(1) == 2:
        return "consistency"
    if not torch.all(torch.abs(traj - traj[0]) <= 1e-4):
        return "sde"
    return "flow" if torch.all(straightness(traj[0]) > 0.999) else "pf_ode"


# ---------------------------------------------------------------- steps_needed


@alternative("steps_needed")
def with_its_own_euler(velocity_fn, x1, tol):
    def end(n):
        x = x1
        for k in range(n, 0, -1):
            x = x - velocity_fn(x, torch.full((len(x),), k / n, dtype=x.dtype)) / n
        return x

    finest, n = end(512), 1
    while n <= 256:
        if torch.linalg.vector_norm(end(n) - finest, dim=1).amax().item() <= tol:
            return n
        n *= 2
    raise ValueError("none is good enough")


@alternative("steps_needed")
def all_at_once(velocity_fn, x1, tol):
    ends = {n: euler_sample(velocity_fn, x1, n)[-1] for n in (1, 2, 4, 8, 16, 32, 64, 128, 256, 512)}
    good = [n for n, end in ends.items() if n < 512 and ((end - ends[512]) ** 2).sum(1).sqrt().max() <= tol]
    if not good:
        raise ValueError("none is good enough")
    return min(good)


# ---------------------------------------------------------------- reflow_pairs


@alternative("reflow_pairs")
def with_detach(velocity_fn, eps, n_steps):
    return {"eps": eps.clone(), "x0": euler_sample(velocity_fn, eps, n_steps)[-1].detach()}


@alternative("reflow_pairs")
def with_its_own_loop(velocity_fn, eps, n_steps):
    with torch.inference_mode():
        x = eps.clone()
        for k in range(n_steps):
            x = x - velocity_fn(x, torch.ones(len(x), dtype=x.dtype) - k / n_steps) / n_steps
    return {"x0": x.clone(), "eps": eps}


# ---------------------------------------------------------------- train_flow, train_reflow


class _TimeNet(nn.Module):
    """A plain network with sines of the time, as students write it without help."""

    def __init__(self, dim):
        super().__init__()
        self.inner = nn.Linear(dim + 5, 96)
        self.middle = nn.Linear(96, 96)
        self.outer = nn.Linear(96, dim)

    def forward(self, x, t):
        angle = t[:, None] * math.pi
        waves = [angle.sin(), angle.cos(), (2 * angle).sin(), (2 * angle).cos()]
        features = torch.cat([x, t[:, None], *waves], dim=1)
        hidden = F.gelu(self.inner(features))
        return self.outer(F.gelu(self.middle(hidden)))


def _train_time_net(draw, dim, steps, generator):
    net = _TimeNet(dim)
    optimizer = torch.optim.AdamW(net.parameters(), lr=2e-3)
    for _ in range(steps):
        x0, eps = draw()
        t = torch.rand(len(x0), generator=generator)
        x_t = x0 + t[:, None] * (eps - x0)
        loss = ((net(x_t, t) - (eps - x0)) ** 2).sum(dim=1).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return net


@alternative("train_flow")
def without_decay(data, steps, seed):
    torch.manual_seed(seed)
    generator = torch.Generator().manual_seed(seed + 1)

    def draw():
        x0 = data[torch.randperm(len(data), generator=generator)[:256]]
        return x0, torch.randn(x0.shape, generator=generator)

    return _train_time_net(draw, 2, steps, generator)


@alternative("train_flow")
def small_and_slow(data, steps, seed):
    torch.manual_seed(seed)
    net = nn.Sequential(nn.Linear(3, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 2))
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-3)
    for _ in range(steps):
        x0 = data[torch.randint(0, data.shape[0], (256,))]
        eps, t = torch.randn_like(x0), torch.rand(256, 1)
        loss = F.mse_loss(net(torch.cat([(1 - t) * x0 + t * eps, t], 1)), eps - x0)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    @torch.no_grad()
    def field(x, t):
        return net(torch.cat([x, t[:, None]], 1))

    return field


@alternative("train_reflow")
def with_fewer_pairs(velocity_fn, dim, steps, seed):
    torch.manual_seed(seed)
    generator = torch.Generator().manual_seed(seed + 1)
    eps = torch.randn(2048, dim, generator=generator)
    with torch.no_grad():
        x0 = eps.clone()
        for k in range(40):
            x0 -= velocity_fn(x0, torch.full((2048,), 1 - k / 40)) / 40

    def draw():
        chosen = torch.randperm(2048, generator=generator)[:256]
        return x0[chosen], eps[chosen]

    return _train_time_net(draw, dim, steps, generator)


@alternative("train_reflow")
def with_new_pairs_now_and_then(velocity_fn, dim, steps, seed):
    torch.manual_seed(seed)
    updates = 0
    pairs = {}

    def draw():
        nonlocal updates, pairs
        if updates % 100 == 0:
            pairs = reflow_pairs(velocity_fn, torch.randn(2000, dim), 30)
        updates += 1
        chosen = torch.randint(2000, (400,))
        return pairs["x0"][chosen], pairs["eps"][chosen]

    return _fit(draw, dim, steps)
