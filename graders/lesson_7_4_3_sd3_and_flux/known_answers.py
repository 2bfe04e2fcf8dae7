"""Known right and wrong answers to lesson 7.4.3."""

import math

import torch
import torch.nn.functional as F
from torch import nn

from blindgrade.known_answers import exercise, fails, right, wrong


def shares(q_txt, k_txt, v_txt, q_img, k_img, v_img, n_heads):
    """q k / sqrt(d_head) [B, heads, N, N] and v, of text and image together."""
    q, k, v = (torch.cat(pair, dim=1) for pair in ((q_txt, q_img), (k_txt, k_img), (v_txt, v_img)))
    q, k, v = (z.unflatten(2, (n_heads, -1)).transpose(1, 2) for z in (q, k, v))
    return q @ k.mT / math.sqrt(q.shape[3]), v


def apart(att, v, n_txt):
    heard = (att @ v).transpose(1, 2).flatten(2)
    return heard[:, :n_txt], heard[:, n_txt:], att


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


class Holder(nn.Module):
    def __init__(self, d):
        super().__init__()
        for name, width in {"q": d, "k": d, "v": d, "proj": d, "ada": 6 * d, "fc1": 4 * d}.items():
            setattr(self, name, nn.Linear(d, width))
        self.fc2 = nn.Linear(4 * d, d)
        nn.init.constant_(self.ada.weight, 0.0)
        nn.init.constant_(self.ada.bias, 0.0)


exercise("sd3_text_context")


@wrong(hint="T5 is joined along the sequence; CLIP-L and CLIP-G along channels.")
def t5_by_channel(clip_l, clip_g, t5, pooled_l, pooled_g):
    clip = torch.cat([clip_l, clip_g], dim=2)
    if clip.shape[2] > t5.shape[2]:
        raise ValueError("too wide")
    longest = max(clip.shape[1], t5.shape[1])
    clip, t5 = (F.pad(z, (0, 0, 0, longest - z.shape[1])) for z in (clip, t5))
    return torch.cat([clip, t5], dim=2), torch.cat([pooled_l, pooled_g], dim=1)


wrong("pad_left", "F.pad(clip, (0, missing))", "F.pad(clip, (missing, 0))",
      hint="Zero-pad at the end of the channel axis.")
wrong("t5_first", "torch.cat([F.pad(clip, (0, missing)), t5], dim=1)", "torch.cat([t5, F.pad(clip, (0, missing))], dim=1)",
      hint="T5 stands before the CLIPs: in the sequence the CLIP tokens come first.")
wrong("clip_g_first", "torch.cat([clip_l, clip_g], dim=2)", "torch.cat([clip_g, clip_l], dim=2)",
      hint="CLIP-L owns the first channels, as in SDXL; CLIP-G follows.")
wrong("silent_crop", "if missing < 0:", "if False:",
      hint="A negative padding cuts channels off without a word. Refuse CLIP channels that do not fit into T5's width.")
wrong("needs_padding", "if missing < 0:", "if missing <= 0:",
      hint="CLIP channels that are exactly as wide as T5 fit: nothing is padded, and nothing is wrong.")


@wrong(hint="The two CLIPs cut the prompt into the same tokens: join them along the channels, not as more tokens.")
def clips_along_the_sequence(clip_l, clip_g, t5, pooled_l, pooled_g):
    width = t5.shape[2]
    if clip_l.shape[2] + clip_g.shape[2] > width:
        raise ValueError("too wide")
    padded = [F.pad(z, (0, width - z.shape[2])) for z in (clip_l, clip_g)]
    return torch.cat([*padded, t5], dim=1), torch.cat([pooled_l, pooled_g], dim=1)


wrong("pooled_g_first", "torch.cat([pooled_l, pooled_g], dim=1)", "torch.cat([pooled_g, pooled_l], dim=1)",
      hint="The pooled vectors keep the order of their encoders: L, then G.")


@right
def into_a_buffer(clip_l, clip_g, t5, pooled_l, pooled_g):
    (batch, n, d_l), d_g = clip_l.shape, clip_g.shape[-1]
    if d_l + d_g > t5.shape[-1]:
        raise ValueError("too wide")
    context = t5.new_zeros(batch, n + t5.shape[1], t5.shape[-1])
    context[:, :n, :d_l] = clip_l
    context[:, :n, d_l : d_l + d_g] = clip_g
    context[:, n:] = t5
    return context, torch.hstack([pooled_l, pooled_g])


@right
def with_a_block_of_zeros(clip_l, clip_g, t5, pooled_l, pooled_g):
    missing = t5.size(-1) - clip_l.size(-1) - clip_g.size(-1)
    if missing < 0:
        raise ValueError("too wide")
    zeros = torch.zeros(*clip_l.shape[:2], missing, dtype=t5.dtype, device=t5.device)
    clip = torch.cat((clip_l, clip_g, zeros), -1)
    return torch.cat((clip, t5), -2), torch.cat((pooled_l, pooled_g), -1)


exercise("attention_kinds")
wrong("own_way_counts", "others = slice(1, None) if who == place else slice(None)", "others = slice(None)",
      hint="A token's own way through the block is not attention: change one token, and look at the OTHER ones.")
wrong("asks_and_answers_exchanged", 'kinds[f"{asks}_to_{answers}"]', 'kinds[f"{answers}_to_{asks}"]',
      hint="The token that is changed ANSWERS, and the one that notices has asked.")
wrong("a_change_that_norms_remove", "change = torch.randn(probe[place].shape[-1], generator=generator).to(txt)", "change = 0.37",
      hint="The same number added to all channels is invisible behind a LayerNorm: change channels differently.")
wrong("compares_with_the_input", "torch.allclose(moved[who][:, others], usual[who][:, others]", "torch.allclose(moved[who][:, others], (txt, img)[who][:, others]",
      hint="Compare with what the block makes of the unchanged tokens, not with the tokens.")
wrong("text_that_is_heard", 'not torch.allclose(usual[0], txt)}', 'not torch.allclose(usual[1], img)}',
      hint="text_changes is about the text that the block hands on.")
wrong("only_loud_attention", "rtol=1e-6, atol=1e-8)", "rtol=1e-2, atol=1e-1)",
      hint="Attention may be hardly audible: without chance in the block, any difference beyond rounding counts.")


@right
def by_gradients(block, txt, img):
    tokens = [txt.detach().clone().requires_grad_(), img.detach().clone().requires_grad_()]
    made = block(*tokens)
    kinds = {"text_changes": bool((made[0] - txt).abs().max() > 1e-7)}
    names = "text", "image"
    for i, asks in enumerate(names):
        listener = made[i][:, -1]
        weights = torch.randn(listener.shape, generator=torch.Generator().manual_seed(1)).to(listener)
        found = torch.autograd.grad((listener * weights).sum(), tokens, allow_unused=True, retain_graph=True)
        for j, answers in enumerate(names):
            others = None if found[j] is None else found[j][:, :-1] if i == j else found[j]
            kinds[f"{asks}_to_{answers}"] = others is not None and bool((others.abs() > 1e-9).any())
    return kinds


