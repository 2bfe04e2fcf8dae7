"""Other right answers to lesson 7.4.2."""

import itertools
import math

import torch
import torch.nn.functional as F
from torch import nn

from blindgrade.known_answers import alternative

# ---------------------------------------------------------------- patchify


@alternative("patchify")
def by_unfold(x, p):
    b, c, h, w = x.shape
    if h % p != 0 or w % p != 0:
        raise ValueError("p must divide height and width")
    columns = F.unfold(x, kernel_size=p, stride=p)  # [B, C * p * p, n], channel first
    return columns.transpose(1, 2).unflatten(2, (c, p * p)).transpose(2, 3).flatten(2)


@alternative("patchify")
def square_by_square(x, p):
    *_, h, w = x.shape
    if any(side % p for side in (h, w)):
        raise ValueError("no tiling")
    squares = [x[:, :, i : i + p, j : j + p].movedim(1, -1).flatten(1) for i in range(0, h, p) for j in range(0, w, p)]
    return torch.stack(squares, dim=1)


@alternative("patchify")
def by_einsum(x, p):
    b, c, h, w = x.shape
    if h % p or w % p:
        raise ValueError("no tiling")
    x = x.view(b, c, h // p, p, w // p, p)
    return torch.einsum("bcipjq->bijpqc", x).reshape(b, -1, p * p * c)


# ---------------------------------------------------------------- unpatchify


@alternative("unpatchify")
def by_fold(tokens, p, grid_h, grid_w):
    b, n, d = tokens.shape
    if n != grid_h * grid_w or d % p**2 != 0:
        raise ValueError("the tokens do not fit the grid")
    columns = tokens.unflatten(2, (p * p, -1)).transpose(2, 3).flatten(2)  # channel first
    return F.fold(columns.transpose(1, 2), (grid_h * p, grid_w * p), kernel_size=p, stride=p)


@alternative("unpatchify")
def by_pixel_shuffle(tokens, p, grid_h, grid_w):
    if tokens.shape[1] != grid_h * grid_w or tokens.shape[2] % (p * p):
        raise ValueError("the tokens do not fit the grid")
    grid = tokens.transpose(1, 2).unflatten(2, (grid_h, grid_w))  # [B, p * p * C, grid_h, grid_w]
    grid = grid.unflatten(1, (p * p, -1)).transpose(1, 2).flatten(1, 2)  # pixel_shuffle wants channel first
    return F.pixel_shuffle(grid, p)


@alternative("unpatchify")
def row_by_row(tokens, p, grid_h, grid_w):
    b, n, d = tokens.shape
    if n != grid_h * grid_w or d % (p * p) != 0:
        raise ValueError("the tokens do not fit the grid")
    squares = tokens.reshape(b, n, p, p, -1)
    rows = [torch.cat([squares[:, i * grid_w + j] for j in range(grid_w)], dim=2) for i in range(grid_h)]
    return torch.cat(rows, dim=1).permute(0, 3, 1, 2)


# ---------------------------------------------------------------- dit_token_budget


@alternative("dit_token_budget")
def layer_by_layer(height, width, p, d_model):
    tokens = height * width // p**2
    layers = [(d_model, 3 * d_model), (d_model, d_model), (d_model, 4 * d_model), (4 * d_model, d_model)]
    scores = mixing = tokens**2 * d_model
    return {
        "tokens": tokens,
        "attention_macs": scores + mixing,
        "linear_macs": sum(tokens * a * b for a, b in layers),
    }


@alternative("dit_token_budget")
def by_powers(height, width, p, d_model):
    n = int((height / p) * (width / p))
    return dict(tokens=n, attention_macs=2 * d_model * n**2, linear_macs=3 * n * (2 * d_model) ** 2)


# ---------------------------------------------------------------- DiTBlock


@alternative("DiTBlock")
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


@alternative("DiTBlock")
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


# ---------------------------------------------------------------- dit_block_params


@alternative("dit_block_params")
def by_counting_layers(d_model, mlp_ratio=4):
    def size(*layers):
        return sum((a + 1) * b for a, b in layers)

    d, inner = d_model, d_model * mlp_ratio
    parts = {"attention": size((d, 3 * d), (d, d)), "mlp": size((d, inner), (inner, d)), "ada": size((d, 6 * d))}
    return parts | {"total": sum(parts.values())}


@alternative("dit_block_params")
def by_building_it(d_model, mlp_ratio=4):
    def numel(*sizes):
        return sum(p.numel() for a, b in sizes for p in nn.Linear(a, b, device="meta").parameters())

    d, r = d_model, mlp_ratio
    attention, mlp, ada = numel((d, 3 * d), (d, d)), numel((d, r * d), (r * d, d)), numel((d, 6 * d))
    return {"total": attention + mlp + ada, "ada": ada, "mlp": mlp, "attention": attention}


# ---------------------------------------------------------------- scale_dit


@alternative("scale_dit")
def by_max(budget, d_models, depths):
    sizes = [(n * dit_block_params(d)["total"], -d, -n) for d, n in itertools.product(d_models, depths)]
    total, d, n = max(size for size in sizes if size[0] <= budget)  # max of nothing is a ValueError
    return {"d_model": -d, "depth": -n, "params": total}


@alternative("scale_dit")
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


# ---------------------------------------------------------------- sincos_pos_embed


@alternative("sincos_pos_embed")
def in_float32_by_meshgrid(d_model, grid_h, grid_w):
    rows, cols = torch.meshgrid(torch.arange(grid_h).float(), torch.arange(grid_w).float(), indexing="ij")
    quarter = d_model // 4
    omega = torch.exp(-math.log(10000.0) * torch.arange(quarter) / quarter)
    angles = [torch.outer(u.flatten(), omega) for u in (cols, rows)]
    return torch.cat([wave for a in angles for wave in (torch.sin(a), torch.cos(a))], dim=1)


@alternative("sincos_pos_embed")
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


# ---------------------------------------------------------------- ddim_generate


@alternative("ddim_generate")
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


@alternative("ddim_generate")
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


# ---------------------------------------------------------------- TinyDiT


@alternative("TinyDiT")
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


@alternative("TinyDiT")
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
