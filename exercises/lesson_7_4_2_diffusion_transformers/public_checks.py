"""Public checks of lesson-7.4.2: Diffusion Transformers. Made by `course build`; do not edit."""

from __future__ import annotations

import torch
from blindgrade.checks import Watch, answers, answers_and_purity, check, in_each_dtype, made_in, saved_buffers, shapes_of
from blindgrade.figures import image
from torch import Tensor, nn


def column(t: Tensor | float, x: Tensor) -> Tensor:
    """t as [B, 1, ..., 1] against x [B, ...]; 0-dim and numbers stay 0-dim."""
    t = torch.as_tensor(t, dtype=x.dtype, device=x.device)
    return t if t.ndim == 0 else t.reshape(-1, *([1] * (x.ndim - 1)))

class CondNoise(nn.Module):
    """eps(z, t, c) = tanh(a z + b c + 0.001 t), one c for each sample; with w_emb [B, E] its mean enters too."""

    def __init__(self, a: float = 0.7, b: float = 0.4) -> None:
        super().__init__()
        self.a = nn.Parameter(torch.tensor(float(a)))
        self.b = nn.Parameter(torch.tensor(float(b)))
        self.g = nn.Parameter(torch.tensor(0.05))

    def forward(self, z: Tensor, t: Tensor, c: Tensor, w_emb: Tensor | None = None) -> Tensor:
        a, b, g = (p.to(z.dtype) for p in (self.a, self.b, self.g))
        h = a * z + b * column(c, z) + 0.001 * column(t, z)
        if w_emb is not None:
            h = h + g * column(w_emb.mean(dim=1), z)
        return torch.tanh(h)

def squares(result, rng):
    return image("A picture that counts its pixels: one row for each token", result["a picture that counts its pixels"][0])

@check("patchify", weight=2, public=True, figure=squares)
def cuts_into_squares(lesson, rng):
    """Tokens are squares, in reading order, and inside a token the order is row, column, channel."""
    cases = in_each_dtype(lambda dtype: (rng.normal(2, 3, 6, 8, dtype=dtype), 2))
    cases["a picture that counts its pixels"] = (torch.arange(32.0).reshape(1, 2, 4, 4), 2)
    return answers(lesson.patchify, cases)

@check("unpatchify", weight=2, public=True)
def puts_the_squares_back(lesson, rng):
    """Each token becomes the square it was cut from, on a grid that is not square."""
    cases = in_each_dtype(lambda dtype: (rng.normal(2, 6, 12, dtype=dtype), 2, 2, 3))
    cases["tokens that count"] = (torch.arange(32.0).reshape(1, 4, 8), 2, 2, 2)
    return answers(lesson.unpatchify, cases)

@check("dit_token_budget", public=True)
def counts_for_dit_xl(lesson, rng):
    """DiT-XL on a latent of 32 by 32 with patches of side 8, 4 and 2: tokens, attention and linear layers."""
    return {f"p = {p}": lesson.dit_token_budget(32, 32, p, 1152) for p in (8, 4, 2)}

def filled(module, rng, scale=0.3, but=()):
    """The module with normal draws in its trained parameters, by sorted name; those whose name holds `but` stay."""
    with torch.no_grad():
        for name, tensor in sorted(module.named_parameters()):
            if tensor.requires_grad and not any(part in name for part in but):
                tensor.copy_(scale * rng.normal(*tensor.shape, dtype=tensor.dtype))
    return module

def block_answers(lesson, rng, sizes, batch, tokens, dtype):
    """A filled block's answer to random tokens and conditions, and whether those stayed as they were."""
    x, c = 1.5 * rng.normal(batch, tokens, sizes[0], dtype=dtype), rng.normal(batch, sizes[0], dtype=dtype)
    block = filled(made_in(dtype, lesson.DiTBlock, *sizes), rng)
    watch = Watch(x, c)
    return {"out": block(x, c), "inputs unchanged": watch.unchanged()}

@check("DiTBlock", public=True)
def has_five_layers(lesson, rng):
    """The state has the weights and biases of the five layers, and nothing else: the norms have no parameters."""
    return {str(sizes): shapes_of(lesson.DiTBlock(*sizes)) for sizes in [(16, 4), (8, 2, 3), (6, 1, 1)]}