@right
def by_exchanging_a_token(block, txt, img):
    def notices(who, usual, moved, skip_last):
        a, b = usual[who], moved[who]
        if skip_last:
            a, b = a[:, :-1], b[:, :-1]
        return (a - b).abs().max().item() > 1e-9

    usual = block(txt, img)
    swapped_text = torch.cat([txt[:, :-1], txt[:, -1:].flip(2) * 1.7 + txt[:, :1]], dim=1)
    swapped_image = torch.cat([img[:, :-1], img[:, -1:].flip(2) * 1.7 + img[:, :1]], dim=1)
    text, image = block(swapped_text, img), block(txt, swapped_image)
    return {
        "text_to_text": notices(0, usual, text, True),
        "image_to_text": notices(1, usual, text, False),
        "text_to_image": notices(0, usual, image, False),
        "image_to_image": notices(1, usual, image, True),
        "text_changes": not torch.equal(usual[0], txt),
    }


exercise("joint_attention")


@wrong(hint="One room: text must also see the image.")
def cross_only(q_txt, k_txt, v_txt, q_img, k_img, v_img, n_heads):
    scores, v = shares(q_txt, k_txt, v_txt, q_img, k_img, v_img, n_heads)
    n_txt = q_txt.shape[1]
    hidden = torch.zeros_like(scores, dtype=torch.bool)
    hidden[..., :n_txt, n_txt:] = True
    return apart(torch.softmax(scores.masked_fill(hidden, -1e9), dim=3), v, n_txt)


@wrong(hint="That is cross-attention: the image reads the text and not itself. In one room image tokens see each other too.")
def image_reads_text_alone(q_txt, k_txt, v_txt, q_img, k_img, v_img, n_heads):
    scores, v = shares(q_txt, k_txt, v_txt, q_img, k_img, v_img, n_heads)
    n_txt = q_txt.shape[1]
    hidden = torch.zeros_like(scores, dtype=torch.bool)
    hidden[..., n_txt:, n_txt:] = True
    return apart(torch.softmax(scores.masked_fill(hidden, -1e9), dim=3), v, n_txt)


@wrong(hint="One softmax over all tokens, so modalities compete for attention.")
def separate_softmax(q_txt, k_txt, v_txt, q_img, k_img, v_img, n_heads):
    scores, v = shares(q_txt, k_txt, v_txt, q_img, k_img, v_img, n_heads)
    n_txt = q_txt.shape[1]
    both = torch.softmax(scores[..., :n_txt], dim=3), torch.softmax(scores[..., n_txt:], dim=3)
    return apart(0.5 * torch.cat(both, dim=3), v, n_txt)


@wrong(hint="Joint attention is bidirectional: nobody's ears are covered.")
def causal(q_txt, k_txt, v_txt, q_img, k_img, v_img, n_heads):
    scores, v = shares(q_txt, k_txt, v_txt, q_img, k_img, v_img, n_heads)
    later = torch.ones_like(scores, dtype=torch.bool).triu(1)
    return apart(torch.softmax(scores.masked_fill(later, -1e9), dim=3), v, q_txt.shape[1])


wrong("image_first", "torch.cat([txt, img], dim=1)", "torch.cat([img, txt], dim=1)",
      hint="Keep the split consistent with the concatenation order: text first in both.")
wrong("scale_of_the_model", "math.sqrt(q.shape[3])", "math.sqrt(q.shape[3] * n_heads)",
      hint="Scores are sums over the channels of one head: scale by the root of the head's size, not of d.")
wrong("no_scale", " / math.sqrt(q.shape[3])", "",
      hint="Divide the scores by the root of the head's size, or the softmax gets the sharper the wider the heads are.")
wrong("interleaved_heads", "unflatten(2, (n_heads, -1)).transpose(1, 2)", "unflatten(2, (-1, n_heads)).permute(0, 3, 1, 2)",
      hint="Head h owns neighbouring channels: split d into (heads, size of a head), in this order.")


@wrong(hint="The third answer is the attention after the softmax: shares, not scores.")
def returns_scores(q_txt, k_txt, v_txt, q_img, k_img, v_img, n_heads):
    scores, v = shares(q_txt, k_txt, v_txt, q_img, k_img, v_img, n_heads)
    txt, img, _ = apart(torch.softmax(scores, dim=3), v, q_txt.shape[1])
    return txt, img, scores


@right
def head_by_head(q_txt, k_txt, v_txt, q_img, k_img, v_img, n_heads):
    q, k, v = torch.cat([q_txt, q_img], 1), torch.cat([k_txt, k_img], 1), torch.cat([v_txt, v_img], 1)
    size = q.shape[-1] // n_heads
    answers, attentions = [], []
    for head in range(n_heads):
        own = slice(head * size, (head + 1) * size)
        att = (torch.bmm(q[..., own], k[..., own].transpose(1, 2)) * size**-0.5).softmax(-1)
        attentions.append(att)
        answers.append(torch.bmm(att, v[..., own]))
    out = torch.cat(answers, dim=-1)
    txt, img = out.split([q_txt.shape[1], q_img.shape[1]], dim=1)
    return txt, img, torch.stack(attentions, dim=1)


@right
def by_einsum(q_txt, k_txt, v_txt, q_img, k_img, v_img, n_heads):
    def heads(txt, img):
        both = torch.cat([txt, img], dim=-2)
        return both.view(both.shape[0], both.shape[1], n_heads, -1)

    q, k, v = heads(q_txt, q_img), heads(k_txt, k_img), heads(v_txt, v_img)
    scores = torch.einsum("bihc,bjhc->bhij", q, k) / q.shape[-1] ** 0.5
    scores = scores - scores.amax(dim=-1, keepdim=True).detach()
    att = scores.exp() / scores.exp().sum(dim=-1, keepdim=True)
    out = torch.einsum("bhij,bjhc->bihc", att, v).reshape(len(q), q.shape[1], -1)
    return out[:, : q_txt.shape[1]], out[:, -q_img.shape[1] :], att


@right
def four_blocks(q_txt, k_txt, v_txt, q_img, k_img, v_img, n_heads):
    """Both modalities' scores apart, one log-sum-exp for both; image first inside."""

    def heads(z):
        return z.unflatten(-1, (n_heads, -1)).movedim(2, 1)

    keys = {"img": (heads(k_img), heads(v_img)), "txt": (heads(k_txt), heads(v_txt))}

    def listen(q):
        q = heads(q) / math.sqrt(q.shape[-1] / n_heads)
        scores = {name: q @ k.transpose(-1, -2) for name, (k, _) in keys.items()}
        total = torch.logsumexp(torch.cat([scores["img"], scores["txt"]], dim=-1), dim=-1, keepdim=True)
        shares = {name: (score - total).exp() for name, score in scores.items()}
        heard = shares["txt"] @ keys["txt"][1] + shares["img"] @ keys["img"][1]
        return heard.movedim(1, 2).flatten(-2), torch.cat([shares["txt"], shares["img"]], dim=-1)

    (txt, att_txt), (img, att_img) = listen(q_txt), listen(q_img)
    return txt, img, torch.cat([att_txt, att_img], dim=-2)


exercise("attention_quadrants")
wrong("key_mean", "shares[:, :, n_txt:].sum(dim=2)", "shares[:, :, n_txt:].mean(dim=2)",
      hint="Sum attention over keys: it is a share of 1.")
wrong("transposed", "\"text_to_image\": to_image[:, :n_txt].mean(dim=1),\n        \"image_to_text\": to_text[:, n_txt:].mean(dim=1),", "\"text_to_image\": to_text[:, n_txt:].mean(dim=1),\n        \"image_to_text\": to_image[:, :n_txt].mean(dim=1),",
      hint="Rows ask, columns answer: text_to_image is rows of text, columns of image.")
