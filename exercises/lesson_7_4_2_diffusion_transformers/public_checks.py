"""Public checks of lesson-7.4.2: Diffusion Transformers. Made by `course build`; do not edit."""

from __future__ import annotations

import itertools
import math
import torch
import torch.nn.functional as F
from blindgrade.checks import Fail, Watch, answers_and_purity, check, error_of, gradients, in_each_dtype, made_in, saved_buffers, shapes_of
from blindgrade.figures import bars, curves, image
from digits import load_digits
from torch import Tensor, nn
from toys import alpha_bar_table


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
    """Tokens are squares, in reading order, and inside a token the order is row, column, channel.

    The arguments stay as they are.
    """
    cases = in_each_dtype(lambda dtype: (rng.normal(2, 3, 6, 8, dtype=dtype), 2))
    cases["a picture that counts its pixels"] = (torch.arange(32.0).reshape(1, 2, 4, 4), 2)
    return answers_and_purity(lesson.patchify, cases)

@check("patchify", public=True)
def every_pixel_gets_its_gradient(lesson, rng):
    """A gradient at a place of a token goes back to the pixel that stands there."""
    x, weights = rng.normal(2, 3, 4, 6).requires_grad_(), rng.normal(2, 6, 12)
    return gradients(lesson.patchify(x, 2) * weights, [x])

@check("patchify", public=True)
def refuses_patches_that_do_not_tile(lesson, rng):
    """p must divide the height and the width, each by itself; otherwise ValueError is raised."""
    sizes = {"neither": (5, 7, 2), "not the height": (2, 8, 4), "not the width": (6, 4, 3), "p too large": (4, 4, 8)}
    x = {name: (rng.normal(2, 3, h, w), p) for name, (h, w, p) in sizes.items()}
    good = rng.normal(1, 2, 6, 3)
    seen = {f"error, {name}": error_of(lesson.patchify, *case) for name, case in x.items()}
    return {**seen, "both": lesson.patchify(good, 3)}

@check("unpatchify", weight=2, public=True)
def puts_the_squares_back(lesson, rng):
    """Each token becomes the square it was cut from, on a grid that is not square. The arguments stay as they are."""
    cases = in_each_dtype(lambda dtype: (rng.normal(2, 6, 12, dtype=dtype), 2, 2, 3))
    cases["tokens that count"] = (torch.arange(32.0).reshape(1, 4, 8), 2, 2, 2)
    return answers_and_purity(lesson.unpatchify, cases)

@check("unpatchify", public=True)
def every_number_gets_its_gradient(lesson, rng):
    """A gradient at a pixel goes back to the number of the token that stands there."""
    tokens, weights = rng.normal(2, 6, 12).requires_grad_(), rng.normal(2, 3, 4, 6)
    return gradients(lesson.unpatchify(tokens, 2, 2, 3) * weights, [tokens])

@check("unpatchify", public=True)
def refuses_tokens_that_do_not_fit(lesson, rng):
    """A wrong number of tokens and a length that p * p does not divide raise ValueError; a fitting grid does not."""
    seven, four, odd = rng.normal(2, 7, 8), rng.normal(2, 4, 8), rng.normal(2, 6, 10)
    return {
        "error, one token too many": error_of(lesson.unpatchify, seven, 2, 2, 3),
        "error, half the grid": error_of(lesson.unpatchify, four, 2, 2, 1),
        "error, twice the grid": error_of(lesson.unpatchify, four, 2, 2, 4),
        "error, length": error_of(lesson.unpatchify, odd, 2, 2, 3),
        "fits": lesson.unpatchify(odd, 1, 3, 2),
    }

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

@check("DiTBlock", weight=1.5, public=True)
def is_the_identity_at_first(lesson, rng):
    """A fresh block hands on x whatever the condition, because ada starts at zero, and no other layer does."""
    x, c = rng.normal(2, 5, 16), 3 * rng.normal(2, 16)
    block = lesson.DiTBlock(16, 4)
    state = block.state_dict()
    names = ["ada.weight", "ada.bias", *(f"{layer}.weight" for layer in ("qkv", "proj", "fc1", "fc2"))]
    return {"out": block(x, c), "is zero": {name: not bool(state[name].any()) for name in names}}

@check("DiTBlock", public=True)
def the_gates_learn_first(lesson, rng):
    """At the start the gates alone get a gradient, in ada; with any weights all layers, x and c get theirs."""
    x, c = rng.normal(2, 5, 8, dtype=torch.float64).requires_grad_(), rng.normal(2, 8, dtype=torch.float64)
    weights = rng.normal(2, 5, 8, dtype=torch.float64)
    c.requires_grad_()
    seen = {}
    for name, but in [("at the start", ("ada",)), ("later", ())]:
        block = filled(made_in(torch.float64, lesson.DiTBlock, 8, 2), rng, 0.5, but)
        inputs = {"x": x, "c": c, **dict(sorted(block.named_parameters()))}
        seen[name] = dict(zip(inputs, gradients(block(x, c) * weights, list(inputs.values())), strict=True))
    return seen

