"""Public checks of lesson-7.1.1: ControlNet. Made by `course build`; do not edit."""

from __future__ import annotations

import copy
import torch
import torch.nn.functional as F
from blindgrade.checks import Fail, Watch, agree, answers, answers_and_purity, check, error_of, gradients, in_each_dtype, load_parameters, made_in, shapes_of
from torch import Tensor
from toys import TinyUNet


def shapes_batch(n: int, generator: torch.Generator, size: int = 16) -> tuple[Tensor, Tensor]:
    """n images of a square or a disc in [-1, 1], and their outlines in {0, 1}; both [n, 1, size, size] float32."""
    rows, columns = torch.meshgrid(torch.arange(size), torch.arange(size), indexing="ij")
    radius = torch.randint(2, 5, (n,), generator=generator).float()[:, None, None]
    centre = 4 + torch.rand(n, 2, generator=generator) * (size - 9)
    is_disc = (torch.rand(n, generator=generator) < 0.5)[:, None, None]
    dx = columns[None] - centre[:, 0, None, None]
    dy = rows[None] - centre[:, 1, None, None]
    disc = dx**2 + dy**2 <= radius**2
    square = (dx.abs() <= radius * 0.9) & (dy.abs() <= radius * 0.9)
    mask = torch.where(is_disc, disc, square).float()[:, None]  # [n, 1, size, size]
    eroded = -F.max_pool2d(-mask, 3, 1, 1)
    return mask * 2 - 1, mask - eroded

def all_zero(tensor):
    """Whether every element is exactly zero."""
    return bool((tensor == 0).all())

def trainable(module):
    """The names of the parameters that take a gradient."""
    return sorted(name for name, parameter in module.named_parameters() if parameter.requires_grad)

@check("zero_conv", weight=2, public=True)
def says_nothing_before_training(lesson, rng):
    """A fresh layer adds exactly zero, whatever the input: weight and bias are both zero."""
    x = {(3, 5): rng.normal(2, 3, 4, 6), (4, 4): rng.normal(4, 4, 3, 3), (1, 2): rng.normal(1, 1, 1, 1)}
    seen = {}
    for (cin, cout), batch in x.items():
        layer = lesson.ZeroConv2d(cin, cout)
        out = layer(batch)
        seen[f"shape from {cin} to {cout} channels"] = list(out.shape)
        seen[f"silent from {cin} to {cout} channels"] = all_zero(out)
        seen[f"parameters from {cin} to {cout} channels that are zero"] = sum(all_zero(p) for p in layer.parameters())
    return seen

@check("zero_conv", weight=2, public=True)
def is_a_convolution_once_trained(lesson, rng):
    """With any weight and bias the layer is a 1x1 convolution, in float32 and float64, and x stays as it was."""
    seen = {}
    for name, dtype in (("float32", torch.float32), ("float64", torch.float64)):
        for cin, cout, x in ((2, 3, rng.normal(3, 2, 4, 5, dtype=dtype)), (3, 3, rng.normal(3, 3, 3, 3, dtype=dtype))):
            layer = rng.fill(made_in(dtype, lesson.ZeroConv2d, cin, cout))
            watch = Watch(x)
            seen[f"{name} from {cin} to {cout}"] = layer(x)
            seen[f"{name} from {cin} to {cout}, x unchanged"] = watch.unchanged()
    return seen

@check("zero_conv", weight=2, public=True)
def lets_gradients_through(lesson, rng):
    """Weight, bias and input get the gradients of a convolution, at the zero start and later."""
    seen = {}
    x = rng.normal(2, 3, 4, 5, dtype=torch.float64).requires_grad_(True)
    upstream = rng.normal(2, 4, 4, 5, dtype=torch.float64)
    weights = [rng.normal(4, 3, 1, 1, dtype=torch.float64), rng.normal(4, dtype=torch.float64)]
    for name in ("at the start", "later"):
        layer = made_in(torch.float64, lesson.ZeroConv2d, 3, 4)
        if name == "later":
            load_parameters(layer, {"weight": weights[0], "bias": weights[1]})
        seen[name] = gradients(layer(x) * upstream, [x, layer.weight, layer.bias])
    return seen