wrong("whole_mean", '"image_to_image": to_image[:, n_txt:].mean(dim=1)', '"image_to_image": to_image.mean(dim=1)',
      hint="The average ran over all rows: who asks is the image, so average over the image's rows only.")
wrong("adds_rows_too", "        \"text_to_text\": to_text[:, :n_txt].mean(dim=1),\n        \"text_to_image\": to_image[:, :n_txt].mean(dim=1),\n        \"image_to_text\": to_text[:, n_txt:].mean(dim=1),\n        \"image_to_image\": to_image[:, n_txt:].mean(dim=1),", "        \"text_to_text\": to_text[:, :n_txt].sum(dim=1),\n        \"text_to_image\": to_image[:, :n_txt].sum(dim=1),\n        \"image_to_text\": to_text[:, n_txt:].sum(dim=1),\n        \"image_to_image\": to_image[:, n_txt:].sum(dim=1),",
      hint="Every row adds up to 1 by itself: average over the askers, or a share grows with their number.")
wrong("heads_added", "att.mean(dim=1)", "att.sum(dim=1)", hint="Each head hands out a whole 1: average over the heads.")


@wrong(hint="One number for each sample: the batch is not averaged.")
def batch_averaged(att, n_txt):
    rows = att.mean(dim=(0, 1))
    names = {"text": slice(None, n_txt), "image": slice(n_txt, None)}
    return {
        f"{a}_to_{b}": rows[asks, answers].sum(dim=1).mean()
        for a, asks in names.items()
        for b, answers in names.items()
    }


@right
def by_indicator_matrices(att, n_txt):
    n = att.shape[-1]
    kinds = torch.zeros(n, 2, dtype=att.dtype)
    kinds[:n_txt, 0], kinds[n_txt:, 1] = 1, 1
    table = torch.einsum("bhij,ia,jc->bac", att, kinds / kinds.sum(0), kinds) / att.shape[1]
    names = ("text", "image")
    return {f"{a}_to_{b}": table[:, i, j] for i, a in enumerate(names) for j, b in enumerate(names)}


@right
def sample_by_sample(att, n_txt):
    rows = {"text": slice(0, n_txt), "image": slice(n_txt, att.shape[-1])}
    answer = {}
    for asks in rows:
        for replies in rows:
            blocks = [one[:, rows[asks], rows[replies]] for one in att]
            count = att.shape[1] * (rows[asks].stop - rows[asks].start)
            answer[f"{asks}_to_{replies}"] = torch.stack([block.sum() / count for block in blocks])
    return answer


exercise("MMDiTBlock")
wrong("shared_qkv", "self.img.speak(img, *mod_i[:2])", "self.txt.speak(img, *mod_i[:2])",
      hint="Naive shared projections: text features and image latents need their own Q, K and V.")


@wrong(hint="Shared listening, separate thinking: each stream has both layers of its FFN for itself.")
class shared_first_layer(MMDiTBlock):
    def forward(self, txt, img, c):
        own, self.img.fc1 = self.img.fc1, self.txt.fc1
        out = super().forward(txt, img, c)
        self.img.fc1 = own
        return out


@wrong(hint="Shared listening, separate thinking: each stream has its own FFN.")
class shared_ffn(MMDiTBlock):
    def forward(self, txt, img, c):
        own = self.img.fc1, self.img.fc2
        self.img.fc1, self.img.fc2 = self.txt.fc1, self.txt.fc2
        out = super().forward(txt, img, c)
        self.img.fc1, self.img.fc2 = own
        return out


@wrong(hint="Shared listening, separate thinking: the text passes its own FFN, not that of the image.")
class text_thinks_as_image(MMDiTBlock):
    def forward(self, txt, img, c):
        own = self.txt.fc1, self.txt.fc2
        self.txt.fc1, self.txt.fc2 = self.img.fc1, self.img.fc2
        out = super().forward(txt, img, c)
        self.txt.fc1, self.txt.fc2 = own
        return out


@wrong(hint="Each stream has its own FFN. Yours are exchanged: text passes that of the image, and image that of the text.")
class exchanged_ffn(MMDiTBlock):
    def forward(self, txt, img, c):
        words, patches = (self.txt.fc1, self.txt.fc2), (self.img.fc1, self.img.fc2)
        (self.txt.fc1, self.txt.fc2), (self.img.fc1, self.img.fc2) = patches, words
        out = super().forward(txt, img, c)
        (self.txt.fc1, self.txt.fc2), (self.img.fc1, self.img.fc2) = words, patches
        return out


wrong("text_frozen", "return self.txt.think(txt, heard_t, *mod_t[2:]),", "return txt + mod_t[2][:, None] * self.txt.proj(heard_t),",
      hint="In MMDiT the text stream is updated too (unlike cross-attention): its own FFN included.")
wrong("text_untouched", "return self.txt.think(txt, heard_t, *mod_t[2:]),", "return txt,",
      hint="Cross-attention leaves the text alone. Here the words are updated as the patches are.")
wrong("one_modulation", "mod_i = self.txt.modulation(c), self.img.modulation(c)", "mod_i = self.txt.modulation(c), self.txt.modulation(c)",
      hint="Both streams read the same c, but each through an ada of its own.")


@wrong(hint="Gate both branches of both streams.")
class no_gate(MMDiTBlock):
    def __init__(self, d_model, n_heads):
        super().__init__(d_model, n_heads)
        self.txt, self.img = _Stream(d_model), Ungated(d_model)


@wrong(hint="The six come in this order: shift, scale, gate for the attention, then for the FFN.")
class scale_before_shift(MMDiTBlock):
    def __init__(self, d_model, n_heads):
        super().__init__(d_model, n_heads)
        self.txt, self.img = Reordered(d_model), Reordered(d_model)


@wrong(hint="ada reads silu(c), not c itself.")
class no_silu(MMDiTBlock):
    def __init__(self, d_model, n_heads):
        super().__init__(d_model, n_heads)
        self.txt, self.img = Raw(d_model), Raw(d_model)


@wrong(hint="The GELU is the tanh approximation here, in which the weights were trained.")
class exact_gelu(MMDiTBlock):
    def __init__(self, d_model, n_heads):
        super().__init__(d_model, n_heads)
        self.txt, self.img = ErfGelu(d_model), ErfGelu(d_model)


@wrong(hint="First listen, then think: the FFN reads the norm of the stream that the attention has already updated.")
class parallel_branches(MMDiTBlock):
    def __init__(self, d_model, n_heads):
        super().__init__(d_model, n_heads)
        self.txt, self.img = Deaf(d_model), Deaf(d_model)


@wrong(hint="What the heads heard goes through the stream's own proj before it is gated and added.")
class no_output_projection(MMDiTBlock):
    def __init__(self, d_model, n_heads):
        super().__init__(d_model, n_heads)
        self.txt, self.img = Unprojected(d_model), Unprojected(d_model)


@wrong(hint="PyTorch's default eps is 1e-5; these blocks use 1e-6.")
class default_eps(MMDiTBlock):
    def __init__(self, d_model, n_heads):
        super().__init__(d_model, n_heads)
        self.txt, self.img = CoarseNorm(d_model), CoarseNorm(d_model)


@wrong(hint="adaLN-Zero: weight and bias of both ada start at zero, so that a fresh block does nothing.")
class not_zero_init(MMDiTBlock):
    def __init__(self, d_model, n_heads):
        super().__init__(d_model, n_heads)
        self.txt, self.img = Loud(d_model), Loud(d_model)


