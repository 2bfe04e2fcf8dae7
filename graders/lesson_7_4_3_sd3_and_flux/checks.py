"""Checks of lesson 7.4.3, SD3 & Flux.

Each check states one claim. All inputs are drawn before the student's code runs. Batch, tokens of text, tokens of
image and widths differ from each other, except where equal sizes are the point: only there does a wrong axis go
unnoticed by the shapes. Blocks get random weights by name.
"""

import torch

from blindgrade.checks import (
    Fail,
    Watch,
    answers,
    answers_and_purity,
    check,
    describe,
    error_of,
    gradients,
    in_each_dtype,
    made_in,
    shapes_of,
)
from blindgrade.figures import bars, curves, image, points
from grader_toys.fields import AffineVelocity, PointVelocity
from grader_toys.mixtures import GaussianMixture

# The curriculum's tolerance for float64; float32 keeps the defaults of `agree`.
PAGE = {"atol": {"float64": 1e-6}, "rtol": {"float64": 1e-5}}

# ---------------------------------------------------------------- sd3_text_context


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


@check("sd3_text_context", **PAGE)
def keeps_encoders_and_axes_apart(lesson, rng):
    """With equal sizes everywhere, with single tokens and with a long T5, no axis is mistaken for another."""
    f64 = torch.float64
    cases = {
        "all sizes 4": prompt_case(rng, f64, 4, 4, 4, 4, 4, 12, 4, 4),
        "one token each": prompt_case(rng, f64, 3, 1, 1, 2, 5, 9, 1, 1),
        "a long T5": prompt_case(rng, f64, 1, 2, 11, 3, 2, 8, 3, 2),
        "nothing to pad": prompt_case(rng, f64, 2, 3, 3, 3, 5, 8, 3, 5),
    }
    return answers(lesson.sd3_text_context, cases)


@check("sd3_text_context", **PAGE)
def has_the_sizes_of_sd3(lesson, rng):
    """With the real widths, 77 CLIP tokens and some of T5, the context is as wide as T5 and as long as all tokens."""
    n_t5 = rng.integer(5, 60)
    case = prompt_case(rng, torch.float32, 1, 77, n_t5, 768, 1280, 4096, 768, 1280)
    context, pooled = lesson.sd3_text_context(*case)
    return {
        "context's shape": list(context.shape),
        "pooled's shape": list(pooled.shape),
        "some of the context": context[:, ::7, ::129],
        "some of pooled": pooled[:, ::37],
    }


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


# ---------------------------------------------------------------- attention_kinds


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


@check("attention_kinds", weight=2)
def finds_any_mixture(lesson, rng):
    """All sixteen mixtures of kinds, with attention that is hardly audible."""
    mixtures = [[kind for bit, kind in enumerate(KINDS) if number >> bit & 1] for number in range(16)]
    blocks = {" + ".join(mixture) or "none": mixer(mixture, 0.02) for mixture in mixtures}
    return kinds_of(lesson, blocks, room_tokens(rng, 2, 5, 6))


@check("attention_kinds")
def sees_whether_text_is_updated(lesson, rng):
    """A text that is handed on, one that is only bent, and one that hears: text_changes tells them apart."""

    def hands_on(txt, img):
        return txt.clone(), img + attend(img, txt)

    blocks = {"handed on": hands_on, "bent": mixer([KINDS[2]]), "one room": mixer(KINDS)}
    return kinds_of(lesson, blocks, room_tokens(rng))


# ---------------------------------------------------------------- joint_attention


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


@check("joint_attention", weight=2, **PAGE)
def heads_own_their_channels(lesson, rng):
    """Each head attends with its own neighbouring channels, whether there is one head or one for each channel."""
    cases = {
        f"with {heads} heads": (*room_case(rng, torch.float64, 3, 4, 2, 12), heads) for heads in (1, 2, 3, 4, 6, 12)
    }
    return answers(lesson.joint_attention, cases)


