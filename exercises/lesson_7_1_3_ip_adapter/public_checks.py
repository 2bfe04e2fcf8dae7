"""Public checks of lesson-7.1.3: IP-Adapter. Made by `course build`; do not edit."""

from __future__ import annotations

import math
import torch
from blindgrade.checks import Fail, Watch, agree, answers, answers_and_purity, check, describe, error_of, gradients, in_each_dtype, made_in, shapes_of
from blindgrade.figures import bars


DTYPES = {"in float32": torch.float32, "in float64": torch.float64}

@check("image_tokens", weight=2, public=True)
def makes_normalised_tokens(lesson, rng):
    """One vector becomes several tokens, each normalised by itself, in float32 and float64."""
    seen = {}
    for name, dtype in DTYPES.items():
        module = rng.fill(made_in(dtype, lesson.ImageProjection, 7, 6, 3))
        x = rng.normal(5, 7, dtype=dtype)
        watch = Watch(x)
        seen[name] = module(x)
        seen[f"{name}, x unchanged"] = watch.unchanged()
    return seen

@check("image_tokens", public=True)
def sends_gradients_back(lesson, rng):
    """The vector, the linear layer and the norm all get the right gradients."""
    module = rng.fill(made_in(torch.float64, lesson.ImageProjection, 6, 5, 3))
    x, weights = rng.normal(4, 6, dtype=torch.float64).requires_grad_(), rng.normal(4, 3, 5, dtype=torch.float64)
    named = dict(sorted(module.named_parameters()))
    return dict(zip(["x", *named], gradients(module(x) * weights, [x, *named.values()]), strict=True))

def attention_case(rng, batch, queries, text, image, dim, dtype):
    """q, k_text, v_text, k_image, v_image; keys and queries large enough that the softmaxes are not flat."""
    tokens = (queries, text, text, image, image)
    return [1.5 * rng.normal(batch, n, dim, dtype=dtype) for n in tokens]

@check("decoupled_attention", weight=2, public=True)
def adds_two_readings(lesson, rng):
    """The reader attends to the text and to the reference separately; the reference's answer is scaled and added."""
    cases = in_each_dtype(lambda dtype: (*attention_case(rng, 2, 5, 4, 3, 6, dtype), 2, rng.number(0.3, 1.7)))
    return answers_and_purity(lesson.decoupled_attention, cases)

@check("decoupled_attention", public=True)
def lets_gradients_through(lesson, rng):
    """Queries, keys and values of both documents get the right gradients."""
    case = [z.requires_grad_() for z in attention_case(rng, 2, 3, 4, 5, 6, torch.float64)]
    weights = rng.normal(2, 3, 6, dtype=torch.float64)
    return gradients(lesson.decoupled_attention(*case, 3, 0.8) * weights, case)

@check("decoupled_attention", public=True)
def refuses_heads_that_do_not_fit(lesson, rng):
    """A number of heads that does not divide the features raises ValueError; one that does is fine."""
    case = attention_case(rng, 2, 3, 4, 5, 6, torch.float64)
    return {
        "error with 4 heads": error_of(lesson.decoupled_attention, *case, 4, 1.0),
        "error with 5 heads": error_of(lesson.decoupled_attention, *case, 5, 1.0),
        "answer with 3 heads": lesson.decoupled_attention(*case, 3, 1.0),
    }

def layer_inputs(rng, dtype, batch=2, queries=5, text=4, image=3, query_dim=6, context_dim=7):
    """x, text and image for a layer."""
    return [
        rng.normal(batch, queries, query_dim, dtype=dtype),
        rng.normal(batch, text, context_dim, dtype=dtype),
        rng.normal(batch, image, context_dim, dtype=dtype),
    ]

@check("decoupled_module", public=True)
def has_six_projections(lesson, rng):
    """The state has the weights of six projections, of the right shapes, and only the output projection has a bias."""
    return [shapes_of(lesson.DecoupledCrossAttention(*sizes)) for sizes in [(6, 7, 2), (8, 3, 4)]]

@check("decoupled_module", weight=2, public=True)
def starts_silent_and_frozen(lesson, rng):
    """A fresh layer has two zero weights, four that are not, and trains only the image path's two."""
    x, text, image = layer_inputs(rng, torch.float32)
    layer = lesson.DecoupledCrossAttention(6, 7, 2)
    silent = torch.allclose(layer(x, text, 10 * image), layer(x, text), rtol=0, atol=1e-6)
    return {
        "trainable": {name: parameter.requires_grad for name, parameter in layer.named_parameters()},
        "all zero": {name: not bool(tensor.any()) for name, tensor in layer.named_parameters() if "bias" not in name},
        "the reference changes nothing": silent,
    }