@right
class with_module_dicts(nn.Module):
    def __init__(self, d_model, n_heads):
        super().__init__()
        self.heads = n_heads
        sizes = {
            **dict.fromkeys(["q", "k", "v", "proj"], (d_model, d_model)),
            "ada": (d_model, 6 * d_model),
            "fc1": (d_model, 4 * d_model),
            "fc2": (4 * d_model, d_model),
        }
        for stream in ("img", "txt"):
            layers = nn.ModuleDict({name: nn.Linear(*size) for name, size in sizes.items()})
            for parameter in layers["ada"].parameters():
                parameter.data.zero_()
            setattr(self, stream, layers)
        self.norm = nn.LayerNorm(d_model, eps=1e-6, elementwise_affine=False)
        self.act = nn.GELU(approximate="tanh")

    def forward(self, txt, img, c):
        signal = F.silu(c).unsqueeze(1)
        streams = [(self.txt, txt), (self.img, img)]
        mods = [layers["ada"](signal).chunk(6, dim=-1) for layers, _ in streams]
        normed = [self.norm(x) * (1 + mod[1]) + mod[0] for (_, x), mod in zip(streams, mods, strict=True)]
        parts = [layers[name](h) for (layers, _), h in zip(streams, normed, strict=True) for name in "qkv"]
        heard = joint_attention(*parts, self.heads)[:2]
        out = []
        for (layers, x), mod, a in zip(streams, mods, heard, strict=True):
            x = x + mod[2] * layers["proj"](a)
            h = self.norm(x) * (1 + mod[4]) + mod[3]
            out.append(x + mod[5] * layers["fc2"](self.act(layers["fc1"](h))))
        return out[0], out[1]


@right
class image_first_by_sdpa(nn.Module):
    def __init__(self, d_model, n_heads):
        super().__init__()
        self.n_heads = n_heads
        self.txt = Holder(d_model)
        self.img = Holder(d_model)

    @staticmethod
    def norm(x):
        mean = x.mean(dim=-1, keepdim=True)
        return (x - mean) / ((x - mean).pow(2).mean(dim=-1, keepdim=True) + 1e-6).sqrt()

    def forward(self, txt, img, c):
        c = c * torch.sigmoid(c)
        mod_t, mod_i = self.txt.ada(c).unflatten(-1, (6, -1)), self.img.ada(c).unflatten(-1, (6, -1))
        h_t = modulate(self.norm(txt), mod_t[:, 0], mod_t[:, 1])
        h_i = modulate(self.norm(img), mod_i[:, 0], mod_i[:, 1])
        q, k, v = (
            torch.cat([getattr(self.img, name)(h_i), getattr(self.txt, name)(h_t)], dim=1)
            .unflatten(-1, (self.n_heads, -1))
            .transpose(1, 2)
            for name in "qkv"
        )
        a = F.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2)
        a_i, a_t = a[:, : img.shape[1]], a[:, img.shape[1] :]
        txt = txt + mod_t[:, None, 2] * self.txt.proj(a_t)
        img = img + mod_i[:, None, 2] * self.img.proj(a_i)
        h_t = modulate(self.norm(txt), mod_t[:, 3], mod_t[:, 4])
        h_i = modulate(self.norm(img), mod_i[:, 3], mod_i[:, 4])
        txt = txt + mod_t[:, None, 5] * self.txt.fc2(F.gelu(self.txt.fc1(h_t), approximate="tanh"))
        img = img + mod_i[:, None, 5] * self.img.fc2(F.gelu(self.img.fc1(h_i), approximate="tanh"))
        return txt, img


exercise("projection_conflict")
wrong("no_normalise", 'return {"shared": shared / n_tokens, "specific": specific / n_tokens}', 'return {"shared": shared, "specific": specific}',
      hint="That is the whole squared error: divide it by the number of all tokens, text and image.")


@wrong(hint="The best shared map is fitted on both modalities together; it is not an average of two maps.")
def averaged_weights(x_txt, y_txt, x_img, y_img):
    n = len(x_txt) + len(x_img)
    w_txt, w_img = torch.linalg.lstsq(x_txt, y_txt).solution, torch.linalg.lstsq(x_img, y_img).solution
    w = 0.5 * (w_txt + w_img)
    shared = ((x_txt @ w - y_txt) ** 2).sum() + ((x_img @ w - y_img) ** 2).sum()
    specific = ((x_txt @ w_txt - y_txt) ** 2).sum() + ((x_img @ w_img - y_img) ** 2).sum()
    return {"shared": shared / n, "specific": specific / n}


@wrong(hint="A map fitted on the text alone is not shared: fit it on both modalities together.")
def text_map_for_all(x_txt, y_txt, x_img, y_img):
    n = len(x_txt) + len(x_img)
    w_txt, w_img = torch.linalg.lstsq(x_txt, y_txt).solution, torch.linalg.lstsq(x_img, y_img).solution
    text = ((x_txt @ w_txt - y_txt) ** 2).sum()
    shared, specific = text + ((x_img @ w_txt - y_img) ** 2).sum(), text + ((x_img @ w_img - y_img) ** 2).sum()
    return {"shared": shared / n, "specific": specific / n}


wrong("text_only", "specific = smallest_error(x_txt, y_txt) + smallest_error(x_img, y_img)", "specific = smallest_error(x_txt, y_txt)",
      hint="The text alone was counted: the error adds up over text and image.")
wrong("mean_over_channels", "return ((x @ best - y) ** 2).sum()", "return ((x @ best - y) ** 2).mean(dim=1).sum()",
      hint="The error of a token is the sum over its channels, not their mean.")
wrong("not_squared", "return ((x @ best - y) ** 2).sum()", "return ((x @ best - y) ** 2).sum().sqrt()",
      hint="Squared errors are added; their root is not.")


@wrong(hint="Add the two squared errors and divide by all tokens. The mean of two means gives each modality the same say.")
def mean_of_means(x_txt, y_txt, x_img, y_img):
    def error(x, y):
        return ((x @ torch.linalg.lstsq(x, y).solution - y) ** 2).sum() / len(x)

    shared = error(torch.cat([x_txt, x_img]), torch.cat([y_txt, y_img]))
    return {"shared": shared, "specific": 0.5 * (error(x_txt, y_txt) + error(x_img, y_img))}


@wrong(hint="The maps have no bias: y = x W.")
def with_a_bias(x_txt, y_txt, x_img, y_img):
    def error(x, y):
        x = F.pad(x, (0, 1), value=1.0)
        return ((x @ torch.linalg.lstsq(x, y).solution - y) ** 2).sum()

    n = len(x_txt) + len(x_img)
    shared = error(torch.cat([x_txt, x_img]), torch.cat([y_txt, y_img]))
    return {"shared": shared / n, "specific": (error(x_txt, y_txt) + error(x_img, y_img)) / n}


@right
def by_pseudoinverse(x_txt, y_txt, x_img, y_img):
    n = x_txt.shape[0] + x_img.shape[0]

    def error(x, y):
        return (y - x @ (torch.linalg.pinv(x) @ y)).square().sum()

    both = error(torch.vstack([x_txt, x_img]), torch.vstack([y_txt, y_img]))
    return {"shared": both / n, "specific": (error(x_txt, y_txt) + error(x_img, y_img)) / n}