@check("zero_conv", public=True)
def refuses_less_than_one_channel(lesson, rng):
    """Zero or fewer channels, in or out, raise ValueError; one channel does not."""
    few, many = -rng.integer(1, 5), rng.integer(2, 6)
    pairs = [(0, many), (many, 0), (few, many), (many, few), (0, 0), (1, 1), (1, many), (many, 1)]
    return {f"error at {pair}": error_of(lesson.ZeroConv2d, *pair) for pair in pairs}

def grads_case(rng, batch, cin, cout, height, width, dtype, zero=False):
    """Arguments of zero_conv_grads."""
    weight = rng.normal(cout, cin, 1, 1, dtype=dtype)
    return (
        torch.zeros_like(weight) if zero else weight,
        rng.normal(batch, cin, height, width, dtype=dtype),
        rng.normal(batch, cout, height, width, dtype=dtype),
    )

@check("zero_conv_grads", weight=2, public=True)
def sums_over_batch_and_pixels(lesson, rng):
    """All three gradients are those of a 1x1 convolution with a bias, summed over batch and pixels.

    The arguments stay as they are.
    """
    cases = in_each_dtype(lambda dtype: grads_case(rng, 2, 3, 4, 5, 6, dtype))
    return answers_and_purity(lesson.zero_conv_grads, cases)

@check("zero_conv_grads", weight=2, public=True)
def lives_at_zero_weights(lesson, rng):
    """With zero weights the input's gradient is zero; those of weight and bias are not."""
    cases = in_each_dtype(lambda dtype: grads_case(rng, 3, 4, 2, 3, 5, dtype, zero=True))
    return answers(lesson.zero_conv_grads, cases)

def whisper_case(rng, dtype, batch=3, cin=2, cout=4, size=(4, 5), steps=6):
    """Arguments of whisper: a target that the layer can nearly reach, with an offset for the bias."""
    x = rng.normal(batch, cin, *size, dtype=dtype)
    mix = rng.normal(cout, cin, dtype=dtype)
    target = torch.einsum("oi,bihw->bohw", mix, x) + rng.uniform(cout, low=0.5, high=1.5, dtype=dtype)[:, None, None]
    return x, target, rng.number(0.1, 0.4), steps

@check("whisper", weight=2, public=True)
def grows_from_nothing(lesson, rng):
    """The loudness grows from zero as plain gradient descent on the mean squared error makes it grow.

    The arguments stay as they are.
    """
    return answers_and_purity(lesson.whisper, in_each_dtype(lambda dtype: whisper_case(rng, dtype)))

def unet_state(rng, dtype=torch.float32, base=4):
    """The state of a small U-Net with drawn weights."""
    return dict(rng.fill(TinyUNet(2, base).to(dtype)).state_dict())

@check("init_control_state", weight=2, public=True)
def copies_encoder_and_middle(lesson, rng):
    """The start is a copy of the encoder and the middle, plus zero convolutions, and nothing else."""
    return lesson.init_control_state(unet_state(rng), [4, 4, 8, 8, 8])

@check("init_control_state", public=True)
def keeps_the_dtype(lesson, rng):
    """The zeros have the dtype of the U-Net, in float64 as in float32."""
    state = lesson.init_control_state(unet_state(rng, torch.float64), [4, 4, 8, 8, 8])
    return {name: tensor if name.startswith("zero") else tensor.sum() for name, tensor in state.items()}

@check("init_control_state", weight=2, public=True)
def shares_no_memory(lesson, rng):
    """Writing into the copy leaves the U-Net as it was, and the U-Net keeps all its tensors."""
    state = unet_state(rng)
    watch, names = Watch(state), sorted(state)
    copy = lesson.init_control_state(state, [4, 4, 8, 8, 8])
    with torch.no_grad():
        for tensor in copy.values():
            tensor.add_(1.0)
    return {"keys": sorted(copy), "U-Net unchanged": watch.unchanged(), "same names": sorted(state) == names}

