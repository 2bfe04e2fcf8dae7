"""Known right and wrong answers to lesson 7.4.1."""

import math

import torch
import torch.nn.functional as F
from torch import nn

from blindgrade.known_answers import exercise, right, wrong

exercise("sdxl_text_context")
wrong("token_axis", "torch.cat([hidden_l, hidden_g], dim=-1)", "torch.cat([F.pad(hidden_l, (0, hidden_g.shape[-1] - hidden_l.shape[-1])), hidden_g], dim=1)",
      hint="SDXL joins the two encoders along channels: 77 tokens stay 77, width becomes 2048.")
wrong("wrong_order", "torch.cat([hidden_l, hidden_g], dim=-1)", "torch.cat([hidden_g, hidden_l], dim=-1)",
      hint="CLIP ViT-L comes first (channels 0..767).")
wrong("pooled_mean", "return context, pooled_g", "return context, hidden_g.mean(1)",
      hint="The pooled embedding is the encoder's own (EOS, projected) vector, not a mean of tokens.")
wrong("last_token_pooled", "return context, pooled_g", "return context, hidden_g[:, -1]",
      hint="The last hidden state is not the pooled embedding: G makes that at the end of the text, through a projection.")
wrong("added_up", "torch.cat([hidden_l, hidden_g], dim=-1)", "F.pad(hidden_l, (0, hidden_g.shape[-1] - hidden_l.shape[-1])) + hidden_g",
      hint="Adding mixes what the two encoders say for good; side by side, the U-Net can read each of them.")
wrong("no_error", "if hidden_l.shape[:2] != hidden_g.shape[:2]:", "if False:",
      hint="Compare batch and tokens yourself and raise ValueError: torch's own error is a RuntimeError.")
wrong("checks_tokens_only", "if hidden_l.shape[:2] != hidden_g.shape[:2]:", "if hidden_l.shape[1] != hidden_g.shape[1]:",
      hint="The encoders may also disagree on the number of prompts: compare the batch as well.")


@right
def token_by_token(hidden_l, hidden_g, pooled_g):
    if len(hidden_l) != len(hidden_g) or hidden_l.shape[1] != hidden_g.shape[1]:
        raise ValueError("batch or tokens differ")
    tokens = [torch.hstack([hidden_l[:, i], hidden_g[:, i]]) for i in range(hidden_l.shape[1])]
    return torch.stack(tokens, dim=1), pooled_g


@right
def by_filling(hidden_l, hidden_g, pooled_g):
    *lead, width_l = hidden_l.shape
    if lead != list(hidden_g.shape[:-1]):
        raise ValueError("batch or tokens differ")
    context = hidden_l.new_zeros(*lead, width_l + hidden_g.shape[-1])
    context[..., :width_l] = hidden_l
    context[..., width_l:] = hidden_g
    return context, pooled_g.clone()


exercise("SDXLCrossAttention")
wrong("no_scale", " / math.sqrt(q.shape[-1])", "", hint="Divide the scores by sqrt(head size).")
wrong("scale_by_model", "math.sqrt(q.shape[-1])", "math.sqrt(x.shape[-1])",
      hint="Scale by the head size, not the model width.")
wrong("swapped_qk", "q @ k.transpose(-1, -2)", "q.roll(1, -2) @ k.transpose(-1, -2)",
      hint="Each image position asks its own question: keep query order.")
wrong("softmax_over_places", "softmax(dim=-1)", "softmax(dim=-2)",
      hint="Each place spreads its attention over the tokens: the weights of one place add up to 1.")
wrong("interleaved_heads", "z.unflatten(-1, (self.n_heads, -1)).transpose(1, 2)", "z.unflatten(-1, (-1, self.n_heads)).permute(0, 3, 1, 2)",
      hint="A head owns consecutive channels, not every n-th one.")
wrong("heads_not_merged_back", "mixed.transpose(1, 2).flatten(2)", "mixed.reshape(x.shape)",
      hint="Bring the heads behind the places before you merge them: reshape alone mixes heads with places.")
wrong("residual", "return self.to_out", "return x + self.to_out",
      hint="The residual connection belongs to the block around this layer.")