@check("joint_attention", **PAGE)
def keeps_text_image_and_axes_apart(lesson, rng):
    """With equal sizes everywhere, with single tokens and with one sample, no axis is mistaken for another."""
    f64 = torch.float64
    cases = {
        "all sizes 4": (*room_case(rng, f64, 4, 4, 4, 4), 4),
        "four of each, two heads": (*room_case(rng, f64, 4, 4, 4, 8), 2),
        "one text token": (*room_case(rng, f64, 3, 1, 6, 6), 3),
        "one image token": (*room_case(rng, f64, 1, 7, 1, 6), 2),
    }
    return answers(lesson.joint_attention, cases)


@check("joint_attention", **PAGE)
def seats_333_tokens(lesson, rng):
    """77 tokens of text and 256 of image make a room of 333, in which each token's attention adds up to 1."""
    parts = room_case(rng, torch.float64, 1, 77, 256, 8, size=1.0)
    txt, img, att = lesson.joint_attention(*parts, 2)
    return {
        "shape of the attention": list(att.shape),
        "sum of each row": att.sum(dim=-1),
        "some of the attention": att[:, :, ::16, ::16],
        "text": txt,
        "image": img,
    }


@check("joint_attention", public=True, **PAGE)
def sends_gradients_to_all_six(lesson, rng):
    """Queries, keys and values of both modalities get the right gradients from what text and image hear."""
    parts = [part.requires_grad_() for part in room_case(rng, torch.float64)]
    w_txt, w_img = rng.normal(2, 3, 6, dtype=torch.float64), rng.normal(2, 5, 6, dtype=torch.float64)
    txt, img, _ = lesson.joint_attention(*parts, 3)
    return gradients((txt * w_txt).sum() + (img * w_img).sum(), parts)


# ---------------------------------------------------------------- attention_quadrants


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


@check("attention_quadrants", **PAGE)
def shares_do_not_depend_on_sizes(lesson, rng):
    """With as many samples as heads as tokens, with a single token on either side, all four shares are right."""
    f64 = torch.float64
    cases = {
        "all sizes equal": attention_case(rng, f64, 4, 4, 2, 2),
        "one text token": attention_case(rng, f64, 3, 2, 1, 6),
        "one image token": attention_case(rng, f64, 1, 2, 6, 1),
        "mostly image": attention_case(rng, f64, 2, 1, 3, 17),
    }
    return answers(lesson.attention_quadrants, cases)


@check("attention_quadrants", **PAGE)
def even_attention_counts_tokens(lesson, rng):
    """If everyone listens to everyone alike, the share of a modality is its share of the tokens."""
    n_txt, n_img = rng.integer(2, 5), rng.integer(6, 12)
    n = n_txt + n_img
    even = torch.full((2, 3, n, n), 1 / n, dtype=torch.float64)
    itself = torch.eye(n, dtype=torch.float64).expand(2, 3, n, n).clone()
    cases = {"everyone to everyone": (even, n_txt), "everyone to itself": (itself, n_txt)}
    return answers(lesson.attention_quadrants, cases)


# ---------------------------------------------------------------- MMDiTBlock, FluxSingleBlock


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


def runs(rng, make, cases):
    """What a block with random weights makes of each case: (arguments of the class, sizes of the inputs)."""
    seen = {}
    for name, (arguments, sizes) in cases.items():
        inputs = tokens(rng, torch.float64, *sizes)
        seen[name] = filled(rng, made_in(torch.float64, make, *arguments))(*inputs)
    return seen


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


SIZES = {
    "all sizes 4": (4, 4, 4, 4),
    "one token each": (3, 1, 1, 6),
    "one sample, more text": (1, 7, 2, 6),
}


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


