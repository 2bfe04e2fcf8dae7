"""Foreseen misunderstandings about modules as another hand writes them: they are named.

Each exercise has one text, which is right with its own parts. A form replaces some of them.
"""

from __future__ import annotations

import functools
from pathlib import Path

import pytest
import torch

from blindgrade.models import Outcome
from blindgrade.verify.workshop import Workshop

COURSE = Path(__file__).parents[2]

ROLE = """
def param_role(name):
    p = name.split(".")
    if p[0] == "unet":
        return "frozen"
    if p[0] == "controlnet" and len(p) > 1:
        if p[1] in ("conv_in", "time_embedding", "down_blocks", "mid_block", COPIED):
            return "copied"
        if p[1] in ("up_blocks", "conv_norm_out", "conv_out"):
            return "absent"
        if p[1] in ("controlnet_down_blocks", "controlnet_mid_block"):
            return "zero"
        if p[1] == "controlnet_cond_embedding":
            return "zero" if p[2] == "conv_out" else "new"
    raise ValueError(name)
"""
ROLE_PARTS = {
    "COPIED": '"conv_in"',
}
CONTROLNET = """
class TinyControlNet(nn.Module):
    def __init__(self, in_channels, hint_channels, base):
        super().__init__()
        self.time = nn.Sequential(nn.Linear(16, 32), nn.SiLU(), nn.Linear(32, 32))
        self.conv_in = nn.Conv2d(in_channels, base, 3, padding=1)
        self.enc1 = TinyBlock(base, base)
        self.down = nn.Conv2d(base, 2 * base, 3, stride=2, padding=1)
        self.enc2 = TinyBlock(2 * base, 2 * base)
        self.mid = TinyBlock(2 * base, 2 * base)
        self.hint_in = nn.Conv2d(hint_channels, base, 3, padding=1)
        self.zero_hint = SILENCED
        self.zero = nn.ModuleList([SILENT for c in (base, base, 2 * base, 2 * base, 2 * base)])

    def forward(self, x, t, hint, scale=1.0):
        temb = self.time(time_features(t))
        h = self.conv_in(x) + HEARD
        r = [OUT(0)]
        h = self.enc1(h, temb)
        r.append(OUT(1))
        h = self.down(h)
        r.append(OUT(2))
        h = self.enc2(h, temb)
        r.append(OUT(3))
        h = self.mid(h, temb)
        r.append(OUT(4))
        return r
"""
CONTROLNET_PARTS = {
    "SILENCED": "ZeroConv2d(base, base)",
    "SILENT": "ZeroConv2d(c, c)",
    "HEARD": "self.zero_hint(F.silu(self.hint_in(hint)))",
    "OUT": "(lambda n: scale * self.zero[n](h))",
}
SKELETON = """
def skeleton_map(heatmaps, limbs, radius, min_conf):
    J, H, W = heatmaps.shape
    flat = heatmaps.flatten(1)
    conf, idx = flat.max(1)
    pts = torch.stack([idx % W, idx // W], 1).to(heatmaps.dtype)
    kp = torch.cat([pts, conf[:, None]], 1)
    KEPT
    yy, xx = torch.meshgrid(torch.arange(H), torch.arange(W), indexing="ij")
    grid = torch.stack([xx, yy], -1).to(heatmaps.dtype)
    mask = torch.zeros(H, W, dtype=heatmaps.dtype)
    for a, b in limbs:
        if UNSEEN:
            continue
        p, q = pts[a], pts[b]
        d = q - p
        n = (d * d).sum()
        t = ((grid - p) @ d / n).clamp(0, 1) if n > 0 else torch.zeros(H, W, dtype=heatmaps.dtype)
        mask[((grid - (p + t[..., None] * d)) ** 2).sum(-1).sqrt() <= radius] = 1
    return {"keypoints": kp, "mask": mask}
"""
SKELETON_PARTS = {
    "KEPT": "kp = kp * (conf >= min_conf)[:, None]",
    "UNSEEN": "conf[a] < min_conf or conf[b] < min_conf",
}
DECOUPLED = """
class DecoupledCrossAttention(nn.Module):
    def __init__(self, query_dim, context_dim, num_heads):
        super().__init__()
        if query_dim % num_heads:
            raise ValueError("heads")
        self.h = num_heads
        self.to_q = nn.Linear(query_dim, query_dim, bias=False)
        self.to_k = nn.Linear(context_dim, query_dim, bias=False)
        self.to_v = nn.Linear(context_dim, query_dim, bias=False)
        self.to_out = nn.Linear(query_dim, query_dim)
        for p in self.parameters():
            p.requires_grad = False
        self.to_k_ip = nn.Linear(context_dim, query_dim, bias=False)
        self.to_v_ip = nn.Linear(context_dim, query_dim, bias=False)
        nn.init.zeros_(self.to_k_ip.weight)
        nn.init.zeros_(self.to_v_ip.weight)
        MORE
    def att(self, q, k, v):
        B, N, D = q.shape
        f = lambda z: z.view(B, -1, self.h, D // self.h).transpose(1, 2)
        a = (f(q) @ f(k).transpose(-1, -2) / (D // self.h) ** 0.5).softmax(-1)
        return (a @ f(v)).transpose(1, 2).reshape(B, N, D)
    def forward(self, x, text, image=None, scale=1.0):
        q = self.to_q(x)
        o = self.att(q, self.to_k(text), self.to_v(text))
        if image is not None:
            o = o + scale * self.att(QUERY, self.to_k_ip(image), self.to_v_ip(image))
        return self.to_out(o)
"""
DECOUPLED_PARTS = {
    "MORE": "pass",
    "QUERY": "q",
}
PROBE = """
def probe_channels(model, inputs, tol):
    names = {"t": "WHEN", "text": "WHAT", "hint": "WHERE", "image": "WHAT_IT_LOOKS_LIKE"}
    base = model(**inputs)
    out = []
    for k, n in names.items():
        CHANGED
        if (model(**inputs) - base).abs().max() > tol:
            out.append(n)
        AFTERWARDS
    return out
"""
PROBE_PARTS = {
    "CHANGED": "old, inputs[k] = inputs[k], inputs[k] + 1.0",
    "AFTERWARDS": "inputs[k] = old",
}
TOKENS = """
class ImageProjection(nn.Module):
    def __init__(self, clip_dim, context_dim, num_tokens):
        super().__init__()
        self.n, self.d = num_tokens, context_dim
        self.proj = nn.Linear(clip_dim, WIDTH)
        self.norm = nn.LayerNorm(NORMED)
    def forward(self, image_embeds):
        return ANSWER
"""
TOKENS_PARTS = {
    "WIDTH": "num_tokens * context_dim",
    "NORMED": "context_dim",
    "ANSWER": "self.norm(self.proj(image_embeds).view(-1, self.n, self.d))",
}
SINGLE = """
class FluxSingleBlock(nn.Module):
    def __init__(self, d_model, n_heads, mlp_ratio=4):
        super().__init__()
        self.n_heads = n_heads
        self.ada, self.qkv = nn.Linear(d_model, 3 * d_model), nn.Linear(d_model, 3 * d_model)
        self.norm_q, self.norm_k = (nn.Parameter(torch.ones(d_model // n_heads)) for _ in range(2))
        self.fc1, self.out = nn.Linear(d_model, mlp_ratio * d_model), nn.Linear((mlp_ratio + 1) * d_model, d_model)

    def forward(self, txt, img, c):
        T = txt.shape[1]
        x = torch.cat([txt, img], 1)
        sh, sc, g = self.ada(F.silu(c)).chunk(3, -1)
        h = F.layer_norm(x, x.shape[-1:], eps=1e-6) * (1 + sc[:, None]) + sh[:, None]
        B, N, D = h.shape
        q, k, v = self.qkv(h).chunk(3, -1)
        q, k, v = (z.view(B, N, self.n_heads, D // self.n_heads).transpose(1, 2) for z in (q, k, v))
        q, k = NORM(q) * GAIN_Q, NORM(k) * GAIN_K
        a = F.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(B, N, D)
        y = x + g[:, None] * self.out(torch.cat([a, F.gelu(self.fc1(h), approximate="tanh")], -1))
        return y[:, :T], y[:, T:]
"""
SINGLE_PARTS = {
    "NORM": "(lambda z: z * torch.rsqrt(z.pow(2).mean(-1, keepdim=True) + 1e-6))",
    "GAIN_Q": "self.norm_q",
    "GAIN_K": "self.norm_k",
}
DOUBLE = """
class MMDiTBlock(nn.Module):
    def __init__(self, d_model, n_heads):
        super().__init__()
        self.heads = n_heads
        def stream():
            m = nn.Module()
            m.q, m.k, m.v, m.proj = (nn.Linear(d_model, d_model) for _ in range(4))
            m.ada = nn.Linear(d_model, 6 * d_model)
            nn.init.zeros_(m.ada.weight); nn.init.zeros_(m.ada.bias)
            m.fc1, m.fc2 = nn.Linear(d_model, 4 * d_model), nn.Linear(4 * d_model, d_model)
            return m
        self.txt, self.img = stream(), stream()
        MORE

    def forward(self, txt, img, c):
        mt = self.txt.ada(F.silu(c))[:, None].chunk(6, -1)
        mi = self.img.ada(F.silu(c))[:, None].chunk(6, -1)
        ln = lambda x: F.layer_norm(x, x.shape[-1:], eps=1e-6)
        ht, hi = ln(txt) * (1 + mt[1]) + mt[0], ln(img) * (1 + mi[1]) + mi[0]
        at, ai, _ = joint_attention(self.txt.q(ht), self.txt.k(ht), self.txt.v(ht), self.img.q(hi), self.img.k(hi), self.img.v(hi), self.heads)
        txt = txt + mt[2] * self.txt.proj(at)
        img = img + mi[2] * self.img.proj(ai)
        ffn = lambda m, x: m.fc2(F.gelu(m.fc1(x), approximate="tanh"))
        txt = txt + mt[5] * ffn(WORDS, ln(txt) * (1 + mt[4]) + mt[3])
        img = img + mi[5] * ffn(PATCHES, ln(img) * (1 + mi[4]) + mi[3])
        return txt, img
"""
DOUBLE_PARTS = {
    "MORE": "pass",
    "WORDS": "self.txt",
    "PATCHES": "self.img",
}
S3DIT = """
class TinyS3DiT(nn.Module):
    def __init__(self, channels, p, d_model, n_heads, axes_dims, depth, refiner_depth, d_text, d_cond):
        super().__init__()
        self.p = p
        def stack(n, mod=True): return nn.ModuleList([S3DiTBlock(d_model, n_heads, axes_dims, d_cond=d_cond, modulation=mod) for _ in range(n)])
        self.layers, self.noise_refiner, self.context_refiner = stack(depth), stack(refiner_depth), stack(refiner_depth, STEERED)
        self.text_norm = nn.Parameter(torch.ones(d_text))
        self.text_embed, self.x_embed = nn.Linear(d_text, d_model), nn.Linear(channels * p * p, d_model)
        self.t_fc1, self.t_fc2 = nn.Linear(32, d_cond), nn.Linear(d_cond, d_cond)
        self.final_ada, self.final = nn.Linear(d_cond, d_model), nn.Linear(d_model, channels * p * p)

    def forward(self, x, t, text):
        H, W = x.shape[2] // self.p, x.shape[3] // self.p
        ids = unified_position_ids(text.shape[1], H, W)
        n = H * W
        c = self.t_fc2(F.silu(self.t_fc1(timestep_embedding(1000 * t, 32))))
        img = self.x_embed(patchify(x, self.p))
        txt = self.text_embed(rms(text, self.text_norm))
        for b in self.noise_refiner: img = b(img, ids[:n], c)
        for b in self.context_refiner: txt = b(txt, ids[n:], LEVEL)
        h = torch.cat([img, txt], 1)
        for b in self.layers: h = b(h, ids, c)
        h = F.layer_norm(h[:, :n], h.shape[-1:], eps=1e-6)
        return unpatchify(self.final(h * (1 + self.final_ada(F.silu(c))[:, None])), self.p, H, W)
"""
S3DIT_PARTS = {
    "STEERED": "False",
    "LEVEL": "None",
}

