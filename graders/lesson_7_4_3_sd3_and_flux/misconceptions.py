"""Wrong answers that we expect in lesson 7.4.3."""

import math

import torch
import torch.nn.functional as F

from blindgrade.known_answers import edit, misconception

# ---------------------------------------------------------------- sd3_text_context


@misconception(
    "sd3_text_context",
    hint="T5 is joined along the sequence; CLIP-L and CLIP-G along channels.",
)
def t5_by_channel(clip_l, clip_g, t5, pooled_l, pooled_g):
    clip = torch.cat([clip_l, clip_g], dim=2)
    if clip.shape[2] > t5.shape[2]:
        raise ValueError("too wide")
    longest = max(clip.shape[1], t5.shape[1])
    clip, t5 = (F.pad(z, (0, 0, 0, longest - z.shape[1])) for z in (clip, t5))
    return torch.cat([clip, t5], dim=2), torch.cat([pooled_l, pooled_g], dim=1)


edit(
    "sd3_text_context",
    "pad_left",
    "F.pad(clip, (0, missing))",
    "F.pad(clip, (missing, 0))",
    hint="Zero-pad at the end of the channel axis.",
)
edit(
    "sd3_text_context",
    "t5_first",
    "torch.cat([F.pad(clip, (0, missing)), t5], dim=1)",
    "torch.cat([t5, F.pad(clip, (0, missing))], dim=1)",
    hint="T5 stands before the CLIPs: in the sequence the CLIP tokens come first.",
)
edit(
    "sd3_text_context",
    "clip_g_first",
    "torch.cat([clip_l, clip_g], dim=2)",
    "torch.cat([clip_g, clip_l], dim=2)",
    hint="CLIP-L owns the first channels, as in SDXL; CLIP-G follows.",
)
edit(
    "sd3_text_context",
    "silent_crop",
    "if missing < 0:",
    "if False:",
    hint="A negative padding cuts channels off without a word. Refuse CLIP channels that do not fit into T5's width.",
)
edit(
    "sd3_text_context",
    "needs_padding",
    "if missing < 0:",
    "if missing <= 0:",
    hint="CLIP channels that are exactly as wide as T5 fit: nothing is padded, and nothing is wrong.",
)


@misconception(
    "sd3_text_context",
    hint="The two CLIPs cut the prompt into the same tokens: join them along the channels, not as more tokens.",
)
def clips_along_the_sequence(clip_l, clip_g, t5, pooled_l, pooled_g):
    width = t5.shape[2]
    if clip_l.shape[2] + clip_g.shape[2] > width:
        raise ValueError("too wide")
    padded = [F.pad(z, (0, width - z.shape[2])) for z in (clip_l, clip_g)]
    return torch.cat([*padded, t5], dim=1), torch.cat([pooled_l, pooled_g], dim=1)


edit(
    "sd3_text_context",
    "pooled_g_first",
    "torch.cat([pooled_l, pooled_g], dim=1)",
    "torch.cat([pooled_g, pooled_l], dim=1)",
    hint="The pooled vectors keep the order of their encoders: L, then G.",
)

# ---------------------------------------------------------------- joint_attention


def shares(q_txt, k_txt, v_txt, q_img, k_img, v_img, n_heads):
    """q k / sqrt(d_head) [B, heads, N, N] and v, of text and image together."""
    q, k, v = (torch.cat(pair, dim=1) for pair in ((q_txt, q_img), (k_txt, k_img), (v_txt, v_img)))
    q, k, v = (z.unflatten(2, (n_heads, -1)).transpose(1, 2) for z in (q, k, v))
    return q @ k.mT / math.sqrt(q.shape[3]), v


def apart(att, v, n_txt):
    heard = (att @ v).transpose(1, 2).flatten(2)
    return heard[:, :n_txt], heard[:, n_txt:], att


@misconception("joint_attention", hint="One room: text must also see the image.")
def cross_only(q_txt, k_txt, v_txt, q_img, k_img, v_img, n_heads):
    scores, v = shares(q_txt, k_txt, v_txt, q_img, k_img, v_img, n_heads)
    n_txt = q_txt.shape[1]
    hidden = torch.zeros_like(scores, dtype=torch.bool)
    hidden[..., :n_txt, n_txt:] = True
    return apart(torch.softmax(scores.masked_fill(hidden, -1e9), dim=3), v, n_txt)