wrong("biased_queries", "self.to_q = nn.Linear(d_model, d_model, bias=False)", "self.to_q = nn.Linear(d_model, d_model)",
      hint="Queries, keys and values have no bias; the output projection has one.")


@wrong(hint="One context, one softmax: the two encoders share each token's key, they are not two documents.")
class TwoPaths(nn.Module):
    def __init__(self, d_model, n_heads, d_context=2048):
        super().__init__()
        self.n_heads = n_heads
        self.to_q = nn.Linear(d_model, d_model, bias=False)
        self.to_k = nn.Linear(d_context, d_model, bias=False)
        self.to_v = nn.Linear(d_context, d_model, bias=False)
        self.to_out = nn.Linear(d_model, d_model)

    def forward(self, x, context):
        cut = context.shape[-1] * 3 // 8  # 768 of 2048
        read = 0
        for part in (slice(None, cut), slice(cut, None)):
            k, v = (F.linear(context[..., part], layer.weight[:, part]) for layer in (self.to_k, self.to_v))
            q, k, v = (z.unflatten(-1, (self.n_heads, -1)).transpose(1, 2) for z in (self.to_q(x), k, v))
            read = read + F.scaled_dot_product_attention(q, k, v)
        return self.to_out(read.transpose(1, 2).flatten(2))


@right
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


@right
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


@right
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


exercise("multi_resolution_options")
wrong("long_side", "torch.minimum(h, w)", "torch.maximum(h, w)",
      hint="An image is too small if its shorter side is below the target.")
wrong("no_clamp", "torch.clamp(target / short, min=1.0).max().item()", "(target / short).mean().item()",
      hint="Report the worst enlargement; shrinking is not upscaling.")
wrong("crop_by_area_lost", "(1 - short / long).mean().item()", "(1 - (short / long) ** 2).mean().item()",
      hint="After resizing the short side to the target only the long side is cut.")
wrong("shrinking_counts", "torch.clamp(target / short, min=1.0).max()", "(target / short).max()",
      hint="If every picture is large enough nothing is enlarged: the factor is 1, not less.")
wrong("target_is_too_small", "(short < target)", "(short <= target)",
      hint="A side of exactly the target is large enough.")
wrong("height_is_short", "short, long = torch.minimum(h, w), torch.maximum(h, w)", "short, long = h, w",
      hint="Pictures may be flat or tall: take the shorter side of each, whichever it is.")
wrong("counts", "(short < target).double().mean().item()", "float((short < target).sum().item())",
      hint="Report a share of the pictures, between 0 and 1, not their number.")
wrong("crops_what_is_left", "(1 - short / long).mean().item()", "(1 - short / long)[short >= target].double().mean().nan_to_num(0.0).item()",
      hint="The third option keeps every picture and crops it: average over all of them, small ones too.")


@right
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


@right
def in_float32(sizes, target):
    short, long = sizes.amin(dim=1), sizes.amax(dim=1)
    share = float((short < target).float().mean())
    return dict(
        cropped_away=float((1.0 - short.float() / long).mean()),
        max_upscale=max(target / int(short.min()), 1.0),
        upscaled=share,
        discarded=share,
    )


exercise("micro_conditioning_ids")
wrong("width_first", "[height, width, top, left, target, target]", "[width, height, left, top, target, target]",
      hint="The order is (height, width), (top, left), (height, width).")
wrong("resized_not_original", "[height, width, top, left, target, target]", "[new_h, new_w, top, left, target, target]",
      hint="original_size is the size before any resizing: that is how the model learns about upscaling blur.")
wrong("scale_by_long", "target / min(height, width)", "target / max(height, width)",
      hint="Resize so that the shorter side fits the target.")
wrong("last_place_missing", "top = int(u_top * (new_h - target + 1))\n    left = int(u_left * (new_w - target + 1))", "top = int(u_top * (new_h - target))\n    left = int(u_left * (new_w - target))",
      hint="A square of side T in a row of T + 3 pixels can begin at 4 places, not at 3: the last one counts.")