@check("decoupled_module", weight=2, public=True)
def reads_text_and_reference(lesson, rng):
    """With any weights, the layer projects, reads both documents at the given scale, and projects the sum."""
    seen = {}
    for name, dtype in DTYPES.items():
        layer = rng.fill(made_in(dtype, lesson.DecoupledCrossAttention, 6, 7, 2), 0.6)
        x, text, image = layer_inputs(rng, dtype)
        watch = Watch(x, text, image)
        seen[name] = [layer(x, text, image, scale) for scale in (0.0, 0.4, 1.7)]
        seen[f"{name}, inputs unchanged"] = watch.unchanged()
    return seen

@check("decoupled_module", public=True)
def refuses_heads_that_do_not_divide(lesson, rng):
    """A number of heads that does not divide the query width raises ValueError, and the context width is free."""
    x, text, image = layer_inputs(rng, torch.float32)

    def make_and_call(heads):
        return lesson.DecoupledCrossAttention(6, 7, heads)(x, text, image)

    layer = rng.fill(lesson.DecoupledCrossAttention(6, 7, 3))
    return {"error with 4 heads": error_of(make_and_call, 4), "with 3 heads": layer(x, text, image)}

@check("ip_param_count", public=True)
def counts_stable_diffusion(lesson, rng):
    """Stable Diffusion 1.5, with 16 layers and 4 tokens, has about 22 million trainable parameters."""
    layers = [320] * 5 + [640] * 5 + [1280] * 6
    return lesson.ip_adapter_param_count(layers, 768, 1024, 4)

def statuses(lesson, cases):
    """The answer for each case by name."""
    return {f"{adapter}, zero: {sorted(zeroed)}": lesson.init_status(adapter, zeroed) for adapter, zeroed in cases}

@check("init_status", weight=2, public=True)
def knows_the_telling_starts(lesson, rng):
    """Two choices of zeroed tensors for each of the three adapters: silent or not, and able to learn or not."""
    cases = [("zero_conv", ["weight"]), ("zero_conv", rng.shuffled(["weight", "bias"])), ("lora", ["B"])]
    cases += [("lora", rng.shuffled(["A", "B"])), ("ip_adapter", ["K"]), ("ip_adapter", ["V"])]
    return statuses(lesson, rng.shuffled(cases))

@check("init_status", public=True)
def refuses_unknown_names(lesson, rng):
    """An unknown adapter, and a tensor of another adapter, raise ValueError; a known pair does not."""
    return {
        "unknown adapter": error_of(lesson.init_status, "hypernetwork", []),
        "LoRA's tensor in an IP-Adapter": error_of(lesson.init_status, "ip_adapter", ["A"]),
        "one right, one wrong": error_of(lesson.init_status, "lora", ["A", "V"]),
        "lora with B zero": lesson.init_status("lora", ["B"]),
    }

SIZES = {"mid.to_v.weight": (12, 9), "up.to_k.weight": (10, 14), "down.to_k.weight": (16, 16)}

def base_model(rng, dtype):
    """Three shared weights."""
    return {name: rng.normal(*size, dtype=dtype) for name, size in SIZES.items()}

def with_change(rng, weights, name, rank, size=0.05, spread=None):
    """The weights with a change of this rank in one of them, all its singular values of one order or size * spread."""
    rows, columns = SIZES[name]
    left = torch.linalg.qr(rng.normal(rows, rank, dtype=torch.float64))[0]
    right = torch.linalg.qr(rng.normal(columns, rank, dtype=torch.float64))[0]
    if spread is None:
        spread = rng.uniform(rank, low=0.5, high=1.0, dtype=torch.float64)
    change = size * (left * spread) @ right.T
    return {**weights, name: (weights[name].double() + change).to(weights[name].dtype)}

def with_ip(rng, weights, names=("down.to_k_ip.weight", "down.to_v_ip.weight")):
    """The weights behind new ones of an IP-Adapter: a checkpoint has no fixed order."""
    return {**{name: rng.normal(16, 16, dtype=weights["down.to_k.weight"].dtype) for name in names}, **weights}

def copies(weights):
    """The same numbers in other tensors."""
    return {name: tensor.clone() for name, tensor in weights.items()}