@check("DiTBlock", weight=2.5, public=True)
def steers_each_sample(lesson, rng):
    """With any weights: modulated norm, attention, gate, and the same once more with the MLP, in both dtypes."""
    return {
        "in float32": block_answers(lesson, rng, (16, 4), 3, 5, torch.float32),
        "in float64": block_answers(lesson, rng, (16, 4), 3, 5, torch.float64),
    }

@check("dit_block_params", public=True)
def weighs_dit_xl(lesson, rng):
    """The blocks of DiT-S, B, L and XL, part by part."""
    return {f"d = {d}": lesson.dit_block_params(d) for d in (384, 768, 1024, 1152)}

@check("scale_dit", public=True)
def spends_the_budget(lesson, rng):
    """From the widths and depths of DiT-S to DiT-XL, the largest model under each budget."""
    widths, depths = [384, 768, 1024, 1152], [12, 24, 28]
    return {f"{m} million": lesson.scale_dit(m * 10**6, widths, depths) for m in (40, 150, 500, 700)}

def tables(lesson, sizes):
    """The table for each (d_model, grid_h, grid_w)."""
    return {str(size): lesson.sincos_pos_embed(*size) for size in sizes}

def addresses(result, rng):
    return image("One row for each token's address", result[str((8, 2, 3))], low=-1, high=1)

@check("sincos_pos_embed", weight=2, public=True, figure=addresses)
def addresses_a_small_grid(lesson, rng):
    """On grids that are higher or wider than long, each token has the address of its column and its row."""
    return tables(lesson, [(8, 2, 3), (8, 3, 2), (4, 2, 5)])

def levels(rng, count, dtype):
    """A schedule: signal shares that fall, with random gaps, from about 0.98 to about 0.05."""
    gaps = rng.uniform(count, low=0.5, high=1.5, dtype=torch.float64).cumsum(0)
    return (0.98 - 0.93 * gaps / gaps[-1]).to(dtype)

def falling(rng, count, among):
    """`count` different timesteps below `among`, falling, with uneven gaps."""
    return sorted(rng.shuffled(list(range(among)))[:count], reverse=True)

@check("ddim_generate", weight=2, public=True)
def steps_down_the_list(lesson, rng):
    """Each step predicts the clean sample and puts the predicted noise back at the next level on the list."""
    cases = in_each_dtype(
        lambda dtype: (
            CondNoise(),
            rng.normal(4, 4, dtype=dtype),
            rng.normal(4, dtype=dtype),
            falling(rng, 6, 50),
            levels(rng, 50, dtype),
        )
    )
    return answers_and_purity(lesson.ddim_generate, cases)

SMALL, WIDE, EQUAL = (2, 8, 2, 16, 4, 2, 5), (3, 6, 3, 12, 2, 3, 4), (1, 4, 2, 4, 4, 1, 4)

def dit_inputs(rng, sizes, batch, most=50):
    """x, t and y for a model of these sizes; t below `most`."""
    return (
        rng.normal(batch, sizes[0], sizes[1], sizes[1]),
        rng.integers(batch, high=most),
        rng.integers(batch, high=sizes[-1] + 1),
    )

@check("TinyDiT", public=True)
def has_all_parts(lesson, rng):
    """The state has the listed parts with the right shapes, and no addresses: they are not learned and not saved."""
    models = {str(sizes): lesson.TinyDiT(*sizes) for sizes in (SMALL, WIDE)}
    return {name: shapes_of(model) | saved_buffers(model) for name, model in models.items()}

@check("TinyDiT", weight=2.5, public=True)
def denoises_from_end_to_end(lesson, rng):
    """With any weights: tokens with addresses, blocks steered by time and class, a modulated end, a latent again."""
    inputs, model = dit_inputs(rng, SMALL, 3), filled(lesson.TinyDiT(*SMALL), rng)
    watch = Watch(*inputs)
    return {"out": model(*inputs), "inputs unchanged": watch.unchanged()}