@check("dit_block_params", public=True)
def weighs_dit_xl(lesson, rng):
    """The blocks of DiT-S, B, L and XL, part by part."""
    return {f"d = {d}": lesson.dit_block_params(d) for d in (384, 768, 1024, 1152)}

@check("dit_block_params", public=True)
def weighs_any_ratio(lesson, rng):
    """The feed-forward may be less or more than four times as wide; the other parts do not mind."""
    return [lesson.dit_block_params(rng.integer(3, 3000), ratio) for ratio in (1, 2, 3, 6, 8)]

def block_weight(d):
    """Parameters of a block as the exercise's text says: 13 650 for 26 blocks of width 5, so 525 for one."""
    return 3 * d * (6 * d + 5)

@check("scale_dit", public=True)
def spends_the_budget(lesson, rng):
    """From the widths and depths of DiT-S to DiT-XL, the largest model under each budget."""
    widths, depths = [384, 768, 1024, 1152], [12, 24, 28]
    return {f"{m} million": lesson.scale_dit(m * 10**6, widths, depths) for m in (40, 150, 500, 700)}

@check("scale_dit", public=True)
def prefers_narrow_models_in_ties(lesson, rng):
    """Of models with equally many parameters the narrower one wins, in whatever order the lists are."""
    seen = []
    for (d1, n1), (d2, n2) in [((5, 26), (10, 7)), ((40, 194), (80, 49)), ((2, 58), (4, 17))]:
        k = rng.integer(1, 4)
        budget = k * n1 * block_weight(d1) + rng.integer(0, 10)
        for widths, depths in itertools.product(([d1, d2], [d2, d1]), ([k * n1, k * n2], [k * n2, k * n1])):
            seen.append(lesson.scale_dit(budget, widths, depths))
    return seen

