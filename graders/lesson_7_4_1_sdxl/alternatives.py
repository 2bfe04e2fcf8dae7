"""Other right answers to lesson 7.4.1."""

import math

import torch
import torch.nn.functional as F
from torch import nn

from blindgrade.known_answers import alternative

# ---------------------------------------------------------------- sdxl_text_context


@alternative("sdxl_text_context")
def token_by_token(hidden_l, hidden_g, pooled_g):
    if len(hidden_l) != len(hidden_g) or hidden_l.shape[1] != hidden_g.shape[1]:
        raise ValueError("batch or tokens differ")
    tokens = [torch.hstack([hidden_l[:, i], hidden_g[:, i]]) for i in range(hidden_l.shape[1])]
    return torch.stack(tokens, dim=1), pooled_g


@alternative("sdxl_text_context")
def by_filling(hidden_l, hidden_g, pooled_g):
    *lead, width_l = hidden_l.shape
    if lead != list(hidden_g.shape[:-1]):
        raise ValueError("batch or tokens differ")
    context = hidden_l.new_zeros(*lead, width_l + hidden_g.shape[-1])
    context[..., :width_l] = hidden_l
    context[..., width_l:] = hidden_g
    return context, pooled_g.clone()


# ---------------------------------------------------------------- SDXLCrossAttention