@misconception(
    "joint_attention",
    hint="That is cross-attention: the image reads the text and not itself. In one room image tokens see each other too.",
)
def image_reads_text_alone(q_txt, k_txt, v_txt, q_img, k_img, v_img, n_heads):
    scores, v = shares(q_txt, k_txt, v_txt, q_img, k_img, v_img, n_heads)
    n_txt = q_txt.shape[1]
    hidden = torch.zeros_like(scores, dtype=torch.bool)
    hidden[..., n_txt:, n_txt:] = True
    return apart(torch.softmax(scores.masked_fill(hidden, -1e9), dim=3), v, n_txt)


@misconception("joint_attention", hint="One softmax over all tokens, so modalities compete for attention.")
def separate_softmax(q_txt, k_txt, v_txt, q_img, k_img, v_img, n_heads):
    scores, v = shares(q_txt, k_txt, v_txt, q_img, k_img, v_img, n_heads)
    n_txt = q_txt.shape[1]
    both = torch.softmax(scores[..., :n_txt], dim=3), torch.softmax(scores[..., n_txt:], dim=3)
    return apart(0.5 * torch.cat(both, dim=3), v, n_txt)


@misconception("joint_attention", hint="Joint attention is bidirectional: nobody's ears are covered.")
def causal(q_txt, k_txt, v_txt, q_img, k_img, v_img, n_heads):
    scores, v = shares(q_txt, k_txt, v_txt, q_img, k_img, v_img, n_heads)
    later = torch.ones_like(scores, dtype=torch.bool).triu(1)
    return apart(torch.softmax(scores.masked_fill(later, -1e9), dim=3), v, q_txt.shape[1])


edit(
    "joint_attention",
    "image_first",
    "torch.cat([txt, img], dim=1)",
    "torch.cat([img, txt], dim=1)",
    hint="Keep the split consistent with the concatenation order: text first in both.",
)
edit(
    "joint_attention",
    "scale_of_the_model",
    "math.sqrt(q.shape[3])",
    "math.sqrt(q.shape[3] * n_heads)",
    hint="Scores are sums over the channels of one head: scale by the root of the head's size, not of d.",
)
edit(
    "joint_attention",
    "no_scale",
    " / math.sqrt(q.shape[3])",
    "",
    hint="Divide the scores by the root of the head's size, or the softmax gets the sharper the wider the heads are.",
)
edit(
    "joint_attention",
    "interleaved_heads",
    "unflatten(2, (n_heads, -1)).transpose(1, 2)",
    "unflatten(2, (-1, n_heads)).permute(0, 3, 1, 2)",
    hint="Head h owns neighbouring channels: split d into (heads, size of a head), in this order.",
)


@misconception("joint_attention", hint="The third answer is the attention after the softmax: shares, not scores.")
def returns_scores(q_txt, k_txt, v_txt, q_img, k_img, v_img, n_heads):
    scores, v = shares(q_txt, k_txt, v_txt, q_img, k_img, v_img, n_heads)
    txt, img, _ = apart(torch.softmax(scores, dim=3), v, q_txt.shape[1])
    return txt, img, scores


# ---------------------------------------------------------------- attention_quadrants

edit(
    "attention_quadrants",
    "key_mean",
    "shares[:, :, n_txt:].sum(dim=2)",
    "shares[:, :, n_txt:].mean(dim=2)",
    hint="Sum attention over keys: it is a share of 1.",
)
edit(
    "attention_quadrants",
    "transposed",
    """"text_to_image": to_image[:, :n_txt].mean(dim=1),
        "image_to_text": to_text[:, n_txt:].mean(dim=1),""",
    """"text_to_image": to_text[:, n_txt:].mean(dim=1),
        "image_to_text": to_image[:, :n_txt].mean(dim=1),""",
    hint="Rows ask, columns answer: text_to_image is rows of text, columns of image.",
)
edit(
    "attention_quadrants",
    "whole_mean",
    '"image_to_image": to_image[:, n_txt:].mean(dim=1)',
    '"image_to_image": to_image.mean(dim=1)',
    hint="The average ran over all rows: who asks is the image, so average over the image's rows only.",
)
edit(
    "attention_quadrants",
    "adds_rows_too",
    """        "text_to_text": to_text[:, :n_txt].mean(dim=1),
        "text_to_image": to_image[:, :n_txt].mean(dim=1),
        "image_to_text": to_text[:, n_txt:].mean(dim=1),
        "image_to_image": to_image[:, n_txt:].mean(dim=1),""",
    """        "text_to_text": to_text[:, :n_txt].sum(dim=1),
        "text_to_image": to_image[:, :n_txt].sum(dim=1),
        "image_to_text": to_text[:, n_txt:].sum(dim=1),
        "image_to_image": to_image[:, n_txt:].sum(dim=1),""",
    hint="Every row adds up to 1 by itself: average over the askers, or a share grows with their number.",
)
edit(
    "attention_quadrants",
    "heads_added",
    "att.mean(dim=1)",
    "att.sum(dim=1)",
    hint="Each head hands out a whole 1: average over the heads.",
)


