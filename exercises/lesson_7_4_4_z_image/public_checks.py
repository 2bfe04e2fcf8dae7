"""Public checks of lesson-7.4.4: Z-Image & Z-Image Turbo. Made by `course build`; do not edit."""

from __future__ import annotations

import copy
import math
import torch
from blindgrade.checks import Fail, Watch, answers, answers_and_purity, check, describe, error_of, gradients, in_each_dtype, made_in
from blindgrade.figures import bars, curves, image, points
from digits import judge, teacher
from toys import mlp


DTYPES = {"float32": torch.float32, "float64": torch.float64}
DOUBLE = torch.float64

BLOCK = {"atol": {"float32": 2e-5, "float64": 2e-5}, "rtol": {"float32": 2e-4, "float64": 1e-4}}

def filled(rng, module, scale=0.4):
    """The module with random weights: linear layers around 0, norms around 1.5, so that attention is not flat."""
    rng.fill(module, scale)
    with torch.no_grad():
        for name, parameter in module.named_parameters():
            if "norm" in name:
                parameter.add_(1.5)
    return module

def flows(output, inputs):
    """For each input, whether any gradient of the output reaches it."""
    return [grad is not None and bool(grad.any()) for grad in gradients(output, inputs)]

@check("SwiGLU", weight=2, public=True)
def gates_one_view_with_the_other(lesson, rng):
    """One view of the token goes through SiLU and gates the other, linear one; both dtypes, several widths."""
    seen = {}
    for name, dtype in DTYPES.items():
        for sizes in ((4, 7), (5, 5)):
            layer = rng.fill(made_in(dtype, lesson.SwiGLU, *sizes), 0.8)
            seen[f"{name} {sizes}"] = layer(1.5 * rng.normal(2, 3, sizes[0], dtype=dtype))
    return seen

@check("SwiGLU", public=True)
def treats_every_token_alike(lesson, rng):
    """One token, a sequence or a table of tokens: the same layer on the last axis; the input is not changed."""
    layer = rng.fill(made_in(torch.float64, lesson.SwiGLU, 3, 8), 0.8)
    x = {f"for {list(shape)}": 2 * rng.normal(*shape, dtype=DOUBLE) for shape in ((3,), (4, 3), (2, 3, 3), (2, 1, 4, 3))}
    return answers_and_purity(layer, {name: (value,) for name, value in x.items()})

@check("SwiGLU", public=True)
def lets_gradients_through_both_views(lesson, rng):
    """The input and all three matrices receive the right gradients."""
    layer = rng.fill(made_in(torch.float64, lesson.SwiGLU, 4, 6), 0.8)
    x = rng.normal(3, 4, dtype=DOUBLE).requires_grad_()
    weights = rng.normal(3, 4, dtype=DOUBLE)
    return gradients(layer(x) * weights, [x, layer.w1.weight, layer.w2.weight, layer.w3.weight])

@check("unified_position_ids", weight=2, public=True)
def places_every_token(lesson, rng):
    """Image tokens first, row by row, all at the moment after the text; then the words, one after the other."""
    sizes = {f"case {i}": (rng.integer(2, 9), rng.integer(2, 5), rng.integer(5, 8)) for i in range(4)}
    return answers(lesson.unified_position_ids, sizes)

ROTATION = {"atol": {"float32": 2e-5, "float64": 2e-5}, "rtol": {"float32": 1e-4, "float64": 1e-4}}

def places(rng, tokens, axes, high=12):
    """Coordinates of tokens on each axis; no axis is constant."""
    return rng.integers(tokens, axes, high=high)

@check("rope_3d", weight=2, public=True, **ROTATION)
def turns_each_block_by_its_own_axis(lesson, rng):
    """Each block of channels is rotated, pair by pair, by the token's coordinate on its own axis.

    The arguments stay as they are.
    """
    return answers_and_purity(
        lesson.rope_3d,
        in_each_dtype(lambda dtype: (rng.normal(2, 6, 12, dtype=dtype), places(rng, 6, 3), [4, 6, 2])),
    )

@check("rope_3d", public=True, **ROTATION)
def uses_the_base_that_is_given(lesson, rng):
    """theta sets the frequencies: 256 by default, any other if it is given."""
    x, ids = rng.normal(4, 16, dtype=DOUBLE), places(rng, 4, 3)
    cases = {"by default": (x, ids, [4, 8, 4])}
    for theta in (10000.0, rng.number(5, 50)):
        cases[f"{theta:.1f}"] = (x, ids, [4, 8, 4], theta)
    return answers(lesson.rope_3d, cases)

@check("rope_3d", weight=0.5, public=True, **ROTATION)
def refuses_blocks_that_do_not_fit(lesson, rng):
    """Odd blocks raise ValueError, and so do blocks that do not add up to the head."""
    x, ids = rng.normal(3, 8), places(rng, 3, 3)
    blocks = {"odd": [3, 3, 2], "too few": [2, 2, 2], "too many": [4, 4, 2]}
    seen = {name: error_of(lesson.rope_3d, x, ids, sizes) for name, sizes in blocks.items()}
    return {**seen, "fitting": lesson.rope_3d(x, ids, [2, 2, 4])}

def block_inputs(rng, dtype, batch=2, tokens=5, width=24, cond=10):
    """Tokens, their places, and a condition for each sample."""
    x, c = rng.normal(batch, tokens, width, dtype=dtype), rng.normal(batch, cond, dtype=dtype)
    return x, places(rng, tokens, 3, 7), c

@check("S3DiTBlock", weight=3, public=True, **BLOCK)
def computes_a_modulated_block(lesson, rng):
    """With any weights: norms around both branches, rotated queries and keys, scales, bounded gates."""
    seen = {}
    for name, dtype in DTYPES.items():
        block = filled(rng, made_in(dtype, lesson.S3DiTBlock, 24, 2, [4, 4, 4], 10))
        inputs = block_inputs(rng, dtype)
        watch = Watch(*inputs)
        seen[name] = block(*inputs)
        seen[f"{name}, inputs unchanged"] = watch.unchanged()
    return seen

@check("S3DiTBlock", weight=0.5, public=True)
def begins_with_norms_of_one(lesson, rng):
    """In a fresh block all six norms are ones, and they can be trained."""
    parameters = dict(lesson.S3DiTBlock(24, 2, [4, 4, 4], 10).named_parameters())
    norms = {name: parameter for name, parameter in parameters.items() if "norm" in name}
    return {name: [norm.detach(), norm.requires_grad] for name, norm in norms.items()}