@check("remove_and_check", weight=2, public=True)
def tells_the_five_apart(lesson, rng):
    """An untouched base, a merged LoRA, an IP-Adapter, both, and a full fine-tune are told apart.

    The arguments stay as they are.
    """
    base = base_model(rng, torch.float64)
    name = rng.choice(list(SIZES))
    lora = with_change(rng, base, name, 3)
    cases = {
        "untouched": (base, copies(base), 4),
        "one low-rank change": (base, lora, 4),
        "new keys": (base, with_ip(rng, copies(base)), 4),
        "new keys and a low-rank change": (base, with_ip(rng, lora), 4),
        "a change of full rank": (base, with_change(rng, base, name, 9), 4),
    }
    return answers_and_purity(lesson.remove_and_check, cases)

@check("remove_and_check", public=True)
def counts_from_a_ten_thousandth_on(lesson, rng):
    """A direction counts if its singular value is more than 1e-4 of the largest, however small or large that is."""
    base, cases = base_model(rng, torch.float64), {}
    for size in (0.01, 1.0, 100.0):
        for share in (0.7e-4, 1.4e-4):
            name = rng.choice(list(SIZES))
            spread = torch.tensor([0.9, 0.8, 1.0, 0.7, share], dtype=torch.float64)
            loaded = with_change(rng, base, name, 5, size, spread)
            for max_rank in (4, 5):
                cases[f"{size}: fifth direction {share:g}, allowed {max_rank}"] = (base, loaded, max_rank)
    return answers(lesson.remove_and_check, cases)

def highway(rng, dtype, dim=6, context=5, batch=3, text=4, image=2, rank=2):
    """w_k, w_v, text, image, a LoRA and an IP-Adapter."""
    lora = {
        "A_k": rng.normal(rank, context, dtype=dtype),
        "B_k": rng.normal(dim, rank, dtype=dtype),
        "A_v": rng.normal(rank, context, dtype=dtype),
        "B_v": rng.normal(dim, rank, dtype=dtype),
        "scale": rng.number(0.3, 1.7),
    }
    ip = {name: rng.normal(dim, context, dtype=dtype) for name in ("w_k_ip", "w_v_ip")}
    weights = [rng.normal(dim, context, dtype=dtype) for _ in range(2)]
    return [
        *weights,
        rng.normal(batch, text, context, dtype=dtype),
        rng.normal(batch, image, context, dtype=dtype),
        lora,
        ip,
    ]

@check("kv_paths", public=True)
def reads_plain_text(lesson, rng):
    """Without adapters there are the text's keys and values only; an IP-Adapter adds the image's two."""
    cases = {}
    for name, dtype in DTYPES.items():
        case = highway(rng, dtype)
        cases[f"{name}, no adapter"] = (*case[:4], None, None)
        cases[f"{name}, IP-Adapter"] = (*case[:4], None, case[5])
    return answers_and_purity(lesson.kv_paths, cases)

def text_is_the_same_bit_for_bit(result, expected, rng):
    """The verdict on four calls: right, and equal text keys and values with and without an IP-Adapter."""
    agree(result, expected)
    for name in ("no LoRA", "LoRA"):
        alone, both = result[f"{name}, no IP-Adapter"], result[f"{name}, IP-Adapter"]
        felt = [key for key in ("text_k", "text_v") if not torch.equal(alone[key], both[key])]
        if felt:
            raise Fail(f"{name}: {' and '.join(felt)} are not bit for bit the same with an IP-Adapter as without")

@check("kv_paths", public=True, verdict=text_is_the_same_bit_for_bit)
def text_does_not_feel_the_image_path(lesson, rng):
    """With or without an IP-Adapter, the text's keys and values are the same bit for bit."""
    *weights_and_tokens, lora, ip = highway(rng, torch.float32)
    return {
        f"{detour}, {road}": lesson.kv_paths(*weights_and_tokens, a, b)
        for detour, a in {"no LoRA": None, "LoRA": lora}.items()
        for road, b in {"no IP-Adapter": None, "IP-Adapter": ip}.items()
    }

def falling_table(rng):
    """1000 values of alpha_bar that fall from nearly 1 to nearly 0, in float64."""
    beta = torch.linspace(1e-4, 0.02, 1000, dtype=torch.float64) * rng.number(0.7, 1.1)
    return torch.cumprod(1 - beta, dim=0)