@alternative("SDXLCrossAttention")
class WithFusedAttention(nn.Module):
    def __init__(self, d_model, n_heads, d_context=2048):
        super().__init__()
        self.heads = n_heads
        self.to_q = nn.Linear(d_model, d_model, bias=False)
        self.to_k, self.to_v = (nn.Linear(d_context, d_model, bias=False) for _ in range(2))
        self.to_out = nn.Linear(d_model, d_model, bias=True)

    def forward(self, x, context):
        b, n, d = x.shape
        q = self.to_q(x).view(b, n, self.heads, d // self.heads).permute(0, 2, 1, 3)
        k, v = (f(context).view(b, -1, self.heads, d // self.heads).permute(0, 2, 1, 3) for f in (self.to_k, self.to_v))
        return self.to_out(F.scaled_dot_product_attention(q, k, v).permute(0, 2, 1, 3).reshape(b, n, d))


@alternative("SDXLCrossAttention")
class HeadByHead(nn.Module):
    """One head at a time; the keys' scale is put into the queries."""

    def __init__(self, d_model, n_heads, d_context=2048):
        super().__init__()
        self.d_head = d_model // n_heads
        for name, width in {"to_q": d_model, "to_k": d_context, "to_v": d_context}.items():
            setattr(self, name, nn.Linear(width, d_model, bias=False))
            nn.init.xavier_uniform_(getattr(self, name).weight)
        self.to_out = nn.Linear(d_model, d_model)

    def forward(self, x, context):
        q, k, v = self.to_q(x) * self.d_head**-0.5, self.to_k(context), self.to_v(context)
        heads = zip(*(z.split(self.d_head, dim=-1) for z in (q, k, v)), strict=True)
        return self.to_out(torch.cat([torch.softmax(q @ k.mT, dim=-1) @ v for q, k, v in heads], dim=-1))


@alternative("SDXLCrossAttention")
class ByEinsum(nn.Module):
    def __init__(self, d_model, n_heads, d_context=2048):
        super().__init__()
        self.n_heads, self.scale = n_heads, math.sqrt(d_model / n_heads)
        self.to_q = nn.Linear(d_model, d_model, bias=False)
        self.to_k = nn.Linear(d_context, d_model, bias=False)
        self.to_v = nn.Linear(d_context, d_model, bias=False)
        self.to_out = nn.Linear(d_model, d_model)

    def forward(self, x, context):
        q = self.to_q(x).unflatten(2, (self.n_heads, -1))
        k = self.to_k(context).unflatten(2, (self.n_heads, -1))
        v = self.to_v(context).unflatten(2, (self.n_heads, -1))
        logits = torch.einsum("bnhe,bmhe->bhnm", q, k) / self.scale
        shares = (logits - logits.logsumexp(dim=3, keepdim=True)).exp()
        return self.to_out(torch.einsum("bhnm,bmhe->bnhe", shares, v).flatten(2))


# ---------------------------------------------------------------- multi_resolution_options


@alternative("multi_resolution_options")
def picture_by_picture(sizes, target):
    pairs = [sorted(pair) for pair in sizes.tolist()]
    n = len(pairs)
    small = sum(short < target for short, _ in pairs) / n
    return {
        "discarded": small,
        "upscaled": small,
        "max_upscale": max(1.0, *(target / short for short, _ in pairs)),
        "cropped_away": sum((long - short) / long for short, long in pairs) / n,
    }


@alternative("multi_resolution_options")
def in_float32(sizes, target):
    short, long = sizes.amin(dim=1), sizes.amax(dim=1)
    share = float((short < target).float().mean())
    return dict(
        cropped_away=float((1.0 - short.float() / long).mean()),
        max_upscale=max(target / int(short.min()), 1.0),
        upscaled=share,
        discarded=share,
    )


# ---------------------------------------------------------------- micro_conditioning_ids


@alternative("micro_conditioning_ids")
def case_by_case(height, width, target, u_top, u_left):
    if height <= width:
        new_h, new_w = target, round(width * target / height)
    else:
        new_h, new_w = round(height * target / width), target
    top, left = math.floor(u_top * (new_h - target + 1)), math.floor(u_left * (new_w - target + 1))
    return [height, width, top, left, target, target]


@alternative("micro_conditioning_ids")
def for_both_sides(height, width, target, u_top, u_left):
    ratio = target / min(height, width)
    corner = []
    for side, u in ((height, u_top), (width, u_left)):
        places = int(torch.tensor(side * ratio, dtype=torch.float64).round()) - target + 1
        corner.append(int(places * u))
    return [height, width] + corner + 2 * [target]


# ---------------------------------------------------------------- micro_conditioning_embedding


@alternative("micro_conditioning_embedding")
def id_by_id_in_float64(ids, dim=256):
    half = dim // 2
    omega = torch.pow(10000.0, -torch.arange(half, dtype=torch.float64) / half)
    parts = []
    for column in ids.double().unbind(dim=1):
        angles = torch.outer(column, omega)
        parts += [angles.cos(), angles.sin()]
    return torch.hstack(parts).float()


@alternative("micro_conditioning_embedding")
def by_flattening_first(ids, dim=256):
    b = ids.shape[0]
    step = math.log(10000.0) / (dim // 2)
    omega = torch.exp(-step * torch.arange(dim // 2, dtype=torch.float32))
    angles = ids.reshape(-1, 1).float() * omega.reshape(1, -1)  # [6 B, half]
    return torch.cat((angles.cos(), angles.sin()), dim=1).reshape(b, 6 * dim)


@alternative("micro_conditioning_embedding")
def by_complex_numbers(ids, dim=256):
    omega = 1 / 10000.0 ** torch.linspace(0, 1, dim // 2 + 1, dtype=torch.float64)[:-1]
    wave = torch.polar(torch.ones((), dtype=torch.float64), ids.unsqueeze(-1) * omega)  # [B, 6, half]
    return torch.stack([wave.real, wave.imag], dim=2).flatten(1).to(torch.float32)


# ---------------------------------------------------------------- SDXLAddedConditioning


@alternative("SDXLAddedConditioning")
class InOneStretch(nn.Module):
    def __init__(self, pooled_dim, fourier_dim, time_embed_dim):
        super().__init__()
        self.dim = fourier_dim
        self.linear_1 = nn.Linear(6 * fourier_dim + pooled_dim, time_embed_dim)
        self.act = nn.SiLU()
        self.linear_2 = nn.Linear(time_embed_dim, time_embed_dim)

    def forward(self, time_emb, pooled, ids):
        h = torch.hstack([pooled, micro_conditioning_embedding(ids, dim=self.dim)])
        h = self.act(self.linear_1(h.to(time_emb.dtype)))
        return self.linear_2(h) + time_emb


@alternative("SDXLAddedConditioning")
class InTwoParts(nn.Module):
    """The first layer cut in two, for text and for waves; the waves in double precision."""

    def __init__(self, pooled_dim, fourier_dim, time_embed_dim):
        super().__init__()
        self.half, self.pooled_dim = fourier_dim // 2, pooled_dim
        self.linear_1 = nn.Linear(pooled_dim + 6 * fourier_dim, time_embed_dim)
        self.linear_2 = nn.Linear(time_embed_dim, time_embed_dim)

    def forward(self, time_emb, pooled, ids):
        omega = 10000.0 ** (-torch.arange(self.half).double() / self.half)
        angles = ids.double()[:, :, None] * omega
        waves = torch.cat([angles.cos(), angles.sin()], dim=2).reshape(len(ids), -1).to(pooled.dtype)
        text_weight, wave_weight = self.linear_1.weight.tensor_split([self.pooled_dim], dim=1)
        h = pooled @ text_weight.T + waves @ wave_weight.T + self.linear_1.bias
        return time_emb + F.linear(h * torch.sigmoid(h), self.linear_2.weight, self.linear_2.bias)


# ---------------------------------------------------------------- refiner_split


@alternative("refiner_split")
def in_one_pass(timesteps, handoff, n_train=1000):
    if handoff <= 0 or handoff > 1:
        raise ValueError("handoff must lie in (0, 1]")
    cutoff = round((1 - handoff) * n_train)
    parts = ([], [])
    for t in timesteps:
        parts[t < cutoff].append(t)
    return parts


@alternative("refiner_split")
def by_slicing(timesteps, handoff, n_train=1000):
    if not (0.0 < handoff <= 1.0):
        raise ValueError("handoff must lie in (0, 1]")
    cutoff = int(round(n_train - handoff * n_train))
    count = sum(t >= cutoff for t in timesteps)  # they fall, so these come first
    return timesteps[:count], timesteps[count:]


# ---------------------------------------------------------------- where_change_lands


@alternative("where_change_lands")
def by_table(change):
    table = {(True, True): "ALONGSIDE", (True, False): "ALONGSIDE", (False, True): "IN", (False, False): "AROUND"}
    return table[change["runs_own_denoising_steps"], change["edits_unet_blocks"]]


@alternative("where_change_lands")
def in_one_line(change):
    own, edits = change.get("runs_own_denoising_steps", False), change.get("edits_unet_blocks", False)
    return "ALONGSIDE" if own else "IN" if edits else "AROUND"


# ---------------------------------------------------------------- route_conditioning


@alternative("route_conditioning")
def by_mechanism(signal):
    one_vector = {"timestep": "WHEN", "pooled_text": "WHAT"}
    one_vector |= dict.fromkeys(["original_size", "crop_top_left", "target_size"], "AT-WHAT-QUALITY")
    if signal in one_vector:
        return one_vector[signal], "adaptive_norm"
    if signal in ("canny_map", "depth_map", "pose_map"):
        return "WHERE", "additive_encoder_features"
    if signal == "text_tokens":
        return "WHAT", "cross_attention"
    if signal == "reference_image":
        return "WHAT-IT-LOOKS-LIKE", "decoupled_cross_attention"
    raise ValueError(signal)


@alternative("route_conditioning")
def by_match(signal):
    match signal:
        case "timestep":
            return ("WHEN", "adaptive_norm")
        case "text_tokens":
            return ("WHAT", "cross_attention")
        case "pooled_text":
            return ("WHAT", "adaptive_norm")
        case "canny_map" | "depth_map" | "pose_map":
            return ("WHERE", "additive_encoder_features")
        case "reference_image":
            return ("WHAT-IT-LOOKS-LIKE", "decoupled_cross_attention")
        case "original_size" | "crop_top_left" | "target_size":
            return ("AT-WHAT-QUALITY", "adaptive_norm")
    raise ValueError(f"unknown signal {signal}")