@check("MMDiTBlock", weight=2, **PAGE)
def streams_stay_in_their_places(lesson, rng):
    """With equal sizes, single tokens, one head or one head for each channel, no axis is mistaken for another."""
    cases = {name: ((sizes[-1], 2), sizes) for name, sizes in SIZES.items()}
    cases["one head"] = ((6, 1), (2, 3, 4, 6))
    cases["six heads"] = ((6, 6), (2, 4, 3, 6))
    return runs(rng, lesson.MMDiTBlock, cases)


@check("MMDiTBlock", **PAGE)
def seats_77_and_256(lesson, rng):
    """With 77 tokens of text and 256 of image both streams come back updated and at their length."""
    inputs = tokens(rng, torch.float64, 1, 77, 256, 8)
    txt, img = filled(rng, made_in(torch.float64, lesson.MMDiTBlock, 8, 2), scale=0.3)(*inputs)
    return {"text": txt, "image": img}


@check("MMDiTBlock", weight=2, **PAGE)
def every_weight_learns(lesson, rng):
    """Text and image send the right gradients to every weight of both streams, to both inputs and to c."""
    return all_gradients(rng, filled(rng, made_in(torch.float64, lesson.MMDiTBlock, 6, 2)))


@check("MMDiTBlock", public=True, **PAGE)
def first_gradient_goes_to_the_gates(lesson, rng):
    """While ada is zero, the first backward pass moves ada alone: nothing, then a whisper."""
    block = filled(rng, made_in(torch.float64, lesson.MMDiTBlock, 6, 2))
    with torch.no_grad():
        for name, parameter in block.named_parameters():
            if ".ada." in name:
                parameter.zero_()
    return all_gradients(rng, block)


@check("MMDiTBlock", **PAGE)
def norms_faint_tokens(lesson, rng):
    """The norm has no parameters and the right eps, which shows where tokens hardly differ from zero."""
    txt, img, c = tokens(rng)
    block = filled(rng, made_in(torch.float64, lesson.MMDiTBlock, 6, 2))
    return {f"tokens times {scale}": block(scale * txt, scale * img, c) for scale in (3e-3, 3e-4)}


# ---------------------------------------------------------------- projection_conflict


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


@check("projection_conflict", weight=2, **PAGE)
def counts_tokens_not_modalities(lesson, rng):
    """Few text tokens among many of the image, one channel, or more outputs than inputs: the errors are per token."""
    f64 = torch.float64
    cases = {
        "few words": wishes(rng, f64, 5, 60),
        "few patches": wishes(rng, f64, 40, 4),
        "one channel": wishes(rng, f64, 6, 8, 1, 1),
        "more out than in": wishes(rng, f64, 8, 8, 2, 5),
        "all sizes equal": wishes(rng, f64, 4, 4, 4, 4),
    }
    return answers(lesson.projection_conflict, cases)


@check("projection_conflict", **PAGE)
def agreement_costs_nothing(lesson, rng):
    """If both want the same map, sharing is free; if they want opposite ones, the shared map serves neither."""
    f64 = torch.float64
    x_txt, x_img, wish = rng.normal(8, 3, dtype=f64), rng.normal(12, 3, dtype=f64), rng.normal(3, 4, dtype=f64)
    cases = {
        "the same wish": (x_txt, x_txt @ wish, x_img, x_img @ wish),
        "opposite wishes": (x_txt, x_txt @ wish, x_txt.flip(0), -(x_txt.flip(0) @ wish)),
    }
    return answers(lesson.projection_conflict, cases)


@check("projection_conflict", **PAGE)
def maps_have_no_bias(lesson, rng):
    """Targets far from zero: the maps are linear, so a constant offset remains as an error."""
    x_txt, y_txt, x_img, y_img = wishes(rng, torch.float64)
    up, down = rng.number(2, 4), rng.number(-4, -2)
    return lesson.projection_conflict(x_txt, y_txt + up, x_img, y_img + down)


# ---------------------------------------------------------------- shift_sigmas, flux_dynamic_shift


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


