"""Public checks of lesson-7.4.3: SD3 & Flux. Made by `course build`; do not edit."""

from __future__ import annotations

import torch
from blindgrade.checks import Fail, Watch, answers, answers_and_purity, check, describe, error_of, gradients, in_each_dtype, made_in, shapes_of
from blindgrade.figures import bars, curves, image, points


PAGE = {"atol": {"float64": 1e-6}, "rtol": {"float64": 1e-5}}

def prompt_case(rng, dtype, batch=2, n_clip=5, n_t5=4, d_l=3, d_g=4, d_t5=10, pooled_l=2, pooled_g=3):
    """clip_l, clip_g, t5, pooled_l, pooled_g."""
    return (
        rng.normal(batch, n_clip, d_l, dtype=dtype),
        rng.normal(batch, n_clip, d_g, dtype=dtype),
        rng.normal(batch, n_t5, d_t5, dtype=dtype),
        rng.normal(batch, pooled_l, dtype=dtype),
        rng.normal(batch, pooled_g, dtype=dtype),
    )

@check("sd3_text_context", weight=2, public=True, **PAGE)
def joins_three_encoders(lesson, rng):
    """The CLIPs are joined along the channels and padded at the end, T5 follows along the sequence; nothing changes."""
    return answers_and_purity(lesson.sd3_text_context, in_each_dtype(lambda dtype: prompt_case(rng, dtype)))

@check("sd3_text_context", public=True, **PAGE)
def refuses_clips_that_do_not_fit(lesson, rng):
    """Together wider than T5 is a ValueError, even by one channel; as wide as T5 is fine."""
    f32 = torch.float32
    by_one, by_far = prompt_case(rng, f32, d_l=3, d_g=4, d_t5=6), prompt_case(rng, f32, d_l=5, d_g=6, d_t5=7)
    fits = prompt_case(rng, f32, d_l=3, d_g=4, d_t5=7)
    return {
        "error by one channel": error_of(lesson.sd3_text_context, *by_one),
        "error by far": error_of(lesson.sd3_text_context, *by_far),
        "context that just fits": lesson.sd3_text_context(*fits),
    }

def attend(ask, answer):
    """Attention of some tokens to others, without projections."""
    return torch.softmax(ask @ answer.transpose(1, 2) / 2, dim=2) @ answer

def own_way(x):
    """What a token makes of itself: a norm and a bend, no other token seen."""
    offset = x - x.mean(dim=2, keepdim=True)
    return x + torch.sin(offset / (offset.square().mean(dim=2, keepdim=True) + 1e-6).sqrt())

def normed(x):
    """LayerNorm without parameters."""
    offset = x - x.mean(dim=2, keepdim=True)
    return offset / (offset.square().mean(dim=2, keepdim=True) + 1e-6).sqrt()

def looks_up(txt, img):
    """Cross-attention as in SDXL: the image attends to itself and looks the text up, which is handed on."""
    img = img + attend(normed(img), normed(img))
    return txt, own_way(img + attend(normed(img), txt))

def two_softmaxes(txt, img):
    """Each modality attends to itself and to the other one, in two attentions."""
    t, i = normed(txt), normed(img)
    return own_way(txt + attend(t, t) + attend(t, i)), own_way(img + attend(i, i) + attend(i, t))

def mixer(kinds, loud=0.3):
    """A block with these kinds of attention and no others; every token also goes a way of its own."""

    def block(txt, img):
        t, i = normed(txt), normed(img)
        heard_t = loud * (attend(t, t) * ("text_to_text" in kinds) + attend(t, i) * ("text_to_image" in kinds))
        heard_i = loud * (attend(i, t) * ("image_to_text" in kinds) + attend(i, i) * ("image_to_image" in kinds))
        return own_way(txt + heard_t), own_way(img + heard_i)

    return block

KINDS = ["text_to_text", "text_to_image", "image_to_text", "image_to_image"]