@right
def by_projection_in_float64(x_txt, y_txt, x_img, y_img):
    def unexplained(x, y):
        q, _ = torch.linalg.qr(x.double())
        y = y.double()
        return y.pow(2).sum() - (q.T @ y).pow(2).sum()

    n = len(x_txt) + len(x_img)
    shared = unexplained(torch.cat([x_txt, x_img]), torch.cat([y_txt, y_img])) / n
    specific = (unexplained(x_txt, y_txt) + unexplained(x_img, y_img)) / n
    return {"shared": shared.to(x_txt.dtype), "specific": specific.to(x_txt.dtype)}


@right
def by_normal_equations(x_txt, y_txt, x_img, y_img):
    def error(pairs):
        gram, moment = sum(x.T @ x for x, _ in pairs), sum(x.T @ y for x, y in pairs)
        w = torch.linalg.solve(gram, moment)
        return sum(((x @ w - y) ** 2).sum() for x, y in pairs)

    txt, img = (x_txt.double(), y_txt.double()), (x_img.double(), y_img.double())
    n = len(x_txt) + len(x_img)
    shared, specific = error([txt, img]) / n, (error([txt]) + error([img])) / n
    return {"shared": shared.to(x_txt.dtype), "specific": specific.to(x_txt.dtype)}


exercise("shift_sigmas")
wrong("inverted", "shift * sigmas / (1 + (shift - 1) * sigmas)", "sigmas / (shift - (shift - 1) * sigmas)",
      hint="shift > 1 must spend more steps at high noise: sigma = 0.5 has to grow.")
wrong("multiply", "shift * sigmas / (1 + (shift - 1) * sigmas)", "(shift * sigmas).clamp(max=1.0)",
      hint="0 and 1 stay fixed and the map is smooth: use the ratio form.")
wrong("no_minus_one", "(shift - 1)", "shift", hint="Check shift = 1: it must be the identity.")
wrong("shift_as_logarithm", "return shift * sigmas / (1 + (shift - 1) * sigmas)", "return math.exp(shift) * sigmas / (1 + (math.exp(shift) - 1) * sigmas)",
      hint="The shift is the factor of the odds itself. Its logarithm, mu, comes with Flux.")
wrong("power", "shift * sigmas / (1 + (shift - 1) * sigmas)", "sigmas ** (1 / shift)",
      hint="A power also keeps 0 and 1, but it is not this map: the odds s / (1 - s) are multiplied by the shift.")


@right
def through_the_logit(sigmas, shift):
    return torch.sigmoid(torch.logit(sigmas) + math.log(shift))


@right
def as_diffusers_writes_it(sigmas, shift):
    return shift / (shift + (1 / sigmas - 1))


@right
def as_a_mean(sigmas, shift):
    return shift * sigmas / ((1 - sigmas) + shift * sigmas)


exercise("flux_dynamic_shift")
wrong("mu_as_shift", "math.exp(mu)", "mu", hint="mu is the logarithm of the shift.")
wrong("sqrt_tokens", "slope * (n_tokens - base_tokens)", "(max_mu - base_mu) / (max_tokens**0.5 - base_tokens**0.5) * (n_tokens**0.5 - base_tokens**0.5)",
      hint="mu is linear in the token count.")
wrong("clipped", "(n_tokens - base_tokens)", "(min(n_tokens, max_tokens) - base_tokens)",
      hint="The line goes on beyond 4096 tokens.")
wrong("clipped_below", "(n_tokens - base_tokens)", "(max(n_tokens, base_tokens) - base_tokens)",
      hint="The line goes on below 256 tokens too: small pictures are shifted less.")
wrong("through_the_origin", "mu = base_mu + slope * (n_tokens - base_tokens)", "mu = base_mu + (max_mu - base_mu) * n_tokens / max_tokens",
      hint="The line passes through (base_tokens, base_mu): count the tokens from base_tokens on.")


@wrong(hint="The numbers of the line are arguments: use the ones that are given.")
def fixed_line(sigmas, n_tokens, base_tokens=256, max_tokens=4096, base_mu=0.5, max_mu=1.15):
    return shift_sigmas(sigmas, math.exp(0.5 + 0.65 * (n_tokens - 256) / 3840))


@wrong(hint="mu is what lies on the line, not the shift: take the line between the logarithms, then exp.")
def line_of_shifts(sigmas, n_tokens, base_tokens=256, max_tokens=4096, base_mu=0.5, max_mu=1.15):
    low, high = math.exp(base_mu), math.exp(max_mu)
    return shift_sigmas(sigmas, low + (high - low) * (n_tokens - base_tokens) / (max_tokens - base_tokens))


@right
def by_interpolation(sigmas, n_tokens, base_tokens=256, max_tokens=4096, base_mu=0.5, max_mu=1.15):
    place = (n_tokens - base_tokens) / (max_tokens - base_tokens)
    return shift_sigmas(sigmas, math.e ** ((1 - place) * base_mu + place * max_mu))


@right
def slope_and_intercept(sigmas, n_tokens, base_tokens=256, max_tokens=4096, base_mu=0.5, max_mu=1.15):
    m = (max_mu - base_mu) / (max_tokens - base_tokens)
    b = base_mu - m * base_tokens
    odds = math.exp(m * n_tokens + b)
    return (odds * sigmas / (1 - sigmas + odds * sigmas)).to(sigmas.dtype)


exercise("logit_normal_density")
wrong("no_jacobian", " * s * (1 - s))", ")", hint="Change of variables: divide by s(1 - s).")
wrong("normal_of_s", "torch.log(s / (1 - s))", "s", hint="The logit of s is normal, not s.")


@wrong(hint="Square the standard deviation in the exponent.")
def variance_as_std(s, mean=0.0, std=1.0):
    z = torch.log(s / (1 - s)) - mean
    return torch.exp(-(z**2) / (2 * std)) / (std * math.sqrt(2 * math.pi) * s * (1 - s))


wrong("jacobian_multiplied", "(std * math.sqrt(2 * math.pi) * s * (1 - s))", "(std * math.sqrt(2 * math.pi)) * s * (1 - s)",
      hint="The logit runs fast where s is near 0 or 1: its derivative is 1 over s(1 - s), so divide.")
wrong("log_density", "return torch.exp(-0.5 * z**2) / (std * math.sqrt(2 * math.pi) * s * (1 - s))", "return -0.5 * z**2 - torch.log(std * math.sqrt(2 * math.pi) * s * (1 - s))",
      hint="That is the logarithm of the density.")
wrong("std_missing_outside", "(std * math.sqrt(2 * math.pi)", "(math.sqrt(2 * math.pi)",
      hint="A wider normal is lower: its density has 1/std in front. Does yours add up to 1 for std = 2?")
wrong("log_normal", "torch.log(s / (1 - s))", "torch.log(s)",
      hint="The logit is the logarithm of the odds, log(s / (1 - s)), not of s.")


@right
def by_torch_distributions(s, mean=0.0, std=1.0):
    base = torch.distributions.Normal(torch.tensor(mean, dtype=s.dtype), torch.tensor(std, dtype=s.dtype))
    law = torch.distributions.TransformedDistribution(base, torch.distributions.SigmoidTransform())
    return law.log_prob(s).exp()


@right
def through_logarithms(s, mean=0.0, std=1.0):
    x = s.double()
    logit = x.log() - torch.log1p(-x)
    log_p = -((logit - mean) ** 2) / (2 * std**2) - math.log(std) - 0.5 * math.log(2 * math.pi)
    return (log_p - x.log() - torch.log1p(-x)).exp().to(s.dtype)