def counts(lesson, *sizes, **named):
    """The counts as floats: whole numbers may be given in either type."""
    return {name: float(value) for name, value in lesson.stream_parameters(*sizes, **named).items()}

@check("stream_parameters", public=True)
def counts_z_image(lesson, rng):
    """Z-Image's sizes are the defaults: about 10.6 billion in two streams, 6.0 in one."""
    return counts(lesson)

def encoder(name, params, tokens, width, join="first"):
    """One encoder's entry."""
    return {"name": name, "params": params, "tokens": tokens, "width": width, "join": join}

@check("text_stack_summary", public=True)
def sums_up_four_generations(lesson, rng):
    """Stable Diffusion 1.5, SDXL, SD3 and Z-Image: how many encoders, how large, and what context they make."""
    clip, big = encoder("CLIP-L", 123_060_480, 77, 768), encoder("bigG", 694_659_840, 77, 1280, "channel")
    t5, qwen = encoder("T5-XXL", 4_762_310_656, 77, 4096, "sequence"), encoder("Qwen3-4B", 4_022_468_096, 512, 2560)
    stacks = {"SD 1.5": [clip], "SDXL": [clip, big], "SD3": [clip, big, t5], "Z-Image": [qwen]}
    return answers(lesson.text_stack_summary, {name: (stack,) for name, stack in stacks.items()})

def stack(rng, joins):
    """A random stack with these joins; an encoder that joins by channel has as many tokens as the context."""
    tokens, encoders = 0, []
    for i, join in enumerate(["first", *joins]):
        own = tokens if join == "channel" else rng.integer(5, 90)
        tokens = tokens + own if join == "sequence" else own
        encoders.append(encoder(f"encoder {i}", rng.integer(10, 10**9), own, rng.integer(8, 900), join))
    return encoders

@check("text_stack_summary", public=True)
def keeps_the_larger_width(lesson, rng):
    """In a sequence join the wider part sets the width, be it the earlier or the later one; the list is not changed."""
    narrow, wide = rng.integer(8, 90), rng.integer(100, 900)
    stacks = [[encoder("a", 5, 7, a), encoder("b", 6, 9, b, "sequence")] for a, b in ((narrow, wide), (wide, narrow))]
    before = copy.deepcopy(stacks)
    return {"summaries": [lesson.text_stack_summary(one) for one in stacks], "unchanged": stacks == before}

@check("text_stack_summary", public=True)
def refuses_channels_of_another_length(lesson, rng):
    """A channel join needs as many tokens as the whole context has so far: anything else raises ValueError."""
    tokens, more = rng.integer(20, 60), rng.integer(3, 19)
    first, second = encoder("a", 1, tokens, 8), encoder("b", 2, more, 16, "sequence")

    def joined(own, *before):
        return [*before, encoder("c", 3, own, 4, "channel")]

    return {
        "fewer": error_of(lesson.text_stack_summary, joined(more, first)),
        "like the first, not the context": error_of(lesson.text_stack_summary, joined(tokens, first, second)),
        "like the last, not the context": error_of(lesson.text_stack_summary, joined(more, first, second)),
        "like the context": lesson.text_stack_summary(joined(tokens + more, first, second)),
    }

SMALL = (2, 2, 24, 2, [4, 4, 4])  # channels, patch, width, heads, blocks of a head

def model_inputs(rng, batch, height, width, words, features, channels=2):
    """A noisy latent, levels that float32 holds exactly, and text."""
    x, text = rng.normal(batch, channels, height, width), rng.normal(batch, words, features)
    return x, rng.integers(batch, low=1, high=8) / 8, text

@check("TinyS3DiT", weight=3, public=True, **BLOCK)
def computes_what_z_image_computes(lesson, rng):
    """With any weights: refine image and text apart, let them speak together, and paint the image tokens."""
    model = filled(rng, lesson.TinyS3DiT(*SMALL, 2, 1, 9, 10), 0.3)
    inputs = model_inputs(rng, 2, 4, 8, 5, 9)
    watch = Watch(*inputs)
    return {"painted": model(*inputs), "inputs unchanged": watch.unchanged()}

@check("TinyS3DiT", public=True)
def trains_every_part(lesson, rng):
    """Every weight, the latent and the text receive a gradient."""
    model = filled(rng, lesson.TinyS3DiT(*SMALL, 1, 1, 5, 8), 0.3)
    x, t, text = model_inputs(rng, 2, 4, 4, 3, 5)
    x, text, weights = x.requires_grad_(), text.requires_grad_(), rng.normal(2, 2, 4, 4)
    named = dict(sorted(model.named_parameters()))
    reached = flows(model(x, t, text) * weights, [x, text, *named.values()])
    return dict(zip(["x", "text", *named], reached, strict=True))

def dmd_case(rng, shape, dtype=DOUBLE, scale=None):
    """Samples, the teacher's answer and the fake model's; `scale` makes each sample's distances differ."""
    x, real, fake = (rng.normal(*shape, dtype=dtype) for _ in range(3))
    if scale is not None:
        size = torch.tensor(scale, dtype=dtype).reshape(-1, *[1] * (len(shape) - 1))
        real, fake = x + size * (real - x), x + size * (fake - x)
    return x, real, fake

@check("dmd_loss", weight=2, public=True)
def pulls_towards_the_real_answer(lesson, rng):
    """The gradient in x is the fake answer minus the real one, measured by the distance to the real one."""
    seen = {}
    for name, dtype in DTYPES.items():
        x, real, fake = dmd_case(rng, (4, 4), dtype)
        loss = lesson.dmd_loss(x.requires_grad_(), real, fake)
        seen[name] = [loss, *gradients(loss, [x])]
    return seen

@check("dmd_loss", public=True)
def averages_over_all_elements(lesson, rng):
    """The loss is one number, whatever the shape, in the dtype of x; nothing is changed."""
    cases = {f"for {list(shape)}": dmd_case(rng, shape) for shape in ((5, 2), (3, 1), (2, 3, 4, 4), (1, 6, 3))}
    cases["in float32"] = dmd_case(rng, (3, 2, 2), torch.float32)
    return answers_and_purity(lesson.dmd_loss, cases)

@check("dmd_loss", public=True)
def rests_where_all_agree(lesson, rng):
    """Where x is the real answer nothing is divided by zero: the distance counts as 1e-8 at least."""
    x, real, fake = dmd_case(rng, (3, 4))
    x[1], real[1], fake[1] = 0.0, 0.0, 1e-8 * rng.normal(4, dtype=DOUBLE)
    zeros = torch.zeros_like(x)
    cases = {"one sample": (x, real, fake), "all three equal": (x, x, x), "both answers equal": (x, real, real)}
    return answers(lesson.dmd_loss, {**cases, "all zero": (zeros, zeros, zeros)})

