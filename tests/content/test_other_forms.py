"""Foreseen misunderstandings as another hand writes them: they are named, although not every reply is equal."""

from __future__ import annotations

import functools
from pathlib import Path

import pytest
import torch

from blindgrade.verify.workshop import Workshop

COURSE = Path(__file__).parents[2]

# Lesson, exercise, the misconception that is named, and an answer that holds it.
FORMS = [
    (
        "lesson-7.1.1",
        "zero_conv_grads",
        "input_grad_is_grad_out",
        """
def zero_conv_grads(weight, x, grad_out):
    return {"weight": torch.einsum("bohw,bihw->oi", grad_out, x)[..., None, None], "bias": grad_out.sum((0, 2, 3)), "input": grad_out}
""",
    ),
    (
        "lesson-7.1.1",
        "whisper",
        "random_start",
        """
def whisper(x, target, lr, steps):
    w = 0.05 * torch.randn(target.shape[1], x.shape[1], 1, 1, dtype=x.dtype)
    b = torch.zeros(target.shape[1], dtype=x.dtype)
    out = []
    for k in range(steps + 1):
        y = F.conv2d(x, w, b)
        out.append((y ** 2).mean().sqrt())
        g = 2 * (y - target) / y.numel()
        w = w - lr * torch.einsum("bohw,bihw->oi", g, x)[..., None, None]
        b = b - lr * g.sum((0, 2, 3))
    return torch.stack(out)
""",
    ),
    (
        "lesson-7.1.1",
        "init_control_state",
        "random_copy",
        """
def init_control_state(unet_state, skip_channels):
    out = {}
    for k, v in unet_state.items():
        if k.split(".")[0] in ("time", "conv_in", "enc1", "down", "enc2", "mid"):
            out[k] = torch.randn(v.shape, dtype=v.dtype) * 0.02
    ref = next(iter(unet_state.values()))
    for i, c in enumerate(skip_channels):
        out[f"zero.{i}.weight"] = torch.zeros(c, c, 1, 1, dtype=ref.dtype)
        out[f"zero.{i}.bias"] = torch.zeros(c, dtype=ref.dtype)
    c = skip_channels[0]
    out["zero_hint.weight"] = torch.zeros(c, c, 1, 1, dtype=ref.dtype)
    out["zero_hint.bias"] = torch.zeros(c, dtype=ref.dtype)
    return out
""",
    ),
    (
        "lesson-7.2.1",
        "three_step_walkthrough",
        "no_sqrt",
        """
def three_step_walkthrough(x0, eps, alpha_bar):
    a = alpha_bar.reshape(-1, *[1] * (x0.dim() - 1))
    x_t = a * x0 + (1 - a) * eps
    score = -(x_t - a.sqrt() * x0) / (1 - a)
    return {"x_t": x_t, "score": score, "eps_back": -(1 - a).sqrt() * score}
""",
    ),
    (
        "lesson-7.2.1",
        "three_step_walkthrough",
        "marginal",
        """
def three_step_walkthrough(x0, eps, alpha_bar):
    a = alpha_bar.reshape(-1, *[1] * (x0.dim() - 1))
    x_t = a.sqrt() * x0 + (1 - a).sqrt() * eps
    score = -x_t / (1 - a)
    return {"x_t": x_t, "score": score, "eps_back": eps}
""",
    ),
    (
        "lesson-7.2.1",
        "vp_sde",
        "no_half",
        """
def vp_sde(x, t, beta_min, beta_max):
    beta = beta_min + t * (beta_max - beta_min)
    return {"drift": -beta.view(-1, 1) * x, "diffusion": beta.sqrt()}
""",
    ),
    (
        "lesson-7.2.1",
        "vp_sde",
        "sign",
        """
def vp_sde(x, t, beta_min, beta_max):
    beta = beta_min + t * (beta_max - beta_min)
    return {"drift": 0.5 * beta[:, None] * x, "diffusion": beta.sqrt()}
""",
    ),
    (
        "lesson-7.2.1",
        "vp_sde",
        "beta_not_sqrt",
        """
def vp_sde(x, t, beta_min, beta_max):
    beta = beta_min + t * (beta_max - beta_min)
    return {"drift": -0.5 * beta[:, None] * x, "diffusion": beta}
""",
    ),
    (
        "lesson-7.2.1",
        "pf_ode_sample",
        "adds_noise",
        """
def pf_ode_sample(score_fn, x_T, n_steps, beta_min, beta_max, t_end):
    ts = torch.linspace(1.0, t_end, n_steps + 1, dtype=x_T.dtype)
    x, out = x_T, [x_T]
    for a, b in zip(ts[:-1], ts[1:]):
        t = a.expand(len(x))
        x = x + (b - a) * reverse_drift(x, score_fn(x, t), t, beta_min, beta_max, deterministic=True) + 0.1 * torch.randn_like(x)
        out.append(x)
    return torch.stack(out)
""",
    ),
    (
        "lesson-7.2.2",
        "convert_prediction",
        "vp_v",
        """
def convert_prediction(value, x_t, t, source, target):
    names = ("noise", "score", "velocity", "x0")
    if source not in names or target not in names or ((t <= 0) | (t >= 1)).any():
        raise ValueError("bad")
    if source == target:
        return value
    t = t.reshape(-1, *[1] * (x_t.dim() - 1)) if t.dim() else t
    a = ((1 - t) ** 2 / ((1 - t) ** 2 + t**2)).sqrt()
    s = (1 - a**2).sqrt()
    eps = {"noise": lambda: value, "score": lambda: -t * value, "x0": lambda: (x_t - (1 - t) * value) / t, "velocity": lambda: x_t + (1 - t) * value}[source]()
    x0 = (x_t - t * eps) / (1 - t)
    return {"noise": eps, "score": -eps / t, "velocity": a * eps - s * x0, "x0": x0}[target]
""",
    ),
    (
        "lesson-7.2.2",
        "euler_sample",
        "one_step_too_many",
        """
def euler_sample(velocity_fn, x1, n_steps):
    if n_steps < 1:
        raise ValueError
    ts = torch.linspace(1, 0, n_steps + 1, dtype=x1.dtype)
    path = [x1]
    for k in range(n_steps):
        path.append(path[-1] - velocity_fn(path[-1], ts[k].expand(len(x1))) / (n_steps + 1))
    return torch.stack(path)
""",
    ),
    (
        "lesson-7.2.2",
        "reflow_pairs",
        "shuffled_noise",
        """
def reflow_pairs(velocity_fn, eps, n_steps):
    with torch.no_grad():
        x0 = euler_sample(velocity_fn, eps, n_steps)[-1]
    return {"x0": x0, "eps": eps[torch.randperm(eps.shape[0])].clone()}
""",
    ),
    (
        "lesson-7.2.2",
        "reflow_pairs",
        "fresh_noise",
        """
def reflow_pairs(velocity_fn, eps, n_steps):
    with torch.no_grad():
        x0 = euler_sample(velocity_fn, eps, n_steps)[-1]
    return {"x0": x0, "eps": torch.randn(eps.shape, dtype=eps.dtype)}
""",
    ),
    (
        "lesson-7.3.2",
        "merge_loras",
        "in_place",
        """
def merge_loras(weight, loras):
    for l in loras:
        if l["B"].shape[0] != weight.shape[0] or l["A"].shape[1] != weight.shape[1]:
            raise ValueError
        weight.add_(l["B"] @ l["A"], alpha=l["scale"] * l["alpha"] / l["A"].shape[0])
    return weight.clone()
""",
    ),
    (
        "lesson-7.3.3",
        "composability_matrix",
        "only_itself_excluded",
        """
def composability_matrix(levels):
    return [[1 if i != j else 0 for j in range(len(levels))] for i in range(len(levels))]
""",
    ),
    (
        "lesson-7.3.3",
        "composability_matrix",
        "inverted_off_the_diagonal",
        """
def composability_matrix(levels):
    return [[1 if i != j and levels[i][0] == levels[j][0] else 0 for j in range(len(levels))] for i in range(len(levels))]
""",
    ),
    (
        "lesson-7.3.3",
        "end_to_end_latency",
        "ignores_fixed",
        """
def end_to_end_latency(steps, ms_per_eval, fixed_ms, cfg):
    evals = 2 * steps if cfg else steps
    ms = evals * ms_per_eval
    return {"evals": evals, "ms": ms, "speedup_limit": (ms + fixed_ms) / fixed_ms}
""",
    ),
    (
        "lesson-7.4.3",
        "attention_quadrants",
        "key_mean",
        """
def attention_quadrants(att, n_txt):
    t, i = slice(None, n_txt), slice(n_txt, None)
    q = lambda a, b: att[:, :, a, b].mean((1, 2, 3))
    return {"text_to_text": q(t, t), "text_to_image": q(t, i), "image_to_text": q(i, t), "image_to_image": q(i, i)}
""",
    ),
    (
        "lesson-7.4.3",
        "attention_quadrants",
        "transposed",
        """
def attention_quadrants(att, n_txt):
    t, i = slice(None, n_txt), slice(n_txt, None)
    q = lambda a, b: att[:, :, b, a].sum(-1).mean((1, 2))
    return {"text_to_text": q(t, t), "text_to_image": q(t, i), "image_to_text": q(i, t), "image_to_image": q(i, i)}
""",
    ),
    (
        "lesson-7.4.3",
        "flux_dynamic_shift",
        "sqrt_tokens",
        """
def flux_dynamic_shift(sigmas, n_tokens, base_tokens=256, max_tokens=4096, base_mu=0.5, max_mu=1.15):
    m = (max_mu - base_mu) / (max_tokens ** 0.5 - base_tokens ** 0.5)
    mu = base_mu + m * (n_tokens ** 0.5 - base_tokens ** 0.5)
    return shift_sigmas(sigmas, math.exp(mu))
""",
    ),
    (
        "lesson-7.1.3",
        "kv_paths",
        "lora_replaces",
        """
def kv_paths(w_k, w_v, text, image, lora, ip):
    if lora is not None:
        out = {"text_k": text @ (lora["scale"] * (lora["B_k"] @ lora["A_k"])).T, "text_v": text @ (lora["scale"] * (lora["B_v"] @ lora["A_v"])).T}
    else:
        out = {"text_k": text @ w_k.T, "text_v": text @ w_v.T}
    if ip is not None:
        out["image_k"], out["image_v"] = image @ ip["w_k_ip"].T, image @ ip["w_v_ip"].T
    return out
""",
    ),
    (
        "lesson-7.1.2",
        "thin_edges",
        "ties_keep_both",
        """
def thin_edges(gx, gy):
    m = torch.hypot(gx, gy)
    p = F.pad(m, (1, 1, 1, 1)); H, W = m.shape
    n = lambda dy, dx: p[1 + dy:1 + dy + H, 1 + dx:1 + dx + W]
    k = lambda a, b: (m >= a) & (m >= b)
    ax, ay = gx.abs(), gy.abs()
    flat, steep = ay < ax * math.tan(math.pi / 8), ay > ax * math.tan(3 * math.pi / 8)
    d = torch.where(gx * gy > 0, (m > n(-1, -1)) & (m > n(1, 1)), (m > n(-1, 1)) & (m > n(1, -1)))
    keep = torch.where(flat, k(n(0, -1), n(0, 1)), torch.where(steep, k(n(-1, 0), n(1, 0)), d))
    return m * keep
""",
    ),
]


@functools.cache
def workshop(lesson: str) -> Workshop:
    torch.set_num_threads(1)
    return Workshop(COURSE, lesson)


@pytest.mark.parametrize(("lesson", "exercise", "name", "code"), FORMS, ids=[f"{one[1]}-{one[2]}" for one in FORMS])
def test_a_misunderstanding_in_another_form_is_named(lesson: str, exercise: str, name: str, code: str) -> None:
    shop = workshop(lesson)
    module = shop.solution.load(f"{shop.solution.text}\n\n{code}")
    result = shop.trusted.exercise(shop.lesson.exercise(exercise), module, seed=0)
    assert {check.misconception for check in result.checks} - {None} == {name}