# Lesson, exercise, the text with its parts, and the forms: a misconception, and the parts that it replaces.
TEXTS = [
    ("lesson-7.1.1", "param_role", ROLE, ROLE_PARTS),
    ("lesson-7.1.1", "controlnet_module", CONTROLNET, CONTROLNET_PARTS),
    ("lesson-7.1.2", "skeleton_map", SKELETON, SKELETON_PARTS),
    ("lesson-7.1.3", "decoupled_module", DECOUPLED, DECOUPLED_PARTS),
    ("lesson-7.1.3", "probe_channels", PROBE, PROBE_PARTS),
    ("lesson-7.1.3", "image_tokens", TOKENS, TOKENS_PARTS),
    ("lesson-7.4.3", "FluxSingleBlock", SINGLE, SINGLE_PARTS),
    ("lesson-7.4.3", "MMDiTBlock", DOUBLE, DOUBLE_PARTS),
    ("lesson-7.4.4", "TinyS3DiT", S3DIT, S3DIT_PARTS),
]
PLAIN = "nn.Conv2d(c, c, 1)"
HINT = "self.zero_hint(F.silu(self.hint_in(hint)))"
FORMS = [
    ("param_role", "up_blocks_are_copied", {"COPIED": '"up_blocks"'}),
    ("param_role", "decoder_is_copied", {"COPIED": '"up_blocks", "conv_norm_out", "conv_out"'}),
    ("controlnet_module", "random_zero_convs", {"SILENT": PLAIN}),
    ("controlnet_module", "nothing_is_silent", {"SILENT": PLAIN, "SILENCED": "nn.Conv2d(base, base, 1)"}),
    ("controlnet_module", "hint_not_silenced", {"SILENCED": "nn.Conv2d(base, base, 1)"}),
    ("controlnet_module", "hint_not_silenced", {"HEARD": "F.silu(self.hint_in(hint))"}),
    ("controlnet_module", "scale_on_hint", {"HEARD": f"scale * {HINT}", "OUT": "(lambda n: self.zero[n](h))"}),
    (
        "controlnet_module",
        "scale_on_hint_image",
        {"HEARD": HINT.replace("(hint)", "(scale * hint)"), "OUT": "(lambda n: self.zero[n](h))"},
    ),
    ("controlnet_module", "scale_on_hint_and_residuals", {"HEARD": f"scale * {HINT}"}),
    ("controlnet_module", "scale_unused", {"OUT": "(lambda n: self.zero[n](h))"}),
    ("skeleton_map", "ignores_confidence", {"KEPT": "pass", "UNSEEN": "False"}),
    ("skeleton_map", "ignores_confidence", {"UNSEEN": "False"}),
    (
        "skeleton_map",
        "unseen_joints_in_the_corner",
        {"KEPT": "pts = (kp := kp * (conf >= min_conf)[:, None])[:, :2]", "UNSEEN": "False"},
    ),
    (
        "decoupled_module",
        "own_query",
        {"MORE": "self.to_q_ip = nn.Linear(query_dim, query_dim, bias=False)", "QUERY": "self.to_q_ip(x)"},
    ),
    ("probe_channels", "inplace_and_cumulative", {"CHANGED": "inputs[k] += 1.0", "AFTERWARDS": "pass"}),
    ("probe_channels", "inplace", {"CHANGED": "inputs[k] += 1.0", "AFTERWARDS": "inputs[k] -= 1.0"}),
    (
        "image_tokens",
        "single_token",
        {"WIDTH": "context_dim", "ANSWER": "self.norm(self.proj(image_embeds)).unsqueeze(1)"},
    ),
    ("image_tokens", "single_token", {"WIDTH": "context_dim", "ANSWER": "self.norm(self.proj(image_embeds))"}),
    ("image_tokens", "norm_before_reshape", {"NORMED": "(num_tokens, context_dim)"}),
    (
        "image_tokens",
        "norm_before_reshape",
        {"NORMED": "num_tokens * context_dim", "ANSWER": "self.norm(self.proj(image_embeds)).view(-1, self.n, self.d)"},
    ),
    ("FluxSingleBlock", "no_qk_norm", {"NORM": ""}),
    ("FluxSingleBlock", "no_qk_norm_at_all", {"NORM": "", "GAIN_Q": "1", "GAIN_K": "1"}),
    ("FluxSingleBlock", "norm_without_gain", {"GAIN_Q": "1", "GAIN_K": "1"}),
    ("MMDiTBlock", "shared_ffn", {"PATCHES": "self.txt"}),
    ("MMDiTBlock", "shared_ffn", {"MORE": "self.img.fc1, self.img.fc2 = self.txt.fc1, self.txt.fc2"}),
    ("MMDiTBlock", "text_thinks_as_image", {"WORDS": "self.img"}),
    ("MMDiTBlock", "exchanged_ffn", {"WORDS": "self.img", "PATCHES": "self.txt"}),
    ("TinyS3DiT", "refiner_sees_time", {"STEERED": "True", "LEVEL": "c"}),
]