@misconception("attention_quadrants", hint="One number for each sample: the batch is not averaged.")
def batch_averaged(att, n_txt):
    rows = att.mean(dim=(0, 1))
    names = {"text": slice(None, n_txt), "image": slice(n_txt, None)}
    return {
        f"{a}_to_{b}": rows[asks, answers].sum(dim=1).mean()
        for a, asks in names.items()
        for b, answers in names.items()
    }


# ---------------------------------------------------------------- MMDiTBlock


class Ungated(_Stream):
    def think(self, x, heard, gate1, shift2, scale2, gate2):
        x = x + self.proj(heard)
        h = modulate(_layer_norm(x), shift2, scale2)
        return x + gate2[:, None] * self.fc2(F.gelu(self.fc1(h), approximate="tanh"))


class Reordered(_Stream):
    def modulation(self, c):
        scale1, shift1, gate1, scale2, shift2, gate2 = super().modulation(c)
        return shift1, scale1, gate1, shift2, scale2, gate2


class Raw(_Stream):
    def modulation(self, c):
        return self.ada(c).chunk(6, dim=1)


class ErfGelu(_Stream):
    def think(self, x, heard, gate1, shift2, scale2, gate2):
        x = x + gate1[:, None] * self.proj(heard)
        h = modulate(_layer_norm(x), shift2, scale2)
        return x + gate2[:, None] * self.fc2(F.gelu(self.fc1(h)))


class Deaf(_Stream):
    """Its feed-forward network reads what came in, not what was heard."""

    def think(self, x, heard, gate1, shift2, scale2, gate2):
        h = modulate(_layer_norm(x), shift2, scale2)
        x = x + gate1[:, None] * self.proj(heard)
        return x + gate2[:, None] * self.fc2(F.gelu(self.fc1(h), approximate="tanh"))


class Unprojected(_Stream):
    def think(self, x, heard, gate1, shift2, scale2, gate2):
        x = x + gate1[:, None] * heard
        h = modulate(_layer_norm(x), shift2, scale2)
        return x + gate2[:, None] * self.fc2(F.gelu(self.fc1(h), approximate="tanh"))


class CoarseNorm(_Stream):
    def speak(self, x, shift, scale):
        h = modulate(F.layer_norm(x, x.shape[-1:]), shift, scale)
        return self.q(h), self.k(h), self.v(h)

    def think(self, x, heard, gate1, shift2, scale2, gate2):
        x = x + gate1[:, None] * self.proj(heard)
        h = modulate(F.layer_norm(x, x.shape[-1:]), shift2, scale2)
        return x + gate2[:, None] * self.fc2(F.gelu(self.fc1(h), approximate="tanh"))


class Loud(_Stream):
    def __init__(self, d_model):
        super().__init__(d_model)
        self.ada.reset_parameters()


edit(
    "MMDiTBlock",
    "shared_qkv",
    "self.img.speak(img, *mod_i[:2])",
    "self.txt.speak(img, *mod_i[:2])",
    hint="Naive shared projections: text features and image latents need their own Q, K and V.",
)


@misconception("MMDiTBlock", hint="Shared listening, separate thinking: each stream has its own FFN.")
class shared_ffn(MMDiTBlock):
    def forward(self, txt, img, c):
        own = self.img.fc1, self.img.fc2
        self.img.fc1, self.img.fc2 = self.txt.fc1, self.txt.fc2
        out = super().forward(txt, img, c)
        self.img.fc1, self.img.fc2 = own
        return out


edit(
    "MMDiTBlock",
    "text_frozen",
    "return self.txt.think(txt, heard_t, *mod_t[2:]),",
    "return txt + mod_t[2][:, None] * self.txt.proj(heard_t),",
    hint="In MMDiT the text stream is updated too (unlike cross-attention): its own FFN included.",
)
edit(
    "MMDiTBlock",
    "text_untouched",
    "return self.txt.think(txt, heard_t, *mod_t[2:]),",
    "return txt,",
    hint="Cross-attention leaves the text alone. Here the words are updated as the patches are.",
)
edit(
    "MMDiTBlock",
    "one_modulation",
    "mod_i = self.txt.modulation(c), self.img.modulation(c)",
    "mod_i = self.txt.modulation(c), self.txt.modulation(c)",
    hint="Both streams read the same c, but each through an ada of its own.",
)