wrong("always_the_centre", "top = int(u_top * (new_h - target + 1))\n    left = int(u_left * (new_w - target + 1))", "top, left = (new_h - target) // 2, (new_w - target) // 2",
      hint="The crop is drawn at random; if it were always the centre, the model would learn nothing from being told.")
wrong("cut_not_rounded", "round(height * scale), round(width * scale)", "int(height * scale), int(width * scale)",
      hint="The sides of the resized picture are rounded to the nearest pixel.")
wrong("crop_before_resizing", "top = int(u_top * (new_h - target + 1))\n    left = int(u_left * (new_w - target + 1))", "top = int(u_top * (new_h - target + 1) / scale)\n    left = int(u_left * (new_w - target + 1) / scale)",
      hint="The crop is told in pixels of the resized picture, from which it is cut.")
wrong("whole_picture_as_target", "[height, width, top, left, target, target]", "[height, width, top, left, new_h, new_w]",
      hint="The target size is that of the square that the model is trained on, after the crop.")


@right
def case_by_case(height, width, target, u_top, u_left):
    if height <= width:
        new_h, new_w = target, round(width * target / height)
    else:
        new_h, new_w = round(height * target / width), target
    top, left = math.floor(u_top * (new_h - target + 1)), math.floor(u_left * (new_w - target + 1))
    return [height, width, top, left, target, target]


@right
def for_both_sides(height, width, target, u_top, u_left):
    ratio = target / min(height, width)
    corner = []
    for side, u in ((height, u_top), (width, u_left)):
        places = int(torch.tensor(side * ratio, dtype=torch.float64).round()) - target + 1
        corner.append(int(places * u))
    return [height, width] + corner + 2 * [target]


exercise("micro_conditioning_embedding")
wrong("sin_first", "torch.cat([torch.cos(arg), torch.sin(arg)], dim=-1)", "torch.cat([torch.sin(arg), torch.cos(arg)], dim=-1)",
      hint="In each embedding all cosines stand before all sines (diffusers calls it flip_sin_to_cos).")
wrong("freq_shift", "device=ids.device) / half", "device=ids.device) / (half - 1)",
      hint="The exponent is i over half the dim, not over half minus 1, so the last frequency is not quite 1/10000.")
wrong("summed", "return emb.flatten(1)", "return emb.sum(1)",
      hint="The six embeddings are concatenated, not added: otherwise height and crop cannot be told apart.")
wrong("interleaved", "torch.cat([torch.cos(arg), torch.sin(arg)], dim=-1)", "torch.stack([torch.cos(arg), torch.sin(arg)], dim=-1).flatten(2)",
      hint="All cosines of an id come before its sines; they do not take turns.")
wrong("all_cosines_first", "torch.cat([torch.cos(arg), torch.sin(arg)], dim=-1)", "torch.cat([torch.cos(arg), torch.sin(arg)], dim=1)",
      hint="Each id has its own stretch, with its cosines and its sines; do not collect the cosines of all six first.")
wrong("frequency_by_frequency", "return emb.flatten(1)", "return emb.transpose(1, 2).flatten(1)",
      hint="One id after the other: the whole embedding of the height, then that of the width.")
wrong("full_dim_of_frequencies", "half = dim // 2", "half = dim",
      hint="dim counts cosines and sines together: there are dim / 2 frequencies.")
wrong("shrunken_ids", "arg = ids[..., None] * freqs", "arg = ids[..., None] / 1024 * freqs",
      hint="The integers go in as they are: the slow clocks are there for the large ones.")


@right
def id_by_id_in_float64(ids, dim=256):
    half = dim // 2
    omega = torch.pow(10000.0, -torch.arange(half, dtype=torch.float64) / half)
    parts = []
    for column in ids.double().unbind(dim=1):
        angles = torch.outer(column, omega)
        parts += [angles.cos(), angles.sin()]
    return torch.hstack(parts).float()