def room_tokens(rng, n_txt=3, n_img=4, d=6):
    """Tokens of both modalities."""
    return rng.normal(2, n_txt, d, dtype=torch.float64), rng.normal(2, n_img, d, dtype=torch.float64)

def kinds_of(lesson, blocks, tokens):
    """What is found out about each block, and whether the tokens stayed as they are."""
    watch = Watch(*tokens)
    seen = {name: lesson.attention_kinds(block, *tokens) for name, block in blocks.items()}
    return {**seen, "tokens unchanged": watch.unchanged()}

@check("attention_kinds", weight=2, public=True, lookup=True)
def knows_designs_by_who_notices(lesson, rng):
    """Cross-attention, two softmaxes, a block of two separate modalities, and one where no token hears another."""
    blocks = {"cross-attention": looks_up, "two softmaxes": two_softmaxes, "two rooms": mixer([KINDS[0], KINDS[3]])}
    return kinds_of(lesson, blocks | {"no attention": mixer([])}, room_tokens(rng))

@check("attention_kinds", weight=2, public=True, lookup=True)
def keeps_the_four_kinds_apart(lesson, rng):
    """Blocks with one kind alone: who asks and who answers are not mistaken, and equal sizes do not matter."""
    return kinds_of(lesson, {f"only {kind}": mixer([kind]) for kind in KINDS}, room_tokens(rng, 4, 4, 4))

def room_case(rng, dtype, batch=2, n_txt=3, n_img=5, d=6, size=1.5):
    """q, k, v of the text and of the image; large enough that the softmax is not flat."""
    return [size * rng.normal(batch, n, d, dtype=dtype) for n in (n_txt,) * 3 + (n_img,) * 3]

def rooms(result, rng):
    attention = result["in float64"][2][0, 0]
    return image("Who attends to whom: text first, then image", attention, low=0, lines=(3,))

@check("joint_attention", weight=2, public=True, **PAGE, figure=rooms)
def everyone_hears_everyone(lesson, rng):
    """Text and image attend to both in one softmax; the answers come back apart, with the attention; nothing changes."""
    cases = in_each_dtype(lambda dtype: (*room_case(rng, dtype), 2))
    return answers_and_purity(lesson.joint_attention, cases)

@check("joint_attention", public=True, **PAGE)
def sends_gradients_to_all_six(lesson, rng):
    """Queries, keys and values of both modalities get the right gradients from what text and image hear."""
    parts = [part.requires_grad_() for part in room_case(rng, torch.float64)]
    w_txt, w_img = rng.normal(2, 3, 6, dtype=torch.float64), rng.normal(2, 5, 6, dtype=torch.float64)
    txt, img, _ = lesson.joint_attention(*parts, 3)
    return gradients((txt * w_txt).sum() + (img * w_img).sum(), parts)

def attention_case(rng, dtype, batch, heads, n_txt, n_img):
    """Attention after a softmax over the columns, and n_txt."""
    n = n_txt + n_img
    return torch.softmax(1.5 * rng.normal(batch, heads, n, n, dtype=torch.float64), dim=-1).to(dtype), n_txt

def shares(result, rng):
    seen = result["in float64"]
    names = ("text_to_text", "text_to_image", "image_to_text", "image_to_image")
    return bars("Shares of the first sample", {name.replace("_to_", "\nto "): seen[name][0] for name in names})

@check("attention_quadrants", weight=2, public=True, **PAGE, figure=shares)
def shares_of_the_four(lesson, rng):
    """The four shares, for each sample: added over who answers, averaged over heads and over who asks; att stays."""
    cases = in_each_dtype(lambda dtype: attention_case(rng, dtype, 2, 3, 4, 5))
    return answers_and_purity(lesson.attention_quadrants, cases)

def filled(rng, module, dtype=torch.float64, scale=0.5):
    """The module with random weights."""
    return rng.fill(module.to(dtype), scale)