@check("scale_dit", public=True)
def refuses_a_budget_for_nothing(lesson, rng):
    """A budget below the smallest model raises ValueError; the smallest model's own size does not."""
    widths, depths = rng.shuffled([rng.integer(10, 40), rng.integer(50, 90)]), rng.shuffled([3, rng.integer(5, 9)])
    least = block_weight(min(widths)) * 3
    return {
        "error just below": error_of(lesson.scale_dit, least - 1, widths, depths),
        "error at a tenth": error_of(lesson.scale_dit, least // 10, widths, depths),
        "just enough": lesson.scale_dit(least, widths, depths),
    }

DIT_MACS = [0.36, 1.41, 6.06, 1.42, 5.56, 23.01, 5.01, 19.70, 80.71, 7.39, 29.05, 118.64]
DIT_FID = [153.6, 100.41, 68.4, 122.74, 68.38, 43.47, 118.87, 45.64, 23.33, 106.41, 43.01, 19.47]
LAW = {"atol": 1e-4, "rtol": 1e-4}

def line_of_models(result, rng):
    """The power law that was found, over the paper's models."""
    macs, fid = torch.tensor(DIT_MACS), torch.tensor(DIT_FID)
    order = macs.argsort()
    law = result["DiT"]
    fitted = law["factor"] * macs[order] ** law["exponent"]
    lines = {"measured": (macs[order].log10(), fid[order]), "your law": (macs[order].log10(), fitted)}
    return curves("FID of DiT against compute", lines, xlabel="log10 of billions of MACs", ylabel="FID", low=0.0)

@check("compute_law", public=True, figure=line_of_models, **LAW)
def finds_the_law_of_dit(lesson, rng):
    """The paper's twelve models: correlation -0.93 with the logarithm of compute, exponent -0.365."""
    return {"DiT": lesson.compute_law(torch.tensor(DIT_MACS), torch.tensor(DIT_FID))}

def trained_alike(rng, n, slope, spread):
    """Compute and quality of n models around a power law."""
    macs = torch.exp(4 * rng.uniform(n, dtype=torch.float64) - 1)
    return macs, torch.exp(slope * macs.log() + 2 + spread * rng.normal(n, dtype=torch.float64))

@check("compute_law", weight=2, public=True, **LAW)
def finds_any_law(lesson, rng):
    """Exact laws and scattered ones, steep and flat, two models and many; the arguments stay as they are."""
    cases = {"an exact law": trained_alike(rng, 6, -0.4, 0.0), "scattered": trained_alike(rng, 9, -0.8, 0.3)}
    return answers_and_purity(lesson.compute_law, cases | {"two models": trained_alike(rng, 2, -1.5, 0.0)})

@check("compute_law", public=True)
def more_compute_may_not_help(lesson, rng):
    """If more compute makes it worse or changes nothing, no factor halves it: infinite."""
    macs = torch.tensor([1.0, 2.0, 4.0])
    cases = {"worse": torch.tensor([1.0, 2.0, 3.0]), "the same": torch.tensor([2.0, 2.0, 2.0])}
    found = {name: lesson.compute_law(macs, quality)["halving"] for name, quality in cases.items()}
    return {f"{name}, is infinite": value == math.inf for name, value in found.items()}

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

@check("ddim_generate", public=True)
def finds_the_only_picture(lesson, rng):
    """If all data are one picture for each condition, and the noise is predicted exactly, every list leads to it."""
    table, data = levels(rng, 60, torch.float64), rng.normal(5, 1, 4, 4, dtype=torch.float64)
    x, cond = rng.normal(4, 1, 4, 4, dtype=torch.float64), rng.integers(4, high=5)

    def exact(x, t, cond):
        ab = table[t][:, None, None, None]
        return (x - ab.sqrt() * data[cond]) / (1 - ab).sqrt()

    return {f"{n} steps": lesson.ddim_generate(exact, x, cond, falling(rng, n, 60), table) for n in (1, 3, 20)}

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

@check("TinyDiT", weight=0.5, public=True)
def hears_of_its_error_at_the_end_first(lesson, rng):
    """In the first backward pass `final` alone gets a gradient that is not zero; with any weights, every part does."""
    inputs, weights = dit_inputs(rng, SMALL, 3), rng.normal(3, 2, 8, 8)
    seen = {}
    for name, but in [("at the start", ("ada", "final")), ("later", ())]:
        model = filled(lesson.TinyDiT(*SMALL), rng, 0.2, but)
        parts = {key: p for key, p in sorted(model.named_parameters()) if p.requires_grad}
        found = gradients(model(*inputs) * weights, list(parts.values()))
        seen[name] = {key: g is not None and bool(g.any()) for key, g in zip(parts, found, strict=True)}
    return seen

def measured(model, seed):
    """Parameters of a model, and its error on held-out digits: as asked, at timestep 0, without class, as a picture."""
    generator = torch.Generator().manual_seed(seed)
    (images, labels), table = load_digits("held_out"), alpha_bar_table(100)
    images, labels = images.repeat(4, 1, 1, 1), labels.repeat(4)  # at four timesteps each: less is left to chance
    t = torch.randint(0, 100, (len(images),), generator=generator)
    noise = torch.randn(images.shape, generator=generator)
    share = table[t][:, None, None, None]
    x_t = share.sqrt() * images + (1 - share).sqrt() * noise
    with torch.no_grad():
        answer = model(x_t, t, labels)
        frozen, free = model(x_t, torch.zeros_like(t), labels), model(x_t, t, torch.full_like(labels, 10))
    return {
        "parameters": sum(p.numel() for p in model.parameters()),
        "error": float(F.mse_loss(answer, noise)),
        "at timestep 0": float(F.mse_loss(frozen, noise)),
        "without class": float(F.mse_loss(free, noise)),
        "to the picture": float(F.mse_loss(answer, images)),
    }

def two_sizes(lesson, rng):
    """Both models, measured, and the ratio that the student expected."""
    seeds = rng.integer(0, 1000), rng.integer(0, 1000)
    made = lesson.digit_dits(*load_digits(), seeds[0])
    seen = {size: measured(made[size], seeds[1]) for size in ("small", "large")}
    return {**seen, "predicted": float(made["predicted"])}

BOUNDS = {"small": (8_000, 0.195), "large": (250_000, 0.140)}

def the_knob_is_seen(result, expected, rng):
    for size, (most, bound) in BOUNDS.items():
        one = result[size]
        if not one["parameters"] <= most:
            message = f"the {size} model has {one['parameters']} parameters; expected at most {most}"
            raise Fail(message, misconception="too_large")
        if not one["error"] <= bound:
            message = f"the {size} model's error on held-out digits is {one['error']:.3f}; expected at most {bound}"
            raise Fail(message, misconception=what_it_learned(result))
    ratio = result["large"]["error"] / result["small"]["error"]
    if not ratio <= 0.88:
        raise Fail(f"the large model's error is {ratio:.2f} of the small one's; expected at most 0.88")

def what_it_learned(result):
    """Which known mistake the models show, if any: by what they answer better than noise at the right level."""
    small, large = result["small"], result["large"]
    if large["to the picture"] < 0.7 * large["error"]:
        return "predicts_the_picture"
    if large["without class"] < 0.8 * large["error"]:
        return "class_withheld"
    return "time_frozen" if small["at timestep 0"] < 0.85 * small["error"] else None

def errors_of_two(result, rng):
    """Errors of both sizes, with the ratio that was expected."""
    small, large = result["small"]["error"], result["large"]["error"]
    return bars("Error on held-out digits", {"small": small, "large": large, "large, as you expected": result["predicted"] * small})

@check("digit_dits", public=True, reference=False, verdict=the_knob_is_seen, figure=errors_of_two)
def turns_the_knob(lesson, rng):
    """On held-out digits: small at most 0.195, large at most 0.140 and 0.88 of the small one, within their sizes."""
    return two_sizes(lesson, rng)