def predictions(rng, shape, dtype=DOUBLE, count=3):
    """Predictions of the same shape."""
    return tuple(rng.normal(*shape, dtype=dtype) for _ in range(count))

@check("spear_and_shield", weight=2, public=True)
def takes_the_direction_apart(lesson, rng):
    """The spear is what guidance adds, the shield compares teacher and fake model; in this order.

    The arguments stay as they are.
    """
    cases = in_each_dtype(lambda dtype: (*predictions(rng, (4, 3), dtype), rng.number(2.0, 8.0)))
    return answers_and_purity(lesson.spear_and_shield, cases)

def band(rng, low=0.0, high=1.0):
    """A range inside [low, high) that is neither empty nor all of it."""
    start = rng.number(low, low + 0.4 * (high - low))
    return start, rng.number(start + 0.1 * (high - low), high)

@check("renoise_levels", weight=2, public=True)
def gives_each_term_its_own_level(lesson, rng):
    """Spear and shield have a draw and a range each."""
    cases = in_each_dtype(
        lambda dtype: (rng.uniform(6, dtype=dtype), rng.uniform(6, dtype=dtype), band(rng), band(rng))
    )
    return answers_and_purity(lesson.renoise_levels, cases)

@check("renoise_levels", public=True)
def takes_a_single_level(lesson, rng):
    """A range may be a single level; then every draw is at this level."""
    level, u = rng.number(0.1, 0.9), rng.uniform(3, dtype=DOUBLE)
    cases = {"for the spear": (u, u, (level, level), (0.0, 1.0)), "for the shield": (u, u, (0.0, 1.0), (level, level))}
    return answers(lesson.renoise_levels, cases)

@check("renoise_levels", public=True)
def refuses_what_is_no_range(lesson, rng):
    """A range that leaves [0, 1] or runs backwards raises ValueError, for spear and shield alike."""
    u, good = rng.uniform(4), (0.0, 1.0)
    bad = {"below": (-0.1, 0.5), "above": (0.5, 1.1), "backwards": (rng.number(0.6, 0.9), rng.number(0.1, 0.5))}
    seen = {}
    for name, wrong in bad.items():
        seen[f"spear {name}"] = error_of(lesson.renoise_levels, u, u, wrong, good)
        seen[f"shield {name}"] = error_of(lesson.renoise_levels, u, u, good, wrong)
    return {**seen, "both fine": error_of(lesson.renoise_levels, u, u, good, good)}

class Prediction(torch.nn.Module):
    """A smooth prediction from x [B, ...], s [B] and a condition that broadcasts against x."""

    def __init__(self, a, b):
        super().__init__()
        self.a = torch.nn.Parameter(torch.tensor(a, dtype=DOUBLE))
        self.b = torch.nn.Parameter(torch.tensor(b, dtype=DOUBLE))

    def forward(self, x, s, cond):
        level = s.reshape(-1, *[1] * (x.ndim - 1))
        return torch.sin(self.a.to(x) * x + 2 * level) + self.b.to(x) * cond * (1 + level * x)

def direction_case(rng, shape, dtype=DOUBLE):
    """Two models, samples, conditions, levels, noises and a guidance scale: the arguments in order."""
    x, cond, uncond, n_spear, n_shield = predictions(rng, shape, dtype, 5)
    s_spear, s_shield = (rng.uniform(shape[0], low=0.1, high=0.9, dtype=dtype) for _ in range(2))
    models = Prediction(0.9, 0.6), Prediction(1.4, -0.5)
    return *models, x, cond, uncond, s_spear, s_shield, n_spear, n_shield, rng.number(2.0, 6.0)

@check("decoupled_dmd_direction", weight=2, public=True)
def reads_each_term_at_its_own_level(lesson, rng):
    """The spear is read at one noise level, the shield at another, each from its own noisy sample.

    The arguments stay as they are.
    """
    cases = in_each_dtype(lambda dtype: direction_case(rng, (3, 5), dtype))
    return answers_and_purity(lesson.decoupled_dmd_direction, cases)

@check("decoupled_dmd_direction", public=True)
def is_a_constant(lesson, rng):
    """The direction carries no gradient, neither to x nor to the models."""
    real, fake, x, *rest = direction_case(rng, (3, 2))
    direction = lesson.decoupled_dmd_direction(real, fake, x.requires_grad_(), *rest)
    return {"direction": direction, "carries a gradient": direction.requires_grad}

def hill_answers(mean, var):
    """The exact denoiser of N(mean, var) at x_s = (1 - s) x0 + s n; small, since a public check releases it."""

    def answer(x, s, cond):
        keep = (1 - s) * var / ((1 - s) ** 2 * var + s**2)
        return mean + cond + keep[:, None] * (x - (1 - s[:, None]) * (mean + cond))

    return answer

def fitted(crowd):
    """The fake model of a crowd: the denoiser of the Gaussian with its mean and variance, whatever it is asked for."""
    model = hill_answers(crowd.mean(dim=0), crowd.var())
    return lambda x, s, cond: model(x, s, 0.0)

def crowd_case(rng, rounds=4, n=6, dim=2):
    """A teacher, a crowd and all draws; there are as many rounds as levels of a round nowhere, so axes stay apart."""
    real = hill_answers(rng.normal(dim, dtype=DOUBLE), rng.number(0.2, 0.6))
    crowd, cond, uncond = rng.normal(n, dim, dtype=DOUBLE), rng.normal(dim, dtype=DOUBLE), rng.normal(dim, dtype=DOUBLE)
    u, noise = rng.uniform(rounds, 2, n, dtype=DOUBLE), rng.normal(rounds, 2, n, dim, dtype=DOUBLE)
    return real, fitted, crowd, cond, uncond, rng.number(2, 4), ((0.1, 0.5), (0.4, 0.9)), u, noise, 0.3

@check("guided_crowd", weight=2, public=True)
def walks_by_spear_and_shield(lesson, rng):
    """In each round every point moves along the decoupled direction, against a fake model of the crowd as it is now."""
    cases = {"a short walk": crowd_case(rng), "a longer one": crowd_case(rng, 7, 5, 3)}
    return answers_and_purity(lesson.guided_crowd, cases)

@check("guided_crowd", public=True)
def walks_without_its_shield(lesson, rng):
    """Without the shield the crowd follows the spear alone; with guidance 1, it then stands still."""
    case = crowd_case(rng)
    still = (*case[:5], 1.0, *case[6:])
    return answers(lesson.guided_crowd, {"spear alone": (*case, False), "no guidance": (*still, False)})