def tokens(rng, dtype=torch.float64, batch=2, n_txt=3, n_img=5, d=6):
    """txt, img and c."""
    return [
        rng.normal(batch, n_txt, d, dtype=dtype),
        rng.normal(batch, n_img, d, dtype=dtype),
        1.5 * rng.normal(batch, d, dtype=dtype),
    ]

def runs_in_each_dtype(rng, make, arguments):
    """What a block makes of tokens in float32 and float64, and whether these stay what they were."""
    seen = {}
    # Large weights add up what float32 rounds away, in another order for another right answer.
    for dtype, scale in {torch.float32: 0.2, torch.float64: 0.5}.items():
        name = f"in {dtype}".replace("torch.", "")
        inputs = tokens(rng, dtype)
        block = filled(rng, made_in(dtype, make, *arguments), dtype, scale)
        watch = Watch(*inputs)
        seen[name] = block(*inputs)
        seen[f"{name}, inputs unchanged"] = watch.unchanged()
    return seen

def all_gradients(rng, block):
    """Gradients of what text and image become together, for every parameter and input."""
    inputs = [x.requires_grad_() for x in tokens(rng)]
    w_txt, w_img = rng.normal(2, 3, 6, dtype=torch.float64), rng.normal(2, 5, 6, dtype=torch.float64)
    named = dict(sorted(block.named_parameters()))
    txt, img = block(*inputs)
    names, places = ["txt", "img", "c", *named], [*inputs, *named.values()]
    return dict(zip(names, gradients((txt * w_txt).sum() + (img * w_img).sum(), places), strict=True))

@check("MMDiTBlock", public=True)
def owns_two_sets_of_weights(lesson, rng):
    """The state has seven Linear layers for the text and seven for the image, with the right shapes, and no more."""
    return [shapes_of(lesson.MMDiTBlock(*sizes)) for sizes in [(6, 2), (8, 1)]]

@check("MMDiTBlock", weight=2, public=True)
def starts_as_nothing(lesson, rng):
    """In a fresh block both ada are zero, so that both streams pass through untouched, whatever c is."""
    txt, img, c = tokens(rng, torch.float32)
    block = lesson.MMDiTBlock(6, 2)
    ada = {name: tensor for name, tensor in sorted(block.named_parameters()) if ".ada." in name}
    return {"ada": ada, "streams": block(txt, img, c)}

@check("MMDiTBlock", weight=3, public=True, **PAGE)
def listens_together_and_thinks_apart(lesson, rng):
    """With any weights: modulated norm, own q, k, v, one joint attention, own gates and FFN; inputs stay as they are."""
    return runs_in_each_dtype(rng, lesson.MMDiTBlock, (6, 2))

@check("MMDiTBlock", public=True, **PAGE)
def first_gradient_goes_to_the_gates(lesson, rng):
    """While ada is zero, the first backward pass moves ada alone: nothing, then a whisper."""
    block = filled(rng, made_in(torch.float64, lesson.MMDiTBlock, 6, 2))
    with torch.no_grad():
        for name, parameter in block.named_parameters():
            if ".ada." in name:
                parameter.zero_()
    return all_gradients(rng, block)

def wishes(rng, dtype, n_txt=9, n_img=14, d=3, k=2):
    """x_txt, y_txt, x_img, y_img: each modality's targets nearly follow a map of its own."""
    case = []
    for n in (n_txt, n_img):
        x = rng.normal(n, d, dtype=torch.float64)
        y = x @ rng.normal(d, k, dtype=torch.float64) + 0.5 * rng.normal(n, k, dtype=torch.float64)
        case += [x.to(dtype), y.to(dtype)]
    return tuple(case)

@check("projection_conflict", weight=2, public=True, **PAGE)
def compares_one_map_with_two(lesson, rng):
    """The best error per token with one map for both, and with one for each, as 0-dim tensors; nothing is changed."""
    return answers_and_purity(lesson.projection_conflict, in_each_dtype(lambda dtype: wishes(rng, dtype)))