@check("shift_sigmas", **PAGE)
def keeps_the_ends(lesson, rng):
    """0 and 1 stay where they are, and a shift of 1 leaves every level alone."""
    ends, inner = torch.tensor([0.0, 1.0], dtype=torch.float64), rng.uniform(5, dtype=torch.float64)
    cases = {"the ends": (ends, rng.number(2, 6)), "the ends, below 1": (ends, 0.4), "shift 1": (inner, 1.0)}
    return answers(lesson.shift_sigmas, cases)


@check("shift_sigmas", **PAGE)
def shifts_any_shape(lesson, rng):
    """A single level, a column, a batch: the answer has the shape and dtype of the levels."""
    shapes = [(), (1,), (3, 3), (2, 1, 1, 1)]
    levels = {str(shape): rng.uniform(*shape, low=0.05, high=0.95) for shape in shapes}
    return answers_and_purity(lesson.shift_sigmas, {name: (s, 2.5) for name, s in levels.items()})


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


@check("flux_dynamic_shift", weight=2, **PAGE)
def follows_other_lines(lesson, rng):
    """Other points of the line give other shifts: each of the four arguments counts, and mu may be negative or fall."""
    cases = {}
    for name, mus in {"rising": (0.2, 2.0), "falling": (1.5, -0.5)}.items():
        base, top = rng.integer(50, 200), rng.integer(500, 900)
        cases[name] = (rng.uniform(5, dtype=torch.float64), rng.integer(200, 500), base, top, *mus)
    cases["only max_mu"] = (rng.uniform(3, dtype=torch.float64), 2000, 256, 4096, 0.5, rng.number(1.5, 2.5))
    cases["only base_tokens"] = (rng.uniform(3, dtype=torch.float64), 2000, rng.integer(400, 1500))
    return answers(lesson.flux_dynamic_shift, cases)


# ---------------------------------------------------------------- logit_normal_density


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


@check("logit_normal_density", weight=2, **PAGE)
def density_with_other_logits(lesson, rng):
    """Another mean moves the levels and another std spreads or gathers them."""
    f64 = torch.float64
    cases = {
        "another mean": (rng.uniform(6, low=0.05, high=0.95, dtype=f64), rng.number(0.4, 1.5)),
        "a negative mean": (rng.uniform(6, low=0.05, high=0.95, dtype=f64), -rng.number(0.4, 1.5)),
        "a wide one": (rng.uniform(6, low=0.05, high=0.95, dtype=f64), 0.2, rng.number(1.4, 2.5)),
        "a narrow one": (rng.uniform(6, low=0.2, high=0.8, dtype=f64), -0.1, rng.number(0.4, 0.8)),
    }
    return answers(lesson.logit_normal_density, cases)


@check("logit_normal_density", public=True, **PAGE)
def density_at_any_shape(lesson, rng):
    """A single level and a batch of them; and over the whole interval the density adds up to 1."""
    shapes = [(), (3, 3), (2, 1, 4)]
    seen = {str(shape): rng.uniform(*shape, low=0.1, high=0.9) for shape in shapes}
    grid = (torch.arange(4000, dtype=torch.float64) + 0.5) / 4000
    mean, std = rng.number(-0.8, 0.8), rng.number(0.6, 1.1)
    result = answers(lesson.logit_normal_density, {name: (s, mean, std) for name, s in seen.items()})
    return result | {"mean over (0, 1)": lesson.logit_normal_density(grid, mean, std).mean()}


# ---------------------------------------------------------------- sd3_training_loss


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


@check("sd3_training_loss", weight=2, **PAGE)
def each_sample_has_its_level(lesson, rng):
    """For data with any number of axes each sample stands at its own level, which the model gets as [B]."""
    cases = {str(list(shape)): training_case(rng, shape) for shape in [(3, 3), (3, 2, 5, 4), (2, 2, 2), (5,), (1, 7)]}
    return {name: training_run(lesson, case) for name, case in cases.items()}