@right
def by_flattening_first(ids, dim=256):
    b = ids.shape[0]
    step = math.log(10000.0) / (dim // 2)
    omega = torch.exp(-step * torch.arange(dim // 2, dtype=torch.float32))
    angles = ids.reshape(-1, 1).float() * omega.reshape(1, -1)  # [6 B, half]
    return torch.cat((angles.cos(), angles.sin()), dim=1).reshape(b, 6 * dim)


@right
def by_complex_numbers(ids, dim=256):
    omega = 1 / 10000.0 ** torch.linspace(0, 1, dim // 2 + 1, dtype=torch.float64)[:-1]
    wave = torch.polar(torch.ones((), dtype=torch.float64), ids.unsqueeze(-1) * omega)  # [B, 6, half]
    return torch.stack([wave.real, wave.imag], dim=2).flatten(1).to(torch.float32)


exercise("SDXLAddedConditioning")
wrong("replaces_time", "return time_emb + self.linear_2", "return self.linear_2",
      hint="The result is added to the timestep embedding, not put in its place.")
wrong("no_activation", "F.silu(self.linear_1(h))", "self.linear_1(h)", hint="There is a SiLU between the two layers.")
wrong("ids_first", "torch.cat([pooled, fourier], dim=-1)", "torch.cat([fourier, pooled], dim=-1)",
      hint="Pooled text first, then the Fourier features.")
wrong("time_through_the_layers", "return time_emb + self.linear_2(F.silu(self.linear_1(h)))", "return self.linear_2(F.silu(time_emb + self.linear_1(h)))",
      hint="The time embedding passes through neither layer: add it to what comes out at the end.")
wrong("second_activation", "return time_emb + self.linear_2(F.silu(self.linear_1(h)))", "return time_emb + F.silu(self.linear_2(F.silu(self.linear_1(h))))",
      hint="The SiLU stands between the layers only; the U-Net's blocks apply their own to the sum.")
wrong("other_activation", "F.silu(self.linear_1(h))", "F.gelu(self.linear_1(h))",
      hint="The activation is SiLU, as in the time embedding, not GELU.")
wrong("modulates_time", "return time_emb + self.linear_2(F.silu(self.linear_1(h)))", "return time_emb * (1 + self.linear_2(F.silu(self.linear_1(h))))",
      hint="The result is added to the time embedding; scales and shifts are made of the sum, later, in each block.")


@right
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


@right
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


exercise("refiner_split")
wrong("first_fraction_by_count", "base = [t for t in timesteps if t >= cutoff]", "base = list(timesteps)[: max(1, int(handoff * len(timesteps)) - 1)]",
      hint="The hand-off is a noise level, not a count of steps.")
wrong("inverted", "round(n_train - handoff * n_train)", "round(handoff * n_train)",
      hint="The base model takes the noisy part (high t); handoff=0.8 leaves only t < 200 to the refiner.")
wrong("strict", "if t >= cutoff]", "if t > cutoff]", hint="A step exactly at the cutoff belongs to the base.")


@wrong(hint="Eighty percent of the noise axis is not eighty percent of the steps: compare t.")
def share_of_the_steps(timesteps, handoff, n_train=1000):
    if not 0 < handoff <= 1:
        raise ValueError("handoff")
    count = round(handoff * len(timesteps))
    return timesteps[:count], timesteps[count:]


wrong("cut_not_rounded", "round(n_train - handoff * n_train)", "int(n_train - handoff * n_train)",
      hint="The cutoff is rounded to the nearest timestep.")
wrong("always_a_thousand", "round(n_train - handoff * n_train)", "round(1000 - handoff * 1000)",
      hint="Not every model is trained with 1000 timesteps: use n_train.")
wrong("done_twice", "if t < cutoff]", "if t <= cutoff]",
      hint="A step at the cutoff would be done twice: the refiner begins below it.")
wrong("no_error", "if not 0 < handoff <= 1:", "if False:",
      hint="A share of the noise axis is above 0 and at most 1; anything else is an error of the caller.")
wrong("one_is_an_error", "if not 0 < handoff <= 1:", "if not 0 < handoff < 1:",
      hint="A hand-off of 1 is allowed: the base model does everything.")


@right
def in_one_pass(timesteps, handoff, n_train=1000):
    if handoff <= 0 or handoff > 1:
        raise ValueError("handoff must lie in (0, 1]")
    cutoff = round((1 - handoff) * n_train)
    parts = ([], [])
    for t in timesteps:
        parts[t < cutoff].append(t)
    return parts


@right
def by_slicing(timesteps, handoff, n_train=1000):
    if not (0.0 < handoff <= 1.0):
        raise ValueError("handoff must lie in (0, 1]")
    cutoff = int(round(n_train - handoff * n_train))
    count = sum(t >= cutoff for t in timesteps)  # they fall, so these come first
    return timesteps[:count], timesteps[count:]


exercise("where_change_lands")
wrong("alongside_is_around", 'return "ALONGSIDE"', 'return "AROUND"',
      hint="A second denoising network that runs its own steps stands alongside.")
wrong("by_name", 'if change["edits_unet_blocks"]:', 'if "attention" in change["name"]:',
      hint="Judge by what the change does, not by its name.")
wrong("order", 'if change["runs_own_denoising_steps"]:', 'if change["runs_own_denoising_steps"] and not change["edits_unet_blocks"]:',
      hint="A network with its own steps is alongside even if its blocks differ too.")
wrong("everything_is_in", 'return "AROUND"', 'return "IN"',
      hint="An encoder or a VAE leaves the U-Net's blocks as they are: such a change lands around them.")
wrong("refiner_is_in", 'return "ALONGSIDE"', 'return "IN"',
      hint="A second U-Net does not sit in the first one: it takes its own steps, alongside.")
wrong("refiner_by_name", 'if change["runs_own_denoising_steps"]:', 'if "refine" in change["name"]:',
      hint="A name is no proof: ask whether it takes denoising steps of its own.")


@right
def by_table(change):
    table = {(True, True): "ALONGSIDE", (True, False): "ALONGSIDE", (False, True): "IN", (False, False): "AROUND"}
    return table[change["runs_own_denoising_steps"], change["edits_unet_blocks"]]


@right
def in_one_line(change):
    own, edits = change.get("runs_own_denoising_steps", False), change.get("edits_unet_blocks", False)
    return "ALONGSIDE" if own else "IN" if edits else "AROUND"


exercise("route_conditioning")
wrong("size_by_attention", "return ROUTES[signal]", 'return (ROUTES[signal][0], "cross_attention") if ROUTES[signal][0] == "AT-WHAT-QUALITY" else ROUTES[signal]',
      hint="Micro-conditioning joins the timestep embedding: adaptive norm.")
wrong("ip_is_cross", "return ROUTES[signal]", 'return (ROUTES[signal][0], "cross_attention") if signal == "reference_image" else ROUTES[signal]',
      hint="IP-Adapter reads the image through its own K/V path.")
wrong("no_fifth", "return ROUTES[signal]", 'return ("WHERE", ROUTES[signal][1]) if signal == "crop_top_left" else ROUTES[signal]',
      hint="crop_top_left says how the training image was cut: quality, not layout.")
wrong("text_is_tokens", "return ROUTES[signal]", 'return ("WHAT", "cross_attention") if signal == "pooled_text" else ROUTES[signal]',
      hint="A single vector has nothing to look up: the pooled text goes with the timestep.")
wrong("pooled_is_a_look", "return ROUTES[signal]", 'return ("WHAT-IT-LOOKS-LIKE", "adaptive_norm") if signal == "pooled_text" else ROUTES[signal]',
      hint="The pooled vector is made of the prompt: it says what is to be seen, in general.")
wrong("maps_by_attention", "return ROUTES[signal]", 'return (ROUTES[signal][0], "cross_attention") if signal.endswith("_map") else ROUTES[signal]',
      hint="A map is shaped like the picture: its features are added place by place, nobody has to look them up.")
wrong("pose_is_content", "return ROUTES[signal]", 'return ("WHAT", ROUTES[signal][1]) if signal == "pose_map" else ROUTES[signal]',
      hint="A pose says where the limbs are, as an edge map says where the edges are.")
wrong("key_error", "if signal not in ROUTES:", "if False:",
      hint="An unknown name is an error of the caller: raise ValueError, a bare KeyError is another thing.")


@right
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


@right
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


exercise("list_changes")
wrong("each_part_is_a_change", 'places[card["part_of"] or name]', "places[name]",
      hint="All parts of one network make one change, under the network's name.")
wrong("what_is_gone_is_forgotten", "for name in old.keys() | new.keys():", "for name in new:",
      hint="A part that is gone is a change, too: look at the names of both lists.")
wrong("only_what_is_new", "if old.get(name) == new.get(name):", "if name in old:",
      hint="A part that exists in both lists may have other figures.")
wrong("any_part_is_in", 'card["part_of"] == "unet"', 'card["part_of"] is not None',
      hint="Blocks of another network are not blocks of the U-Net.")
wrong("the_name_decides", 'card["part_of"] == "unet"', '"unet" in name',
      hint="A name says nothing for certain: the card says what the part belongs to.")
wrong("second_network_is_around", '"runs_own_denoising_steps": card["own_steps"]', '"runs_own_denoising_steps": False',
      hint="A network that takes denoising steps of its own stands alongside.")
wrong("everything_is_listed", "if old.get(name) == new.get(name):\n            continue", "pass",
      hint="What is as it was is no change.")


@right
def by_networks(old, new):
    cards = {**old, **new}
    changed = {name for name in cards if name not in old or name not in new or old[name] != new[name]}
    places = {}
    for name in sorted(changed):
        card = cards[name]
        label = name if card["part_of"] is None else card["part_of"]
        if card["own_steps"]:
            places[label] = "ALONGSIDE"
        else:
            places[label] = "IN" if card["part_of"] == "unet" else "AROUND"
    return places


@right
def in_three_passes(old, new):
    gone = [(name, old[name]) for name in old if name not in new]
    fresh = [(name, new[name]) for name in new if name not in old]
    other = [(name, new[name]) for name in new if name in old and new[name] != old[name]]
    return {
        card["part_of"] or name: where_change_lands(
            {
                "name": name,
                "edits_unet_blocks": card["part_of"] == "unet",
                "runs_own_denoising_steps": card["own_steps"],
            }
        )
        for name, card in gone + fresh + other
    }


def nearest_shape(log_ratio, area, multiple):
    """The allowed shape whose ratio of height to width is nearest."""
    shapes = []
    for height in range(multiple, area // multiple + 1, multiple):
        width = area // height // multiple * multiple
        if width and height * width >= 0.85 * area:
            shapes.append((height, width))
    return min(shapes, key=lambda shape: abs(math.log(shape[0] / shape[1]) - log_ratio))


exercise("choose_buckets")


@wrong(hint="These shapes follow the crowd, and the crowd has no panoramas: some of them lose more than half. One bucket for the few costs the many little.")
def quantiles_of_the_crowd(sizes, count, area, multiple=64):
    logs = (sizes[:, 0] / sizes[:, 1]).double().log()
    shares = [(i + 0.5) / count for i in range(count)]
    buckets = [nearest_shape(torch.quantile(logs, q).item(), area, multiple) for q in shares]
    return {"buckets": buckets, "predicted_loss": 0.07}


@wrong(hint="Evenly spread over all ratios, most buckets stand where hardly any picture is. Put them where the pictures are.")
def evenly_between_the_extremes(sizes, count, area, multiple=64):
    logs = (sizes[:, 0] / sizes[:, 1]).double().log()
    low, high = logs.min().item(), logs.max().item()
    places = [low + (i + 0.5) / count * (high - low) for i in range(count)]
    return {"buckets": [nearest_shape(place, area, multiple) for place in places], "predicted_loss": 0.1}


@wrong(hint="One square is the third of the bad options: it crops almost a third of these pictures away.")
def one_square(sizes, count, area, multiple=64):
    side = int(area**0.5) // multiple * multiple
    return {"buckets": [(side, side)], "predicted_loss": 0.3}


@wrong(hint="These are the six most common shapes. What is rare is not covered at all: look at who loses more than half.")
def the_most_common_shapes(sizes, count, area, multiple=64):
    logs = (sizes[:, 0] / sizes[:, 1]).double().log().tolist()
    seen = {}
    for value in logs:
        shape = nearest_shape(value, area, multiple)
        seen[shape] = seen.get(shape, 0) + 1
    return {"buckets": sorted(seen, key=seen.get)[-count:], "predicted_loss": 0.07}


@wrong(hint="The ratio is exact, but the sides are no multiples: a bucket must fit the network's levels.")
def exact_ratios(sizes, count, area, multiple=64):
    logs = (sizes[:, 0] / sizes[:, 1]).double().log()
    shares = [0.005 + 0.99 * i / (count - 1) for i in range(count)]
    ratios = [math.exp(torch.quantile(logs, q).item()) for q in shares]
    buckets = [(math.floor((area * a) ** 0.5), math.floor((area / a) ** 0.5)) for a in ratios]
    return {"buckets": buckets, "predicted_loss": 0.08}


@right
def a_bucket_for_the_few(sizes, count, area, multiple=64):
    """One bucket so that even the longest lose only half, and quantiles of the rest."""
    logs = (sizes[:, 0] / sizes[:, 1]).double().log()
    low, high = torch.quantile(logs, 0.002).item(), torch.quantile(logs, 0.998).item()
    edge = low + 0.6 if -low > high else high - 0.6
    few = nearest_shape(edge, area, multiple)
    rest = logs[(logs - math.log(few[0] / few[1])).abs() > 0.5]
    shares = [(i + 0.5) / (count - 1) for i in range(count - 1)]
    many = [nearest_shape(torch.quantile(rest, q).item(), area, multiple) for q in shares]
    return {"buckets": [few, *many], "predicted_loss": 0.065}


@right
def exact_partition(sizes, count, area, multiple=64):
    """Sorted ratios cut into runs, the best cuts by dynamic programming over a histogram of the ratios."""
    logs = (sizes[:, 0] / sizes[:, 1]).double().log()
    bins = torch.linspace(logs.min(), logs.max(), 90, dtype=torch.float64)
    mass = torch.histc(logs, 90, logs.min().item(), logs.max().item()).double()
    lost = 1 - (-(bins[:, None] - bins).abs()).exp()
    lost = lost + 3.0 * (lost > 0.45)
    price = [[min((mass[a:b] @ lost[a:b, a:b]).tolist()) if a < b else 0.0 for b in range(91)] for a in range(91)]
    best, cuts = [price[0][b] for b in range(91)], [[[0, b]] for b in range(91)]
    for _ in range(count - 1):
        step = [min(range(b + 1), key=lambda a: best[a] + price[a][b]) for b in range(91)]
        cuts = [[*cuts[a], [a, b]] for b, a in enumerate(step)]
        best = [best[a] + price[a][b] for b, a in enumerate(step)]
    buckets = []
    for a, b in cuts[90]:
        if a < b:
            centre = a + int((mass[a:b] @ lost[a:b, a:b]).argmin())
            buckets.append(nearest_shape(bins[centre].item(), area, multiple))
    return {"buckets": buckets, "predicted_loss": best[90] / len(logs)}


@right
def clusters_from_the_ends(sizes, count, area, multiple=64):
    """Lloyd's algorithm with the loss as its distance; the tail counts more, and several starts compete."""
    ratio = (sizes[:, 0] / sizes[:, 1]).double()
    weight = 1 + 4 * ((ratio > 2.5) | (ratio < 0.4)).double()
    winner, least = None, math.inf
    for start in range(4):
        shares = torch.linspace(0.002 * (1 + start), 1 - 0.002 * (1 + start), count, dtype=torch.float64)
        centres = torch.quantile(ratio.log(), shares)
        for _ in range(30):
            mine = (ratio.log()[:, None] - centres).abs().argmin(dim=1)
            for k in range(count):
                if (mine == k).any():
                    w = weight[mine == k]
                    centres[k] = (w * ratio.log()[mine == k]).sum() / w.sum()
        shapes = [nearest_shape(c.item(), area, multiple) for c in centres]
        places = torch.tensor([math.log(h / w) for h, w in shapes], dtype=torch.float64)
        lost = 1 - (-(ratio.log()[:, None] - places).abs().min(dim=1).values).exp()
        total = (lost.mean() + 3 * (lost > 0.5).double().mean()).item()
        if total < least:
            winner, least = shapes, total
    return {"buckets": winner, "predicted_loss": least}