def shifted(result, rng):
    for dtype in (torch.float32, torch.float64):  # in the order of the experiment's draws
        levels, _ = rng.uniform(7, low=0.02, high=0.98, dtype=dtype), rng.number(1.5, 6.0)
    order = levels.argsort()
    lines = {"before": (levels[order], levels[order]), "shifted": (levels[order], result["in float64"][order])}
    return curves("Levels before and after", lines, xlabel="level", low=0, high=1)

@check("shift_sigmas", weight=2, public=True, **PAGE, figure=shifted)
def multiplies_the_odds(lesson, rng):
    """Levels move towards noise for a shift above 1 and towards data below 1."""
    cases = in_each_dtype(lambda dtype: (rng.uniform(7, low=0.02, high=0.98, dtype=dtype), rng.number(1.5, 6.0)))
    cases["with shift 3"] = (rng.uniform(5, low=0.02, high=0.98, dtype=torch.float64), 3.0)
    cases["with a shift below 1"] = (rng.uniform(5, low=0.02, high=0.98, dtype=torch.float64), rng.number(0.2, 0.8))
    return answers_and_purity(lesson.shift_sigmas, cases)

@check("flux_dynamic_shift", weight=2, public=True, **PAGE)
def grows_with_the_tokens(lesson, rng):
    """Between 256 and 4096 image tokens the shift's logarithm goes along its line; the levels stay unchanged."""
    cases = in_each_dtype(lambda dtype: (rng.uniform(6, dtype=dtype), rng.integer(300, 4000)))
    for n in (256, 1024, 4096):
        cases[f"{n} tokens"] = (rng.uniform(4, dtype=torch.float64), n)
    return answers_and_purity(lesson.flux_dynamic_shift, cases)

@check("flux_dynamic_shift", public=True, **PAGE)
def goes_on_outside(lesson, rng):
    """The line goes on below 256 tokens and above 4096."""
    cases = {f"{n} tokens": (rng.uniform(4, dtype=torch.float64), n) for n in (16, rng.integer(4500, 12000))}
    return answers(lesson.flux_dynamic_shift, cases)

@check("flux_dynamic_shift", public=True, **PAGE)
def takes_the_line_that_is_given(lesson, rng):
    """Two other points of the line give another shift."""
    cases = {
        f"{n} tokens": (rng.uniform(4, dtype=torch.float64), n, 100, 1000, rng.number(0.1, 0.4), rng.number(0.8, 1.4))
        for n in (100, 400)
    }
    return answers(lesson.flux_dynamic_shift, cases)

def density(result, rng):
    for dtype in (torch.float32, torch.float64):  # in the order of the experiment's draws
        s = rng.uniform(8, low=0.03, high=0.97, dtype=dtype)
    order = s.argsort()
    return curves("The density of the level", {"density": (s[order], result["in float64"][order])}, xlabel="s", low=0)

@check("logit_normal_density", weight=2, public=True, **PAGE, figure=density)
def density_of_the_level(lesson, rng):
    """The density of sigmoid(z) with z standard normal, by default; s is not changed."""
    cases = in_each_dtype(lambda dtype: (rng.uniform(8, low=0.03, high=0.97, dtype=dtype),))
    return answers_and_purity(lesson.logit_normal_density, cases)

@check("logit_normal_density", public=True, **PAGE)
def density_at_any_shape(lesson, rng):
    """A single level and a batch of them; and over the whole interval the density adds up to 1."""
    shapes = [(), (3, 3), (2, 1, 4)]
    seen = {str(shape): rng.uniform(*shape, low=0.1, high=0.9) for shape in shapes}
    grid = (torch.arange(4000, dtype=torch.float64) + 0.5) / 4000
    mean, std = rng.number(-0.8, 0.8), rng.number(0.6, 1.1)
    result = answers(lesson.logit_normal_density, {name: (s, mean, std) for name, s in seen.items()})
    return result | {"mean over (0, 1)": lesson.logit_normal_density(grid, mean, std).mean()}