exercise("sd3_training_loss")
wrong("uniform_t", "torch.sigmoid(mean + std * normal_draws)", "torch.special.ndtr(normal_draws)",
      hint="SD3 draws times from a logit-normal: sigmoid of a normal, not uniform.")
wrong("wrong_velocity", "noise - x0)", "x0 - noise)",
      hint="With x_s = (1 - s) x0 + s noise the derivative is noise - x0.")
wrong("eps_target", "noise - x0)", "noise)",
      hint="The target was the noise: the network predicts the velocity, noise minus x0.")
wrong("no_shift", "shift_sigmas(torch.sigmoid(mean + std * normal_draws), shift)", "torch.sigmoid(mean + std * normal_draws)",
      hint="Apply the resolution shift to the drawn times.")
wrong("swapped_ends", "(1 - level) * x0 + level * noise", "level * x0 + (1 - level) * noise",
      hint="s = 0 is data and s = 1 is noise: at a high level there is little left of x0.")
wrong("signal_preserving", "(1 - level) * x0 + level * noise", "(1 - level**2).sqrt() * x0 + level * noise",
      hint="That is DDPM's curve, on which the variances add up to 1. The straight road has weights 1 - s and s.")
wrong("model_sees_unshifted", "model(x_s, s, cond)", "model(x_s, torch.sigmoid(mean + std * normal_draws), cond)",
      hint="The model must be told the level at which the sample really stands, after the shift.")
wrong("level_lost_its_shape", "model(x_s, s, cond)", "model(x_s, level, cond)",
      hint="The model gets one level for each sample, shape [B]; the trailing axes are for multiplying the data.")
wrong("summed", "F.mse_loss(model(x_s, s, cond), noise - x0)", 'F.mse_loss(model(x_s, s, cond), noise - x0, reduction="sum") / len(x0)',
      hint="The loss is the mean over all elements, not a sum over those of each sample.")


@right
def road_from_the_velocity(model, x0, noise, normal_draws, cond, mean=0.0, std=1.0, shift=1.0):
    target = noise - x0
    s = 1 / (1 + torch.exp(-(mean + std * normal_draws)))
    s = shift_sigmas(s, shift)
    x_s = x0 + torch.einsum("b,b...->b...", s, target)
    return (model(x_s, s, cond) - target).pow(2).mean()


@right
def shift_as_a_moved_mean(model, x0, noise, normal_draws, cond, mean=0.0, std=1.0, shift=1.0):
    s = torch.sigmoid(mean + math.log(shift) + std * normal_draws)
    x_s = torch.stack([torch.lerp(a, b, level) for a, b, level in zip(x0, noise, s, strict=True)])
    return ((noise - x0 - model(x_s, s, cond)) ** 2).sum() / x0.numel()


exercise("rectified_flow_sample")
wrong("wrong_direction", "x + (there - here)", "x - (there - here)",
      hint="Velocity points to noise; walk it with negative ds.")
wrong("stops_early", "torch.linspace(1.0, 0.0, n_steps + 1, dtype=torch.float64)", "torch.linspace(1.0, 1.0 / n_steps, n_steps + 1, dtype=torch.float64)",
      hint="The last step must land on s = 0.")
wrong("no_shift", "levels = shift_sigmas(torch.linspace(1.0, 0.0, n_steps + 1, dtype=torch.float64), shift)", "levels = torch.linspace(1.0, 0.0, n_steps + 1, dtype=torch.float64)",
      hint="The levels were walked unshifted: shift all n + 1 of them before the first step.")
wrong("velocity_at_the_end", "(len(x),), here)", "(len(x),), there)",
      hint="Ask the velocity where the step begins, not at the level that it goes to.")
wrong("one_level_too_few", "n_steps + 1, dtype", "n_steps, dtype", hint="n steps lie between n + 1 levels.")
wrong("no_error", "if n_steps < 1:", "if False:", hint="Fewer than one step leads nowhere: raise ValueError.")
wrong("stale_velocity", "velocity(x, s)", "velocity(noise, s)",
      hint="Ask the velocity at the place that you have reached, not at the start.")
wrong("even_steps_on_shifted_levels", "(there - here)", "(-1 / n_steps)",
      hint="On shifted levels the steps are not equally long: use the difference of the two levels.")


@right
def levels_in_the_datas_dtype(velocity, noise, n_steps, shift=1.0):
    if not n_steps >= 1:
        raise ValueError("too few steps")
    levels = shift_sigmas(torch.linspace(1, 0, n_steps + 1), shift).to(noise)
    x = noise.clone()
    for k in range(n_steps):
        x = x - (levels[k] - levels[k + 1]) * velocity(x, levels[k].expand(x.shape[0]))
    return x


@right
def by_recursion(velocity, noise, n_steps, shift=1.0):
    if n_steps <= 0:
        raise ValueError("too few steps")

    def level(k):
        even = 1 - k / n_steps
        return shift * even / (1 + (shift - 1) * even)

    def walk(x, k):
        if k == n_steps:
            return x
        s = torch.full((x.shape[0],), level(k), dtype=x.dtype)
        return walk(x + (level(k + 1) - level(k)) * velocity(x, s), k + 1)

    return walk(noise, 0)


exercise("six_evaluations")


@wrong(hint="Six even Euler steps take the slope where a step begins for the whole step: the road bends in between.")
def plain_euler(velocity, noise):
    return {"samples": rectified_flow_sample(velocity, noise, 6), "predicted": 0.2}


@wrong(hint="The shift of large pictures makes the last steps long, and here they are the ones that bend.")
def shifted_euler(velocity, noise):
    return {"samples": rectified_flow_sample(velocity, noise, 6, 3.0), "predicted": 0.2}


@wrong(hint="Twelve evaluations are not six: a step that asks twice is two.")
def twelve_steps(velocity, noise):
    x, levels = noise, torch.linspace(1, 0, 7).tolist()
    for here, there in pairwise(levels):
        half = x + (there - here) / 2 * velocity(x, x.new_full((len(x),), here))
        x = x + (there - here) * velocity(half, x.new_full((len(x),), (here + there) / 2))
    return {"samples": x, "predicted": 0.01}


@wrong(hint="The noise that was handed over is still needed: walk on a copy of it.")
def walks_in_the_noise(velocity, noise):
    for here, there in ((1.0, 2 / 3), (2 / 3, 1 / 3), (1 / 3, 0.0)):
        half = noise + (there - here) / 2 * velocity(noise, noise.new_full((len(noise),), here))
        noise += (there - here) * velocity(half, noise.new_full((len(noise),), (here + there) / 2))
    return {"samples": noise, "predicted": 0.05}


fails("one_step", "levels = noise, [1.0, 2 / 3, 1 / 3, 0.0]", "levels = noise, [1.0, 0.0]")
fails("wrong_way", "x = x + (there - here) * velocity(half", "x = x - (there - here) * velocity(half")
fails("stops_early", "[1.0, 2 / 3, 1 / 3, 0.0]", "[1.0, 0.7, 0.4]")


@right
def heuns_method(velocity, noise):
    x = noise.clone()
    for here, there in ((1.0, 0.66), (0.66, 0.33), (0.33, 0.0)):
        first = velocity(x, torch.full((len(x),), here, dtype=x.dtype))
        level = torch.full((len(x),), max(there, 1e-3), dtype=x.dtype)
        second = velocity(x + (there - here) * first, level)
        x = x + (there - here) / 2 * (first + second)
    return {"samples": x, "predicted": 0.08}