@check("sd3_training_loss", weight=2, public=True, **PAGE)
def mean_std_and_shift_count(lesson, rng):
    """mean and std set the level's logit, the shift moves the level afterwards; each alone and all together."""
    mean, std, shift = rng.number(0.4, 1.2), rng.number(0.4, 0.8), rng.number(2.0, 5.0)
    settings = {"mean": (mean,), "std": (0.0, std), "shift": (0.0, 1.0, shift), "all": (-mean, 2 * std, 1 / shift)}
    cases = {name: training_case(rng, (4, 3)) for name in settings}
    return {name: training_run(lesson, cases[name], *settings[name]) for name in settings}


def all_at(point):
    """The exact velocity model when all data are this point; its cond is not used."""
    road = PointVelocity(point)
    return lambda x, s, cond: road(x, s)


@check("sd3_training_loss", **PAGE)
def no_loss_on_a_straight_road(lesson, rng):
    """If all data are one point, the exact velocity has no loss at any level, and half of it has a known one."""
    point = rng.normal(3, dtype=torch.float64)
    noise, draws = rng.normal(5, 3, dtype=torch.float64), rng.normal(5, dtype=torch.float64)
    exact, x0, cond = all_at(point), point.expand(5, 3).clone(), rng.normal(5, dtype=torch.float64)

    def half(x, s, cond):
        return 0.5 * exact(x, s, cond)

    cases = {"exact": (exact, x0, noise, draws, cond), "half": (half, x0, noise, draws, cond, 0.0, 1.0, 3.0)}
    return answers(lesson.sd3_training_loss, cases)


# ---------------------------------------------------------------- rectified_flow_sample


def winding(x, s):
    """A smooth field that depends on place and level; x [B, D]."""
    return torch.sin(x.flip(-1) + 3 * s[:, None]) - 0.5 * x


@check("rectified_flow_sample", weight=2, public=True, **PAGE)
def walks_to_the_data(lesson, rng):
    """Euler's method on even levels from 1 to 0, the velocity taken where each step begins; the noise is unchanged."""
    cases = in_each_dtype(lambda dtype: (winding, rng.normal(4, 3, dtype=dtype), rng.integer(5, 12)))
    return answers_and_purity(lesson.rectified_flow_sample, cases)


@check("rectified_flow_sample", weight=2, **PAGE)
def walks_on_shifted_levels(lesson, rng):
    """With a shift above or below 1 the levels are shifted before they are walked, for few steps and many."""
    cases = {}
    for n, shift in [(1, 3.0), (2, 3.0), (7, rng.number(1.5, 6.0)), (5, rng.number(0.3, 0.8)), (28, 3.0)]:
        cases[f"{n} steps, shift {shift:.2f}"] = (winding, rng.normal(3, 3, dtype=torch.float64), n, shift)
    return answers(lesson.rectified_flow_sample, cases)


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


@check("rectified_flow_sample", **PAGE)
def samples_of_any_shape(lesson, rng):
    """Images, vectors and numbers, one sample or several: the samples have the shape and dtype of the noise."""
    cases = {}
    for shape in [(2, 3, 4, 4), (4, 4), (1, 6), (3,)]:
        noise = rng.normal(*shape, dtype=torch.float64)
        matrix, drift = rng.normal(shape[-1], shape[-1], dtype=torch.float64), rng.normal(1, dtype=torch.float64)
        cases[f"of shape {list(shape)}"] = (AffineVelocity(0.3 * matrix, drift), noise, 4, 2.0)
    return answers_and_purity(lesson.rectified_flow_sample, cases)


@check("rectified_flow_sample", **PAGE)
def straight_roads_need_one_step(lesson, rng):
    """If all data are one point, one step lands on it, and so do several, shifted or not."""
    point, noise = rng.normal(3, dtype=torch.float64), rng.normal(5, 3, dtype=torch.float64)
    cases = {f"{n} steps, shift {shift}": (PointVelocity(point), noise, n, shift) for n, shift in [(1, 1.0), (6, 3.0)]}
    return answers(lesson.rectified_flow_sample, cases)