class Listener(torch.nn.Module):
    """model(x [B, ...], s [B], cond [B]) -> like x; it keeps what it was last asked, and whose cond it was."""

    def __init__(self, cond, dtype=torch.float64):
        super().__init__()
        self.gain = torch.nn.Parameter(torch.tensor(0.7, dtype=dtype))
        self.lift = torch.nn.Parameter(torch.tensor(-0.4, dtype=dtype))
        self.cond, self.seen = cond, {}

    def forward(self, x, s, cond):
        self.seen = {"x_s": x.detach().clone(), "s": s.detach().clone(), "cond is the same": cond is self.cond}
        each = self.lift * (s.reshape(-1) + torch.sin(cond))  # [B]
        return torch.tanh(self.gain * x) + torch.einsum("b,b...->b...", each, torch.ones_like(x))

def training_case(rng, shape, dtype=torch.float64):
    """x0, noise, normal_draws, cond."""
    x0, noise = rng.normal(*shape, dtype=dtype), rng.normal(*shape, dtype=dtype)
    return x0, noise, rng.normal(shape[0], dtype=dtype), rng.normal(shape[0], dtype=dtype)

def training_run(lesson, case, *settings):
    """The loss, what the model was asked, the gradients of its parameters, and whether the data stay as they were."""
    model, watch = Listener(case[3], case[0].dtype), Watch(*case)
    loss = lesson.sd3_training_loss(model, *case, *settings)
    slopes = gradients(loss, [model.gain, model.lift])
    return {"loss": loss, "the model's": model.seen, "gradients": slopes, "data unchanged": watch.unchanged()}

@check("sd3_training_loss", weight=2, public=True, **PAGE)
def asks_for_the_velocity(lesson, rng):
    """The model is asked on the road, at logit-normal levels, and compared with the velocity from data to noise."""
    cases = in_each_dtype(lambda dtype: training_case(rng, (4, 4), dtype))
    return {name: training_run(lesson, case) for name, case in cases.items()}

@check("sd3_training_loss", weight=2, public=True, **PAGE)
def mean_std_and_shift_count(lesson, rng):
    """mean and std set the level's logit, the shift moves the level afterwards; each alone and all together."""
    mean, std, shift = rng.number(0.4, 1.2), rng.number(0.4, 0.8), rng.number(2.0, 5.0)
    settings = {"mean": (mean,), "std": (0.0, std), "shift": (0.0, 1.0, shift), "all": (-mean, 2 * std, 1 / shift)}
    cases = {name: training_case(rng, (4, 3)) for name in settings}
    return {name: training_run(lesson, cases[name], *settings[name]) for name in settings}

def winding(x, s):
    """A smooth field that depends on place and level; x [B, D]."""
    return torch.sin(x.flip(-1) + 3 * s[:, None]) - 0.5 * x

@check("rectified_flow_sample", weight=2, public=True, **PAGE)
def walks_to_the_data(lesson, rng):
    """Euler's method on even levels from 1 to 0, the velocity taken where each step begins; the noise is unchanged."""
    cases = in_each_dtype(lambda dtype: (winding, rng.normal(4, 3, dtype=dtype), rng.integer(5, 12)))
    return answers_and_purity(lesson.rectified_flow_sample, cases)

@check("rectified_flow_sample", public=True, **PAGE)
def asks_once_in_each_step(lesson, rng):
    """n steps ask the velocity n times, at each step's first level, one level for each sample; s = 0 is never asked."""
    noise = rng.normal(3, 2, dtype=torch.float64)
    seen = {}
    for n, shift in [(4, 1.0), (3, rng.number(2.0, 5.0))]:
        asked = []

        def velocity(x, s, asked=asked):
            asked.append(s.double().clone())
            return 0.3 * x + 0.1

        seen[f"{n} steps"] = lesson.rectified_flow_sample(velocity, noise, n, shift)
        seen[f"levels of {n} steps"] = asked
    return seen