def middles(result, rng):
    """The middle of the crowd, round by round."""
    rounds = torch.arange(len(result["both at all levels"]))
    lines = {name: (rounds, walk.clamp(-1, 12)) for name, walk in result.items()}
    return curves("Where the middle of the crowd goes; the teacher's hill is at 1", lines, xlabel="round", ylabel="middle")

def three_walks(lesson, rng, n=100):
    """The crowd's middle, round by round, in three settings with equal draws; the teacher's hill is at 1."""
    real, zero, one = hill_answers(0.0, 0.25), torch.zeros(1, dtype=DOUBLE), torch.ones(1, dtype=DOUBLE)
    crowd, draws = rng.normal(n, 1, dtype=DOUBLE), (rng.uniform(60, 2, n, dtype=DOUBLE), rng.normal(60, 2, n, 1, dtype=DOUBLE))
    settings = {
        "both at all levels": (((0.0, 1.0), (0.0, 1.0)), True),
        "spear at low noise": (((0.0, 0.3), (0.0, 1.0)), True),
        "no shield": (((0.0, 1.0), (0.0, 1.0)), False),
    }
    return {
        name: lesson.guided_crowd(real, fitted, crowd, one, zero, 3.0, ranges, *draws, 0.3, on).mean(dim=(1, 2))
        for name, (ranges, on) in settings.items()
    }

@check("guided_crowd", public=True, figure=middles)
def is_held_by_its_shield(lesson, rng):
    """With the shield the crowd comes to rest, nearer to the teacher if the spear has low levels; without it, it runs."""
    return three_walks(lesson, rng)

SUMS = {"rtol": 2e-3, "atol": 2e-3}

def balance(rng):
    """A teacher with and without the prompt, a variance and a guidance scale."""
    return rng.number(-2, 2), rng.number(2.5, 4), rng.number(0.1, 1.5), rng.number(1.5, 6)

@check("resting_place", public=True, **SUMS)
def rests_where_the_text_says(lesson, rng):
    """The four rows of the text's table."""
    whole, fine = (0.0, 1.0), (0.0, 0.3)
    rows = {"both at all": (whole, whole), "coupled low": (fine, fine), "low, all": (fine, whole), "all, low": (whole, fine)}
    return answers(lesson.resting_place, {name: (1.0, 0.0, 0.25, 3.0, *ranges) for name, ranges in rows.items()})

@check("resting_place", weight=2, public=True, **SUMS)
def balances_on_average(lesson, rng):
    """Other means, variances, guidance scales and ranges; single levels too."""
    spans = [((0.0, 0.5), (0.2, 1.0)), ((0.3, 0.9), (0.0, 0.7)), ((0.5, 0.5), (0.5, 1.0)), ((0.1, 0.9), (0.4, 0.4))]
    return answers(lesson.resting_place, {f"case {i}": (*balance(rng), *span) for i, span in enumerate(spans)})

@check("resting_place", weight=0.5, public=True, **SUMS)
def needs_a_shield_that_holds(lesson, rng):
    """A shield at level 0 alone raises ValueError; one at a low level does not, and neither does a spear at 0."""
    case = balance(rng)
    return {
        "at 0": error_of(lesson.resting_place, *case, (0.0, 0.5), (0.0, 0.0)),
        "low": error_of(lesson.resting_place, *case, (0.0, 0.5), (0.1, 0.1)),
        "spear at 0": lesson.resting_place(*case, (0.0, 0.0), (0.2, 0.9)),
    }

def two_hills(middle, std):
    """Exact denoiser for hills at middle (label 0) and -middle (1), or both (-1); it is in a public check."""
    hills = torch.stack([middle, -middle])

    def teacher(x, s, label):
        s = s.reshape(-1, 1)
        var = (1 - s) ** 2 * std**2 + s**2
        apart = x[:, None] - (1 - s[:, None]) * hills
        answered = hills + ((1 - s) * std**2 / var)[:, None] * apart
        if label >= 0:
            return answered[:, label]
        share = torch.softmax(-apart.square().sum(dim=2) / (2 * var), dim=1)
        return (share[:, :, None] * answered).sum(dim=1)

    return teacher

def steered(lesson, rng, angle, label, n=256):
    """A crowd, what the student expects of it, and how the teacher was asked."""
    middle = 0.6 * torch.tensor([math.cos(angle), math.sin(angle)])
    teacher, log = two_hills(middle, 0.5), []

    def counted(x, s, asked):
        levels = torch.as_tensor(s).detach().reshape(-1).float()
        log.append((int(asked), len(x), float(levels.sum()), len(levels) > 1 and float(levels.std()) > 1e-3))
        return teacher(x, levels.expand(len(x)).to(x.dtype), int(asked))

    answer = lesson.steer_crowd(counted, label, n, rng.integer(0, 1000))
    free = {levels for asked, _, levels, _ in log if asked < 0}
    return {
        "crowd": answer["crowd"],
        "predicted": float(answer["predicted"]),
        "calls": len(log),
        "largest": max((rows for _, rows, _, _ in log), default=0),
        "levels of the prompt alone": sum(asked >= 0 and levels not in free for asked, _, levels, _ in log),
        "levels by the point": sum(varied for *_, varied in log),
    }

def obedience(result, angle, label):
    """Share on the asked side, spread along and across, distance of the middle from home; in standard deviations."""
    crowd = result["crowd"]
    if not (isinstance(crowd, torch.Tensor) and crowd.shape == (256, 2)):
        raise Fail(f"the crowd for n = 256 is {describe(crowd)}; expected [256, 2]")
    along = torch.tensor([math.cos(angle), math.sin(angle)]) * (1 - 2 * label)
    across = torch.stack([-along[1], along[0]])
    crowd = crowd.float()
    away = (crowd.mean(dim=0) - 0.6 * along) / 0.5
    return {
        "share": float((crowd @ along > 0).float().mean()),
        "along": float((crowd @ along).std()) / 0.5,
        "across": float((crowd @ across).std()) / 0.5,
        "away": float(away.norm()),
        "beyond": float(away @ along),
    }