@check("init_control_state", public=True)
def matches_prefixes_up_to_the_dot(lesson, rng):
    """A name belongs to a part if it starts with the part and a dot, not if it merely contains it."""
    inside = [
        "time.0.weight",
        "conv_in.weight",
        "conv_in.bias",
        "enc1.norm.weight",
        "down.weight",
        "enc2.skip.bias",
        "mid.conv1.weight",
    ]
    outside = ["timestep.weight", "conv_in2.bias", "enc10.norm.weight", "downs.weight", "middle.bias", "dec.mid.bias"]
    outside += ["up.down.weight", "conv_out.weight", "dec0.time.weight", "enc3.conv1.weight", "outer.conv_in.weight"]
    state = {name: rng.normal(2, 3) for name in rng.shuffled(inside + outside)}
    return lesson.init_control_state(state, [2, 3])

UNET = [
    "conv_in.weight",
    "time_embedding.linear_1.bias",
    "down_blocks.{n}.resnets.{m}.conv1.weight",
    "down_blocks.{n}.attentions.{m}.transformer_blocks.0.attn2.to_k.weight",
    "mid_block.resnets.{m}.time_emb_proj.weight",
    "mid_block.attentions.0.proj_out.bias",
]
DECODER = ["up_blocks.{n}.resnets.{m}.conv_shortcut.weight", "conv_norm_out.weight", "conv_out.bias", "conv_out.weight"]
ZERO = [
    "controlnet_down_blocks.{n}.weight",
    "controlnet_mid_block.bias",
    "controlnet_cond_embedding.conv_out.weight",
    "controlnet_cond_embedding.conv_out.bias",
]
NEW = [
    "controlnet_cond_embedding.conv_in.weight",
    "controlnet_cond_embedding.blocks.{n}.weight",
    "controlnet_cond_embedding.blocks.{m}.bias",
]

def twenty_names(rng):
    """Names of all roles in random order: three frozen, six copied, four absent, four zero, three new."""
    frozen = [f"unet.{name}" for name in (rng.choice(UNET), rng.choice(DECODER), rng.choice(UNET))]
    rest = [f"controlnet.{name}" for name in UNET + DECODER + ZERO + NEW]
    return [name.format(n=rng.integer(0, 4), m=rng.integer(0, 2)) for name in rng.shuffled(frozen + rest)]

def roles(lesson, names):
    """The role that the student gives to each name."""
    return {name: lesson.param_role(name) for name in names}

@check("param_role", public=True)
def tells_the_roles_apart(lesson, rng):
    """All of twenty names, from both owners and of all five roles, are told apart."""
    return roles(lesson, twenty_names(rng))

@check("param_role", public=True)
def refuses_strangers(lesson, rng):
    """Another owner or an unknown part raises ValueError, and no known name does."""
    known = twenty_names(rng)
    strangers = ["vae.conv_in.weight", "control.mid_block.resnets.0.conv1.weight", "text_encoder.conv_out.weight"]
    strangers += ["controlnet.conv_in_extra.weight", "controlnet.mid_blocks.0.weight", "controlnet.embedding.weight"]
    strangers += ["controlnet.controlnet_up_blocks.0.weight", "unet2.mid_block.resnets.0.conv1.weight"]
    errors = {name: error_of(lesson.param_role, name) for name in rng.shuffled(strangers)}
    return errors | {"known names": [error_of(lesson.param_role, name) for name in known]}

PARTS = ("conv_in", "time_embedding", "down_blocks", "mid_block", "up_blocks", "conv_norm_out", "conv_out")

def budget_case(rng, places):
    """Arguments of controlnet_budget with drawn counts, the parts in random order."""
    counts = {part: rng.integer(1_000, 90_000) for part in rng.shuffled(PARTS)}
    return counts, [rng.integer(2, 60) for _ in range(places)], rng.integer(500, 5_000)

@check("controlnet_budget", weight=2, public=True)
def counts_what_trains_and_what_is_frozen(lesson, rng):
    """Copied parts, zero convolutions and hint encoder train; the whole U-Net is frozen."""
    return answers(lesson.controlnet_budget, {f"case {i}": budget_case(rng, 5 + i) for i in range(3)})