@misconception("MMDiTBlock", hint="Gate both branches of both streams.")
class no_gate(MMDiTBlock):
    def __init__(self, d_model, n_heads):
        super().__init__(d_model, n_heads)
        self.txt, self.img = _Stream(d_model), Ungated(d_model)


@misconception("MMDiTBlock", hint="The six come in this order: shift, scale, gate for the attention, then for the FFN.")
class scale_before_shift(MMDiTBlock):
    def __init__(self, d_model, n_heads):
        super().__init__(d_model, n_heads)
        self.txt, self.img = Reordered(d_model), Reordered(d_model)


@misconception("MMDiTBlock", hint="ada reads silu(c), not c itself.")
class no_silu(MMDiTBlock):
    def __init__(self, d_model, n_heads):
        super().__init__(d_model, n_heads)
        self.txt, self.img = Raw(d_model), Raw(d_model)


@misconception("MMDiTBlock", hint="The GELU is the tanh approximation here, in which the weights were trained.")
class exact_gelu(MMDiTBlock):
    def __init__(self, d_model, n_heads):
        super().__init__(d_model, n_heads)
        self.txt, self.img = ErfGelu(d_model), ErfGelu(d_model)


@misconception(
    "MMDiTBlock",
    hint="First listen, then think: the FFN reads the norm of the stream that the attention has already updated.",
)
class parallel_branches(MMDiTBlock):
    def __init__(self, d_model, n_heads):
        super().__init__(d_model, n_heads)
        self.txt, self.img = Deaf(d_model), Deaf(d_model)


@misconception(
    "MMDiTBlock", hint="What the heads heard goes through the stream's own proj before it is gated and added."
)
class no_output_projection(MMDiTBlock):
    def __init__(self, d_model, n_heads):
        super().__init__(d_model, n_heads)
        self.txt, self.img = Unprojected(d_model), Unprojected(d_model)


@misconception("MMDiTBlock", hint="PyTorch's default eps is 1e-5; these blocks use 1e-6.")
class default_eps(MMDiTBlock):
    def __init__(self, d_model, n_heads):
        super().__init__(d_model, n_heads)
        self.txt, self.img = CoarseNorm(d_model), CoarseNorm(d_model)


@misconception(
    "MMDiTBlock", hint="adaLN-Zero: weight and bias of both ada start at zero, so that a fresh block does nothing."
)
class not_zero_init(MMDiTBlock):
    def __init__(self, d_model, n_heads):
        super().__init__(d_model, n_heads)
        self.txt, self.img = Loud(d_model), Loud(d_model)


# ---------------------------------------------------------------- projection_conflict

edit(
    "projection_conflict",
    "no_normalise",
    'return {"shared": shared / n_tokens, "specific": specific / n_tokens}',
    'return {"shared": shared, "specific": specific}',
    hint="That is the whole squared error: divide it by the number of all tokens, text and image.",
)


@misconception(
    "projection_conflict",
    hint="The best shared map is fitted on both modalities together; it is not an average of two maps.",
)
def averaged_weights(x_txt, y_txt, x_img, y_img):
    n = len(x_txt) + len(x_img)
    w_txt, w_img = torch.linalg.lstsq(x_txt, y_txt).solution, torch.linalg.lstsq(x_img, y_img).solution
    w = 0.5 * (w_txt + w_img)
    shared = ((x_txt @ w - y_txt) ** 2).sum() + ((x_img @ w - y_img) ** 2).sum()
    specific = ((x_txt @ w_txt - y_txt) ** 2).sum() + ((x_img @ w_img - y_img) ** 2).sum()
    return {"shared": shared / n, "specific": specific / n}


@misconception(
    "projection_conflict",
    hint="A map fitted on the text alone is not shared: fit it on both modalities together.",
)
def text_map_for_all(x_txt, y_txt, x_img, y_img):
    n = len(x_txt) + len(x_img)
    w_txt, w_img = torch.linalg.lstsq(x_txt, y_txt).solution, torch.linalg.lstsq(x_img, y_img).solution
    text = ((x_txt @ w_txt - y_txt) ** 2).sum()
    shared, specific = text + ((x_img @ w_txt - y_img) ** 2).sum(), text + ((x_img @ w_img - y_img) ** 2).sum()
    return {"shared": shared / n, "specific": specific / n}