def obeys(result, angle, label):
    """Raise Fail unless the crowd reaches the goal within the budget."""
    seen = obedience(result, angle, label)
    if not result["calls"] <= 300 or not result["largest"] <= 256:
        raise Fail(f"the teacher was called {result['calls']} times, with up to {result['largest']} points; expected 300 and 256")
    widths = f"the crowd spreads {seen['along']:.2f} times as far as the hill along, {seen['across']:.2f} times across"
    name = shortcut(result, seen)
    if not seen["away"] <= 1.1:
        raise Fail(f"the crowd's middle is {seen['away']:.2f} standard deviations off; expected at most 1.1", misconception=name)
    if not (0.8 <= seen["along"] <= 1.3 and 0.8 <= seen["across"] <= 1.3):
        raise Fail(f"{widths}; expected 0.8 to 1.3", misconception=name)
    if not seen["share"] >= 0.95:
        raise Fail(f"{seen['share']:.1%} of the crowd obeys; expected at least 95%", misconception=name)

def shortcut(result, seen):
    """Which known shortcut the crowd shows, if any: by where it is, how wide it is, and how the teacher was asked."""
    moved_by_rounds = result["levels by the point"] > 20
    if moved_by_rounds and seen["beyond"] > 3 and seen["along"] > 1.1:
        return "spear_alone"
    if moved_by_rounds and max(seen["along"], seen["across"]) < 0.45:
        return "no_fake"
    if moved_by_rounds and seen["away"] < 0.15 and min(seen["along"], seen["across"]) > 0.85 and seen["share"] < 0.94:
        return "no_guidance"
    coupled = moved_by_rounds and result["levels of the prompt alone"] == 0
    return "coupled" if coupled and seen["along"] < 0.8 < seen["across"] and seen["away"] > 0.4 else None

def obeys_label_0(result, expected, rng):
    obeys(result, 0.0, 0)

def crowd_on_its_hill(result, rng):
    """The crowd beside what the teacher paints without guidance."""
    honest = torch.tensor([0.6, 0.0]) + 0.5 * rng.normal(256, 2)
    return points("The class is asked on the right", {"teacher, unguided": honest, "your crowd": result["crowd"]})

def expected_and_measured(result, rng):
    """The student's prediction beside what came out."""
    share = obedience(result, math.pi / 2, 0)["share"]
    heights = {"teacher, unguided": 0.885, "you expected": result["predicted"], "measured": share}
    return bars("Share on the asked side", heights)

@check("steer_crowd", public=True, reference=False, verdict=obeys_label_0, figure=crowd_on_its_hill)
def obeys_and_stays_alive(lesson, rng):
    """At least 95 % obey, the spread is 0.8 to 1.3 of the hill's, the middle near home, with at most 300 calls."""
    return steered(lesson, rng, 0.0, 0)

def obeys_upwards(result, expected, rng):
    if not 0 <= result["predicted"] <= 1:
        raise Fail(f'"predicted" is {result["predicted"]:.3g}; expected a share from 0 to 1')
    obeys(result, math.pi / 2, 0)

@check("steer_crowd", public=True, reference=False, verdict=obeys_upwards, figure=expected_and_measured)
def obeys_as_predicted_or_not(lesson, rng):
    """The same with the class above; your expectation is a share, and the report shows it beside the measured one."""
    return steered(lesson, rng, math.pi / 2, 0)

def errors_of_pairs(rng, size, dtype=DOUBLE, scale=1.0):
    """Denoising errors of model and reference on winners and losers."""
    return tuple(scale * rng.uniform(size, low=0.05, high=1.0, dtype=dtype) for _ in range(4))

@check("diffusion_dpo_loss", weight=2, public=True)
def prefers_the_winner(lesson, rng):
    """The loss falls when the model improves on winners more than on losers, measured against the reference."""
    cases = in_each_dtype(lambda dtype: (*errors_of_pairs(rng, 5, dtype), rng.number(2.0, 6.0)))
    cases["a single pair"] = (*errors_of_pairs(rng, 1), rng.number(0.5, 9.0))
    return answers_and_purity(lesson.diffusion_dpo_loss, cases)

@check("diffusion_dpo_loss", public=True)
def stays_finite_for_large_arguments(lesson, rng):
    """With beta in the thousands, right and wrong preferences alike have a finite loss and gradient."""
    seen = []
    for scale, dtype in ((1.0, DOUBLE), (0.5, torch.float32)):
        err_w, err_l, ref_w, ref_l = errors_of_pairs(rng, 4, dtype, scale)
        err_w = (err_w + torch.tensor([0.0, 2.0, 0.0, 2.0], dtype=dtype)).requires_grad_()
        loss = lesson.diffusion_dpo_loss(err_w, err_l + 1, ref_w, ref_l, 5000.0)
        seen.append([loss, *gradients(loss, [err_w])])
    return seen

GROUP = {"atol": {"float32": 1e-4}, "rtol": {"float32": 1e-3}}

@check("grpo_advantages", weight=2, public=True, **GROUP)
def compares_siblings(lesson, rng):
    """Each reward is measured against mean and spread of its own group."""
    return answers_and_purity(
        lesson.grpo_advantages, in_each_dtype(lambda dtype: (3 * rng.normal(3, 6, dtype=dtype) + 2,))
    )

class Tilted(torch.nn.Module):
    """(z [G, k], t) -> middles [G, D] by one linear layer, in double precision."""

    def __init__(self, rng, k, dim):
        super().__init__()
        self.layer = rng.fill(torch.nn.Linear(k, dim).double(), 0.7)

    def forward(self, z, t):
        return self.layer(z + t)

def policy_case(rng, groups=3, members=4, dim=2):
    """A net, a spread, starts, noise, and samples that were drawn earlier."""
    net, std = Tilted(rng, 2, dim), rng.number(0.3, 1.5)
    z, noise = rng.normal(groups, 2, dtype=DOUBLE), rng.normal(groups, members, dim, dtype=DOUBLE)
    return net, std, z, noise, rng.normal(groups, members, dim, dtype=DOUBLE)

@check("GaussianPolicy", weight=2, public=True)
def knows_how_probable_a_sample_is(lesson, rng):
    """The log-density of each sample, all constants in it: one number, two, five, as many groups as members too."""
    seen = {}
    for sizes in ((3, 4, 2), (2, 3, 5), (3, 3, 1)):
        net, std, z, _, x = policy_case(rng, *sizes)
        watch = Watch(x, z)
        seen[str(sizes)] = lesson.GaussianPolicy(net, std).log_prob(x, z)
        seen[f"{sizes}, inputs unchanged"] = watch.unchanged()
    return seen

@check("GaussianPolicy", public=True)
def draws_siblings_around_one_middle(lesson, rng):
    """The samples of a group lie around the middle of their start, as far as std says."""
    seen = {}
    for sizes in ((3, 4, 2), (4, 4, 3)):
        net, std, z, noise, _ = policy_case(rng, *sizes)
        seen[str(sizes)] = lesson.GaussianPolicy(net, std).sample(z, noise)
    return seen