DEEP = {"atol": {"float32": 1e-4}, "rtol": {"float32": 1e-3}}

def control_case(rng, dtype, batch=2, channels=1, hint_channels=1, size=(8, 8)):
    """Arguments of TinyControlNet.forward, without scale."""
    x = rng.normal(batch, channels, *size, dtype=dtype)
    return x, rng.uniform(batch, dtype=dtype), rng.normal(batch, hint_channels, *size, dtype=dtype)

@check("controlnet_module", weight=2, public=True)
def leaves_the_unet_alone_at_first(lesson, rng):
    """Before training all residuals are exactly zero, so the U-Net's output does not change by a bit."""
    x, t, hint = control_case(rng, torch.float32, batch=3, channels=2, hint_channels=3, size=(8, 12))
    unet = rng.fill(TinyUNet(2, 4))
    control = lesson.TinyControlNet(2, 3, 4)
    residuals = control(x, t, hint)
    alone, controlled = unet(x, t), unet(x, t, list(residuals))
    return {
        "shapes": [list(r.shape) for r in residuals],
        "silent": [all_zero(r) for r in residuals],
        "zeros": {k: all_zero(v) for k, v in control.named_parameters() if k.startswith("zero")},
        "output unchanged": torch.equal(alone, controlled),
    }

@check("controlnet_module", public=True)
def has_the_parts_of_a_unet_encoder(lesson, rng):
    """The names and shapes of the state are those of the U-Net's encoder and middle, the hint's and the zeros'."""
    seen = {}
    for channels, hint_channels, base in ((1, 1, 8), (3, 2, 4)):
        control = lesson.TinyControlNet(channels, hint_channels, base)
        seen[f"state of ({channels}, {hint_channels}, {base})"] = shapes_of(control)
        seen[f"trainable in ({channels}, {hint_channels}, {base})"] = trainable(control)
    return seen

@check("controlnet_module", weight=3, public=True, **DEEP)
def computes_the_residuals(lesson, rng):
    """With any weights the five residuals are those of the copied encoder that sees image, time and hint."""
    seen = {}
    for name, dtype in (("float32", torch.float32), ("float64", torch.float64)):
        case = control_case(rng, dtype, batch=2, channels=3, hint_channels=2, size=(4, 6))
        watch = Watch(*case)
        control = rng.fill(made_in(dtype, lesson.TinyControlNet, 3, 2, 4))
        seen[name] = control(*case)
        seen[f"{name}, arguments unchanged"] = watch.unchanged()
    return seen

@check("controlnet_module", weight=2, public=True, **DEEP)
def turns_the_volume(lesson, rng):
    """`scale` multiplies the residuals: 0 silences them, 0.5 halves them, and without it they are as they are."""
    case = control_case(rng, torch.float64, size=(4, 4))
    scale = rng.number(1.2, 2.0)
    control = rng.fill(made_in(torch.float64, lesson.TinyControlNet, 1, 1, 4))
    full = control(*case)
    return {
        "by default": full,
        "by 1": control(*case, 1.0),
        "by a half": control(*case, scale=0.5),
        "by more than 1": control(*case, scale),
        "by 0": [all_zero(r) for r in control(*case, 0.0)],
    }

COPIED = ("time.", "conv_in.", "enc1.", "down.", "enc2.", "mid.")

def small_task(rng):
    """A U-Net with drawn weights, a few images with their outlines, and a seed."""
    images, hints = shapes_batch(96, rng.generator)
    return rng.fill(TinyUNet(1, 8), 0.1), images, hints, rng.integer(0, 1000)

def is_a_silent_copy(result, expected, rng):
    """The verdict on the start: copied parts equal to the U-Net's, zeros at zero, `hint_in` at neither."""
    if not all(result["copied"]):
        message = "after 0 updates the encoder and the middle of the ControlNet are not copies of the U-Net's"
        raise Fail(message, misconception="copy_from_scratch")
    if not result["hint_in is awake"]:
        message = "after 0 updates all weights of hint_in are zero; expected the default start of a convolution"
        raise Fail(message, misconception="hint_in_starts_at_zero")
    agree(result, expected)