@right
def with_memory(velocity, noise):
    x, before = noise, None
    for k in range(6):
        v = velocity(x, torch.full((len(x),), 1 - k / 6).to(x))
        slope = v if before is None else 1.5 * v - 0.5 * before
        x, before = x - slope / 6, v
    return {"samples": x, "predicted": 0.05}


@right
def with_clean_answers(velocity, noise):
    # Carry the clean answer along instead of the velocity, and continue its change over the log signal-to-noise ratio.
    def log_ratio(s):
        return math.log((1 - s) / s) if s < 1 else -8.0

    x, old = noise, None
    for k in range(6):
        here, there = 1 - k / 6, 1 - (k + 1) / 6
        clean = x - here * velocity(x, torch.full_like(x[:, 0], here))
        answer = clean
        if old is not None and k < 5:
            ahead = (log_ratio(there) - log_ratio(here)) / (2 * (log_ratio(here) - log_ratio(here + 1 / 6)))
            answer = clean + ahead * (clean - old)
        old = clean
        ratio = there / here if k < 5 else 0.0
        x = ratio * x + (1 - (there if k < 5 else 0.0) - (1 - here) * ratio) * answer
    return {"samples": x, "predicted": 0.1}


exercise("FluxSingleBlock")
wrong("sequential_mlp", "self.fc1(h)", "self.fc1(h + heard)",
      hint="Attention and MLP run in parallel from the same normalised input.")


@wrong(hint="Q and K are RMS-normalised per head.")
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


@wrong(hint="Q and K are RMS-normalised per head, and then scaled by norm_q and norm_k.")
class no_qk_norm_at_all(FluxSingleBlock):
    def forward(self, txt, img, c):
        x = torch.cat([txt, img], dim=1)
        shift, scale, gate = self.ada(F.silu(c)).chunk(3, dim=1)
        h = modulate(_layer_norm(x), shift, scale)
        q, k, v = self.qkv(h).unflatten(2, (3, self.n_heads, -1)).permute(2, 0, 3, 1, 4)
        heard = F.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2)
        thought = F.gelu(self.fc1(h), approximate="tanh")
        x = x + gate[:, None] * self.out(torch.cat([heard, thought], dim=2))
        return x[:, : txt.shape[1]], x[:, txt.shape[1] :]


@wrong(hint="The norm of q and k runs within each head, over the head's channels, not over all d channels.")
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


wrong("mlp_first", "torch.cat([heard, thought], dim=2)", "torch.cat([thought, heard], dim=2)",
      hint="`out` reads attention's channels before those of the MLP; yours stand the other way round.")


@wrong(hint="After the RMS norm, q is multiplied by norm_q and k by norm_k, channel by channel.")
class norm_without_gain(FluxSingleBlock):
    def forward(self, txt, img, c):
        x = torch.cat([txt, img], dim=1)
        shift, scale, gate = self.ada(F.silu(c)).chunk(3, dim=1)
        h = modulate(_layer_norm(x), shift, scale)
        q, k, v = self.qkv(h).unflatten(2, (3, self.n_heads, -1)).permute(2, 0, 3, 1, 4)
        q, k = (F.rms_norm(z, z.shape[-1:], eps=1e-6) for z in (q, k))
        heard = F.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2)
        thought = F.gelu(self.fc1(h), approximate="tanh")
        x = x + gate[:, None] * self.out(torch.cat([heard, thought], dim=2))
        return x[:, : txt.shape[1]], x[:, txt.shape[1] :]


wrong("norms_values", "heard = F.scaled_dot_product_attention(q, k, v)", "heard = F.scaled_dot_product_attention(q, k, F.rms_norm(v, v.shape[-1:], eps=1e-6))",
      hint="Only queries and keys are normalised; values keep their size, for they are what is heard.")
wrong("image_first", "x = torch.cat([txt, img], dim=1)", "x = torch.cat([img, txt], dim=1)",
      hint="Keep the split consistent with the concatenation order: text first in both.")
wrong("no_gate", "x = x + gate[:, None] * self.out", "x = x + self.out",
      hint="What out answers is multiplied by the gate before it is added.")
wrong("mlp_reads_unmodulated", "self.fc1(h)", "self.fc1(_layer_norm(x))",
      hint="Both branches read the modulated norm: shift and scale are for the MLP too.")
wrong("no_silu", "self.ada(F.silu(c))", "self.ada(c)", hint="ada reads silu(c), not c itself.")
wrong("scale_before_shift", "shift, scale, gate = self.ada", "scale, shift, gate = self.ada",
      hint="The three come in this order: shift, scale, gate.")
wrong("fixed_ratio", "nn.Linear(d_model, mlp_ratio * d_model)", "nn.Linear(d_model, 4 * d_model)",
      hint="The hidden width is mlp_ratio times d, and out reads d plus that many channels.")