@check("GaussianPolicy", weight=2, public=True)
def rewards_reach_the_net(lesson, rng):
    """Samples move with the net; a probability counts its sample as a constant, also one that was drawn just now."""
    net, std, z, noise, old = policy_case(rng)
    weights, shares = rng.normal(3, 4, 2, dtype=DOUBLE), rng.normal(3, 4, dtype=DOUBLE)
    policy, parts = lesson.GaussianPolicy(net, std), list(net.parameters())
    old.requires_grad_()
    drawn = policy.sample(z, noise)
    return {
        "through the samples": gradients(drawn * weights, parts),
        "through probabilities": gradients(policy.log_prob(drawn, z) * shares, parts),
        "to the sample itself": gradients(policy.log_prob(old, z) * shares + 0 * old.sum(dim=2), [old]),
    }

def policy(rng, groups, members, dtype=DOUBLE):
    """Log-probabilities now and before, ratios well inside and outside the usual clip, and rewards."""
    old = -2 + rng.normal(groups, members, dtype=dtype)
    shift = 0.25 + 0.6 * rng.uniform(groups, members, dtype=dtype)
    sign = (2 * rng.integers(groups, members, high=2) - 1).to(dtype)
    inside = rng.integers(groups, members, high=3) == 0
    return old + torch.where(inside, 0.2 * sign * shift, sign * shift), old, rng.normal(groups, members, dtype=dtype)

@check("grpo_loss", weight=2, public=True, atol={"float32": 1e-4}, rtol={"float32": 1e-3})
def takes_the_pessimistic_term(lesson, rng):
    """The smaller of ratio times advantage and clipped ratio times advantage, averaged, as a loss."""
    return answers_and_purity(lesson.grpo_loss, in_each_dtype(lambda dtype: policy(rng, 3, 6, dtype)))

@check("grpo_loss", public=True)
def clips_as_far_as_asked(lesson, rng):
    """clip says how far a ratio may go: 0.2 by default, any other if given."""
    case = policy(rng, 4, 4)
    return answers(lesson.grpo_loss, {"0.2": case, "0.05": (*case, 0.05), "0.5": (*case, 0.5), "0.8": (*case, 0.8)})

@check("grpo_loss", public=True)
def trains_the_policy_alone(lesson, rng):
    """Rewards and old log-probabilities are constants; the first step after drawing follows the advantages."""
    logp, old, rewards = policy(rng, 3, 4)
    inputs = [value.clone().requires_grad_() for value in (logp, old, rewards)]
    fresh = old.clone().requires_grad_()
    return {
        "reached": dict(zip(["logp", "logp_old", "rewards"], flows(lesson.grpo_loss(*inputs), inputs), strict=True)),
        "first step": gradients(lesson.grpo_loss(fresh, old, rewards), [fresh]),
    }

@check("dmdr_loss", weight=2, public=True, atol={"float32": 1e-4}, rtol={"float32": 1e-3})
def drives_and_holds(lesson, rng):
    """The reward's loss, plus the weight times the guardrail's."""
    cases = in_each_dtype(
        lambda dtype: (*policy(rng, 2, 4, dtype), *dmd_case(rng, (8, 3), dtype), rng.number(0.2, 3.0))
    )
    return answers_and_purity(lesson.dmdr_loss, cases)

@check("dmdr_loss", public=True)
def hands_the_clip_on(lesson, rng):
    """clip reaches the reward's loss: 0.2 by default, any other if given."""
    case = (*policy(rng, 3, 4), *dmd_case(rng, (12, 2)), 0.5)
    return answers(lesson.dmdr_loss, {"0.2": case, "0.05": (*case, 0.05), "0.6": (*case, 0.6)})

@check("dmdr_loss", public=True)
def both_ends_learn(lesson, rng):
    """The policy learns from the reward, and the samples learn from the teacher, as much as the weight says."""
    (logp, old, rewards), (x, real, fake) = policy(rng, 2, 3), dmd_case(rng, (6, 2))
    logp, x = logp.requires_grad_(), x.requires_grad_()
    loss = lesson.dmdr_loss(logp, old, rewards, x, real, fake, 0.7)
    return [loss, *gradients(loss, [logp, x])]

def gaussian_teacher(rng):
    """A teacher's mean and variance, a reward slope and a weight."""
    return rng.number(-3, 3), rng.number(0.2, 4.0), rng.choice([-1, 1]) * rng.number(0.3, 2.0), rng.number(0.2, 5.0)

@check("guardrail_optimum", weight=2, public=True)
def goes_beyond_the_teacher(lesson, rng):
    """The best mean lies beyond the teacher's, in the direction of the reward: how far, the guardrail says."""
    return answers(lesson.guardrail_optimum, {f"case {i}": gaussian_teacher(rng) for i in range(5)})

@check("guardrail_optimum", public=True)
def needs_a_guardrail(lesson, rng):
    """A weight of 0 or below raises ValueError; a small positive one does not."""
    mean, var, slope, weight = gaussian_teacher(rng)
    return {
        "at 0": error_of(lesson.guardrail_optimum, mean, var, slope, 0.0),
        "below 0": error_of(lesson.guardrail_optimum, mean, var, slope, -weight),
        "small": lesson.guardrail_optimum(mean, var, slope, 1e-3),
    }

def ring(angle):
    """The middles of four hills around the origin, the first one at `angle`: [4, 2]."""
    angles = angle + torch.arange(4) * (math.pi / 2)
    return 2 * torch.stack([angles.cos(), angles.sin()], dim=1)

def score_of(hills, std):
    """The exact score of equal hills [K, 2] after noise t [n]; small, since a public check releases it."""

    def score(x, t):
        offset = hills - x[:, None]  # [n, K, 2]
        variance = std**2 + t.reshape(-1, 1, 1) ** 2
        share = torch.softmax(-(offset**2).sum(dim=-1, keepdim=True) / (2 * variance), dim=1)
        return (share * offset / variance).sum(dim=1)

    return score

class Generator(torch.nn.Module):
    """(z [n, 2], t) -> [n, 2] with random weights; it remembers the latest time that it was told."""

    told = -1.0  # before the first call

    def __init__(self, seed):
        super().__init__()
        self.layers = mlp(2, 2, 64, 3)
        generator = torch.Generator().manual_seed(seed)
        with torch.no_grad():
            for parameter in self.layers.parameters():
                scale = parameter.shape[1] ** -0.5 if parameter.ndim == 2 else 0.1
                parameter.copy_(scale * torch.randn(parameter.shape, generator=generator))

    def forward(self, z, t):
        self.told = float(torch.as_tensor(t).abs().max())
        return self.layers(z)