@check("train_control", public=True, verdict=is_a_silent_copy)
def starts_as_a_silent_copy(lesson, rng):
    """After 0 updates the ControlNet is the copied encoder with silent zeros: the U-Net's output is as before."""
    unet, images, hints, seed = small_task(rng)
    x, t = rng.normal(4, 1, 16, 16), rng.uniform(4)
    before = {name: tensor.clone() for name, tensor in unet.state_dict().items()}
    with torch.no_grad():
        alone = unet(x, t)
    state = lesson.train_control(unet, images, hints, 0, seed)
    control = lesson.TinyControlNet(1, 1, 8)
    control.load_state_dict(state)
    with torch.no_grad():
        controlled = unet(x, t, list(control(x, t, hints[:4])))
    return {
        "state": {name: list(tensor.shape) for name, tensor in state.items()},
        "copied": [torch.equal(state[name], before[name]) for name in sorted(before) if name.startswith(COPIED)],
        "zeros": {name: all_zero(tensor) for name, tensor in state.items() if name.startswith("zero")},
        "hint_in is awake": not all_zero(state["hint_in.weight"]),
        "output unchanged": torch.equal(alone, controlled),
    }

def is_all_that_moved(result, expected, rng):
    """The verdict on a few updates, by the names of the tensors that stayed where they were."""
    if not result["U-Net unchanged"]:
        raise Fail("the frozen U-Net was changed by the training", misconception="unet_not_frozen")
    if not result["images and hints unchanged"]:
        raise Fail("the images or the hints were changed")
    still = sorted(name for name, moved in result["moved"].items() if not moved)
    if not still:
        return
    cause = None
    if len(still) == len(result["moved"]):
        cause = "lr_zero"
    elif still == ["hint_in.weight"]:
        cause = "hint_dropped"
    elif still == ["hint_in.bias", "hint_in.weight", "zero_hint.weight"]:
        cause = "hint_in_starts_at_zero"
    elif all(name.startswith(COPIED) for name in still):
        cause = "copy_stays_frozen"
    raise Fail(f"after 6 updates {len(still)} tensors have not moved: {', '.join(still[:5])}", misconception=cause)

@check("train_control", weight=2, public=True, reference=False, verdict=is_all_that_moved)
def moves_all_but_the_unet(lesson, rng):
    """After a few updates every tensor of the ControlNet has moved; the U-Net, the images and the hints have not."""
    unet, images, hints, seed = small_task(rng)
    frozen, data = Watch(unet.state_dict()), Watch(images, hints)
    start = {k: v.detach().clone() for k, v in lesson.train_control(unet, images, hints, 0, seed).items()}
    # The first update moves what adds the residuals, the second what stands before it, the third hint_in.
    end = lesson.train_control(unet, images, hints, 6, seed)
    return {
        "moved": {name: not torch.equal(start[name], end[name]) for name in start},
        "U-Net unchanged": frozen.unchanged(),
        "images and hints unchanged": data.unchanged(),
    }

def is_the_seeds_doing(result, expected, rng):
    """The verdict on three first updates, two of them with one seed."""
    if not result["same"]:
        raise Fail("two trainings with the same seed differ after one update", misconception="seed_unused")
    if not result["other"]:
        raise Fail("trainings with different seeds agree after one update")

@check("train_control", public=True, reference=False, verdict=is_the_seeds_doing)
def follows_the_seed(lesson, rng):
    """The same seed draws the same images and noise for the first update, and another seed draws others."""
    unet, images, hints, seed = small_task(rng)
    # After one update the zeros depend on what was drawn and not yet on how hint_in started.
    # Each training gets a U-Net of its own: whoever trains the U-Net, too, is no reason to doubt the seed.
    runs = [(copy.deepcopy(unet), s) for s in (seed, seed, seed + 1)]
    states = [dict(lesson.train_control(own, images, hints, 1, s)) for own, s in runs]
    first, again, other = (state["zero.0.weight"] for state in states)
    return {"same": torch.equal(first, again), "other": not torch.equal(first, other)}
