"""Other right answers to lesson 7.3.1."""

import math

import torch
from torch import nn

from blindgrade.known_answers import alternative

# ---------------------------------------------------------------- gaussian_consistency_function


@alternative("gaussian_consistency_function")
def in_units_of_the_width(x, t, mean, std):
    standing = (x.double() - mean.double()) / torch.hypot(t.double(), torch.full_like(t.double(), std)).unsqueeze(1)
    return (mean.double() + std * standing).to(x.dtype)


@alternative("gaussian_consistency_function")
def row_by_row(x, t, mean, std):
    rows = [mean + (row - mean) / math.sqrt(1 + (float(level) / std) ** 2) for row, level in zip(x, t, strict=True)]
    return torch.stack(rows)


# ---------------------------------------------------------------- euler_pf_ode


@alternative("euler_pf_ode")
def with_python_levels(denoiser, x, t_start, n_steps):
    if not n_steps >= 1:
        raise ValueError("at least one step")
    h = t_start / n_steps
    for i in range(n_steps):
        t = t_start - i * h
        x = x - h * (x - denoiser(x, torch.full((len(x),), t, dtype=x.dtype))) / t
    return x


@alternative("euler_pf_ode")
def as_interpolation(denoiser, x, t_start, n_steps):
    if n_steps <= 0:
        raise ValueError("at least one step")
    for i in range(n_steps):
        t = x.new_full((x.size(0),), t_start * (1 - i / n_steps))
        keep = (n_steps - i - 1) / (n_steps - i)  # t_next / t
        x = torch.lerp(denoiser(x, t), x, keep)
    return x


# ---------------------------------------------------------------- self_consistency_gap


@alternative("self_consistency_gap")
def by_cdist(f, trajectory, times):
    n, b, d = trajectory.shape
    ends = f(trajectory.reshape(n * b, d), times.repeat_interleave(b)).reshape(n, b, d).transpose(0, 1)
    distance = torch.cdist(ends, ends, compute_mode="donot_use_mm_for_euclid_dist")  # [B, N, N]
    return distance.flatten(1).max(dim=1).values


@alternative("self_consistency_gap")
def pair_by_pair(f, trajectory, times):
    gap = trajectory.new_zeros(trajectory.shape[1])
    ends = [f(x, times[n].repeat(len(x))) for n, x in enumerate(trajectory)]
    for i in range(len(ends)):
        for j in range(i):
            gap = torch.maximum(gap, torch.sqrt(((ends[i] - ends[j]) ** 2).sum(-1)))
    return gap


# ---------------------------------------------------------------- consistency_function


@alternative("consistency_function")
def batch_axis_last(net, x, t, sigma_data=0.5, t_min=0.002):
    above = t - t_min
    c_skip = 1 / (1 + (above / sigma_data) ** 2)
    c_out = above / torch.sqrt(1 + (t / sigma_data) ** 2)
    return (c_skip * x.movedim(0, -1) + c_out * net(x, t).movedim(0, -1)).movedim(-1, 0)


@alternative("consistency_function")
def by_einsum(net, x, t, sigma_data=0.5, t_min=0.002):
    variance = sigma_data * sigma_data
    c_skip = variance / ((t - t_min).square() + variance)
    c_out = (t - t_min) * sigma_data * torch.rsqrt(t.square() + variance)
    return torch.einsum("b,b...->b...", c_skip, x) + torch.einsum("b,b...->b...", c_out, net(x, t))


# ---------------------------------------------------------------- consistency_distillation_loss


def _columns(t, x):
    return t.view([-1] + [1] * (x.dim() - 1))


@alternative("consistency_distillation_loss")
def with_detach(student, target, teacher, x0, noise, t_hi, t_lo):
    hi, lo = _columns(t_hi, x0), _columns(t_lo, x0)
    x_hi = x0 + hi * noise
    first = (x_hi - teacher(x_hi, t_hi).detach()) / hi
    guess = x_hi - (hi - lo) * first
    second = (guess - teacher(guess, t_lo).detach()) / lo
    x_lo = (x_hi - (hi - lo) * (first + second) / 2).detach()
    return torch.nn.functional.mse_loss(student(x_hi, t_hi), target(x_lo, t_lo).detach())


@alternative("consistency_distillation_loss")
def through_the_score(student, target, teacher, x0, noise, t_hi, t_lo):
    def drift(x, t):
        level = _columns(t, x)
        return -level * ((teacher(x, t) - x) / level**2)

    with torch.no_grad():
        start = x0 + _columns(t_hi, x0) * noise
        step = _columns(t_lo - t_hi, x0)
        k1 = drift(start, t_hi)
        k2 = drift(start + step * k1, t_lo)
        wanted = target(start + step * (k1 + k2) / 2, t_lo)
    return (student(start, t_hi) - wanted).square().sum() / x0.numel()


# ---------------------------------------------------------------- ema_update


@alternative("ema_update")
def by_lerp(target, online, decay):
    for p, q in zip(target.parameters(), online.parameters(), strict=True):
        p.data.lerp_(q.data, 1 - decay)
    for p, q in zip(target.buffers(), online.buffers(), strict=True):
        p.data.copy_(q.data)