edit(
    "projection_conflict",
    "text_only",
    "specific = smallest_error(x_txt, y_txt) + smallest_error(x_img, y_img)",
    "specific = smallest_error(x_txt, y_txt)",
    hint="The text alone was counted: the error adds up over text and image.",
)
edit(
    "projection_conflict",
    "mean_over_channels",
    "return ((x @ best - y) ** 2).sum()",
    "return ((x @ best - y) ** 2).mean(dim=1).sum()",
    hint="The error of a token is the sum over its channels, not their mean.",
)
edit(
    "projection_conflict",
    "not_squared",
    "return ((x @ best - y) ** 2).sum()",
    "return ((x @ best - y) ** 2).sum().sqrt()",
    hint="Squared errors are added; their root is not.",
)


@misconception(
    "projection_conflict",
    hint="Add the two squared errors and divide by all tokens. The mean of two means gives each modality the same say.",
)
def mean_of_means(x_txt, y_txt, x_img, y_img):
    def error(x, y):
        return ((x @ torch.linalg.lstsq(x, y).solution - y) ** 2).sum() / len(x)

    shared = error(torch.cat([x_txt, x_img]), torch.cat([y_txt, y_img]))
    return {"shared": shared, "specific": 0.5 * (error(x_txt, y_txt) + error(x_img, y_img))}


@misconception("projection_conflict", hint="The maps have no bias: y = x W.")
def with_a_bias(x_txt, y_txt, x_img, y_img):
    def error(x, y):
        x = F.pad(x, (0, 1), value=1.0)
        return ((x @ torch.linalg.lstsq(x, y).solution - y) ** 2).sum()

    n = len(x_txt) + len(x_img)
    shared = error(torch.cat([x_txt, x_img]), torch.cat([y_txt, y_img]))
    return {"shared": shared / n, "specific": (error(x_txt, y_txt) + error(x_img, y_img)) / n}


# ---------------------------------------------------------------- shift_sigmas

edit(
    "shift_sigmas",
    "inverted",
    "shift * sigmas / (1 + (shift - 1) * sigmas)",
    "sigmas / (shift - (shift - 1) * sigmas)",
    hint="shift > 1 must spend more steps at high noise: sigma = 0.5 has to grow.",
)
edit(
    "shift_sigmas",
    "multiply",
    "shift * sigmas / (1 + (shift - 1) * sigmas)",
    "(shift * sigmas).clamp(max=1.0)",
    hint="0 and 1 stay fixed and the map is smooth: use the ratio form.",
)
edit(
    "shift_sigmas",
    "no_minus_one",
    "(shift - 1)",
    "shift",
    hint="Check shift = 1: it must be the identity.",
)
edit(
    "shift_sigmas",
    "shift_as_logarithm",
    "return shift * sigmas / (1 + (shift - 1) * sigmas)",
    "return math.exp(shift) * sigmas / (1 + (math.exp(shift) - 1) * sigmas)",
    hint="The shift is the factor of the odds itself. Its logarithm, mu, comes with Flux.",
)
edit(
    "shift_sigmas",
    "power",
    "shift * sigmas / (1 + (shift - 1) * sigmas)",
    "sigmas ** (1 / shift)",
    hint="A power also keeps 0 and 1, but it is not this map: the odds s / (1 - s) are multiplied by the shift.",
)

# ---------------------------------------------------------------- flux_dynamic_shift

edit(
    "flux_dynamic_shift",
    "mu_as_shift",
    "math.exp(mu)",
    "mu",
    hint="mu is the logarithm of the shift.",
)
edit(
    "flux_dynamic_shift",
    "sqrt_tokens",
    "slope * (n_tokens - base_tokens)",
    "(max_mu - base_mu) / (max_tokens**0.5 - base_tokens**0.5) * (n_tokens**0.5 - base_tokens**0.5)",
    hint="mu is linear in the token count.",
)
edit(
    "flux_dynamic_shift",
    "clipped",
    "(n_tokens - base_tokens)",
    "(min(n_tokens, max_tokens) - base_tokens)",
    hint="The line goes on beyond 4096 tokens.",
)
edit(
    "flux_dynamic_shift",
    "clipped_below",
    "(n_tokens - base_tokens)",
    "(max(n_tokens, base_tokens) - base_tokens)",
    hint="The line goes on below 256 tokens too: small pictures are shifted less.",
)
edit(
    "flux_dynamic_shift",
    "through_the_origin",
    "mu = base_mu + slope * (n_tokens - base_tokens)",
    "mu = base_mu + (max_mu - base_mu) * n_tokens / max_tokens",
    hint="The line passes through (base_tokens, base_mu): count the tokens from base_tokens on.",
)