@check("rectified_flow_sample", public=True, **PAGE)
def refuses_less_than_one_step(lesson, rng):
    """No step and a negative number of steps raise ValueError; one step does not."""
    noise, negative = rng.normal(2, 2), -rng.integer(1, 5)
    return {
        "error at 0 steps": error_of(lesson.rectified_flow_sample, winding, noise, 0),
        "error below 0": error_of(lesson.rectified_flow_sample, winding, noise, negative),
        "one step": lesson.rectified_flow_sample(winding, noise, 1),
    }

NEAR = 0.13
SCALES = torch.tensor([1.5, 0.2])

def narrow_field(x, s):
    """The exact velocity for normal data with the standard deviations SCALES."""
    s, var = s.reshape(-1, 1), SCALES.square()
    return (s - (1 - s) * var) / ((1 - s) ** 2 * var + s**2) * x

def asked_six(lesson, field, noise):
    """The samples, the prediction, and the levels at which the velocity was asked."""
    levels, watch = [], Watch(noise)

    def velocity(x, s):
        levels.append(float(s.reshape(-1)[0]))
        return field(x, s.to(x.dtype))

    answer = lesson.six_evaluations(velocity, noise)
    return {
        "samples": answer["samples"].detach(),
        "predicted": float(answer["predicted"]),
        "levels": levels,
        "noise unchanged": watch.unchanged(),
    }

def is_near(result, ends):
    """Raise Fail unless the samples are near the true ends, with six evaluations and the noise unchanged."""
    samples, levels = result["samples"], result["levels"]
    if not (isinstance(samples, torch.Tensor) and samples.shape == ends.shape):
        raise Fail(f"the samples are {describe(samples)}; expected {list(ends.shape)}")
    if not result["noise unchanged"]:
        message = "the noise is another one after the call; expected it to stay as it is"
        raise Fail(message, misconception="walks_in_the_noise")
    off = float((samples.double() - ends.double()).norm(dim=1).mean())
    even = torch.linspace(1, 0, 7)[:-1].tolist()
    known = {"plain_euler": even, "shifted_euler": [3 * s / (1 + 2 * s) for s in even]}
    named = [name for name, grid in known.items() if off < 0.45 and like(levels, grid)]
    if not len(levels) <= 6:
        name = "twelve_steps" if len(levels) == 12 else None
        raise Fail(f"the velocity was asked {len(levels)} times; expected at most 6", misconception=name)
    if not off < NEAR:
        raise Fail(f"the samples end {off:.3f} off; expected less than {NEAR}", misconception=next(iter(named), None))

def like(levels, grid):
    """Whether the velocity was asked at these six levels."""
    return len(levels) == 6 and all(abs(u - v) < 1e-3 for u, v in zip(levels, grid, strict=True))

def is_near_on_narrow_data(result, expected, rng):
    is_near(result, rng.normal(400, 2) * SCALES)

def off_as_predicted(result, rng):
    """The prediction beside what came out, and beside six even Euler steps."""
    ends = rng.normal(400, 2) * SCALES
    off = float((result["samples"] - ends).norm(dim=1).mean())
    return bars("Mean distance from the true ends", {"six Euler steps": 0.26, "you expected": result["predicted"], "measured": off})

@check("six_evaluations", public=True, reference=False, verdict=is_near_on_narrow_data, figure=off_as_predicted)
def ends_near_on_narrow_data(lesson, rng):
    """Narrow Gaussian data: with at most six evaluations the samples end less than 0.13 off, and the noise stays."""
    return asked_six(lesson, narrow_field, rng.normal(400, 2))

def is_near_on_scaled_data(result, expected, rng):
    noise = rng.normal(300, 2)
    is_near(result, noise * SCALES)