def painted(lesson, rng, angle):
    """2000 samples of a generator that was trained for 400 updates.

    Also how far out its samples lay before, and the lowest level of noise that the teacher was asked about.
    """
    noise, net = rng.normal(2000, 2), Generator(rng.integer(0, 1000))
    start, levels, teacher = float(net(noise, 0).detach().norm(dim=1).median()), [], score_of(ring(angle), 0.2)

    def listening(x, t):
        levels.append(float(torch.as_tensor(t).min()))
        return teacher(x, t)

    trained = lesson.train_dmd_generator(net, listening, 400, rng.integer(0, 1000))
    return {"samples": trained(noise, 0).detach(), "start": start, "lowest": min(levels, default=None)}

def lies_on_four_hills(result, angle, least):
    """Raise Fail unless each hill has its share of the samples and the share `least` of them is on a hill."""
    samples = result["samples"]
    if not (isinstance(samples, torch.Tensor) and samples.shape == (2000, 2)):
        raise Fail(f"net(z, 0) for 2000 noises is {describe(samples)}; expected [2000, 2]")
    distance, nearest = torch.cdist(samples.float(), ring(angle)).min(dim=1)
    share = torch.bincount(nearest, minlength=4) / len(samples)
    close = float((distance < 0.8).float().mean())
    shares = ", ".join(f"{float(part):.0%}" for part in share)
    if not float(share.min()) > 0.12:
        raise Fail(f"the hills have {shares} of the samples; expected more than 12% each", misconception=named(result, nearest))
    if not close > least:
        message = f"{close:.0%} of the samples lie within 0.8 of a hill; expected more than {least:.0%}"
        raise Fail(message, misconception=named(result, nearest))

def named(result, nearest):
    """Which known mistake the samples show, if any.

    The evidence is how far out they lie, now and before, how tightly around each hill's crowd, and the levels of noise.
    """
    samples = result["samples"]
    radius = float(samples.norm(dim=1).median())
    if radius > 3.5 or radius < 0.7 * result["start"]:  # away from the hills: hardly trained samples stay at the start
        return "wrong_sign"
    crowds = [samples[nearest == k] for k in range(4)]
    taken = [crowd for crowd in crowds if len(crowd) > 0.05 * len(samples)]
    width = sum(float((crowd - crowd.median(dim=0).values).norm(dim=1).median()) for crowd in taken) / len(taken)
    if width < 0.1:
        if radius < 1.6:
            return "no_fake" if radius > 0.9 else None
        return "fake_is_the_sample" if width > 0.003 else None  # a network that a large rate broke paints one point
    if len(taken) < 4:
        return "no_renoise" if width < 0.3 and radius > 1.6 else None
    return "too_much_noise" if result["lowest"] is not None and result["lowest"] > 1 else None

def four_hills_are_painted(result, expected, rng):
    lies_on_four_hills(result, 0.0, 0.7)

@check("train_dmd_generator", public=True, reference=False, verdict=four_hills_are_painted)
def paints_all_four_hills(lesson, rng):
    """After 400 updates each hill has more than 12 % of the samples, and more than 70 % lie on a hill."""
    return painted(lesson, rng, 0.0)

def spread_of_one(lesson, hill, width, rng):
    """2000 samples of a generator whose teacher knows one round hill."""
    noise, net = rng.normal(2000, 2), Generator(rng.integer(0, 1000))
    return lesson.train_dmd_generator(net, score_of(hill[None], width), 400, rng.integer(0, 1000))(noise, 0).detach()

def is_as_wide_as(result, hill, width):
    """Raise Fail unless the samples lie around the hill and spread as far as it does."""
    if not (isinstance(result, torch.Tensor) and result.shape == (2000, 2)):
        raise Fail(f"net(z, 0) for 2000 noises is {describe(result)}; expected [2000, 2]")
    away = float((result.mean(dim=0) - hill).norm())
    if not away < 0.25:
        raise Fail(f"the samples of one round hill are {away:.2f} off its middle; expected less than 0.25")
    # Plain correct solutions come to 0.93 to 1.04, a kernel of half the variance to 0.7.
    share = float(result.var(dim=0).mean().sqrt()) / width
    if not 0.85 < share < 1.15:
        message = f"the samples spread {share:.2f} times as far as the teacher's; expected 0.85 to 1.15"
        raise Fail(message, misconception="kernel_without_the_two" if 0.6 < share < 0.8 else None)

def is_as_wide_as_the_teacher(result, expected, rng):
    is_as_wide_as(result, torch.tensor([1.0, -0.5]), 0.4)

@check("train_dmd_generator", public=True, reference=False, verdict=is_as_wide_as_the_teacher)
def spreads_as_far_as_the_teacher(lesson, rng):
    """With one round hill as the teacher, the samples spread as far as it does: both answers fit the noise level."""
    return spread_of_one(lesson, torch.tensor([1.0, -0.5]), 0.4, rng)

def far_along(lesson, seeds, mean, direction):
    """Where students end, for three weights: how far beyond the teacher's mean along the reward, and across it."""

    def teacher_score(x, t):
        return (mean - x) / (1 + t.reshape(-1, 1) ** 2)

    across = torch.stack([-direction[1], direction[0]])
    ends = {}
    for weight in (3.0, 8.0, 0.0):
        policy = lesson.GaussianPolicy(Generator(seeds[0]), 1.0)
        trained = lesson.train_dmdr(policy, teacher_score, lambda x: 1.5 * (x @ direction), weight, 300, seeds[1])
        start = torch.randn(2000, 2, generator=torch.Generator().manual_seed(seeds[2]))
        away = trained.net(start, 0).detach() - mean
        ends[f"{weight:g}"] = [float((away @ direction).mean()), float((away @ across).mean())]
    return ends

def goes_beyond_and_is_held(result, expected, rng):
    """Student code never reaches this: the result has two numbers for each weight."""
    (near, side), (nearer, other), (free, _) = (result[key] for key in ("3", "8", "0"))
    if abs(near - free) < 1e-6 and abs(nearer - free) < 1e-6:
        # Equal draws and equal ends with every weight: it does not count. Were there no reward, nobody would have moved.
        raise Fail("the student ends at one place with every weight", misconception="no_rail" if free > 2 else None)
    name = None
    if abs(near) < 0.12 and abs(nearer) < 0.12 and abs(free) < 5:
        name = "no_reward"
    elif -0.9 < near < -0.25 and -0.4 < nearer < -0.08 and free < -5:
        name = "reward_backwards"
    elif free > 5 and all(abs(end) + abs(off) > 100 and abs(off) > 0.2 * abs(end) for end, off in (result["3"], result["8"])):
        name = "swapped_answers"  # they flee from the teacher, and not along the reward
    for weight, end in ((3, near), (8, nearer)):
        optimum = 1 / weight
        if not 0.8 * optimum < end < 2.3 * optimum:
            span = f"{0.8 * optimum:.2f} to {2.3 * optimum:.2f}"
            raise Fail(f"with weight {weight} the mean ends {end:.2f} beyond the teacher's; expected {span}", misconception=name)
    if not (abs(side) < 0.25 and abs(other) < 0.25):
        raise Fail(f"across the reward the mean ends {side:.2f} and {other:.2f} off; expected less than 0.25")
    if not free > 5:
        raise Fail(f"without a guardrail the mean ends {free:.2f} beyond the teacher's; expected more than 5", misconception=name)