@misconception("flux_dynamic_shift", hint="The numbers of the line are arguments: use the ones that are given.")
def fixed_line(sigmas, n_tokens, base_tokens=256, max_tokens=4096, base_mu=0.5, max_mu=1.15):
    return shift_sigmas(sigmas, math.exp(0.5 + 0.65 * (n_tokens - 256) / 3840))


@misconception(
    "flux_dynamic_shift",
    hint="mu is what lies on the line, not the shift: take the line between the logarithms, then exp.",
)
def line_of_shifts(sigmas, n_tokens, base_tokens=256, max_tokens=4096, base_mu=0.5, max_mu=1.15):
    low, high = math.exp(base_mu), math.exp(max_mu)
    return shift_sigmas(sigmas, low + (high - low) * (n_tokens - base_tokens) / (max_tokens - base_tokens))


# ---------------------------------------------------------------- logit_normal_density

edit(
    "logit_normal_density",
    "no_jacobian",
    " * s * (1 - s))",
    ")",
    hint="Change of variables: divide by s(1 - s).",
)
edit(
    "logit_normal_density",
    "normal_of_s",
    "torch.log(s / (1 - s))",
    "s",
    hint="The logit of s is normal, not s.",
)


@misconception("logit_normal_density", hint="Square the standard deviation in the exponent.")
def variance_as_std(s, mean=0.0, std=1.0):
    z = torch.log(s / (1 - s)) - mean
    return torch.exp(-(z**2) / (2 * std)) / (std * math.sqrt(2 * math.pi) * s * (1 - s))


edit(
    "logit_normal_density",
    "jacobian_multiplied",
    "(std * math.sqrt(2 * math.pi) * s * (1 - s))",
    "(std * math.sqrt(2 * math.pi)) * s * (1 - s)",
    hint="The logit runs fast where s is near 0 or 1: its derivative is 1 over s(1 - s), so divide.",
)
edit(
    "logit_normal_density",
    "log_density",
    "return torch.exp(-0.5 * z**2) / (std * math.sqrt(2 * math.pi) * s * (1 - s))",
    "return -0.5 * z**2 - torch.log(std * math.sqrt(2 * math.pi) * s * (1 - s))",
    hint="That is the logarithm of the density.",
)
edit(
    "logit_normal_density",
    "std_missing_outside",
    "(std * math.sqrt(2 * math.pi)",
    "(math.sqrt(2 * math.pi)",
    hint="A wider normal is lower: its density has 1/std in front. Does yours add up to 1 for std = 2?",
)
edit(
    "logit_normal_density",
    "log_normal",
    "torch.log(s / (1 - s))",
    "torch.log(s)",
    hint="The logit is the logarithm of the odds, log(s / (1 - s)), not of s.",
)

# ---------------------------------------------------------------- sd3_training_loss

edit(
    "sd3_training_loss",
    "uniform_t",
    "torch.sigmoid(mean + std * normal_draws)",
    "torch.special.ndtr(normal_draws)",
    hint="SD3 draws times from a logit-normal: sigmoid of a normal, not uniform.",
)
edit(
    "sd3_training_loss",
    "wrong_velocity",
    "noise - x0)",
    "x0 - noise)",
    hint="With x_s = (1 - s) x0 + s noise the derivative is noise - x0.",
)
edit(
    "sd3_training_loss",
    "eps_target",
    "noise - x0)",
    "noise)",
    hint="The target was the noise: the network predicts the velocity, noise minus x0.",
)
edit(
    "sd3_training_loss",
    "no_shift",
    "shift_sigmas(torch.sigmoid(mean + std * normal_draws), shift)",
    "torch.sigmoid(mean + std * normal_draws)",
    hint="Apply the resolution shift to the drawn times.",
)
edit(
    "sd3_training_loss",
    "swapped_ends",
    "(1 - level) * x0 + level * noise",
    "level * x0 + (1 - level) * noise",
    hint="s = 0 is data and s = 1 is noise: at a high level there is little left of x0.",
)
edit(
    "sd3_training_loss",
    "signal_preserving",
    "(1 - level) * x0 + level * noise",
    "(1 - level**2).sqrt() * x0 + level * noise",
    hint="That is DDPM's curve, on which the variances add up to 1. The straight road has weights 1 - s and s.",
)
edit(
    "sd3_training_loss",
    "model_sees_unshifted",
    "model(x_s, s, cond)",
    "model(x_s, torch.sigmoid(mean + std * normal_draws), cond)",
    hint="The model must be told the level at which the sample really stands, after the shift.",
)
edit(
    "sd3_training_loss",
    "level_lost_its_shape",
    "model(x_s, s, cond)",
    "model(x_s, level, cond)",
    hint="The model gets one level for each sample, shape [B]; the trailing axes are for multiplying the data.",
)
edit(
    "sd3_training_loss",
    "summed",
    "F.mse_loss(model(x_s, s, cond), noise - x0)",
    'F.mse_loss(model(x_s, s, cond), noise - x0, reduction="sum") / len(x0)',
    hint="The loss is the mean over all elements, not a sum over those of each sample.",
)