@functools.cache
def workshop(lesson: str) -> Workshop:
    torch.set_num_threads(1)
    return Workshop(COURSE, lesson)


def misconceptions(exercise: str, replaced: dict[str, str]) -> set[str | None]:
    """Misconceptions that are named for the text with these parts; None stands for a failed check without one."""
    lesson, _, text, parts = next(one for one in TEXTS if one[1] == exercise)
    for part, own in {**parts, **replaced}.items():
        assert part in text
        text = text.replace(part, own)
    shop = workshop(lesson)
    result = shop.trusted.exercise(
        shop.lesson.exercise(exercise), shop.solution.load(f"{shop.solution.text}\n\n{text}"), 0
    )
    return {check.misconception for check in result.checks if check.outcome is not Outcome.PASSED}


@pytest.mark.parametrize("exercise", [one[1] for one in TEXTS])
def test_each_text_is_right_with_its_own_parts(exercise: str) -> None:
    assert misconceptions(exercise, {}) == set()


@pytest.mark.parametrize(("exercise", "name", "replaced"), FORMS, ids=[f"{one[0]}-{one[1]}" for one in FORMS])
def test_a_misunderstanding_in_another_form_is_named(exercise: str, name: str, replaced: dict[str, str]) -> None:
    assert misconceptions(exercise, replaced) - {None} == {name}