def ends_and_optimum(result, rng):
    """How far students end beyond the teacher, beside guardrail_optimum."""
    weights = torch.tensor([3.0, 8.0])
    lines = {"students": (weights, torch.tensor([result["3"][0], result["8"][0]])), "guardrail_optimum": (weights, 1 / weights)}
    return curves("How far beyond the teacher", lines, xlabel="weight of the guardrail", ylabel="distance", low=0.0)

@check("train_dmdr", public=True, reference=False, verdict=goes_beyond_and_is_held, figure=ends_and_optimum)
def passes_its_teacher(lesson, rng):
    """The mean passes the teacher's, stays near guardrail_optimum with weights 3 and 8, and runs away without a rail."""
    seeds = [rng.integer(0, 1000) for _ in range(3)]
    return far_along(lesson, seeds, torch.tensor([1.0, -0.5]), torch.tensor([1.0, 0.0]))

@check("train_dmdr", weight=0.5, public=True)
def draws_its_siblings_by_its_seed(lesson, rng):
    """Updates change the policy, and the seed decides all draws."""
    noise, seeds = rng.normal(50, 2), [rng.integer(0, 500), rng.integer(500, 1000)]
    policies = [lesson.GaussianPolicy(Generator(3), 1.0) for _ in range(3)]
    untouched = policies[0].net(noise, 0).detach()

    def after(policy, seed):
        trained = lesson.train_dmdr(policy, score_of(torch.zeros(1, 2), 1.0), lambda x: x[:, 0], 3.0, 3, seed)
        return trained.net(noise, 0).detach()

    first, again, other = (after(policy, seed) for policy, seed in zip(policies, [seeds[0], *seeds], strict=True))
    return {
        "updates change it": not torch.allclose(first, untouched),
        "same seed, same policy": bool(torch.allclose(again, first)),
        "other seed, other policy": not torch.allclose(other, first),
    }

def dirty(shape, seed):
    """The dirt on pictures."""
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))

def reads(classifier):
    """The reward: log-probability of the right digit through fresh dirt."""
    count = iter(range(10**9))

    def reward(pictures, labels):
        with torch.no_grad():
            logits = classifier(pictures.detach() + dirty(pictures.shape, next(count)))
        return logits.log_softmax(dim=1).gather(1, labels[:, None])[:, 0].clamp_min(-6)

    return reward

def fifty_of_each(lesson, rng):
    """500 pictures of one call each, 50 of each digit, and the share that the student expected."""
    seed, noise = drawn(rng)
    made = lesson.train_digit_student(teacher().requires_grad_(True), teacher(), reads(judge().classifier), seed)
    painted = calls_once(made["net"], noise, torch.arange(10).repeat(50))
    return {"painted": painted, "predicted": float(made["predicted"])}

def drawn(rng):
    """The seed and the noise of a check: its first draws, so a verdict has them, too."""
    return rng.integer(0, 1000), rng.normal(500, 1, 8, 8)

def calls_once(net, noise, labels):
    """What a net paints in one call for each noise."""
    with torch.no_grad():
        return noise - net(noise, torch.ones(len(noise)), labels)

def read_right(classifier, pictures, labels):
    """Share that is read right with dirt of standard deviation 1 on top, over four draws of it."""
    with torch.no_grad():
        right = [(classifier(pictures + dirty(pictures.shape, seed)).argmax(dim=1) == labels).float().mean() for seed in range(4)]
    return float(sum(right)) / 4

def passes_in_one_call(result, judged, most, rng):
    """Raise Fail unless the pictures reach the goal in this judge's eyes; `most`: what the teacher reaches through dirt."""
    painted, labels = result["painted"], torch.arange(10).repeat(50)
    if not (isinstance(painted, torch.Tensor) and painted.shape == (500, 1, 8, 8)):
        raise Fail(f"the pictures are {describe(painted)}; expected [500, 1, 8, 8]")
    seen, through = judged.legible(painted, labels), read_right(judged.classifier, painted, labels)
    apart, variety = judged.distance(painted, labels), judged.diversity(painted, labels)
    name = None
    if torch.equal(painted, calls_once(teacher(), drawn(rng)[1], labels)):
        name = "untrained"
    elif apart > 1 and through > 0.85:
        name = "no_rail"
    elif through < most - 0.12 and seen < 0.99:
        name = "reward_backwards"
    elif through < max(0.53, most + 0.03) and apart < 0.09 and variety > 0.6 and seen > 0.9:
        name = "no_reward"
    if not apart <= 0.35:
        raise Fail(f"the distance to real digits is {apart:.3f}; expected at most 0.35", misconception=name)
    if not through >= max(0.53, most + 0.03):
        message = f"{through:.1%} are read right through dirt, the teacher's in {most:.1%}; expected at least 53% and 3 points more"
        raise Fail(message, misconception=name)
    if not seen >= 0.95:
        raise Fail(f"{seen:.1%} are legible without dirt; expected at least 95%", misconception=name)
    if not variety >= 0.25:
        raise Fail(f"the diversity within a digit is {variety:.2f}; expected at least 0.25", misconception=name)

def passes_the_public_judge(result, expected, rng):
    passes_in_one_call(result, judge(), 0.48, rng)

def digits_in_rows(result, rng):
    """Six pictures of each digit, side by side."""
    rows = [torch.cat(list(result["painted"][d::10][:6, 0]), dim=1) for d in range(8)]
    return image("What the student paints in one call: 0 to 7", torch.cat(rows), low=-1, high=1)

@check("train_digit_student", public=True, reference=False, verdict=passes_the_public_judge, figure=digits_in_rows)
def passes_its_teacher_in_one_call(lesson, rng):
    """One call each: more legible through dirt than the teacher's, and still digits, legible and diverse."""
    return fifty_of_each(lesson, rng)