# ---------------------------------------------------------------- rectified_flow_sample

edit(
    "rectified_flow_sample",
    "wrong_direction",
    "x + (there - here)",
    "x - (there - here)",
    hint="Velocity points to noise; walk it with negative ds.",
)
edit(
    "rectified_flow_sample",
    "stops_early",
    "torch.linspace(1.0, 0.0, n_steps + 1, dtype=torch.float64)",
    "torch.linspace(1.0, 1.0 / n_steps, n_steps + 1, dtype=torch.float64)",
    hint="The last step must land on s = 0.",
)
edit(
    "rectified_flow_sample",
    "no_shift",
    "levels = shift_sigmas(torch.linspace(1.0, 0.0, n_steps + 1, dtype=torch.float64), shift)",
    "levels = torch.linspace(1.0, 0.0, n_steps + 1, dtype=torch.float64)",
    hint="The levels were walked unshifted: shift all n + 1 of them before the first step.",
)
edit(
    "rectified_flow_sample",
    "velocity_at_the_end",
    "(len(x),), here)",
    "(len(x),), there)",
    hint="Ask the velocity where the step begins, not at the level that it goes to.",
)
edit(
    "rectified_flow_sample",
    "one_level_too_few",
    "n_steps + 1, dtype",
    "n_steps, dtype",
    hint="n steps lie between n + 1 levels.",
)
edit(
    "rectified_flow_sample",
    "no_error",
    "if n_steps < 1:",
    "if False:",
    hint="Fewer than one step leads nowhere: raise ValueError.",
)
edit(
    "rectified_flow_sample",
    "stale_velocity",
    "velocity(x, s)",
    "velocity(noise, s)",
    hint="Ask the velocity at the place that you have reached, not at the start.",
)
edit(
    "rectified_flow_sample",
    "even_steps_on_shifted_levels",
    "(there - here)",
    "(-1 / n_steps)",
    hint="On shifted levels the steps are not equally long: use the difference of the two levels.",
)

# ---------------------------------------------------------------- FluxSingleBlock

edit(
    "FluxSingleBlock",
    "sequential_mlp",
    "self.fc1(h)",
    "self.fc1(h + heard)",
    hint="Attention and MLP run in parallel from the same normalised input.",
)


@misconception("FluxSingleBlock", hint="Q and K are RMS-normalised per head.")
class no_qk_norm(FluxSingleBlock):
    def forward(self, txt, img, c):
        x = torch.cat([txt, img], dim=1)
        shift, scale, gate = self.ada(F.silu(c)).chunk(3, dim=1)
        h = modulate(_layer_norm(x), shift, scale)
        q, k, v = self.qkv(h).unflatten(2, (3, self.n_heads, -1)).permute(2, 0, 3, 1, 4)
        heard = F.scaled_dot_product_attention(q * self.norm_q, k * self.norm_k, v).transpose(1, 2).flatten(2)
        thought = F.gelu(self.fc1(h), approximate="tanh")
        x = x + gate[:, None] * self.out(torch.cat([heard, thought], dim=2))
        return x[:, : txt.shape[1]], x[:, txt.shape[1] :]


@misconception(
    "FluxSingleBlock",
    hint="The norm of q and k runs within each head, over the head's channels, not over all d channels.",
)
class norm_across_heads(FluxSingleBlock):
    def forward(self, txt, img, c):
        x = torch.cat([txt, img], dim=1)
        shift, scale, gate = self.ada(F.silu(c)).chunk(3, dim=1)
        h = modulate(_layer_norm(x), shift, scale)
        q, k, v = self.qkv(h).chunk(3, dim=2)
        q = F.rms_norm(q, q.shape[-1:], self.norm_q.repeat(self.n_heads), eps=1e-6)
        k = F.rms_norm(k, k.shape[-1:], self.norm_k.repeat(self.n_heads), eps=1e-6)
        q, k, v = (z.unflatten(2, (self.n_heads, -1)).transpose(1, 2) for z in (q, k, v))
        heard = F.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2)
        thought = F.gelu(self.fc1(h), approximate="tanh")
        x = x + gate[:, None] * self.out(torch.cat([heard, thought], dim=2))
        return x[:, : txt.shape[1]], x[:, txt.shape[1] :]