def where_they_end(result, rng):
    """The samples on the true ends."""
    ends = rng.normal(300, 2) * SCALES
    return points("Where the samples end", {"true ends": ends, "your samples": result["samples"]})

@check("six_evaluations", public=True, reference=False, verdict=is_near_on_scaled_data, figure=where_they_end)
def ends_near_again(lesson, rng):
    """The same with other noise."""
    return asked_six(lesson, narrow_field, rng.normal(300, 2))

@check("FluxSingleBlock", public=True)
def owns_one_set_of_weights(lesson, rng):
    """The state has four Linear layers and two gains, of the right shapes, for any mlp_ratio; the gains start at one."""
    blocks = {"by default": lesson.FluxSingleBlock(6, 2), "mlp_ratio 2": lesson.FluxSingleBlock(8, 2, 2)}
    blocks["mlp_ratio 3"] = lesson.FluxSingleBlock(6, 3, mlp_ratio=3)
    seen = {name: shapes_of(block) for name, block in blocks.items()}
    gains = {name: blocks["by default"].state_dict()[name] for name in ("norm_q", "norm_k")}
    return seen | gains

@check("FluxSingleBlock", weight=3, public=True, **PAGE)
def listens_and_thinks_at_once(lesson, rng):
    """With any weights: one modulated norm feeds attention and MLP, one gated answer is added; inputs stay unchanged."""
    return runs_in_each_dtype(rng, lesson.FluxSingleBlock, (6, 2))

@check("FluxSingleBlock", weight=2, public=True, **PAGE)
def every_shared_weight_learns(lesson, rng):
    """Text and image send the right gradients to every weight, to both inputs and to c."""
    return all_gradients(rng, filled(rng, made_in(torch.float64, lesson.FluxSingleBlock, 6, 2)))

def sources_of(lesson, stages):
    """Thread and lesson of these stages, as one text each."""
    found = lesson.stage_sources()
    return {stage: " of ".join(reversed([str(part) for part in found[stage]])) for stage in stages}

@check("stage_sources", public=True)
def traces_half_of_the_stages(lesson, rng):
    """Every stage has an entry; half of them are looked at here, from all five threads."""
    stages = ["clip_concat", "clip_padded", "noise_latent", "patches", "adaln_parameters", "velocity_patches"]
    return {"stages": sorted(lesson.stage_sources()), **sources_of(lesson, stages)}

def stages(lesson, cases, names):
    """The rows of these names, for each case; an answer that has no such rows shows itself."""
    seen = {}
    for case, arguments in cases.items():
        rows = lesson.trace_sd3_pipeline(*arguments)
        seen[case] = [row for row in rows if row[0] in names]
    return seen

@check("trace_sd3_pipeline", weight=2, public=True)
def traces_sd3_at_1024(lesson, rng):
    """At the real sizes, with the default autoencoder: thirteen rows of name, shape and lesson, in order."""
    batch, n_t5 = rng.integer(2, 9), rng.choice([77, 128, 256, 512])
    size = rng.choice([512, 768, 1024, 1536])
    return lesson.trace_sd3_pipeline(size, batch, 2, 1536, n_t5)

@check("trace_sd3_pipeline", public=True)
def refuses_broken_patches(lesson, rng):
    """A picture that does not divide into whole patches raises ValueError, also where the latent itself divides."""
    k = rng.integer(10, 40)
    return {
        "error for a broken latent": error_of(lesson.trace_sd3_pipeline, 16 * k + 4, 1, 2, 64, 77),
        "error for a broken patch": error_of(lesson.trace_sd3_pipeline, 16 * k + 8, 1, 2, 64, 77),
        "error with another factor": error_of(lesson.trace_sd3_pipeline, 12 * k + 4, 1, 3, 64, 77, 4),
        "rows with another factor": lesson.trace_sd3_pipeline(12 * k, 1, 3, 64, 77, 4),
    }
