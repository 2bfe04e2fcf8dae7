"""Known right and wrong answers to lesson 7.4.2."""

import itertools
import math

import torch
import torch.nn.functional as F
from torch import nn

from blindgrade.known_answers import exercise, fails, right, wrong

exercise("patchify")
wrong("channel_first", "permute(0, 2, 4, 3, 5, 1)", "permute(0, 2, 4, 1, 3, 5)",
      hint="The order inside a token is (row, column, channel).")
wrong("column_major", "permute(0, 2, 4, 3, 5, 1)", "permute(0, 4, 2, 3, 5, 1)",
      hint="Tokens run along rows first (left to right, then down).")
wrong("reshape_only", "x.permute(0, 2, 4, 3, 5, 1)", "x",
      hint="A bare reshape mixes pixels of different patches; move the patch axes together first.")
wrong("columns_inside_first", "permute(0, 2, 4, 3, 5, 1)", "permute(0, 2, 4, 5, 3, 1)",
      hint="Inside a token the pixels follow each other along the row, as the tokens do.")
wrong("checks_the_area", "if height % p or width % p:", "if (height * width) % (p * p):",
      hint="p must divide the height and the width, each by itself: 2 by 8 pixels hold 16, and yet no square of side 4.")
wrong("no_error", "if height % p or width % p:", "if False:",
      hint="A latent that the patches do not tile is an error of the caller: raise ValueError and say so.")


@right
def by_unfold(x, p):
    b, c, h, w = x.shape
    if h % p != 0 or w % p != 0:
        raise ValueError("p must divide height and width")
    columns = F.unfold(x, kernel_size=p, stride=p)  # [B, C * p * p, n], channel first
    return columns.transpose(1, 2).unflatten(2, (c, p * p)).transpose(2, 3).flatten(2)


@right
def square_by_square(x, p):
    *_, h, w = x.shape
    if any(side % p for side in (h, w)):
        raise ValueError("no tiling")
    squares = [x[:, :, i : i + p, j : j + p].movedim(1, -1).flatten(1) for i in range(0, h, p) for j in range(0, w, p)]
    return torch.stack(squares, dim=1)