edit(
    "FluxSingleBlock",
    "mlp_first",
    "torch.cat([heard, thought], dim=2)",
    "torch.cat([thought, heard], dim=2)",
    hint="`out` reads attention's channels before those of the MLP; yours stand the other way round.",
)
edit(
    "FluxSingleBlock",
    "norms_values",
    "heard = F.scaled_dot_product_attention(q, k, v)",
    "heard = F.scaled_dot_product_attention(q, k, F.rms_norm(v, v.shape[-1:], eps=1e-6))",
    hint="Only queries and keys are normalised; values keep their size, for they are what is heard.",
)
edit(
    "FluxSingleBlock",
    "image_first",
    "x = torch.cat([txt, img], dim=1)",
    "x = torch.cat([img, txt], dim=1)",
    hint="Keep the split consistent with the concatenation order: text first in both.",
)
edit(
    "FluxSingleBlock",
    "no_gate",
    "x = x + gate[:, None] * self.out",
    "x = x + self.out",
    hint="What out answers is multiplied by the gate before it is added.",
)
edit(
    "FluxSingleBlock",
    "mlp_reads_unmodulated",
    "self.fc1(h)",
    "self.fc1(_layer_norm(x))",
    hint="Both branches read the modulated norm: shift and scale are for the MLP too.",
)
edit(
    "FluxSingleBlock",
    "no_silu",
    "self.ada(F.silu(c))",
    "self.ada(c)",
    hint="ada reads silu(c), not c itself.",
)
edit(
    "FluxSingleBlock",
    "scale_before_shift",
    "shift, scale, gate = self.ada",
    "scale, shift, gate = self.ada",
    hint="The three come in this order: shift, scale, gate.",
)
edit(
    "FluxSingleBlock",
    "fixed_ratio",
    "nn.Linear(d_model, mlp_ratio * d_model)",
    "nn.Linear(d_model, 4 * d_model)",
    hint="The hidden width is mlp_ratio times d, and out reads d plus that many channels.",
)

# ---------------------------------------------------------------- trace_sd3_pipeline

edit(
    "trace_sd3_pipeline",
    "forgets_vae",
    "side = image_size // vae_factor",
    "side = image_size",
    hint="The transformer works on latents: 8x smaller per side.",
)
edit(
    "trace_sd3_pipeline",
    "forgets_t5",
    "77 + n_t5",
    "77",
    hint="Text context is CLIP tokens plus T5 tokens.",
)
edit(
    "trace_sd3_pipeline",
    "patch_one_axis",
    "(side // patch) ** 2",
    "side**2 // patch",
    hint="A patch is taken along height and width, so the number of tokens shrinks by patch squared.",
)
edit(
    "trace_sd3_pipeline",
    "rgb_patches",
    "patch_size = patch * patch * channels",
    "patch_size = patch * patch * 3",
    hint="Patches are cut from the latent, which has its own channels, not red, green and blue.",
)
edit(
    "trace_sd3_pipeline",
    "adaln_for_each_token",
    '"adaln_parameters": [6 * d_model]',
    '"adaln_parameters": [n_img, 6 * d_model]',
    hint="Modulation comes from c, one vector for each sample: there is no token axis.",
)
edit(
    "trace_sd3_pipeline",
    "cross_attention_sequence",
    '"joint_sequence": [n_txt + n_img, d_model]',
    '"joint_sequence": [n_img, d_model]',
    hint="In joint attention the text sits in the sequence too: one room.",
)
edit(
    "trace_sd3_pipeline",
    "velocity_of_width_d",
    '"velocity_patches": [n_img, patch_size]',
    '"velocity_patches": [n_img, d_model]',
    hint="The last layer projects back: the answer for a patch is as large as the patch.",
)
edit(
    "trace_sd3_pipeline",
    "no_error",
    "if image_size % (vae_factor * patch):",
    "if False:",
    hint="A picture whose latent does not divide into whole patches is a ValueError.",
)
edit(
    "trace_sd3_pipeline",
    "latent_only_must_divide",
    "image_size % (vae_factor * patch)",
    "image_size % vae_factor",
    hint="The latent must also divide into patches: vae_factor times patch pixels belong together.",
)