@right
class written_out(nn.Module):
    def __init__(self, d_model, n_heads, mlp_ratio=4):
        super().__init__()
        self.h, self.d = n_heads, d_model
        self.out = nn.Linear(d_model + mlp_ratio * d_model, d_model)
        self.fc1 = nn.Linear(d_model, d_model * mlp_ratio)
        for name in ("norm_k", "norm_q"):
            self.register_parameter(name, nn.Parameter(torch.full((d_model // n_heads,), 1.0)))
        self.qkv = nn.Linear(d_model, d_model * 3)
        self.ada = nn.Linear(d_model, d_model * 3)
        nn.init.zeros_(self.ada.weight)

    def forward(self, txt, img, c):
        n = txt.size(1)
        x = torch.cat((txt, img), 1)
        mods = self.ada(nn.functional.silu(c))[:, None]
        shift, scale, gate = mods[..., : self.d], mods[..., self.d : 2 * self.d], mods[..., 2 * self.d :]
        var, mean = torch.var_mean(x, dim=-1, keepdim=True, unbiased=False)
        h = (x - mean) * torch.rsqrt(var + 1e-6) * (1 + scale) + shift
        parts = self.qkv(h).split(self.d, dim=-1)
        q, k, v = (part.reshape(*part.shape[:2], self.h, -1).permute(0, 2, 1, 3) for part in parts)
        q = q * torch.rsqrt(q.square().mean(-1, keepdim=True) + 1e-6) * self.norm_q
        k = k * torch.rsqrt(k.square().mean(-1, keepdim=True) + 1e-6) * self.norm_k
        att = torch.softmax(q @ k.transpose(2, 3) / q.size(-1) ** 0.5, dim=-1) @ v
        att = att.permute(0, 2, 1, 3).reshape(x.shape)
        u = self.fc1(h)
        gelu = 0.5 * u * (1 + torch.tanh(math.sqrt(2 / math.pi) * (u + 0.044715 * u**3)))
        x = x + gate * self.out(torch.cat((att, gelu), -1))
        return x[:, :n], x[:, n:]


@right
class by_joint_attention(nn.Module):
    def __init__(self, d_model, n_heads, mlp_ratio=4):
        super().__init__()
        self.n_heads = n_heads
        self.ada, self.qkv = nn.Linear(d_model, 3 * d_model), nn.Linear(d_model, 3 * d_model)
        self.norm_q, self.norm_k = (nn.Parameter(torch.ones(d_model // n_heads)) for _ in range(2))
        self.fc1, self.out = nn.Linear(d_model, mlp_ratio * d_model), nn.Linear((mlp_ratio + 1) * d_model, d_model)

    def forward(self, txt, img, c):
        shift, scale, gate = self.ada(F.silu(c)).chunk(3, dim=-1)

        def prepare(x):
            h = modulate(F.layer_norm(x, (x.shape[-1],), None, None, 1e-6), shift, scale)
            q, k, v = self.qkv(h).chunk(3, dim=-1)
            return h, self.unit(q, self.norm_q), self.unit(k, self.norm_k), v

        (h_t, *words), (h_i, *patches) = prepare(txt), prepare(img)
        heard_t, heard_i, _ = joint_attention(*words, *patches, self.n_heads)

        def finish(x, h, heard):
            both = torch.cat([heard, F.gelu(self.fc1(h), approximate="tanh")], dim=-1)
            return x + gate.unsqueeze(1) * self.out(both)

        return finish(txt, h_t, heard_t), finish(img, h_i, heard_i)

    def unit(self, z, gain):
        return F.rms_norm(z.unflatten(-1, (self.n_heads, -1)), gain.shape, gain, 1e-6).flatten(2)


exercise("stage_sources")
wrong("velocity_is_a_token", '"velocity_patches": ("flow", "7.2.2")', '"velocity_patches": ("tokens", "7.4.2")',
      hint="What an answer IS counts, not how it is laid out.")
wrong("padding_is_sdxls", '"clip_padded": ("text", "7.4.3")', '"clip_padded": ("text", "7.4.1")',
      hint="SDXL had no T5, so it had no reason to pad to T5's width.")
wrong("everything_is_new", '"adaln_parameters": ("room", "7.4.2")', '"adaln_parameters": ("room", "7.4.3")',
      hint="Where was the dial of a block's norms built? That it now sits in two streams makes it no new idea.")
wrong("pictures_are_tokens", '"noise_latent": ("latents", "6.4")', '"noise_latent": ("flow", "7.2.2")',
      hint="The start is noise in the autoencoder's space: its shape is the autoencoder's.")


@right
def as_lists():
    threads = {
        "text": {"clip_concat": "7.4.1", "pooled": "7.4.1", "clip_padded": "7.4.3", "text_context": "7.4.3"},
        "latents": dict.fromkeys(["noise_latent", "image"], "6.4"),
        "tokens": dict.fromkeys(["patches", "image_tokens"], "7.4.2"),
        "room": {"text_tokens": "7.4.3", "joint_sequence": "7.4.3", "adaln_parameters": "7.4.2"},
        "flow": dict.fromkeys(["velocity_patches", "velocity"], "7.2.2"),
    }
    return {stage: [thread, lesson] for thread, own in threads.items() for stage, lesson in own.items()}


@right
def from_two_rows():
    lessons = "7.4.1 7.4.3 7.4.3 7.4.1 6.4 7.4.2 7.4.2 7.4.3 7.4.3 7.4.2 7.2.2 7.2.2 6.4".split()
    threads = "text text text text latents tokens tokens room room room flow flow latents".split()
    return dict(zip(SD3_STAGES, zip(threads, lessons, strict=True), strict=True))


exercise("trace_sd3_pipeline")
wrong("forgets_vae", "side = image_size // vae_factor", "side = image_size",
      hint="The transformer works on latents: 8x smaller per side.")
wrong("forgets_t5", "77 + n_t5", "77", hint="Text context is CLIP tokens plus T5 tokens.")
wrong("patch_one_axis", "(side // patch) ** 2", "side**2 // patch",
      hint="A patch is taken along height and width, so the number of tokens shrinks by patch squared.")
wrong("rgb_patches", "patch_size = patch * patch * channels", "patch_size = patch * patch * 3",
      hint="Patches are cut from the latent, which has its own channels, not red, green and blue.")
wrong("adaln_for_each_token", '"adaln_parameters": [6 * d_model]', '"adaln_parameters": [n_img, 6 * d_model]',
      hint="Modulation comes from c, one vector for each sample: there is no token axis.")
wrong("cross_attention_sequence", '"joint_sequence": [n_txt + n_img, d_model]', '"joint_sequence": [n_img, d_model]',
      hint="In joint attention the text sits in the sequence too: one room.")
wrong("velocity_of_width_d", '"velocity_patches": [n_img, patch_size]', '"velocity_patches": [n_img, d_model]',
      hint="The last layer projects back: the answer for a patch is as large as the patch.")
wrong("no_error", "if image_size % (vae_factor * patch):", "if False:",
      hint="A picture whose latent does not divide into whole patches is a ValueError.")
wrong("latent_only_must_divide", "image_size % (vae_factor * patch)", "image_size % vae_factor",
      hint="The latent must also divide into patches: vae_factor times patch pixels belong together.")


@right
def row_by_row(image_size, batch, patch, d_model, n_t5, vae_factor=8, channels=16):
    side, rest = divmod(image_size, vae_factor * patch)  # patches per side
    if rest:
        raise ValueError("broken patches")
    latent, text, image = side * patch, n_t5 + 77, side * side
    shapes = [
        (batch, 77, 2048),
        (batch, 77, 4096),
        (batch, text, 4096),
        (batch, 2048),
        (batch, channels, latent, latent),
        (batch, image, patch**2 * channels),
        (batch, image, d_model),
        (batch, text, d_model),
        (batch, text + image, d_model),
        (batch, 6 * d_model),
        (batch, image, patch**2 * channels),
        (batch, channels, latent, latent),
        (batch, 3, image_size, image_size),
    ]
    lessons = ["7.4.1", "7.4.3", "7.4.3", "7.4.1", "6.4", "7.4.2", "7.4.2", "7.4.3", "7.4.3", "7.4.2", "7.2.2", "7.2.2", "6.4"]
    return list(zip(SD3_STAGES, shapes, lessons, strict=True))


@right
def by_running_it_on_meta_tensors(image_size, batch, patch, d_model, n_t5, vae_factor=8, channels=16):
    if image_size // vae_factor // patch * patch * vae_factor != image_size:
        raise ValueError("broken patches")

    def empty(*shape):
        return torch.empty(batch, *shape, device="meta")

    size = image_size // vae_factor
    clip = torch.cat([empty(77, 768), empty(77, 1280)], dim=-1)
    padded = F.pad(clip, (0, 4096 - clip.shape[-1]))
    context = torch.cat([padded, empty(n_t5, 4096)], dim=1)
    pooled = torch.cat([empty(768), empty(1280)], dim=-1)
    latent = empty(channels, size, size)
    patches = F.unfold(latent, patch, stride=patch).transpose(1, 2)
    image_tokens = patches @ torch.empty(patches.shape[-1], d_model, device="meta")
    text_tokens = context @ torch.empty(4096, d_model, device="meta")
    joint = torch.cat([text_tokens, image_tokens], dim=1)
    ada = empty(d_model) @ torch.empty(d_model, 6 * d_model, device="meta")
    velocity = F.fold(patches.transpose(1, 2), size, patch, stride=patch)
    image = empty(3, image_size, image_size)
    flow = [clip, padded, context, pooled, latent, patches, image_tokens, text_tokens, joint, ada]
    flow += [patches, velocity, image]
    return [[name, list(z.shape), stage_sources()[name][1]] for name, z in zip(SD3_STAGES, flow, strict=True)]