@check("rectified_flow_sample", **PAGE)
def noise_flows_onto_the_hills(lesson, rng):
    """With the exact velocity of six hills on a ring, 25 steps carry noise onto the hills."""
    noise = rng.normal(30, 2, dtype=torch.float64)
    return lesson.rectified_flow_sample(GaussianMixture.ring().flow_velocity(), noise, 25, 1.5)


@check("rectified_flow_sample", public=True, **PAGE)
def refuses_less_than_one_step(lesson, rng):
    """No step and a negative number of steps raise ValueError; one step does not."""
    noise, negative = rng.normal(2, 2), -rng.integer(1, 5)
    return {
        "error at 0 steps": error_of(lesson.rectified_flow_sample, winding, noise, 0),
        "error below 0": error_of(lesson.rectified_flow_sample, winding, noise, negative),
        "one step": lesson.rectified_flow_sample(winding, noise, 1),
    }


# ---------------------------------------------------------------- six_evaluations

# Measured with a first form of the solution, over 10 seeds: it ends 0.014 to 0.017 (narrow) and 0.05 to 0.07 off (ring);
# six even Euler steps 0.24 to 0.28 and 0.17 to 0.20.
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


def is_near_on_the_ring(result, expected, rng):
    noise, field = rng.normal(300, 2), ring_field(rng.number(0, 1.2))
    x, levels = noise.double(), torch.linspace(1, 0, 201, dtype=torch.float64)
    for here, there in zip(levels[:-1], levels[1:], strict=True):  # fine steps of second order
        k = field(x, here.expand(len(x)))
        x = x + (there - here) * field(x + (there - here) / 2 * k, ((here + there) / 2).expand(len(x)))
    is_near(result, x)


def ring_field(angle):
    """The exact velocity of five hills on a ring."""
    angles = angle + torch.arange(5, dtype=torch.float64) * (2 * torch.pi / 5)
    hills = 2 * torch.stack([angles.cos(), angles.sin()], dim=1)

    def field(x, s):
        s, own = s.reshape(-1, 1), hills.to(x.dtype)
        var = (1 - s) ** 2 * 0.09 + s**2
        apart = x[:, None] - (1 - s[:, None]) * own
        share = torch.softmax(-apart.square().sum(dim=2) / (2 * var), dim=1)[:, :, None]
        clean = own + ((1 - s) * 0.09 / var)[:, None] * apart
        return (share * ((s / var)[:, None] * apart - clean)).sum(dim=1)

    return field


@check("six_evaluations", weight=2, reference=False, verdict=is_near_on_the_ring)
def ends_near_on_a_ring(lesson, rng):
    """Five hills on a ring: the same goal."""
    noise = rng.normal(300, 2)
    return asked_six(lesson, ring_field(rng.number(0, 1.2)), noise)


# ---------------------------------------------------------------- FluxSingleBlock


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


@check("FluxSingleBlock", weight=2, **PAGE)
def one_stream_keeps_its_places(lesson, rng):
    """With equal sizes, single tokens, one head, many heads or another mlp_ratio, no axis is mistaken for another."""
    cases = {name: ((sizes[-1], 2), sizes) for name, sizes in SIZES.items()}
    cases["one head"] = ((6, 1), (2, 3, 4, 6))
    cases["six heads"] = ((6, 6), (2, 4, 3, 6))
    cases["three heads, mlp_ratio 2"] = ((6, 3, 2), (3, 2, 5, 6))
    return runs(rng, lesson.FluxSingleBlock, cases)


