"""Public checks of lesson-7.1.3: IP-Adapter. Made by `course build`; do not edit."""

from __future__ import annotations

import math
import torch
from blindgrade.checks import Fail, Watch, answers, answers_and_purity, check, in_each_dtype, shapes_of


DTYPES = {"in float32": torch.float32, "in float64": torch.float64}

@check("image_tokens", weight=2, public=True)
def makes_normalised_tokens(lesson, rng):
    """One vector becomes several tokens, each normalised by itself, in float32 and float64."""
    seen = {}
    for name, dtype in DTYPES.items():
        module = rng.fill(lesson.ImageProjection(7, 6, 3).to(dtype))
        x = rng.normal(5, 7, dtype=dtype)
        watch = Watch(x)
        seen[name] = module(x)
        seen[f"{name}, x unchanged"] = watch.unchanged()
    return seen

def attention_case(rng, batch, queries, text, image, dim, dtype):
    """q, k_text, v_text, k_image, v_image; keys and queries large enough that the softmaxes are not flat."""
    tokens = (queries, text, text, image, image)
    return [1.5 * rng.normal(batch, n, dim, dtype=dtype) for n in tokens]

@check("decoupled_attention", weight=2, public=True)
def adds_two_readings(lesson, rng):
    """The reader attends to the text and to the reference separately; the reference's answer is scaled and added."""
    cases = in_each_dtype(lambda dtype: (*attention_case(rng, 2, 5, 4, 3, 6, dtype), 2, rng.number(0.3, 1.7)))
    return answers_and_purity(lesson.decoupled_attention, cases)

@check("decoupled_module", public=True)
def has_six_projections(lesson, rng):
    """The state has the weights of six projections, of the right shapes, and only the output projection has a bias."""
    return [shapes_of(lesson.DecoupledCrossAttention(*sizes)) for sizes in [(6, 7, 2), (8, 3, 4)]]

@check("ip_param_count", public=True)
def counts_stable_diffusion(lesson, rng):
    """Stable Diffusion 1.5, with 16 layers and 4 tokens, has about 22 million trainable parameters."""
    layers = [320] * 5 + [640] * 5 + [1280] * 6
    return lesson.ip_adapter_param_count(layers, 768, 1024, 4)

TENSORS = {"zero_conv": ["weight", "bias"], "lora": ["A", "B"], "ip_adapter": ["K", "V"]}

def status_cases(rng, adapters):
    """Every choice of zeroed tensors for these adapters, the names in random order."""
    return [
        (adapter, rng.shuffled(zeroed))
        for adapter in adapters
        for first, second in [TENSORS[adapter]]
        for zeroed in ([], [first], [second], [first, second])
    ]

def statuses(lesson, cases):
    """The answer for each case by name."""
    return {f"{adapter}, zero: {sorted(zeroed)}": lesson.init_status(adapter, zeroed) for adapter, zeroed in cases}

@check("init_status", public=True)
def knows_the_zero_convolution(lesson, rng):
    """For the zero convolution, silence and learning are told right in all four cases."""
    return statuses(lesson, status_cases(rng, ["zero_conv"]))

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
    """An untouched base, a merged LoRA, an IP-Adapter, both, and a full fine-tune are told apart."""
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
    """Each model that listens to a single channel is found out, whatever the order of the inputs."""
    seen = {}
    for key in ("t", "text", "hint", "image"):
        inputs = probe_inputs(rng)
        seen[f"listens to {key}"] = lesson.probe_channels(listener(inputs, {key: 1.0}), inputs, 1e-3)
    return seen

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
            raise Fail(f"{name} is not a tensor with the shape and dtype that it had")

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

@check(
    "train_ip_adapter", public=True, reference=False, verdict=has_found_the_values, inputs=given_of_single_tokens
)
def trains_the_values(lesson, rng, given):
    """With one reference token, 300 updates find the values that made the target, and the base stays bit for bit."""
    state, data, seed = given["state"], given["data"], rng.integer(0, 1000)
    watch = Watch(state, data)
    untouched = lesson.train_ip_adapter(state, *data, 2, 0, seed)
    learned = lesson.train_ip_adapter(state, *data, 2, 300, seed)
    return {"untouched": untouched, "learned": learned, "arguments unchanged": watch.unchanged()}