@alternative("ema_update")
def by_state_dict(target, online, decay):
    names = dict(target.named_parameters())
    old, new = target.state_dict(), online.state_dict()
    mixed = {n: decay * old[n] + (1 - decay) * new[n] if n in names else new[n].clone() for n in old}
    target.load_state_dict(mixed)


@alternative("ema_update")
@torch.no_grad()
def by_name(target: nn.Module, online: nn.Module, decay: float):
    theirs = dict(online.named_parameters())
    for name, p in target.named_parameters():
        p.copy_(p * decay + theirs[name] * (1 - decay))
    running = dict(online.named_buffers())
    for name, b in target.named_buffers():
        b.copy_(running[name])


# ---------------------------------------------------------------- consistency_training_loss


@alternative("consistency_training_loss")
def as_distillation_of_the_data(student, target, x0, noise, t_hi, t_lo):
    return consistency_distillation_loss(student, target, lambda x, t: x0, x0, noise, t_hi, t_lo)


@alternative("consistency_training_loss")
def sample_by_sample(student, target, x0, noise, t_hi, t_lo):
    high = torch.stack([x + t * z for x, t, z in zip(x0, t_hi, noise, strict=True)])
    low = torch.stack([x + t * z for x, t, z in zip(x0, t_lo, noise, strict=True)])
    return torch.mean(torch.square(student(high, t_hi) - target(low, t_lo).detach()))


# ---------------------------------------------------------------- ct_direction_noise


@alternative("ct_direction_noise")
def by_explicit_guesses(data, x, t):
    guesses = (x.unsqueeze(1) - data) / t.view(-1, 1, 1)  # [B, K, D]
    share = torch.softmax(-0.5 * guesses.square().sum(-1), dim=1).unsqueeze(-1)
    direction = (share * guesses).sum(1)
    scatter = (share * (guesses - direction.unsqueeze(1)).square()).sum((1, 2))
    return {"teacher_direction": direction, "ct_variance": scatter}


@alternative("ct_direction_noise")
def by_autograd(data, x, t):
    at = x.detach().double().requires_grad_(True)
    level = t.double()
    squares = ((at.unsqueeze(1) - data.double()) ** 2).sum(2)
    log_p = torch.logsumexp(-squares / (2 * level.unsqueeze(1) ** 2), dim=1)
    score = torch.autograd.grad(log_p.sum(), at, create_graph=True)[0]
    trace = sum(torch.autograd.grad(score[:, d].sum(), at, retain_graph=True)[0][:, d] for d in range(x.shape[1]))
    return {
        "teacher_direction": (-level.unsqueeze(1) * score).detach().to(x.dtype),
        "ct_variance": (level**2 * trace + x.shape[1]).to(x.dtype),
    }


# ---------------------------------------------------------------- multistep_consistency_sample


@alternative("multistep_consistency_sample")
def by_one_loop(f, x_init, t_max, taus, noises, t_min=0.002):
    for tau in taus:
        if tau < t_min or tau >= t_max:
            raise ValueError("tau out of range")
    x = x_init
    for i, level in enumerate([t_max, *taus]):
        if i > 0:
            x = x + math.sqrt(level * level - t_min * t_min) * noises[i - 1]
        x = f(x, torch.full((x.shape[0],), level, dtype=x.dtype))
    return x


@alternative("multistep_consistency_sample")
def by_recursion(f, x_init, t_max, taus, noises, t_min=0.002):
    if len(taus) and (min(taus) < t_min or max(taus) >= t_max):
        raise ValueError("tau out of range")
    level = taus[-1] if taus else t_max
    here = x_init
    if taus:
        before = multistep_consistency_sample(f, x_init, t_max, taus[:-1], noises[:-1], t_min)
        here = before + math.sqrt((level - t_min) * (level + t_min)) * noises[-1]
    return f(here, here.new_tensor([level] * len(here)))


# ---------------------------------------------------------------- train_consistency_model


@alternative("train_consistency_model")
def returns_the_slow_copy(net, teacher, data, t_min, t_max, steps, seed):
    torch.manual_seed(seed)
    low, high = t_min ** (1 / 7), t_max ** (1 / 7)
    levels = (low + torch.linspace(0, 1, 16) * (high - low)) ** 7
    slow = copy.deepcopy(net)
    optimiser = torch.optim.AdamW(net.parameters(), lr=2e-3, weight_decay=0.0)

    def fast_f(x, t):
        return consistency_function(net, x, t, 1.0, t_min)

    def slow_f(x, t):
        return consistency_function(slow, x, t, 1.0, t_min)

    for _ in range(steps):
        clean = data[torch.randperm(len(data))[:400]]
        i = torch.randint(1, len(levels), (len(clean),))
        noise = torch.randn_like(clean)
        loss = consistency_distillation_loss(fast_f, slow_f, teacher, clean, noise, levels[i], levels[i - 1])
        net.zero_grad()
        loss.backward()
        optimiser.step()
        ema_update(slow, net, 0.9)
    return slow_f