@check("FluxSingleBlock", weight=2, **PAGE)
def normalises_queries_and_keys(lesson, rng):
    """Making q or k ten times as large changes nothing, and the gains and eps show where q and k are faint."""
    inputs = tokens(rng)
    block = filled(rng, made_in(torch.float64, lesson.FluxSingleBlock, 6, 2))
    seen = {}
    for name, scales in {"q and k loud": (10.0, 10.0), "q faint": (1e-3, 1.0), "k faint": (1.0, 1e-3)}.items():
        state = {key: tensor.clone() for key, tensor in block.state_dict().items()}
        for third, scale in enumerate(scales):
            for key in ("qkv.weight", "qkv.bias"):
                state[key][6 * third : 6 * third + 6] *= scale
        loud = made_in(torch.float64, lesson.FluxSingleBlock, 6, 2)
        loud.load_state_dict(state)
        seen[name] = loud(*inputs)
    return seen


@check("FluxSingleBlock", **PAGE)
def norms_faint_sequences(lesson, rng):
    """The norm has no parameters and the right eps, which shows where tokens hardly differ from zero."""
    txt, img, c = tokens(rng)
    block = filled(rng, made_in(torch.float64, lesson.FluxSingleBlock, 6, 2))
    return {f"tokens times {scale}": block(scale * txt, scale * img, c) for scale in (3e-3, 3e-4)}


@check("FluxSingleBlock", weight=2, public=True, **PAGE)
def every_shared_weight_learns(lesson, rng):
    """Text and image send the right gradients to every weight, to both inputs and to c."""
    return all_gradients(rng, filled(rng, made_in(torch.float64, lesson.FluxSingleBlock, 6, 2)))


# ---------------------------------------------------------------- stage_sources


def sources_of(lesson, stages):
    """Thread and lesson of these stages, as one text each."""
    found = lesson.stage_sources()
    return {stage: " of ".join(reversed([str(part) for part in found[stage]])) for stage in stages}


@check("stage_sources", public=True)
def traces_half_of_the_stages(lesson, rng):
    """Every stage has an entry; half of them are looked at here, from all five threads."""
    stages = ["clip_concat", "clip_padded", "noise_latent", "patches", "adaln_parameters", "velocity_patches"]
    return {"stages": sorted(lesson.stage_sources()), **sources_of(lesson, stages)}


@check("stage_sources", weight=1.5)
def traces_the_other_half(lesson, rng):
    """The other stages come from the right thread and lesson, too."""
    stages = ["text_context", "pooled", "image_tokens", "text_tokens", "joint_sequence", "velocity", "image"]
    return sources_of(lesson, stages)


# ---------------------------------------------------------------- trace_sd3_pipeline


def pictures(rng):
    """Arguments of trace_sd3_pipeline: sizes of which hardly two agree."""
    cases = {}
    for number, patch in enumerate(rng.shuffled([1, 2, 3, 4])):
        factor, channels = rng.choice([4, 8, 16]), rng.integer(3, 40)
        size = factor * patch * rng.integer(5, 20)
        sizes = (size, rng.integer(2, 9), patch, 64 * rng.integer(3, 40), rng.integer(20, 500))
        cases[f"picture {number}"] = (*sizes, factor, channels)
    return cases


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


@check("trace_sd3_pipeline", weight=2)
def traces_the_text(lesson, rng):
    """The stages of the text, from the CLIPs to the transformer's tokens, for any batch and any length of T5."""
    return stages(lesson, pictures(rng), ["clip_concat", "clip_padded", "text_context", "pooled", "text_tokens"])


@check("trace_sd3_pipeline", weight=2)
def traces_the_image(lesson, rng):
    """The stages of the image, from the noise to the picture, for any autoencoder and any patch."""
    names = ["noise_latent", "patches", "image_tokens", "velocity_patches", "velocity", "image"]
    return stages(lesson, pictures(rng), names)


@check("trace_sd3_pipeline", weight=2)
def traces_where_they_meet(lesson, rng):
    """Where text and image meet, and what the conditioning vector becomes, for any width."""
    return stages(lesson, pictures(rng), ["joint_sequence", "adaln_parameters"])


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