def generation_case(rng, dtype, steps=20, batch=4, table=None):
    """ref_latent, clip_tokens, noise, alphas_cumprod, timesteps; the latents are [B, 4, 4, 4]: axes of one size."""
    return [
        rng.normal(batch, 4, 4, 4, dtype=dtype),
        rng.normal(batch, 3, 5, dtype=dtype),
        rng.normal(batch, 4, 4, 4, dtype=dtype),
        falling_table(rng).to(table or dtype),
        torch.arange(steps).flip(0) * (1000 // steps) + rng.integer(0, 3),
    ]

@check("prepare_generation", weight=2, public=True)
def starts_from_pure_noise(lesson, rng):
    """txt2img and IP-Adapter start at step 0 from pure noise at any strength; only IP-Adapter passes the CLIP tokens."""
    cases = {}
    for name, dtype in DTYPES.items():
        for method in ("txt2img", "ip_adapter"):
            for strength in (0.0, 0.55):
                cases[f"{method} {name}, strength {strength}"] = (method, *generation_case(rng, dtype), strength)
    return answers_and_purity(lesson.prepare_generation, cases)

@check("prepare_generation", public=True)
def handles_both_ends(lesson, rng):
    """At strength 1 img2img runs every step; at a strength too small for one step the reference comes back."""
    cases = {
        f"strength {strength}": ("img2img", *generation_case(rng, torch.float64, 10, batch=2), strength)
        for strength in (1.0, 0.95, 0.05, 0.0)
    }
    return answers_and_purity(lesson.prepare_generation, cases)

@check("prepare_generation", public=True)
def refuses_bad_requests(lesson, rng):
    """An unknown method, and img2img with a strength outside [0, 1], raise ValueError; other methods ignore it."""
    case = generation_case(rng, torch.float32)
    return {
        "unknown method": error_of(lesson.prepare_generation, "inpaint", *case, 0.5),
        "strength above 1": error_of(lesson.prepare_generation, "img2img", *case, 1.0 + rng.number(0.1, 1)),
        "strength below 0": error_of(lesson.prepare_generation, "img2img", *case, -rng.number(0.1, 1)),
        "txt2img with strength 7": lesson.prepare_generation("txt2img", *case, 7.0),
        "ip_adapter with strength -3": lesson.prepare_generation("ip_adapter", *case, -3.0),
    }

LEAST_FOUND, MOST_MOVED, MOST_OFF = 0.85, 0.4, 1.8

def textured_squares(rng, count):
    """Pictures, their textures (0 to 4), the places of their squares, and the same squares at other places."""
    rows, columns = torch.meshgrid(torch.arange(8), torch.arange(8), indexing="ij")
    texture, phase = rng.integers(count, high=5), rng.integers(count, high=4)
    place, other = rng.integers(count, 2, high=9), rng.integers(count, 2, high=9)
    strength = rng.uniform(count, low=0.7, high=1.0)
    pictures, moved = torch.zeros(count, 1, 16, 16), torch.zeros(count, 1, 16, 16)
    for n, (kind, start) in enumerate(zip(texture.tolist(), phase.tolist(), strict=True)):
        lying, standing = (rows + start) // 2, columns // 2
        stripes = (
            lying,
            (columns + start) // 2,
            (rows + columns + start) // 2,
            lying + standing,
            torch.ones_like(rows),
        )
        square = 0.2 + strength[n] * (stripes[kind] % 2)
        for canvas, (y, x) in ((pictures, place[n].tolist()), (moved, other[n].tolist())):
            canvas[n, 0, y : y + 8, x : x + 8] = square
    grain = 0.05 * rng.normal(2, count, 1, 16, 16)
    return pictures + grain[0], texture, place.double(), moved + grain[1]

def coded(lesson, rng, count):
    """Sizes of the codes, whether they are codes of single pictures, and how well the goals are met."""
    pictures, texture, place, moved = textured_squares(rng, count)
    learned, _, places, _ = textured_squares(rng, 320)
    watch = Watch(pictures)
    codes, elsewhere = lesson.reference_codes(pictures), lesson.reference_codes(moved)
    unchanged, alone = watch.unchanged(), lesson.reference_codes(pictures[:3].clone())
    look, layout = codes["look"].double(), codes["layout"].double()
    apart = torch.cdist(look, look)
    between = apart[texture[:, None] != texture].mean()
    nearest = (apart + torch.eye(count) * apart.max() * 2).argmin(dim=1)
    known = lesson.reference_codes(learned)["layout"].double()
    table = torch.linalg.lstsq(with_one(known), places, driver="gelsd").solution
    return {
        "look has numbers": look.shape[1],
        "layout has numbers": layout.shape[1],
        "each picture by itself": all(
            torch.allclose(alone[key].double(), codes[key][:3].double(), atol=1e-4) for key in ("look", "layout")
        ),
        "pictures unchanged": unchanged,
        "found": float((texture[nearest] == texture).double().mean()),
        "moved": float((look - elsewhere["look"].double()).norm(dim=1).mean() / between.clamp(min=1e-12)),
        "off": float((with_one(layout) @ table - place).norm(dim=1).mean()),
        "guess": float(codes["guess"]),
    }

def with_one(code):
    """The code with a last column of ones."""
    return torch.cat([code, torch.ones(len(code), 1, dtype=code.dtype)], dim=1)

def look_and_layout(result, expected, rng):
    """The verdict on the two codes, goal by goal."""
    if result["look has numbers"] > 16 or result["layout has numbers"] > 64:
        sizes = f"look has {result['look has numbers']} numbers and layout {result['layout has numbers']}"
        raise Fail(f"{sizes}; expected at most 16 and 64", misconception="all_the_pixels")
    if not (result["each picture by itself"] and result["pictures unchanged"]):
        raise Fail("a picture's codes depend on the other pictures of the batch, or the pictures were changed")
    found, moved, off = result["found"], result["moved"], result["off"]
    if moved > MOST_MOVED:
        message = f"look moves by {moved:.2f} of the distance between textures if the square is shifted"
        raise Fail(f"{message}; expected at most {MOST_MOVED}", misconception="small_picture" if off < 1.8 else None)
    if found < LEAST_FOUND:
        cause = "mean_brightness" if result["look has numbers"] == 1 else None
        raise Fail(f"look finds the texture of {found:.0%}; expected at least {LEAST_FOUND:.0%}", misconception=cause)
    if off > MOST_OFF:
        message = f"the place read from layout is off by {off:.2f} pixels; expected at most {MOST_OFF}"
        raise Fail(message, misconception="one_code_for_both" if off > 2.9 else None)

def codes_against_goals(result, rng):
    heights = {"look finds": result["found"], "look moves": result["moved"], "your guess": result["guess"]}
    return bars("What your two codes do", {**heights, "place is off (pixels)": result["off"]})

@check("reference_codes", weight=2, public=True, reference=False, verdict=look_and_layout, figure=codes_against_goals)
def tells_look_from_layout(lesson, rng):
    """look finds the texture wherever the square is, and layout has its place: the goals hold on 120 pictures."""
    return coded(lesson, rng, 120)

BLOCKS = ["down_blocks.0", "down_blocks.2", "up_blocks.1", "up_blocks.3", "mid_block"]

def channels(lesson, rng, names):
    """The channel of each name, in random order, in a random block and layer of the U-Net."""
    seen = {}
    for name in rng.shuffled(names):
        block, layer = rng.choice(BLOCKS), rng.integer(0, 3)
        seen[name] = lesson.channel_of(name.replace("BLOCK", block).replace("LAYER", str(layer)))
    return dict(sorted(seen.items()))

INNER = "BLOCK.attentions.LAYER.transformer_blocks.0"

@check("channel_of", weight=3, public=True)
def knows_the_attention_weights(lesson, rng):
    """Self-attention reads no condition; in cross-attention keys and values do, and the adapter's read the image."""
    names = [f"{INNER}.attn1.{name}.weight" for name in ("to_q", "to_k", "to_v", "to_out.0")]
    names += [f"{INNER}.attn2.{name}.weight" for name in ("to_q", "to_k", "to_v", "to_out.0")]
    names += [f"{INNER}.attn2.processor.{name}.0.weight" for name in ("to_k_ip", "to_v_ip")]
    return channels(lesson, rng, names)

@check("channel_of", weight=0.5, public=True)
def knows_the_projection_of_time(lesson, rng):
    """A ResNet block reads the time through its projection, and through no convolution."""
    names = ["BLOCK.resnets.LAYER.time_emb_proj.weight", "BLOCK.resnets.LAYER.conv1.weight"]
    return channels(lesson, rng, [*names, "time_embedding.linear_1.weight", "conv_in.weight"])

def probe_inputs(rng, size=4, batch=2):
    """The model's inputs in random order, floating."""
    inputs = {
        "x": rng.normal(batch, 1, size, size),
        "t": rng.uniform(batch),
        "text": rng.normal(batch, 3, 5),
        "hint": rng.normal(batch, 1, size, size),
        "image": rng.normal(batch, 2, 5),
    }
    return {key: inputs[key] for key in rng.shuffled(list(inputs))}

def listener(inputs, reactions):
    """A model that answers 0 to these inputs; `reactions` holds, by input, what a change adds, at its first element."""
    first = {key: value.clone() for key, value in inputs.items()}

    def model(x, t, text, hint, image):
        given = {"t": t, "text": text, "hint": hint, "image": image}
        out = torch.zeros_like(x)
        for key, gain in reactions.items():
            out[(0,) * x.ndim] += gain * (given[key] - first[key]).abs().max()
        return out

    return model

@check("probe_channels", public=True)
def hears_one_channel_at_a_time(lesson, rng):
    """Each model that listens to a single channel is found out, in any order of the inputs; they stay as they are."""
    seen = {}
    for key in ("t", "text", "hint", "image"):
        inputs = probe_inputs(rng)
        watch = Watch(inputs)
        seen[f"listens to {key}"] = lesson.probe_channels(listener(inputs, {key: 1.0}), inputs, 1e-3)
        seen[f"inputs unchanged, {key}"] = watch.unchanged()
    return seen

def switch(inputs, jumps):
    """A model that answers 0 to these inputs; `jumps` holds what any change of an input adds, at every element."""
    first = {key: value.clone() for key, value in inputs.items()}

    def model(x, t, text, hint, image):
        given = {"t": t, "text": text, "hint": hint, "image": image}
        added = sum(jump for key, jump in jumps.items() if not torch.equal(given[key], first[key]))
        return torch.zeros_like(x) + added

    return model

@check("probe_channels", public=True)
def compares_each_element_with_tol(lesson, rng):
    """Many elements that each move by tol or less are still a reaction that does not count."""
    seen = {}
    for tol in (0.25, 8.0):
        inputs = probe_inputs(rng)
        half, whole, double = rng.shuffled(["t", "text", "hint", "image"])[:3]
        model = switch(inputs, {half: 0.5 * tol, whole: tol, double: 2 * tol})  # powers of two: tol is met exactly
        seen[f"tol {tol}"] = lesson.probe_channels(model, inputs, tol)
    return seen

@check("probe_channels", weight=2, public=True)
def sees_a_single_element(lesson, rng):
    """A channel that moves a single element of a large picture is heard, and one that moves it downwards as well."""
    seen = {}
    keys = rng.shuffled(["t", "text", "hint", "image"])
    for gain, key in zip([3.0, -3.0], keys, strict=False):
        inputs = probe_inputs(rng, size=256)
        seen[f"gain {gain}"] = lesson.probe_channels(listener(inputs, {key: gain}), inputs, 0.01)
    return seen

def conditions(rng, width, context, batch=2, places=6):
    """x and the four conditions, and other values of the four."""
    x = rng.normal(batch, places, width)
    first, other = (
        {
            "t": rng.uniform(batch),
            "text": rng.normal(batch, 3, context),
            "hint": rng.normal(batch, places, width),
            "image": rng.normal(batch, 4, context),
        }
        for _ in range(2)
    )
    return x, first, other

def hears(network, x, first, other):
    """For each channel whether another value of it alone changes the output."""
    before = network(x, **first)
    return {name: not torch.equal(network(x, **{**first, name: other[name]}), before) for name in first}

@check("four_channels", weight=2, public=True, lookup=False)
def adds_nothing_first_and_can_learn(lesson, rng):
    """A fresh network hears time and text and neither map nor reference, and both of these paths get a gradient."""
    seen = {}
    for width, context in ((8, 6), (4, 5)):
        x, first, other = conditions(rng, width, context)
        upstream = rng.normal(*x.shape)
        network = lesson.FourChannels(width, context)
        seen[f"heard at width {width}"] = hears(network, x, first, other)
        alone = {name: first[name] for name in ("t", "text")}
        parameters = [parameter for parameter in network.parameters() if parameter.requires_grad]
        plain = gradients(network(x, **alone) * upstream, parameters)
        for name in ("hint", "image"):
            found = gradients(network(x, **alone, **{name: first[name]}) * upstream, parameters)
            woken = [
                a is not None and not torch.equal(a, torch.zeros_like(a) if b is None else b)
                for a, b in zip(found, plain, strict=True)
            ]
            seen[f"{name} wakes some parameter at width {width}"] = any(woken)
    return seen

@check("four_channels", weight=2, public=True, lookup=False)
def hears_all_four_with_other_weights(lesson, rng):
    """With any weights each of the four channels moves the output, and the arguments stay as they are."""
    x, first, other = conditions(rng, 8, 6)
    network = rng.fill(lesson.FourChannels(8, 6), 0.5)
    watch = Watch([x, *first.values()])
    return {"heard": hears(network, x, first, other), "arguments unchanged": watch.unchanged()}

def back_and_forth(lesson, rng, width, context):
    """What a knob at 0, a condition that is left out and the other knob do to a network with drawn weights."""
    x, first, other = conditions(rng, width, context)
    network = rng.fill(lesson.FourChannels(width, context), 0.5)
    base = {name: first[name] for name in ("t", "text")}
    seen = {}
    for name, knob, partner in (("hint", "where", "image"), ("image", "look", "hint")):
        for beside in ("without the other", "beside the other"):
            given = base if beside == "without the other" else {**base, partner: first[partner]}
            without, full = network(x, **given), network(x, **given, **{name: first[name]})
            half = network(x, **given, **{name: first[name], knob: 0.5})
            seen[f"{name} {beside}"] = {
                "knob at 0 is the same as left out": torch.equal(
                    network(x, **given, **{name: first[name], knob: 0.0}), without
                ),
                "its knob is dead while it is left out": torch.equal(network(x, **given, **{knob: 3.0}), without),
                "half is neither 0 nor 1": not (torch.equal(half, without) or torch.equal(half, full)),
                "knob at 1 is the default": torch.equal(network(x, **given, **{name: first[name], knob: 1.0}), full),
            }
    return seen

@check("four_channels", weight=3, public=True, lookup=False)
def takes_each_channel_out_bit_for_bit(lesson, rng):
    """A knob at 0 and a condition that is left out are the same bit for bit, and each knob turns its channel alone."""
    return back_and_forth(lesson, rng, 8, 6)

def knob_cases(rng, kind, scales):
    """(kind, base, signal, scale) in both dtypes and two shapes."""
    return {
        f"{kind} at {scale} {name}": (kind, rng.normal(*shape, dtype=dtype), rng.normal(*shape, dtype=dtype), scale)
        for scale in scales
        for (name, dtype), shape in zip(DTYPES.items(), [(3, 4), (2, 3, 5, 5)], strict=True)
    }

@check("volume_knob", weight=2, public=True)
def turns_guidance(lesson, rng):
    """Guidance at 0 gives the base and at 1 the signal, and goes beyond it at larger scales."""
    return answers_and_purity(lesson.volume_knob, knob_cases(rng, "cfg", [0.0, 1.0, rng.number(2, 9), -0.5]))

@check("volume_knob", public=True)
def adds_the_adapters_signal(lesson, rng):
    """An adapter's signal is added to the base: at a scale of 1 both are there in full."""
    cases = {
        f"{kind} at {scale}": (kind, rng.normal(2, 5), rng.normal(2, 5), scale)
        for kind in ("controlnet", "ip_adapter")
        for scale in (1.0, 0.6)
    }
    return answers(lesson.volume_knob, cases)

@check("volume_knob", public=True)
def refuses_another_kind(lesson, rng):
    """Another kind raises ValueError; the three known ones do not."""
    base, signal = rng.normal(3), rng.normal(3)
    kinds = ["lora", "cfg", "controlnet", "ip_adapter"]
    errors = {kind: error_of(lesson.volume_knob, kind, base, signal, 0.5) for kind in kinds}
    return {**errors, "cfg at 0.5": lesson.volume_knob("cfg", base, signal, 0.5)}

FROZEN = ["to_q.weight", "to_k.weight", "to_v.weight", "to_out.weight", "to_out.bias"]
NEW = ["to_k_ip.weight", "to_v_ip.weight"]

def layer_state(rng, query_dim, context_dim):
    """The state of a layer whose image path is still zero."""
    shapes = {name: (query_dim, context_dim) for name in ("to_k", "to_v")}
    shapes |= {name: (query_dim, query_dim) for name in ("to_q", "to_out")}
    state = {f"{name}.weight": rng.normal(*shape) / math.sqrt(shape[1]) for name, shape in shapes.items()}
    state |= {"to_out.bias": rng.normal(query_dim), **{name: torch.zeros(query_dim, context_dim) for name in NEW}}
    return state

def expect_full_state(learned, state):
    """Fail unless `learned` has the names, shapes and dtypes of `state`."""
    if not isinstance(learned, dict) or set(learned) != set(state):
        adapter_alone = isinstance(learned, dict) and set(learned) == set(NEW)
        raise Fail(
            "the result is not a dict with exactly the keys of the layer's state",
            misconception="returns_the_adapter_alone" if adapter_alone else None,
        )
    for name, tensor in state.items():
        got = learned[name]
        if not (isinstance(got, torch.Tensor) and got.shape == tensor.shape and got.dtype == tensor.dtype):
            raise Fail(f"{name} is {describe(got)}; expected {describe(tensor)}, as it was")

def moved(learned, state, names):
    """The names whose tensors are not bit for bit the same in both."""
    return [name for name in names if not torch.equal(learned[name], state[name])]

def expect_frozen(learned, state, misconception=None):
    """Fail unless `learned` is a full state whose base is that of `state`, bit for bit."""
    expect_full_state(learned, state)
    changed = moved(learned, state, FROZEN)
    if changed:
        raise Fail(f"the base has moved: {', '.join(changed)}", misconception=misconception)

def expect_the_start(untouched, state):
    """Fail unless no updates at all gave back the state that was passed in."""
    expect_full_state(untouched, state)
    changed = moved(untouched, state, state)
    if changed:
        fresh = "fresh_layer" if moved(untouched, state, FROZEN) else None
        raise Fail(f"with steps=0 these come back changed: {', '.join(changed)}", misconception=fresh)

def orthogonal(rng, rows, columns):
    """A random matrix with orthonormal columns."""
    return torch.linalg.qr(rng.normal(rows, columns))[0]

def single_token_task(rng):
    """State and data with one text token and one reference token: then each softmax is 1, and values alone matter.

    Also what all references have in common (of length 1; the rest is normal), and the values behind the targets.
    """
    state = layer_state(rng, 4, 3) | {"to_out.weight": orthogonal(rng, 4, 4)}
    common, wish = orthogonal(rng, 3, 1).flatten(), orthogonal(rng, 4, 3)
    x, text, image = rng.normal(256, 2, 4), rng.normal(256, 1, 3), common + rng.normal(256, 1, 3)
    read = text @ state["to_v.weight"].T + image @ wish.T  # [N, 1, D]
    target = (read @ state["to_out.weight"].T + state["to_out.bias"]).expand(-1, 2, -1).clone()
    return state, [x, text, image, target], common, wish

def given_of_single_tokens(rng):
    """What the student's side gets of it."""
    state, data, *_ = single_token_task(rng)
    return {"state": state, "data": data}

def mean_square(values, common):
    """Mean square of what these values answer to an unseen reference."""
    return float(values.square().sum() + (values @ common).square().sum())

def has_found_the_values(result, expected, rng):
    """The verdict on one reference token: base kept, and the new values do what made the target."""
    state, _, common, wish = single_token_task(rng)
    learned = result["learned"]
    if not result["arguments unchanged"]:
        raise Fail("the arguments were changed; train a copy of the state")
    expect_the_start(result["untouched"], state)
    expect_frozen(learned, state, misconception="trains_all")
    values = learned["to_v_ip.weight"]
    left = mean_square(values - wish, common) / mean_square(wish, common)
    if not left < 0.2:
        shared = torch.outer(common, common)  # projects on what all references have in common
        own = torch.eye(3) - shared
        shared_left = mean_square((values - wish) @ shared, common) / mean_square(wish @ shared, common)
        own_left = mean_square((values - wish) @ own, common) / mean_square(wish @ own, common)
        raise Fail(
            f"{left:.0%} of the untrained layer's error is left on unseen references; expected below 20%",
            # Slow training learns both: with a tenth of the rate 0.22 and 0.36 are left, with exchanged images 0.26
            # and 0.97.
            misconception="shuffled_image" if shared_left < 0.5 and own_left > 0.85 else None,
        )

@check("train_ip_adapter", public=True, reference=False, verdict=has_found_the_values, inputs=given_of_single_tokens)
def trains_the_values(lesson, rng, given):
    """With one reference token, 300 updates find the values that made the target, and the base stays bit for bit."""
    state, data, seed = given["state"], given["data"], rng.integer(0, 1000)
    watch = Watch(state, data)
    untouched = lesson.train_ip_adapter(state, *data, 2, 0, seed)
    learned = lesson.train_ip_adapter(state, *data, 2, 300, seed)
    return {"untouched": untouched, "learned": learned, "arguments unchanged": watch.unchanged()}

def several_tokens(rng):
    """State with an image path near zero, and data with three reference tokens; the targets are noise."""
    state = layer_state(rng, 4, 3) | {name: 0.3 * rng.normal(4, 3) for name in NEW}
    data = [rng.normal(64, 2, 4), rng.normal(64, 2, 3), rng.normal(64, 3, 3), rng.normal(64, 2, 4)]
    return {"state": state, "data": data}

def has_moved_both(learned, expected, rng):
    """The verdict on a few updates: the base as it was, and neither of the two new weights."""
    state = several_tokens(rng)["state"]
    expect_frozen(learned, state, misconception="trains_all")
    changed = moved(learned, state, NEW)
    if len(changed) < len(NEW):
        alone = {"to_k_ip.weight": "only_keys", "to_v_ip.weight": "only_values"}
        raise Fail(
            f"20 updates changed {', '.join(changed) or 'nothing'}; expected both new weights to move",
            misconception=alone[changed[0]] if changed else None,
        )

@check("train_ip_adapter", weight=0.5, public=True, reference=False, verdict=has_moved_both, inputs=several_tokens)
def moves_both_new_weights(lesson, rng, given):
    """With several reference tokens, 20 updates move the new keys and the new values, and nothing else."""
    return lesson.train_ip_adapter(given["state"], *given["data"], 2, 20, rng.integer(0, 1000))