@right
def by_einsum(x, p):
    b, c, h, w = x.shape
    if h % p or w % p:
        raise ValueError("no tiling")
    x = x.view(b, c, h // p, p, w // p, p)
    return torch.einsum("bcipjq->bijpqc", x).reshape(b, -1, p * p * c)


exercise("unpatchify")
wrong("channel_first", "tokens.reshape(b, grid_h, grid_w, p, p, d // (p * p))", "tokens.reshape(b, grid_h, grid_w, d // (p * p), p, p).permute(0, 1, 2, 4, 5, 3)",
      hint="Must be the exact inverse of patchify: (row, column, channel) inside a token.")
wrong("swapped_grid", "permute(0, 5, 1, 3, 2, 4)", "permute(0, 5, 1, 4, 2, 3)",
      hint="Pair each grid axis with its own pixel axis.")
wrong("square_only", "if n != grid_h * grid_w or d % (p * p):", "if n != grid_h * grid_h or d % (p * p):",
      hint="Height and width have grids of their own: a latent need not be square.")
wrong("pixels_before_the_grid", "permute(0, 5, 1, 3, 2, 4)", "permute(0, 5, 3, 1, 4, 2)",
      hint="Neighbouring rows belong to one patch: the row inside the patch changes faster than the row of the grid.")


@wrong(hint="Tokens run along rows first: the grid's rows are the outer axis of the list.")
def column_major(tokens, p, grid_h, grid_w):
    b, n, d = tokens.shape
    if n != grid_h * grid_w or d % (p * p):
        raise ValueError("the tokens do not fit")
    patches = tokens.reshape(b, grid_w, grid_h, p, p, d // (p * p)).transpose(1, 2)
    return patches.permute(0, 5, 1, 3, 2, 4).reshape(b, -1, grid_h * p, grid_w * p)


wrong("counts_numbers_only", "if n != grid_h * grid_w or d % (p * p):\n        raise ValueError", "if d % (p * p):\n        raise ValueError",
      hint="Check the number of tokens against the grid too: that the numbers can be reshaped does not mean they fit.")


@right
def by_fold(tokens, p, grid_h, grid_w):
    b, n, d = tokens.shape
    if n != grid_h * grid_w or d % p**2 != 0:
        raise ValueError("the tokens do not fit the grid")
    columns = tokens.unflatten(2, (p * p, -1)).transpose(2, 3).flatten(2)  # channel first
    return F.fold(columns.transpose(1, 2), (grid_h * p, grid_w * p), kernel_size=p, stride=p)


@right
def by_pixel_shuffle(tokens, p, grid_h, grid_w):
    if tokens.shape[1] != grid_h * grid_w or tokens.shape[2] % (p * p):
        raise ValueError("the tokens do not fit the grid")
    grid = tokens.transpose(1, 2).unflatten(2, (grid_h, grid_w))  # [B, p * p * C, grid_h, grid_w]
    grid = grid.unflatten(1, (p * p, -1)).transpose(1, 2).flatten(1, 2)  # pixel_shuffle wants channel first
    return F.pixel_shuffle(grid, p)


@right
def row_by_row(tokens, p, grid_h, grid_w):
    b, n, d = tokens.shape
    if n != grid_h * grid_w or d % (p * p) != 0:
        raise ValueError("the tokens do not fit the grid")
    squares = tokens.reshape(b, n, p, p, -1)
    rows = [torch.cat([squares[:, i * grid_w + j] for j in range(grid_w)], dim=2) for i in range(grid_h)]
    return torch.cat(rows, dim=1).permute(0, 3, 1, 2)


exercise("dit_token_budget")
wrong("one_axis", "(height // p) * (width // p)", "(height * width) // p",
      hint="Patching shrinks both axes: p^2 fewer tokens.")
wrong("linear_attention", "2 * n * n * d_model", "2 * n * d_model", hint="Every token meets every token: n^2.")
wrong("no_ffn", "12 * n * d_model * d_model", "4 * n * d_model * d_model",
      hint="4 d^2 for attention projections plus 8 d^2 for the feed-forward.")
wrong("scores_only", "2 * n * n * d_model", "n * n * d_model",
      hint="Attention multiplies twice: queries with keys for the scores, and the shares with the values.")
wrong("ffn_one_matrix", "12 * n * d_model * d_model", "8 * n * d_model * d_model",
      hint="The feed-forward goes up to 4 d and back down: two matrices of 4 d^2.")


@right
def layer_by_layer(height, width, p, d_model):
    tokens = height * width // p**2
    layers = [(d_model, 3 * d_model), (d_model, d_model), (d_model, 4 * d_model), (4 * d_model, d_model)]
    scores = mixing = tokens**2 * d_model
    return {
        "tokens": tokens,
        "attention_macs": scores + mixing,
        "linear_macs": sum(tokens * a * b for a, b in layers),
    }


@right
def by_powers(height, width, p, d_model):
    n = int((height / p) * (width / p))
    return dict(tokens=n, attention_macs=2 * d_model * n**2, linear_macs=3 * n * (2 * d_model) ** 2)


exercise("DiTBlock")
wrong("no_gate", "x = x + gate1.unsqueeze(1) * self.attention", "x = x + self.attention",
      hint="Each branch is multiplied by its gate; with a zero gate the block must be the identity.")
wrong("order_scale_shift", "shift1, scale1, gate1, shift2, scale2, gate2 =", "scale1, shift1, gate1, scale2, shift2, gate2 =",
      hint="Order of the six: shift, scale, gate - attention first, then MLP.")
wrong("no_silu", "self.ada(F.silu(c))", "self.ada(c)", hint="SiLU comes before the modulation layer.")
wrong("not_zero_init", "nn.init.zeros_(self.ada.weight)", "pass",
      hint="adaLN-*Zero*: the modulation layer starts at zero.")
wrong("exact_gelu", 'F.gelu(h, approximate="tanh")', "F.gelu(h)",
      hint="DiT uses GELU in its tanh form; the exact one differs in the fourth digit.")
wrong("parallel_branches", "x = x + gate1.unsqueeze(1) * self.attention(modulate(self.norm(x), shift1, scale1))\n        h = self.fc1(modulate(self.norm(x), shift2, scale2))", "h = self.fc1(modulate(self.norm(x), shift2, scale2))\n        x = x + gate1.unsqueeze(1) * self.attention(modulate(self.norm(x), shift1, scale1))",
      hint="The MLP reads the x that the attention has changed; only then comes the next norm.")
wrong("affine_norm", "elementwise_affine=False", "elementwise_affine=True",
      hint="The norms have no scale and shift of their own: the condition supplies them.")
wrong("split_per_head", "z.unflatten(-1, (self.n_heads, -1)).transpose(1, 2)  # [B, heads, n, d_head]\n            for z in self.qkv(h).chunk(3, dim=-1)", "z.transpose(1, 2)\n            for z in self.qkv(h).unflatten(-1, (self.n_heads, -1)).chunk(3, dim=-1)",
      hint="qkv holds all queries, then all keys, then all values; split it into three first and into heads afterwards.")


@right
class WithSoftmax(nn.Module):
    def __init__(self, d_model, n_heads, mlp_ratio=4):
        super().__init__()
        self.heads, self.d_head = n_heads, d_model // n_heads
        self.norm1 = nn.LayerNorm(d_model, eps=1e-6, elementwise_affine=False)
        self.norm2 = nn.LayerNorm(d_model, eps=1e-6, elementwise_affine=False)
        self.qkv = nn.Linear(d_model, d_model * 3)
        self.proj = nn.Linear(d_model, d_model)
        self.fc1 = nn.Linear(d_model, d_model * mlp_ratio)
        self.act = nn.GELU(approximate="tanh")
        self.fc2 = nn.Linear(d_model * mlp_ratio, d_model)
        self.silu = nn.SiLU()
        self.ada = nn.Linear(d_model, d_model * 6)
        nn.init.constant_(self.ada.weight, 0)
        nn.init.constant_(self.ada.bias, 0)

    def forward(self, x, c):
        b, n, d = x.shape
        six = self.ada(self.silu(c)).reshape(b, 6, 1, d)
        h = self.norm1(x) * (1 + six[:, 1]) + six[:, 0]
        q, k, v = self.qkv(h).reshape(b, n, 3, self.heads, self.d_head).unbind(2)
        shares = (torch.einsum("bnhe,bmhe->bhnm", q, k) / math.sqrt(self.d_head)).softmax(dim=-1)
        x = x + six[:, 2] * self.proj(torch.einsum("bhnm,bmhe->bnhe", shares, v).reshape(b, n, d))
        h = self.norm2(x) * (1 + six[:, 4]) + six[:, 3]
        return x + six[:, 5] * self.fc2(self.act(self.fc1(h)))


@right
class ByHand(nn.Module):
    """One head at a time, the norm and GELU written out."""

    def __init__(self, d_model, n_heads, mlp_ratio=4):
        super().__init__()
        sizes = {"qkv": (1, 3), "proj": (1, 1), "fc1": (1, mlp_ratio), "fc2": (mlp_ratio, 1), "ada": (1, 6)}
        for name, (a, b) in sizes.items():
            self.add_module(name, nn.Linear(a * d_model, b * d_model))
            nn.init.normal_(getattr(self, name).weight, std=0.02)
            nn.init.zeros_(getattr(self, name).bias)
        self.ada.weight.data.zero_()
        self.n_heads = n_heads

    def normed(self, x, shift, scale):
        centred = x - x.mean(dim=-1, keepdim=True)
        h = centred / torch.sqrt(centred.square().mean(dim=-1, keepdim=True) + 1e-6)
        return modulate(h, shift, scale)

    def forward(self, x, c):
        b1, g1, a1, b2, g2, a2 = torch.split(self.ada(c * torch.sigmoid(c)), x.shape[-1], dim=1)
        q, k, v = torch.tensor_split(self.qkv(self.normed(x, b1, g1)), 3, dim=-1)
        outs = []
        for qh, kh, vh in zip(*(torch.tensor_split(z, self.n_heads, dim=-1) for z in (q, k, v)), strict=True):
            logits = qh @ kh.mT * qh.shape[-1] ** -0.5
            outs.append(torch.softmax(logits, dim=-1) @ vh)
        x = x + a1[:, None] * self.proj(torch.cat(outs, dim=-1))
        h = self.fc1(self.normed(x, b2, g2))
        h = 0.5 * h * (1 + torch.tanh(math.sqrt(2 / math.pi) * (h + 0.044715 * h**3)))
        return x + a2[:, None] * self.fc2(h)


exercise("dit_block_params")
wrong("no_bias", "4 * d_model * d_model + 4 * d_model", "4 * d_model * d_model",
      hint="The count is of weights alone: all five linear layers have biases, too.")
wrong("gpt_block", "6 * d_model * d_model + 6 * d_model", "0", hint="adaLN-Zero adds 6 d^2: a third of the block.")
wrong("norm_affine", "attention + mlp + ada}", "attention + mlp + ada + 4 * d_model}",
      hint="The layer norms have no affine parameters: adaLN supplies them.")
wrong("always_fourfold", "hidden = mlp_ratio * d_model", "hidden = 4 * d_model",
      hint="Four is only the usual ratio: use the mlp_ratio that is given.")
wrong("no_gates", "6 * d_model * d_model + 6 * d_model", "4 * d_model * d_model + 4 * d_model",
      hint="Each of the two branches has three vectors: shift, scale and gate.")


@right
def by_counting_layers(d_model, mlp_ratio=4):
    def size(*layers):
        return sum((a + 1) * b for a, b in layers)

    d, inner = d_model, d_model * mlp_ratio
    parts = {"attention": size((d, 3 * d), (d, d)), "mlp": size((d, inner), (inner, d)), "ada": size((d, 6 * d))}
    return parts | {"total": sum(parts.values())}


@right
def by_building_it(d_model, mlp_ratio=4):
    def numel(*sizes):
        return sum(p.numel() for a, b in sizes for p in nn.Linear(a, b, device="meta").parameters())

    d, r = d_model, mlp_ratio
    attention, mlp, ada = numel((d, 3 * d), (d, d)), numel((d, r * d), (r * d, d)), numel((d, 6 * d))
    return {"total": attention + mlp + ada, "ada": ada, "mlp": mlp, "attention": attention}


exercise("scale_dit")
wrong("first_fit", "if total <= budget and (best is None or total > best[2]):", "if total <= budget and best is None:",
      hint="Use as much of the budget as possible.")
wrong("may_exceed", "if total <= budget and (best is None or total > best[2]):", "if best is None or abs(total - budget) < abs(best[2] - budget):",
      hint="The budget is a limit: a stack may reach it, and not exceed it.")
wrong("linear_in_d", 'n * dit_block_params(d)["total"]', 'n * d * dit_block_params(sorted(d_models)[0])["total"] // sorted(d_models)[0]',
      hint="Parameters grow with d^2 but only linearly with depth.")
wrong("wider_in_ties", "total > best[2]", "total >= best[2]",
      hint="Of two models with equally many parameters keep the narrower one: replace it only by a larger one.")
wrong("strictly_below", "total <= budget", "total < budget",
      hint="A model that uses the budget to the last parameter still fits.")
wrong("widest_first", "total > best[2]", "(d, n) > best[:2]",
      hint="Width does not come first: a narrower but deeper model may use more of the budget.")


@right
def by_max(budget, d_models, depths):
    sizes = [(n * dit_block_params(d)["total"], -d, -n) for d, n in itertools.product(d_models, depths)]
    total, d, n = max(size for size in sizes if size[0] <= budget)  # max of nothing is a ValueError
    return {"d_model": -d, "depth": -n, "params": total}


@right
def deepest_for_each_width(budget, d_models, depths):
    found = []
    for d in d_models:
        each = 18 * d * d + 15 * d
        fitting = [n for n in depths if n * each <= budget]
        if fitting:
            found.append({"d_model": d, "depth": max(fitting), "params": max(fitting) * each})
    if not found:
        raise ValueError("nothing fits")
    return min(found, key=lambda model: (-model["params"], model["d_model"]))


exercise("compute_law")
wrong("correlation_with_compute_itself", "(dx * plain).sum() / (dx.norm() * plain.norm())", "((macs.double() - macs.double().mean()) * plain).sum() / ((macs.double() - macs.double().mean()).norm() * plain.norm())",
      hint="The correlation is with the LOGARITHM of compute: from 5 to 10 is as far as from 50 to 100.")
wrong("correlation_of_logarithms", "plain = quality.double() - quality.double().mean()", "plain = y - y.mean()",
      hint="The correlation takes quality as it is; only the power law takes its logarithm too.")
wrong("factor_in_logarithms", "factor = math.exp(float(y.mean()) - exponent * float(x.mean()))", "factor = float(y.mean()) - exponent * float(x.mean())",
      hint="The line's height is the logarithm of the factor.")
wrong("line_through_the_ends", "exponent = float((dx * (y - y.mean())).sum() / dx.square().sum())", "exponent = float((y[-1] - y[0]) / (x[-1] - x[0]))",
      hint="All models count: the line has the least squares over all of them.")
wrong("line_of_the_numbers_themselves", "exponent = float((dx * (y - y.mean())).sum() / dx.square().sum())", "exponent = float((dx * (quality.double() - quality.double().mean())).sum() / dx.square().sum())",
      hint="A power law is a straight line only if BOTH axes are logarithms.")
wrong("halving_forgets_the_half", "0.5 ** (1 / exponent) if", "-1 / exponent if",
      hint="How large must k be so that k to the power b is one half?")
wrong("halving_of_any_sign", "0.5 ** (1 / exponent) if exponent < 0 else math.inf", "0.5 ** (1 / exponent) if exponent else math.inf",
      hint="If more compute makes it worse, no amount of it halves the number.")


@right
def by_a_matrix(macs, quality):
    x, y = torch.log(macs.to(torch.float64)), torch.log(quality.to(torch.float64))
    table = torch.stack([x, torch.ones_like(x)], dim=1)  # [n, 2]
    b, log_a = torch.linalg.lstsq(table, y[:, None]).solution[:, 0].tolist()
    if abs(b) < 1e-12:
        b = 0.0
    q = quality.to(torch.float64)
    same = bool((q == q[0]).all())
    together = 0.0 if same else float(torch.corrcoef(torch.stack([x, q]))[0, 1])
    return {"correlation": together, "exponent": b, "factor": math.exp(log_a), "halving": math.inf if b >= 0 else 2 ** (-1 / b)}


@right
def with_sums(macs, quality):
    xs = [math.log(float(c)) for c in macs]
    raw = [float(q) for q in quality]
    ys, n = [math.log(q) for q in raw], len(xs)

    def together(a, b):
        return sum(u * v for u, v in zip(a, b, strict=True)) / n - sum(a) / n * (sum(b) / n)

    b = together(xs, ys) / together(xs, xs)
    if abs(b) < 1e-12:
        b = 0.0
    spread = math.sqrt(max(together(xs, xs) * together(raw, raw), 0.0))
    return {
        "correlation": together(xs, raw) / spread if spread > 1e-9 else 0.0,
        "exponent": b,
        "factor": math.exp(sum(ys) / n - b * sum(xs) / n),
        "halving": math.exp(-math.log(2) / b) if b < 0 else float("inf"),
    }


exercise("sincos_pos_embed")
wrong("rows_first", "torch.cat([one(cols), one(rows)], dim=1)", "torch.cat([one(rows), one(cols)], dim=1)",
      hint="DiT's (MAE's) table encodes the column in the first half.")
wrong("interleaved", "torch.cat([out.sin(), out.cos()], dim=1)", "torch.stack([out.sin(), out.cos()], dim=2).flatten(1)",
      hint="Sines first, then cosines; not interleaved.")
wrong("half_freqs", "torch.arange(d_model // 4, dtype=torch.float64) / (d_model / 4)", "torch.arange(d_model // 4, dtype=torch.float64) / (d_model / 2)",
      hint="Each axis has d/2 channels, so d/4 frequencies over the full range.")
wrong("cosines_first", "torch.cat([out.sin(), out.cos()], dim=1)", "torch.cat([out.cos(), out.sin()], dim=1)",
      hint="Here the sines come first; it is the timestep embedding that starts with cosines.")
wrong("counts_from_one", "torch.arange(grid_w).repeat", "torch.arange(1, grid_w + 1).repeat",
      hint="Rows and columns count from 0.")


@wrong(hint="Tokens run along rows first, as patchify makes them: the column changes at every token.")
def tokens_by_column(d_model, grid_h, grid_w):
    omega = 10_000.0 ** -(torch.arange(d_model // 4, dtype=torch.float64) / (d_model / 4))

    def one(u):
        return torch.cat([(u[:, None] * omega).sin(), (u[:, None] * omega).cos()], dim=1)

    return torch.cat(
        [one(torch.arange(grid_w).repeat_interleave(grid_h)), one(torch.arange(grid_h).repeat(grid_w))], 1
    ).float()


@right
def in_float32_by_meshgrid(d_model, grid_h, grid_w):
    rows, cols = torch.meshgrid(torch.arange(grid_h).float(), torch.arange(grid_w).float(), indexing="ij")
    quarter = d_model // 4
    omega = torch.exp(-math.log(10000.0) * torch.arange(quarter) / quarter)
    angles = [torch.outer(u.flatten(), omega) for u in (cols, rows)]
    return torch.cat([wave for a in angles for wave in (torch.sin(a), torch.cos(a))], dim=1)


@right
def number_by_number(d_model, grid_h, grid_w):
    quarter = d_model // 4
    table = torch.empty(grid_h * grid_w, d_model)
    for row, column in itertools.product(range(grid_h), range(grid_w)):
        for i in range(quarter):
            omega = 1 / 10000 ** (i / quarter)
            values = (math.sin(column * omega), math.cos(column * omega), math.sin(row * omega), math.cos(row * omega))
            for part, value in enumerate(values):
                table[row * grid_w + column, part * quarter + i] = value
    return table


exercise("ddim_generate")
wrong("eps_not_reused", "torch.sqrt(1 - ab_prev) * eps", "torch.sqrt(1 - ab_prev) * x_init",
      hint="The direction term uses the predicted noise.")
wrong("final_not_clean", "else torch.ones_like(ab)", "else alphas_cumprod[0]",
      hint="After the last step alpha-bar is 1: return x0.")
wrong("no_x0_scaling", "/ torch.sqrt(ab)", "", hint="x0 = (x - sqrt(1-ab) eps) / sqrt(ab).")
wrong("one_timestep_down", "alphas_cumprod[t_next]", "alphas_cumprod[t - 1]",
      hint="The next level is that of the next timestep on the list, not of t - 1.")
wrong("one_t_for_all", "torch.full((len(x),), t, device=x.device)", "torch.tensor(t)",
      hint="The denoiser wants a timestep for each sample: int64 of shape [B].")
wrong("no_roots", "torch.sqrt(ab_prev) * x0 + torch.sqrt(1 - ab_prev) * eps", "ab_prev * x0 + (1 - ab_prev) * eps",
      hint="alpha-bar is a share of the variance: signal and noise are scaled by square roots.")


@right
def in_sigma(denoiser, x_init, cond, timesteps, alphas_cumprod):
    """An Euler step in x / sqrt(alpha_bar), where the ODE reads dy = eps d(sigma)."""
    y, ab = x_init / alphas_cumprod[timesteps[0]].sqrt(), alphas_cumprod[timesteps[0]]
    for i, t in enumerate(timesteps):
        batch = torch.full((x_init.shape[0],), t, dtype=torch.int64)
        eps = denoiser(y * ab.sqrt(), batch, cond)
        after = alphas_cumprod[timesteps[i + 1]] if i + 1 < len(timesteps) else torch.tensor(1.0).to(ab)
        y = y + eps * (((1 - after) / after).sqrt() - ((1 - ab) / ab).sqrt())
        ab = after
    return y


@right
@torch.no_grad()
def without_gradients_in_float64(denoiser, x_init, cond, timesteps, alphas_cumprod):
    table = alphas_cumprod.double().tolist()
    x = x_init.clone()
    ts = torch.tensor(timesteps).repeat(len(x), 1)  # [B, steps]
    for i in range(len(timesteps)):
        eps = denoiser(x, ts[:, i], cond)
        ab, last = table[timesteps[i]], i == len(timesteps) - 1
        x0 = (x.double() - (1 - ab) ** 0.5 * eps.double()) / ab**0.5
        if last:
            return x0.to(x_init.dtype)
        ab = table[timesteps[i + 1]]
        x = (ab**0.5 * x0 + (1 - ab) ** 0.5 * eps.double()).to(x_init.dtype)
    return x


exercise("TinyDiT")
wrong("no_pos", "self.x_embed(patchify(x, self.p)) + self.pos", "self.x_embed(patchify(x, self.p))",
      hint="Without positions the transformer sees a bag of patches.")
wrong("no_class", "+ self.y_embed(y)", "+ 0 * self.y_embed(y)",
      hint="The class has no say in your condition: c is the time's vector plus the class's.")
wrong("final_not_zero", "for m in (self.final_ada, self.final):", "for m in (self.final_ada,):",
      hint="The output layer starts at zero too.")
wrong("final_no_mod", "self.final(modulate(self.final_norm(h), shift, scale))", "self.final(self.final_norm(h))",
      hint="The final layer is modulated as well (shift and scale, no gate).")
wrong("saved_positions", ", persistent=False", "",
      hint="The addresses follow from the sizes: a buffer that is not saved keeps them out of the state.")
wrong("learned_positions", 'self.register_buffer("pos", sincos_pos_embed(d_model, self.grid, self.grid), persistent=False)', "self.pos = nn.Parameter(sincos_pos_embed(d_model, self.grid, self.grid))",
      hint="DiT's addresses are fixed and not learned: a buffer, not a parameter.")
wrong("no_row_for_no_class", "nn.Embedding(n_classes + 1, d_model)", "nn.Embedding(n_classes, d_model)",
      hint='The class table has one row more than there are classes: the last one means "no class".')
wrong("scale_before_shift", "shift, scale = self.final_ada", "scale, shift = self.final_ada",
      hint="At the end, too, the shift comes before the scale.")


@right
class WithPositionsOnTheFly(nn.Module):
    def __init__(self, channels, size, p, d_model, n_heads, depth, n_classes):
        super().__init__()
        self.patch, self.side, self.width = p, size // p, d_model
        self.x_embed = nn.Linear(channels * p**2, d_model)
        self.t_fc1, self.t_fc2 = nn.Linear(d_model, d_model), nn.Linear(d_model, d_model)
        self.y_embed = nn.Embedding(1 + n_classes, d_model)
        self.blocks = nn.ModuleList([DiTBlock(d_model, n_heads, 4) for _ in range(depth)])
        self.final_ada = nn.Linear(d_model, 2 * d_model)
        self.final = nn.Linear(d_model, channels * p**2)
        for parameter in [*self.final_ada.parameters(), *self.final.parameters()]:
            nn.init.zeros_(parameter)

    def forward(self, x, t, y):
        places = sincos_pos_embed(self.width, self.side, self.side)
        h = self.x_embed(patchify(x, self.patch)) + places[None]
        embedding = timestep_embedding(t, self.width)
        c = self.t_fc2(nn.functional.silu(self.t_fc1(embedding))) + F.embedding(y, self.y_embed.weight)
        for block in self.blocks:
            h = block(h, c)
        last = self.final_ada(nn.functional.silu(c))
        h = F.layer_norm(h, (self.width,), eps=1e-6)
        h = h * (1 + last[:, None, self.width :]) + last[:, None, : self.width]
        return unpatchify(self.final(h), self.patch, self.side, self.side)


@right
class WithAConvolution(nn.Module):
    """The tokens by a strided convolution with x_embed's weights; the table of positions as a plain attribute."""

    def __init__(self, channels, size, p, d_model, n_heads, depth, n_classes):
        super().__init__()
        self.channels, self.p, self.grid = channels, p, size // p
        self.x_embed = nn.Linear(p * p * channels, d_model)
        self.t_fc1 = nn.Linear(d_model, d_model)
        self.t_fc2 = nn.Linear(d_model, d_model)
        self.y_embed = nn.Embedding(n_classes + 1, d_model)
        self.blocks = nn.ModuleList()
        for _ in range(depth):
            self.blocks.append(DiTBlock(d_model, n_heads))
        self.norm = nn.LayerNorm(d_model, elementwise_affine=False, eps=1e-6)
        self.final_ada = nn.Linear(d_model, 2 * d_model)
        self.final = nn.Linear(d_model, p * p * channels)
        with torch.no_grad():
            for layer in (self.final_ada, self.final):
                layer.weight.zero_()
                layer.bias.zero_()
        self.table = sincos_pos_embed(d_model, self.grid, self.grid)

    def forward(self, x, t, y):
        kernel = self.x_embed.weight.unflatten(1, (self.p, self.p, self.channels)).permute(0, 3, 1, 2)
        h = F.conv2d(x, kernel, self.x_embed.bias, stride=self.p).flatten(2).transpose(1, 2) + self.table
        time = self.t_fc2(F.silu(self.t_fc1(timestep_embedding(t, h.shape[-1]))))
        c = time + self.y_embed(y)
        for block in self.blocks:
            h = block(h, c)
        shift, scale = torch.tensor_split(self.final_ada(F.silu(c)), 2, dim=1)
        h = self.final(modulate(self.norm(h), shift, scale))
        return unpatchify(h, self.p, self.grid, self.grid)


exercise("digit_dits")
wrong("predicts_the_picture", "loss = F.mse_loss(model(x_t, t, labels[chosen]), noise)", "loss = F.mse_loss(model(x_t, t, labels[chosen]), images[chosen])",
      hint="Your models predict the picture: they are asked for the noise.")
wrong("time_frozen", "loss = F.mse_loss(model(x_t, t, labels[chosen]), noise)", "loss = F.mse_loss(model(x_t, 0 * t, labels[chosen]), noise)",
      hint="Your models never saw the timestep in training, but they are given it when they are used.")
wrong("class_withheld", "loss = F.mse_loss(model(x_t, t, labels[chosen]), noise)", "loss = F.mse_loss(model(x_t, t, 0 * labels[chosen] + 10), noise)",
      hint="Your models learned without classes: hand each picture's label over.")
wrong("too_large", '"large": trained(4, 64, 4, 2)', '"large": trained(4, 128, 4, 2, 60)',
      hint="Count the parameters: width enters squared, and each size has a limit.")
fails("too_few_updates", "updates: int = 280", "updates: int = 20")
fails("small_rate", "rate: float = 3e-3", "rate: float = 3e-5")
fails("twice_the_small_one", '"large": trained(4, 64, 4, 2)', '"large": trained(2, 16, 2, 1)')


@right
def by_width_with_small_patches(images, labels, seed):
    torch.manual_seed(seed)
    models, table = [TinyDiT(1, 8, 2, 16, 4, 1, 10), TinyDiT(1, 8, 2, 64, 4, 1, 10)], alpha_bar_table(100)
    for model in models:
        optimiser = torch.optim.AdamW(model.parameters(), lr=4e-3, weight_decay=0.01)
        for k in range(300):
            for group in optimiser.param_groups:
                group["lr"] = 4e-3 * min(1, (k + 1) / 20) * (1 - k / 300)
            rows, t = torch.randperm(len(images))[:64], torch.randint(100, (64,))
            ab = table[t].view(-1, 1, 1, 1)
            noise = torch.randn_like(images[rows])
            error = (model(images[rows] * ab**0.5 + noise * (1 - ab) ** 0.5, t, labels[rows]) - noise).square().mean()
            model.zero_grad()
            error.backward()
            optimiser.step()
    return {"small": models[0], "large": models[1], "predicted": 0.85}


@right
def by_width_with_large_patches(images, labels, seed):
    generator = torch.Generator().manual_seed(seed)
    torch.manual_seed(seed)
    found = {"predicted": 0.8}
    for name, sizes in {"small": (1, 8, 2, 16, 1, 1, 10), "large": (1, 8, 4, 96, 6, 1, 10)}.items():
        model, updates = TinyDiT(*sizes), 320
        optimiser = torch.optim.Adam(model.parameters(), lr=3e-3, betas=(0.9, 0.95))
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, updates)
        for _ in range(updates):
            rows = torch.randint(len(images), (64,), generator=generator)
            t = torch.randint(0, 100, (64,), generator=generator)
            ab = alpha_bar_table(100)[t].reshape(64, 1, 1, 1)
            noise = torch.randn(64, 1, 8, 8, generator=generator)
            optimiser.zero_grad()
            F.mse_loss(model(ab.sqrt() * images[rows] + (1 - ab).sqrt() * noise, t, labels[rows]), noise).backward()
            optimiser.step()
            schedule.step()
        found[name] = model
    return found
