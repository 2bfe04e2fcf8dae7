"""Known right and wrong answers to lesson 7.4.4."""

import copy
import math

import torch
import torch.nn.functional as F
from torch import nn
from torch.distributions import Normal

from blindgrade.known_answers import exercise, fails, right, wrong

exercise("SwiGLU")
wrong("gelu", "F.silu(self.w1(x))", "F.gelu(self.w1(x))", hint="The gate uses SiLU (Swish), hence *Swi*GLU.")
wrong("gate_swapped", "F.silu(self.w1(x)) * self.w3(x)", "self.w1(x) * F.silu(self.w3(x))",
      hint="w1 is activated, w3 is the linear view.")
wrong("added", "F.silu(self.w1(x)) * self.w3(x)", "F.silu(self.w1(x)) + self.w3(x)",
      hint="The two views are multiplied, feature by feature; added, neither could shut the other off.")
wrong("sigmoid_gate", "F.silu(self.w1(x))", "torch.sigmoid(self.w1(x))",
      hint="A sigmoid gate makes a GLU; SiLU is the input times its sigmoid.")
wrong("no_gate", "F.silu(self.w1(x)) * self.w3(x)", "F.silu(self.w1(x))",
      hint="That is a plain feed-forward network: the second view, w3, is missing.")


@right
class with_the_sigmoid_written_out(nn.Module):
    def __init__(self, d_model, d_hidden):
        super().__init__()
        for name, (fan_in, fan_out) in {
            "w1": (d_model, d_hidden),
            "w3": (d_model, d_hidden),
            "w2": (d_hidden, d_model),
        }.items():
            setattr(self, name, nn.Linear(fan_in, fan_out, bias=False))

    def forward(self, x):
        view = self.w1(x)
        return self.w2(view * torch.sigmoid(view) * self.w3(x))


@right
class both_views_in_one_product(nn.Module):
    def __init__(self, d_model, d_hidden):
        super().__init__()
        self.w2 = nn.Linear(d_hidden, d_model, bias=False)
        self.w1, self.w3 = (nn.Linear(d_model, d_hidden, bias=False) for _ in range(2))

    def forward(self, x):
        gate, value = (x @ torch.cat([self.w1.weight, self.w3.weight]).T).chunk(2, dim=-1)
        return nn.SiLU()(gate).mul(value) @ self.w2.weight.T


exercise("unified_position_ids")
wrong("text_from_zero", "torch.arange(1, n_text + 1)", "torch.arange(n_text)",
      hint="Text positions start at 1 on the time axis.")
wrong("image_at_zero", "torch.full_like(rows, n_text + 1)", "torch.zeros_like(rows)",
      hint="All image tokens share the moment after the text.")
wrong("raster_time", "torch.full_like(rows, n_text + 1)", "n_text + 1 + rows * grid_w + cols",
      hint="An image is one moment: its tokens differ in height and width only.")
wrong("text_on_all_axes", "text[:, 0] = torch.arange(1, n_text + 1)", "text[:] = torch.arange(1, n_text + 1).unsqueeze(1)",
      hint="Text has no height or width: position 0 there (zero rotation).")
wrong("text_first", "torch.cat([image, text])", "torch.cat([text, image])",
      hint="Text comes earlier in time, but image tokens come first in the sequence.")
wrong("column_by_column", "[torch.full_like(rows, n_text + 1), rows, cols]", "[torch.full_like(rows, n_text + 1), cols, rows]",
      hint="The coordinates are time, row, column, and the image is read row by row: the column changes fastest.")
wrong("image_with_the_last_word", "torch.full_like(rows, n_text + 1)", "torch.full_like(rows, n_text)",
      hint="The last word stands at n_text: the image's moment is the next one.")


@right
def token_by_token(n_text, grid_h, grid_w):
    image = [[n_text + 1, row, col] for row in range(grid_h) for col in range(grid_w)]
    return torch.tensor(image + [[i, 0, 0] for i in range(1, n_text + 1)], dtype=torch.long)


@right
def as_two_grids(n_text, grid_h, grid_w):
    def grid(start, sizes):
        axes = [torch.arange(low, low + size) for low, size in zip(start, sizes)]
        return torch.stack(torch.meshgrid(*axes, indexing="ij"), dim=-1).reshape(-1, 3)

    return torch.cat([grid((n_text + 1, 0, 0), (1, grid_h, grid_w)), grid((1, 0, 0), (n_text, 1, 1))])


exercise("rope_3d")
wrong("one_axis", "ids[:, axis]", "ids[:, 0]", hint="Each block of channels rotates by its own axis' position.")
wrong("halves_pairing", "even, odd = x[..., 0::2], x[..., 1::2]", "even, odd = x.chunk(2, dim=-1)",
      hint="Pairs are neighbouring channels (2i, 2i+1), not the two halves.")
wrong("freq_over_head", "torch.arange(0, d, 2, dtype=torch.float64) / d", "torch.arange(0, d, 2, dtype=torch.float64) / x.shape[-1]",
      hint="Frequencies are laid out per axis: divide by that axis' size.")
wrong("adds_positions", "even * cos - odd * sin", "even + sin", hint="RoPE rotates; it keeps the length of q and k.")
wrong("turns_back", "[even * cos - odd * sin, even * sin + odd * cos]", "[even * cos + odd * sin, odd * cos - even * sin]",
      hint="You turn by minus the angle: the minus stands before the odd channel's sine.")
wrong("not_interleaved", "turned.flatten(-2)", "turned.transpose(-1, -2).flatten(-2)",
      hint="Rotated pairs go back to where they came from: channels 2i and 2i+1, not the first and the second half.")
wrong("base_built_in", "theta ** -", "256.0 ** -", hint="256 is only the default: use the theta that is given.")


@right
def as_complex_numbers(x, ids, axes_dims, theta=256.0):
    if any(size % 2 for size in axes_dims) or sum(axes_dims) != x.shape[-1]:
        raise ValueError("the blocks do not fit")
    angles = torch.cat(
        [
            torch.outer(ids[:, k].double(), theta ** (-torch.arange(0, d, 2).double() / d))
            for k, d in enumerate(axes_dims)
        ],
        dim=1,
    )
    pairs = torch.view_as_complex(x.double().unflatten(-1, (-1, 2)).contiguous())
    return torch.view_as_real(pairs * torch.polar(torch.ones_like(angles), angles)).flatten(-2).to(x.dtype)


@right
def block_by_block_in_float32(x, ids, axes_dims, theta=256.0):
    if sum(axes_dims) != x.shape[-1]:
        raise ValueError("the blocks do not add up")
    done = []
    for axis, block in enumerate(x.split(axes_dims, dim=-1)):
        d = axes_dims[axis]
        if d % 2:
            raise ValueError("an odd block has no pairs")
        frequencies = torch.exp(-math.log(theta) * torch.arange(0, d, 2, dtype=torch.float32) / d)
        angle = (ids[:, axis, None].float() * frequencies).repeat_interleave(2, dim=-1)  # [N, d]
        partner = torch.stack([-block[..., 1::2], block[..., 0::2]], dim=-1).flatten(-2)
        done.append(block * angle.cos() + partner * angle.sin())
    return torch.cat(done, dim=-1).to(x.dtype)


exercise("S3DiTBlock")
wrong("no_tanh", "gate1, gate2 = gate1.tanh(), gate2.tanh()", "pass",
      hint="The gates are not bounded: they go through tanh, so that no branch passes at more than its own size.")
wrong("no_post_norm", "x = x + gate1 * rms(a, self.attn_norm2)", "x = x + gate1 * a",
      hint="Sandwich norm: the branch's output is normalised again before the gate.")
wrong("rope_on_v", "v = heads(self.to_v(h))", "v = rope_3d(heads(self.to_v(h)), ids, self.axes_dims)",
      hint="The values were rotated, too: positions are for who attends to whom, so only queries and keys turn.")
wrong("no_qk_norm", "rms(heads(self.to_q(h)), self.norm_q)", "heads(self.to_q(h))",
      hint="Q and K are RMS-normalised per head before the rotation.")
wrong("silu_on_the_condition", "self.ada(c)[:, None]", "self.ada(F.silu(c))[:, None]",
      hint="DiT puts a SiLU before this layer; Z-Image's block reads c as it is.")
wrong("gates_before_scales", "scale1, gate1, scale2, gate2 = self.ada", "gate1, scale1, gate2, scale2 = self.ada",
      hint="The four parts come as scale, gate, scale, gate.")
wrong("scale_without_one", "rms(x, self.attn_norm1) * (1 + scale1)", "rms(x, self.attn_norm1) * (scale1 if self.modulation else 1.0)",
      hint="The scale is a change: multiply by 1 + scale, so that a scale of 0 leaves the branch as it is.")
wrong("heads_interleaved", "features.unflatten(-1, (self.n_heads, -1)).transpose(1, 2)", "features.unflatten(-1, (-1, self.n_heads)).permute(0, 3, 1, 2)",
      hint="Head h owns consecutive channels: split the width into heads first, channels of a head second.")


@right
class with_softmax_and_torchs_norm(nn.Module):
    def __init__(self, d_model, n_heads, axes_dims, d_cond=None, modulation=True):
        super().__init__()
        self.heads, self.blocks = n_heads, axes_dims
        self.ada = nn.Linear(d_cond, 4 * d_model) if modulation else None
        for name in ("attn_norm1", "attn_norm2", "ffn_norm1", "ffn_norm2"):
            setattr(self, name, nn.Parameter(torch.ones(d_model)))
        for name in ("norm_q", "norm_k"):
            setattr(self, name, nn.Parameter(torch.ones(d_model // n_heads)))
        for name in ("to_q", "to_k", "to_v", "to_out"):
            setattr(self, name, nn.Linear(d_model, d_model, bias=False))
        self.ffn = SwiGLU(d_model, 8 * d_model // 3)

    def attend(self, h, ids):
        b, n, d = h.shape
        split = [layer(h).view(b, n, self.heads, d // self.heads) for layer in (self.to_q, self.to_k, self.to_v)]
        q = F.rms_norm(split[0], self.norm_q.shape, self.norm_q, 1e-5).transpose(1, 2)
        k = F.rms_norm(split[1], self.norm_k.shape, self.norm_k, 1e-5).transpose(1, 2)
        q, k = rope_3d(q, ids, self.blocks), rope_3d(k, ids, self.blocks)
        weights = torch.softmax(q @ k.transpose(-1, -2) / math.sqrt(d // self.heads), dim=-1)
        return self.to_out(torch.einsum("bhnm,bmhd->bnhd", weights, split[2]).reshape(b, n, d))

    def forward(self, x, ids, c=None):
        if self.ada is None:
            parts = [torch.zeros(()), torch.ones(()), torch.zeros(()), torch.ones(())]
        else:
            parts = list(self.ada(c).unsqueeze(1).split(x.shape[-1], dim=-1))
            parts[1], parts[3] = torch.tanh(parts[1]), torch.tanh(parts[3])
        size = x.shape[-1:]
        h = self.attend(F.rms_norm(x, size, self.attn_norm1, 1e-5) * (parts[0] + 1), ids)
        x = torch.addcmul(x, parts[1].to(x), F.rms_norm(h, size, self.attn_norm2, 1e-5))
        h = self.ffn(F.rms_norm(x, size, self.ffn_norm1, 1e-5) * (parts[2] + 1))
        return torch.addcmul(x, parts[3].to(x), F.rms_norm(h, size, self.ffn_norm2, 1e-5))


@right
class head_by_head(nn.Module):
    def __init__(self, d_model, n_heads, axes_dims, d_cond=None, modulation=True):
        super().__init__()
        self.size, self.axes_dims, self.modulation = d_model // n_heads, list(axes_dims), modulation
        self.to_q, self.to_k, self.to_v, self.to_out = (nn.Linear(d_model, d_model, False) for _ in range(4))
        self.norm_q, self.norm_k = (nn.Parameter(torch.ones(self.size)) for _ in range(2))
        self.attn_norm1, self.attn_norm2, self.ffn_norm1, self.ffn_norm2 = (
            nn.Parameter(torch.ones(d_model)) for _ in range(4)
        )
        self.ffn = SwiGLU(d_model, int(d_model / 3 * 8))
        if modulation:
            self.ada = nn.Linear(d_cond, 4 * d_model)
            nn.init.zeros_(self.ada.weight)

    def norm(self, x, weight):
        return weight * x / torch.sqrt((x * x).mean(-1, keepdim=True) + 1e-5)

    def forward(self, x, ids, c=None):
        scale1, gate1, scale2, gate2 = [0 * x[:, :1], 0 * x[:, :1] + 1, 0 * x[:, :1], 0 * x[:, :1] + 1]
        if self.modulation:
            scale1, gate1, scale2, gate2 = self.ada(c).reshape(len(x), 4, 1, x.shape[-1]).unbind(1)
            gate1, gate2 = gate1.tanh(), gate2.tanh()
        h = self.norm(x, self.attn_norm1)
        h = h + h * scale1
        out = []
        for q, k, v in zip(*(f(h).split(self.size, dim=-1) for f in (self.to_q, self.to_k, self.to_v)), strict=True):
            q = rope_3d(self.norm(q, self.norm_q), ids, self.axes_dims)
            k = rope_3d(self.norm(k, self.norm_k), ids, self.axes_dims)
            scores = torch.bmm(q, k.transpose(1, 2)) * self.size**-0.5
            out.append(torch.softmax(scores, -1) @ v)
        x = x + gate1 * self.norm(self.to_out(torch.cat(out, dim=-1)), self.attn_norm2)
        h = self.norm(x, self.ffn_norm1)
        return x + gate2 * self.norm(self.ffn(h + h * scale2), self.ffn_norm2)


exercise("stream_parameters")
wrong("two_matrix_ffn", "3 * d_model * d_hidden", "2 * d_model * d_hidden",
      hint="The feed-forward network counts with two matrices; a SwiGLU has three.")
wrong("forgets_refiners", "depth * per_stream + 2 * refiner_depth * per_stream", "depth * per_stream",
      hint="The refiners cost parameters too: one stack per modality.")
wrong("dual_counts_once", "depth * 2 * per_stream", "depth * per_stream",
      hint="Dual-stream blocks have all weights twice, once for each modality.")
wrong("one_refiner_stack", "2 * refiner_depth", "refiner_depth",
      hint="Image and text have refiners of their own: two stacks.")
wrong("ratio_not_saving", "1 - single / dual", "single / dual",
      hint="The saving is the share that one stream does without: 1 minus the ratio.")
wrong("no_output_projection", "4 * d_model**2", "3 * d_model**2",
      hint="Attention has four square matrices: query, key, value, and the output projection.")


@right
def from_shapes(d_model=3840, d_hidden=10240, depth=30, refiner_depth=2):
    shapes = [(d_model, d_model)] * 4 + [(d_model, d_hidden)] * 3
    one = sum(math.prod(shape) for shape in shapes)
    blocks = {"dual": 2 * depth, "single": depth + 2 * refiner_depth}
    counts = {name: float(n * one) for name, n in blocks.items()}
    return {"per_stream": float(one), **counts, "saving": (counts["dual"] - counts["single"]) / counts["dual"]}


@right
def the_saving_from_blocks(d_model=3840, d_hidden=10240, depth=30, refiner_depth=2):
    block = d_model * (4 * d_model + 3 * d_hidden)
    return {
        "saving": 0.5 - refiner_depth / depth,
        "single": block * (depth + 2 * refiner_depth),
        "dual": block * depth * 2,
        "per_stream": block,
    }


exercise("text_stack_summary")
wrong("channel_adds_tokens", 'if enc["join"] == "channel":', "if False:",
      hint="Channel joins widen the context, sequence joins lengthen it.")
wrong("sequence_adds_width", 'width = max(width, enc["width"])', 'width += enc["width"]',
      hint="For a sequence join the narrower part is padded to the wider width.")
wrong("no_error", 'if enc["tokens"] != tokens:', "if False:", hint="Channel concatenation needs equal token counts.")
wrong("compares_with_the_first", 'if enc["tokens"] != tokens:', 'if enc["tokens"] != encoders[0]["tokens"]:',
      hint="An encoder joins the whole context so far: after a sequence join it has more tokens than the first encoder.")
wrong("last_width_wins", 'width = max(width, enc["width"])', 'width = enc["width"]',
      hint="In a sequence join the wider of the two parts sets the width, be it the earlier one.")


@right
def with_match(encoders):
    context, params = [0, 0], 0
    for encoder in encoders:
        own = [encoder["tokens"], encoder["width"]]
        params += encoder["params"]
        match encoder["join"]:
            case "first":
                context = own
            case "channel" if own[0] != context[0]:
                raise ValueError("tokens differ")
            case "channel":
                context = [context[0], context[1] + own[1]]
            case "sequence":
                context = [context[0] + own[0], max(context[1], own[1])]
    return {"context": context, "params": params, "encoders": len(encoders)}


@right
def with_real_tensors(encoders):
    context = torch.empty(encoders[0]["tokens"], encoders[0]["width"])
    for encoder in encoders[1:]:
        part = torch.empty(encoder["tokens"], encoder["width"])
        if encoder["join"] == "channel":
            if len(part) != len(context):
                raise ValueError("these tables do not stand side by side")
            context = torch.cat([context, part], dim=1)
        else:
            width = max(context.shape[1], part.shape[1])
            context = torch.cat([F.pad(table, (0, width - table.shape[1])) for table in (context, part)])
    params = [encoder["params"] for encoder in encoders]
    return {"encoders": len(params), "params": sum(params), "context": list(context.shape)}


exercise("TinyS3DiT")
wrong("no_refiners", "for block in self.noise_refiner:", "for block in self.noise_refiner[:0]:",
      hint="Translate once: refine each modality before they meet.")
wrong("text_at_the_images_places", "txt = block(txt, ids[n_img:])", "txt = block(txt, ids[:n_img][: txt.shape[1]])",
      hint="The text was refined at positions of the image: its own are the rows behind the image's, ids[n_img:].")
wrong("text_first", "h = torch.cat([img, txt], dim=1)", "h = torch.cat([txt, img], dim=1)",
      hint="Image tokens come first here; ids and slicing must agree.")
wrong("t_not_scaled", "1000.0 * t.float()", "t.float()",
      hint="t in [0, 1] is scaled by 1000 before the Fourier features.")
wrong("final_reads_c", "self.final_ada(F.silu(c))", "self.final_ada(c)",
      hint="The blocks read c as it is, but the final layer reads silu(c).")
wrong("no_final_norm", "F.layer_norm(h[:, :n_img], h.shape[-1:], eps=1e-6)", "h[:, :n_img]",
      hint="Before the final scale the image tokens pass a LayerNorm without parameters.")
wrong("text_not_normed", "rms(text, self.text_norm)", "text",
      hint="The language model's features pass an RMSNorm before they are embedded.")


@wrong(hint="The words are refined without the level: the blocks of context_refiner have no modulation and get no c.")
class refiner_sees_time(TinyS3DiT):
    def __init__(self, channels, p, d_model, n_heads, axes_dims, depth, refiner_depth, d_text, d_cond):
        super().__init__(channels, p, d_model, n_heads, axes_dims, depth, refiner_depth, d_text, d_cond)
        blocks = (S3DiTBlock(d_model, n_heads, axes_dims, d_cond) for _ in range(refiner_depth))
        self.context_refiner = nn.ModuleList(blocks)

    def forward(self, x, t, text):
        grid = x.shape[2] // self.p, x.shape[3] // self.p
        ids, n_img = unified_position_ids(text.shape[1], *grid), grid[0] * grid[1]
        c = self.t_fc2(F.silu(self.t_fc1(timestep_embedding(1000.0 * t.float(), 32))))
        img, txt = self.x_embed(patchify(x, self.p)), self.text_embed(rms(text, self.text_norm))
        for block in self.noise_refiner:
            img = block(img, ids[:n_img], c)
        for block in self.context_refiner:
            txt = block(txt, ids[n_img:], c)
        h = torch.cat([img, txt], dim=1)
        for block in self.layers:
            h = block(h, ids, c)
        out = F.layer_norm(h[:, :n_img], h.shape[-1:], eps=1e-6)
        out = out * (1 + self.final_ada(F.silu(c))[:, None])
        return unpatchify(self.final(out), self.p, *grid)


@right
class with_folded_patches(nn.Module):
    def __init__(self, channels, p, d_model, n_heads, axes_dims, depth, refiner_depth, d_text, d_cond):
        super().__init__()
        self.p, self.width = p, d_model
        args = (d_model, n_heads, axes_dims)
        self.layers = nn.ModuleList([S3DiTBlock(*args, d_cond=d_cond) for _ in range(depth)])
        self.noise_refiner = nn.ModuleList([S3DiTBlock(*args, d_cond=d_cond) for _ in range(refiner_depth)])
        self.context_refiner = nn.ModuleList([S3DiTBlock(*args, modulation=False) for _ in range(refiner_depth)])
        self.text_norm = nn.Parameter(torch.ones(d_text))
        self.text_embed, self.x_embed = nn.Linear(d_text, d_model), nn.Linear(channels * p * p, d_model)
        self.t_fc1, self.t_fc2 = nn.Linear(32, d_cond), nn.Linear(d_cond, d_cond)
        self.final_ada, self.final = nn.Linear(d_cond, d_model), nn.Linear(d_model, channels * p * p)

    def forward(self, x, t, text):
        b, channels, height, width = x.shape
        rows, cols = height // self.p, width // self.p
        count, words = rows * cols, text.shape[1]
        c = self.t_fc2(F.silu(self.t_fc1(timestep_embedding(t * 1000, 32))))
        patches = F.unfold(x, self.p, stride=self.p).mT.unflatten(-1, (channels, -1)).mT.flatten(-2)
        image = self.x_embed(patches)
        words_in = self.text_embed(F.rms_norm(text, text.shape[-1:], self.text_norm, 1e-5))
        image_ids, text_ids = unified_position_ids(words, rows, cols).split([count, words])
        for block in self.noise_refiner:
            image = block(image, image_ids, c)
        for block in self.context_refiner:
            words_in = block(words_in, text_ids)
        both, ids = torch.cat([image, words_in], 1), torch.cat([image_ids, text_ids])
        for block in self.layers:
            both = block(both, ids, c)
        centred = both - both.mean(-1, keepdim=True)
        normed = centred / torch.sqrt(centred.square().mean(-1, keepdim=True) + 1e-6)
        out = self.final(normed * (1 + self.final_ada(F.silu(c)).unsqueeze(1)))[:, :count]
        return F.fold(out.unflatten(-1, (-1, channels)).mT.flatten(-2).mT, (height, width), self.p, stride=self.p)


@right
class in_parts(nn.Module):
    def __init__(self, channels, p, d_model, n_heads, axes_dims, depth, refiner_depth, d_text, d_cond):
        super().__init__()
        self.patch, patch = p, channels * p**2
        self.x_embed, self.final = nn.Linear(patch, d_model), nn.Linear(d_model, patch)
        self.text_norm = nn.Parameter(torch.ones(d_text))
        self.text_embed, self.final_ada = nn.Linear(d_text, d_model), nn.Linear(d_cond, d_model)
        self.t_fc1, self.t_fc2 = nn.Linear(32, d_cond), nn.Linear(d_cond, d_cond)
        self.noise_refiner, self.context_refiner, self.layers = nn.ModuleList(), nn.ModuleList(), nn.ModuleList()
        for stack, count, steered in (
            (self.noise_refiner, refiner_depth, True),
            (self.context_refiner, refiner_depth, False),
            (self.layers, depth, True),
        ):
            stack.extend(S3DiTBlock(d_model, n_heads, axes_dims, d_cond, steered) for _ in range(count))
        nn.init.zeros_(self.final.weight)

    def level(self, t):
        return self.t_fc2(F.silu(self.t_fc1(timestep_embedding((1000 * t).float(), 32))))

    def words(self, text, ids):
        h = self.text_embed(rms(text, self.text_norm, 1e-5))
        for block in self.context_refiner:
            h = block(h, ids, None)
        return h

    def forward(self, x, t, text):
        grid = [side // self.patch for side in x.shape[2:]]
        ids, c = unified_position_ids(text.shape[1], *grid), self.level(t)
        split = len(ids) - text.shape[1]
        h = self.x_embed(patchify(x, self.patch))
        for block in self.noise_refiner:
            h = block(h, ids[:split], c)
        h = torch.cat((h, self.words(text, ids[split:])), dim=1)
        for block in self.layers:
            h = block(h, ids, c)
        h = nn.LayerNorm(h.shape[-1], eps=1e-6, elementwise_affine=False)(h)
        h = self.final(h * (1 + self.final_ada(F.silu(c))[:, None]))
        return unpatchify(h[:, :split], self.patch, *grid)


exercise("dmd_loss")
wrong("wrong_sign", "(fake_x0 - real_x0)", "(real_x0 - fake_x0)",
      hint="Descending must move x towards the real prediction and away from the fake one.")
wrong("no_normalisation", " / _trailing(norm, x).clamp_min(1e-8)", "",
      hint="Divide by mean |x - real_x0| per sample so that noise levels weigh alike.")
wrong("batch_norm_scale", "(x - real_x0).abs().flatten(1).mean(1)", "(x - real_x0).abs().mean().expand(x.shape[0])",
      hint="Normalise each sample by itself.")
wrong("no_stop_gradient", "with torch.no_grad():", "if True:", hint="The goal is a constant; only x carries gradient.")
wrong("distance_to_the_fake", "(x - real_x0).abs()", "(x - fake_x0).abs()",
      hint="The distance that measures g is the one to the real answer.")
wrong("summed", "((x - goal) ** 2).mean()", "((x - goal) ** 2).sum()",
      hint="The loss is a mean over all elements, so that it does not grow with the batch.")
wrong("divides_by_zero", ".clamp_min(1e-8)", "",
      hint="A sample that is its own real answer has distance 0: keep the divisor above 1e-8.")


@right
def with_the_gradient_as_a_product(x, real_x0, fake_x0):
    x_now, real, fake = x.detach(), real_x0.detach(), fake_x0.detach()
    axes = tuple(range(1, x.ndim))
    grad = (fake - real) / (x_now - real).abs().mean(dim=axes, keepdim=True).clamp(min=1e-8)
    # Its value is the loss's, its gradient in x is grad over the number of elements.
    return 0.5 * grad.square().mean() + (grad * (x - x_now)).mean()


@right
def sample_by_sample(x, real_x0, fake_x0):
    goals = []
    for own, real, fake in zip(x.detach(), real_x0.detach(), fake_x0.detach(), strict=True):
        distance = torch.linalg.vector_norm(own - real, ord=1) / own.numel()
        goals.append(own + (real - fake) / torch.maximum(distance, torch.full_like(distance, 1e-8)))
    return F.mse_loss(x, torch.stack(goals)) / 2


exercise("spear_and_shield")
wrong("alpha_not_minus_one", "(alpha - 1) * (real_cond - real_uncond)", "alpha * (real_cond - real_uncond)",
      hint="alpha = 1 is no guidance: then the spear must vanish.")
wrong("shield_uncond", "real_cond - fake_cond", "real_uncond - fake_cond",
      hint="With (alpha - 1) in the spear, the shield compares conditional with conditional.")
wrong("swapped", "return spear, shield", "return shield, spear",
      hint="Spear = CFG augmentation, shield = distribution matching.")
wrong("spear_against_the_fake", "(real_cond - real_uncond)", "(real_cond - fake_cond)",
      hint="The spear knows nothing of the student: it is the teacher's own difference with and without the condition.")
wrong("shield_backwards", "real_cond - fake_cond", "fake_cond - real_cond",
      hint="Both point where the sample should go: towards the real prediction, away from the fake one.")


@right
def guided_minus_conditional(real_cond, real_uncond, fake_cond, alpha):
    guided = torch.lerp(real_uncond, real_cond, alpha)
    return guided - real_cond, real_cond - fake_cond


@right
def from_the_sum(real_cond, real_uncond, fake_cond, alpha):
    total = real_uncond + alpha * (real_cond - real_uncond) - fake_cond
    shield = torch.sub(real_cond, fake_cond)
    return total - shield, shield


exercise("renoise_levels")
wrong("shared", "s_shield = shield_range[0] + (shield_range[1] - shield_range[0]) * u_shield", "s_shield = s_spear",
      hint="Decoupled: each term draws its own noise level.")
wrong("same_draw", "(shield_range[1] - shield_range[0]) * u_shield", "(shield_range[1] - shield_range[0]) * u_spear",
      hint="Spear and shield got the same draw: each has one of its own.")
wrong("width_not_high", "spear_range[0] + (spear_range[1] - spear_range[0]) * u_spear", "spear_range[0] + spear_range[1] * u_spear",
      hint="A draw of 1 must become high: stretch by the width of the range, high minus low.")
wrong("only_the_spear_is_checked", "for low, high in (spear_range, shield_range):", "for low, high in (spear_range,):",
      hint="Both ranges must lie within [0, 1] and run forwards.")
wrong("no_single_level", "if not 0 <= low <= high <= 1:", "if not 0 <= low < high <= 1:",
      hint="A range may be a single level: low = high is allowed.")


@right
def as_a_blend(u_spear, u_shield, spear_range, shield_range):
    def level(u, ends):
        low, high = ends
        if low < 0 or high > 1 or low > high:
            raise ValueError("no range of levels")
        return low * (1 - u) + high * u

    return level(u_spear, spear_range), level(u_shield, shield_range)


@right
def both_at_once(u_spear, u_shield, spear_range, shield_range):
    ends = torch.tensor([spear_range, shield_range], dtype=torch.float64)  # [2, 2]
    if (ends < 0).any() or (ends > 1).any() or (ends.diff(dim=1) < 0).any():
        raise ValueError("ranges are (low, high) within [0, 1]")
    u = torch.stack([u_spear, u_shield]).double()
    spear, shield = (ends[:, :1] + ends.diff(dim=1) * u).to(u_spear.dtype)
    return spear, shield


exercise("decoupled_dmd_direction")
wrong("coupled", "x_shield = (1 - b) * x + b * n_shield", "x_shield, s_shield = x_spear, s_spear",
      hint="The shield must be evaluated at its own noise level.")
wrong("cfg_in_shield", "fake(x_shield, s_shield, cond)", "fake(x_shield, s_shield, uncond)",
      hint="Real and fake are compared under the same condition.")
wrong("no_detach", "with torch.no_grad():", "if True:",
      hint="The direction is a constant: no gradient through the score networks.")
wrong("levels_on_the_last_axis", "a, b = _trailing(s_spear, x), _trailing(s_shield, x)", "a, b = s_spear, s_shield",
      hint="A level of shape [B] belongs to the first axis: give it trailing axes of size 1.")
wrong("clean_samples", "shield = real(x_shield, s_shield, cond) - fake(x_shield, s_shield, cond)", "shield = real(x, s_shield, cond) - fake(x, s_shield, cond)",
      hint="Both models are asked about the re-noised sample, of which the level that they are told is true.")
wrong("signal_kept_whole", "x_spear = (1 - a) * x + a * n_spear", "x_spear = x + a * n_spear",
      hint="In this lesson's notation noise replaces signal: (1 - s) x + s n.")


@right
def through_spear_and_shield(real, fake, x, cond, uncond, s_spear, s_shield, n_spear, n_shield, alpha):
    parts = []
    for s, noise in ((s_spear, n_spear), (s_shield, n_shield)):
        x_s = torch.lerp(x.detach(), noise, s.view(-1, *[1] * (x.ndim - 1)))
        asked = real(x_s, s, cond), real(x_s, s, uncond), fake(x_s, s, cond)
        parts.append(spear_and_shield(*asked, alpha))
    return (parts[0][0] + parts[1][1]).detach()


@right
@torch.no_grad()
def with_a_decorator(real, fake, x, cond, uncond, s_spear, s_shield, n_spear, n_shield, alpha):
    def noisy(s, noise):
        s = s[(...,) + (None,) * (x.ndim - 1)]
        return x - s * (x - noise)

    first, second = noisy(s_spear, n_spear), noisy(s_shield, n_shield)
    guided = real(first, s_spear, cond) - real(first, s_spear, uncond)
    return (alpha - 1) * guided + (real(second, s_shield, cond) - fake(second, s_shield, cond))


exercise("guided_crowd")
wrong("fake_stays_behind", "fake = fake_of(x) if shield else real", "fake = fake_of(walk[0]) if shield else real",
      hint="The fake model is made anew in each round: one that stays behind describes a crowd that is gone.")
wrong("coupled", "s1, s2 = renoise_levels(u1, u2, *ranges)", "s1, s2 = renoise_levels(u1, u1, ranges[0], ranges[0])",
      hint="Decoupled: the shield has a range and a draw of its own.")
wrong("no_rate", "x + rate * decoupled_dmd_direction", "x + decoupled_dmd_direction",
      hint="A point moves by the share rate of the direction, not by all of it.")
wrong("against_the_direction", "x + rate *", "x - rate *", hint="The direction says where the samples should go: add it.")
wrong("always_shielded", "fake_of(x) if shield else real", "fake_of(x)",
      hint="shield=False leaves the shield out: then only the spear moves the crowd.")
wrong("nothing_without_shield", "fake = fake_of(x) if shield else real", "fake = fake_of(x) if shield else (lambda x, s, cond: 0 * x)",
      hint="Without a shield the whole second bracket is gone, the teacher's answer in it too.")
wrong("without_the_start", "walk = [x]", "walk = []", hint="The walk begins with the crowd as it was before the first round.")


@right
def written_out(real, fake_of, x, cond, uncond, alpha, ranges, u, noise, rate, shield=True):
    places = x.unsqueeze(0)
    for k in range(len(u)):
        now = places[-1]
        s = [low + (high - low) * u[k, i] for i, (low, high) in enumerate(ranges)]
        seen = [(1 - s[i])[:, None] * now + s[i][:, None] * noise[k, i] for i in range(2)]
        push = (alpha - 1) * (real(seen[0], s[0], cond) - real(seen[0], s[0], uncond))
        if shield:
            push = push + real(seen[1], s[1], cond) - fake_of(now)(seen[1], s[1], cond)
        places = torch.cat([places, (now + rate * push).unsqueeze(0)])
    return places


@right
def as_a_recursion(real, fake_of, x, cond, uncond, alpha, ranges, u, noise, rate, shield=True):
    if not len(u):
        return x[None]
    levels = renoise_levels(u[0, 0], u[0, 1], ranges[0], ranges[1])
    model = fake_of(x) if shield else real
    d = decoupled_dmd_direction(real, model, x, cond, uncond, *levels, noise[0, 0], noise[0, 1], alpha)
    rest = as_a_recursion(real, fake_of, torch.add(x, d, alpha=rate), cond, uncond, alpha, ranges, u[1:], noise[1:], rate, shield)
    return torch.cat([x[None], rest])


exercise("resting_place")
wrong("ratio_inverted", "share = strength(*spear_range) / strength(*shield_range)", "share = strength(*shield_range) / strength(*spear_range)",
      hint="A stronger shield holds the crowd nearer to its teacher.")
wrong("middle_level", "    s = low + (high - low) * (torch.arange(4000, dtype=torch.float64) + 0.5) / 4000", "    s = torch.tensor((low + high) / 2, dtype=torch.float64)",
      hint="The share k is no straight line: its mean over a range is not k of the middle level.")
wrong("alpha_not_minus_one", "(alpha - 1) *", "alpha *", hint="With alpha = 1 there is no spear, and the crowd rests at the teacher's mean.")
wrong("from_the_uncond_mean", "return teacher_mean +", "return uncond_mean +", hint="The shield pulls to the teacher's mean with the prompt.")
wrong("variance_of_the_noisy_data", "(1 - s) ** 2 * var + s**2", "(1 - s) * var + s",
      hint="The signal is multiplied by (1 - s) and the noise by s: their variances by the squares.")
wrong("levels_of_the_shield_for_both", "strength(*spear_range) / strength(*shield_range)", "strength(*shield_range) / strength(*shield_range)",
      hint="Spear and shield have their own ranges: only where they are equal, the strengths cancel.")
wrong("never_refuses", "if shield_range[1] == 0:", "if False:", hint="A shield at level 0 has no strength: raise ValueError.")


@right
def by_two_thousand_trapezoids(teacher_mean, uncond_mean, var, alpha, spear_range, shield_range):
    if max(shield_range) <= 0:
        raise ValueError("no shield")
    means = []
    for low, high in (spear_range, shield_range):
        s = torch.linspace(low, high, 2001, dtype=torch.float64)
        k = s.square() / ((1 - s).square() * var + s.square())
        means.append(k[0].item() if low == high else (torch.trapezoid(k, s) / (high - low)).item())
    return teacher_mean + (alpha - 1) * (teacher_mean - uncond_mean) * means[0] / means[1]


@right
def by_letting_a_mean_walk(teacher_mean, uncond_mean, var, alpha, spear_range, shield_range):
    if shield_range == (0.0, 0.0):
        raise ValueError("no shield")

    def levels(span):
        return span[0] + (span[1] - span[0]) * torch.linspace(0.0005, 0.9995, 1000, dtype=torch.float64)

    def share(s):
        return (s * s / ((1 - s) ** 2 * var + s * s)).mean()

    push, pull = (alpha - 1) * (teacher_mean - uncond_mean) * share(levels(spear_range)), share(levels(shield_range))
    m = torch.tensor(float(uncond_mean), dtype=torch.float64)
    for _ in range(400):
        m = m + (push + (teacher_mean - m) * pull) / pull / 2
    return float(m)


exercise("steer_crowd")
wrong("spear_alone", "u, noise, 0.2)", "u, noise, 0.2, False)",
      hint="The spear alone has no end: the crowd runs away. Something has to hold it.")
wrong("no_guidance", "label, -1, 2.0, ranges", "label, -1, 1.0, ranges",
      hint="Matching alone paints what the teacher paints, and 12 % of that is on the other side.")
wrong("no_fake", "return torch.softmax(nearest, dim=1) @ crowd", "return crowd",
      hint="A fake model that answers each point with itself feels no crowding: the crowd falls together.")


@wrong(hint="With one level for both terms, the crowd is narrowed from hill to hill: draw the shield's level anew.")
def coupled(teacher, label, n, seed):
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(n, 2, generator=generator)
    for _ in range(90):
        s = 0.02 + 0.98 * torch.rand(n, generator=generator)
        a = s[:, None]
        x_s = (1 - a) * x + a * torch.randn(n, 2, generator=generator)
        near = -(x_s[:, None] - (1 - a[:, None]) * x).square().sum(dim=2) / (2 * a**2)
        fake = torch.softmax(near, dim=1) @ x
        free = teacher(x_s, s, -1)
        x = x + 0.2 * (free + 2.0 * (teacher(x_s, s, label) - free) - fake)
    return {"crowd": x, "predicted": 0.99}


fails("too_few_rounds", "rounds, ranges = 70,", "rounds, ranges = 4,")
fails("a_tiny_rate", "u, noise, 0.2)", "u, noise, 0.002)")
fails("over_the_budget", "rounds, ranges = 70,", "rounds, ranges = 120,")


@fails
def the_hills_middle_again_and_again(teacher, label, n, seed):
    middle = teacher(torch.zeros(1, 2), torch.ones(1), label)
    return {"crowd": middle.expand(n, 2).clone(), "predicted": 1.0}


@right
def guided_sampling(teacher, label, n, seed):
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(n, 2, generator=generator)
    levels = torch.linspace(1.0, 0.0, 61)
    for k in range(60):
        s = levels[k].expand(n)
        free, asked = teacher(x, s, -1), teacher(x, s, label)
        guided = asked + (1.8 if s[0] > 0.6 else 0.0) * (asked - free)  # guided only where much is open
        x = x + (levels[k + 1] - levels[k]) * (x - guided) / levels[k]
    return {"crowd": x, "predicted": 0.98}


@right
def ask_then_draw(teacher, label, n, seed):
    far, here = torch.zeros(1, 2), torch.ones(1)
    middle, both = teacher(far, here, label)[0], teacher(far, here, -1)[0]
    away = (middle - both) / (middle - both).norm()
    cloud = 0.5 * torch.randn(n, 2, generator=torch.Generator().manual_seed(seed))
    return {"crowd": middle + 0.45 * away + cloud, "predicted": 0.977}


@right
def sample_plainly_and_move(teacher, label, n, seed):
    generator = torch.Generator().manual_seed(seed)
    x, times = torch.randn(n, 2, generator=generator), torch.linspace(1, 0.005, 121)
    for s, nxt in zip(times[:-1], times[1:], strict=True):
        clean = teacher(x, s.expand(n), label)
        x = (1 - nxt) * clean + nxt * (x - (1 - s) * clean) / s
    mean = x.mean(dim=0)
    return {"crowd": x + 0.45 * mean / mean.norm(), "predicted": 0.975}


exercise("diffusion_dpo_loss")
wrong("wrong_sign", "-F.logsigmoid(-beta * inside)", "-F.logsigmoid(beta * inside)",
      hint="A *lower* error on the winner than the reference is good.")
wrong("no_reference", "(err_w - ref_err_w) - (err_l - ref_err_l)", "err_w - err_l",
      hint="Improvement is measured against the frozen reference.")
wrong("plain_sigmoid", "-F.logsigmoid(-beta * inside)", "-torch.log(torch.sigmoid(-beta * inside))",
      hint="log(sigmoid()) underflows to -inf for large arguments: use logsigmoid.")
wrong("average_pair", "-F.logsigmoid(-beta * inside).mean()", "-F.logsigmoid(-beta * inside.mean())",
      hint="Each pair is a comparison of its own: take the log-sigmoid pair by pair, and the mean afterwards.")
wrong("summed", "-F.logsigmoid(-beta * inside).mean()", "-F.logsigmoid(-beta * inside).sum()",
      hint="The loss is the mean over the batch.")


@right
def as_softplus(err_w, err_l, ref_err_w, ref_err_l, beta):
    return F.softplus(beta * (err_w - err_l - ref_err_w + ref_err_l)).mean()


@right
def as_cross_entropy(err_w, err_l, ref_err_w, ref_err_l, beta):
    # The winner is class 0 of a softmax over the two improvements.
    logits = -beta * torch.stack([err_w - ref_err_w, err_l - ref_err_l], dim=1)
    return F.cross_entropy(logits, torch.zeros(len(logits), dtype=torch.long))


exercise("grpo_advantages")
wrong("batch_stats", "rewards.mean(dim=1, keepdim=True)", "rewards.mean()",
      hint="Compare within the group (same prompt), not across prompts.")
wrong("no_std", " / (std + eps)", "", hint="Divide by the group's standard deviation.")
wrong("eps_inside", "(std + eps)", "(std ** 2 + eps).sqrt()",
      hint="eps is added to the standard deviation, not to the variance.")
wrong("biased_std", "rewards.std(dim=1, keepdim=True)", "rewards.std(dim=1, keepdim=True, correction=0)",
      hint="This course takes the unbiased standard deviation: the sum of squares over n - 1.")


@wrong(hint="A group is a row: mean and standard deviation run along dim 1.")
def groups_are_columns(rewards, eps=1e-4):
    offset = rewards - rewards.mean(dim=0)
    return offset / ((offset.square().sum(dim=0) / (len(rewards) - 1)).sqrt() + eps)


@right
def group_by_group(rewards, eps=1e-4):
    return torch.stack([(group - group.mean()) / (group.std() + eps) for group in rewards])


@right
def by_hand(rewards, eps=1e-4):
    n = rewards.shape[1]
    offset = rewards - rewards.sum(dim=1, keepdim=True) / n
    return offset / (torch.sqrt((offset**2).sum(dim=1, keepdim=True) / (n - 1)) + eps)


exercise("GaussianPolicy")
wrong("sample_moves_along", "away = x.detach() - self.net", "away = x - self.net",
      hint="The sample counts as a constant. If it moves along with the middle, no probability ever changes.")
wrong("samples_are_frozen", "return self.net(z, 0)[:, None] + self.std * noise", "return (self.net(z, 0)[:, None] + self.std * noise).detach()",
      hint="Distribution matching needs samples that move with the net: detach them in log_prob alone.")
wrong("mean_over_numbers", "away.square().sum(dim=-1)", "away.square().mean(dim=-1)",
      hint="Probabilities of a sample's numbers are multiplied: their logarithms are added.")
wrong("one_constant", "x.shape[-1] * log_scale", "log_scale", hint="Each of the sample's D numbers brings a constant of its own.")
wrong("no_constant", " - x.shape[-1] * log_scale", "", hint="A density adds up to 1: the constant belongs to it.")
wrong("variance_for_std", "self.std * noise", "self.std**2 * noise", hint="std is a standard deviation: it multiplies the noise as it is.")
wrong("std_for_variance", "(2 * self.std**2)", "(2 * self.std)", hint="The squared distance is divided by twice the VARIANCE.")


@right
class WithTorchsNormal(nn.Module):
    def __init__(self, net, std):
        super().__init__()
        self.net = net
        self.std = std

    def sample(self, z, noise):
        return torch.add(self.net(z, 0).unsqueeze(1), noise, alpha=self.std)

    def log_prob(self, x, z):
        from torch.distributions import Independent, Normal

        middle = self.net(z, 0).unsqueeze(1).expand_as(x)
        return Independent(Normal(middle, self.std), 1).log_prob(x.detach())


@right
class NumberByNumber(nn.Module):
    def __init__(self, net, std):
        super().__init__()
        self.std, self.net = float(std), net

    def sample(self, z, noise):
        return torch.stack([middle + self.std * own for middle, own in zip(self.net(z, 0), noise, strict=True)])

    def log_prob(self, x, z):
        with torch.no_grad():
            fact = x.clone()
        parts = -0.5 * ((fact - self.net(z, 0)[:, None]) / self.std) ** 2 - math.log(self.std) - 0.5 * math.log(2 * math.pi)
        return parts.sum(2)


exercise("grpo_loss")
wrong("maximum", "torch.minimum(ratio * adv, clipped * adv)", "torch.maximum(ratio * adv, clipped * adv)",
      hint="The clipped objective is pessimistic: minimum.")
wrong("only_clipped", "torch.minimum(ratio * adv, clipped * adv)", "(clipped * adv)",
      hint="Clipping alone removes the gradient that would pull back a policy gone wrong.")
wrong("wrong_sign", "-torch.minimum", "torch.minimum", hint="We minimise: minus the objective.")
wrong("log_ratio", "torch.exp(logp - logp_old.detach())", "(logp - logp_old.detach())",
      hint="The ratio is exp of the log-probability difference.")
wrong("clip_built_in", "ratio.clamp(1 - clip, 1 + clip)", "ratio.clamp(0.8, 1.2)",
      hint="0.2 is only the default: use the clip that is given.")
wrong("gradient_to_the_reward", "adv = grpo_advantages(rewards).detach()", "adv = grpo_advantages(rewards)",
      hint="Advantages are constants: they say how much, and nothing flows back into the reward.")


@right
def as_a_maximum_of_losses(logp, logp_old, rewards, clip=0.2):
    with torch.no_grad():
        adv = grpo_advantages(rewards)
    ratio = (logp - logp_old.detach()).exp()
    losses = torch.stack([-adv * ratio, -adv * torch.clip(ratio, min=1 - clip, max=1 + clip)])
    return losses.amax(dim=0).mean()


@right
def by_the_sign_of_the_advantage(logp, logp_old, rewards, clip=0.2):
    adv = grpo_advantages(rewards.detach())
    ratio = torch.exp(logp - logp_old.detach())
    limited = torch.where(adv >= 0, ratio.clamp(max=1 + clip), ratio.clamp(min=1 - clip))
    return -(limited * adv).sum() / adv.numel()


exercise("dmdr_loss")
wrong("weight_on_reward", "grpo_loss(logp, logp_old, rewards, clip) + dmd_weight * dmd_loss(x, real_x0, fake_x0)", "dmd_weight * grpo_loss(logp, logp_old, rewards, clip) + dmd_loss(x, real_x0, fake_x0)",
      hint="RL drives, DMD guards: the weight belongs to the guardrail.")
wrong("subtracts", "+ dmd_weight", "- dmd_weight", hint="The guardrail is a penalty: add it.")
wrong("swapped_scores", "dmd_loss(x, real_x0, fake_x0)", "dmd_loss(x, fake_x0, real_x0)",
      hint="The two answers are exchanged on their way to dmd_loss: samples are pulled towards the real one.")
wrong("clip_forgotten", "grpo_loss(logp, logp_old, rewards, clip)", "grpo_loss(logp, logp_old, rewards)",
      hint="Another clip than 0.2 has no effect: hand it on to grpo_loss.")
wrong("weight_forgotten", "dmd_weight * dmd_loss", "dmd_loss", hint="How strong the guardrail is, dmd_weight says.")


@right
def by_name(logp, logp_old, rewards, x, real_x0, fake_x0, dmd_weight, clip=0.2):
    engine = grpo_loss(logp=logp, logp_old=logp_old, rewards=rewards, clip=clip)
    return torch.add(engine, dmd_loss(x=x, real_x0=real_x0, fake_x0=fake_x0), alpha=dmd_weight)


@right
def written_out(logp, logp_old, rewards, x, real_x0, fake_x0, dmd_weight, clip=0.2):
    adv = ((rewards - rewards.mean(1, True)) / (rewards.std(1, keepdim=True) + 1e-4)).detach()
    ratio = torch.exp(logp - logp_old.detach())
    engine = -torch.min(ratio * adv, ratio.clamp(1 - clip, 1 + clip) * adv).mean()
    far = (x - real_x0).abs().mean(dim=tuple(range(1, x.ndim)), keepdim=True).clamp_min(1e-8)
    goal = (x - (fake_x0 - real_x0) / far).detach()
    return engine + dmd_weight * F.mse_loss(x, goal) / 2


exercise("guardrail_optimum")
wrong("teacher_is_ceiling", "return teacher_mean + teacher_var * reward_slope / dmd_weight", "return teacher_mean",
      hint="The optimum moves beyond the teacher; the guardrail only limits how far.")
wrong("weight_inverted", "reward_slope / dmd_weight", "reward_slope * dmd_weight",
      hint="A stronger guardrail keeps the student closer to the teacher.")
wrong("std_for_var", "teacher_var * reward_slope", "teacher_var ** 0.5 * reward_slope",
      hint="The divergence between Gaussians of equal variance is (m - mu)^2 / (2 var).")
wrong("half_forgotten", "teacher_var * reward_slope", "0.5 * teacher_var * reward_slope",
      hint="The 2 from the square cancels the 1/2 of the divergence.")
wrong("any_weight", "if dmd_weight <= 0:", "if dmd_weight == 0:",
      hint="With a negative weight the guardrail would push the student away: there is no optimum, only a ValueError.")


@right
def one_newton_step(teacher_mean, teacher_var, reward_slope, dmd_weight):
    if not dmd_weight > 0:
        raise ValueError("a guardrail has a positive weight")
    m = torch.tensor(float(teacher_mean), dtype=torch.float64, requires_grad=True)
    value = reward_slope * m - dmd_weight * (m - teacher_mean) ** 2 / (2 * teacher_var)
    (slope,) = torch.autograd.grad(value, m, create_graph=True)
    (bend,) = torch.autograd.grad(slope, m)
    return float(m.detach() - slope.detach() / bend)


@right
def by_standard_deviations(teacher_mean, teacher_var, reward_slope, dmd_weight):
    if dmd_weight <= 0:
        raise ValueError("a guardrail has a positive weight")
    std = math.sqrt(teacher_var)
    return teacher_mean + std * (std * reward_slope / dmd_weight)


exercise("train_dmd_generator")
wrong("no_fake", "loss = dmd_loss(x, real_x0, fake_x0)", "loss = 0.5 * ((x - real_x0) ** 2).mean()",
      hint="Without the fake score the samples collapse to one place: distribution matching needs both scores.")
wrong("wrong_sign", "loss = dmd_loss(x, real_x0, fake_x0)", "loss = dmd_loss(x, fake_x0, real_x0)",
      hint="The samples leave the hills: the difference of the two answers has the wrong sign.")
wrong("no_renoise", "x_t = x + t * torch.randn(n, 2, generator=generator)", "t = 0 * t + 0.1; x_t = x",
      hint="Both scores are compared on re-noised samples at many levels; on clean samples the two hardly overlap.")
wrong("fake_is_the_sample", "fake_x0 = weights @ x", "fake_x0 = x",
      hint="The fake answer is the crowd's, the weighted mean of all own samples: one sample alone feels no crowding.")
wrong("too_much_noise", "n, t_min, t_max = 256, 0.2, 3.0", "n, t_min, t_max = 256, 4.0, 6.0",
      hint="Much noise shows where the crowds are and hides the shape of each hill: small levels are needed, too.")
wrong("kernel_without_the_two", "(2 * t**2)", "(t**2)",
      hint="The weights come from log densities of N(x_j, t^2 I): the squared distance over TWICE t squared.")
fails("too_few_steps", "for _ in range(steps):", "for _ in range(steps // 8):")
fails("small_rate", "lr=3e-3", "lr=3e-4")
fails("large_rate", "lr=3e-3", "lr=0.3")
fails("no_training", "for _ in range(steps):", "for _ in range(0):")


@right
def with_fresh_samples_and_a_falling_rate(net, teacher_score, steps, seed):
    torch.manual_seed(seed)
    optimiser = torch.optim.AdamW(net.parameters(), lr=4e-3, betas=(0.8, 0.95), weight_decay=0.0)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, max(steps, 1), eta_min=4e-4)
    for _ in range(steps):
        with torch.no_grad():
            crowd = net(torch.randn(512, 2), 0)
        x = net(torch.randn(384, 2), 0)
        at = x.detach()
        t = torch.exp(Normal(-0.3, 0.8).sample((384,)).clamp(-2.0, 1.4))[:, None]
        x_t = at + t * torch.randn_like(at)
        real = x_t + t**2 * teacher_score(x_t, t.squeeze(1))
        distance = (x_t[:, None] - crowd[None]).square().sum(-1)
        fake = torch.softmax(-distance / (2 * t**2), dim=1) @ crowd
        loss = dmd_loss(x, real, fake)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()
        schedule.step()
    return net


exercise("train_dmdr")
wrong("no_rail", "crowd, real_x0, fake_x0, dmd_weight)", "crowd, real_x0, fake_x0, 0.0)",
      hint="Nothing holds the student: dmd_weight belongs to dmdr_loss.")
wrong("no_reward", "rewards = reward(crowd).reshape(groups, members)", "rewards = 0 * reward(crowd).reshape(groups, members)",
      hint="The reward does not arrive: ask it about each sample, and let the log-probabilities carry a gradient to the net.")
wrong("reward_backwards", "rewards = reward(crowd)", "rewards = -reward(crowd)",
      hint="The student moves away from the reward: dmdr_loss wants rewards, and more is better.")
wrong("swapped_answers", "crowd, real_x0, fake_x0, dmd_weight)", "crowd, fake_x0, real_x0, dmd_weight)",
      hint="The guardrail pushes: the teacher's answer comes before the crowd's.")
fails("too_few_steps", "for _ in range(steps):", "for _ in range(steps // 20):")
fails("no_training", "for _ in range(steps):", "for _ in range(0):")
fails("small_rate", "lr=0.01", "lr=1e-5")
fails("teacher_is_not_noised", "x_t = crowd + t *", "x_t = 3 * crowd + t *")


@right
def with_fewer_groups_and_another_optimiser(policy, teacher_score, reward, dmd_weight, steps, seed):
    g = torch.Generator().manual_seed(seed)
    optimiser = torch.optim.RMSprop(policy.parameters(), lr=2e-3, alpha=0.95)
    for step in range(steps):
        for group in optimiser.param_groups:
            group["lr"] = 4e-3 * (1 - step / steps) + 1e-4
        starts = torch.randn(8, 2, generator=g)
        drawn = policy.sample(starts, torch.randn(8, 40, 2, generator=g))
        points = drawn.view(-1, 2)
        level = torch.exp(torch.empty(320).uniform_(-1.2, 1.1, generator=g))
        with torch.no_grad():
            noisy = points + level[:, None] * torch.randn(320, 2, generator=g)
            real = noisy + level[:, None] ** 2 * teacher_score(noisy, level)
            apart = (noisy[:, None] - points[None]).square().sum(-1)
            fake = torch.softmax(-apart / (2 * level[:, None] ** 2), dim=1) @ points
            good = reward(points).view(8, 40)
        logp = policy.log_prob(drawn, starts)
        optimiser.zero_grad()
        (grpo_loss(logp, logp.detach(), good) + dmd_weight * dmd_loss(points, real, fake)).backward()
        optimiser.step()
    return policy


exercise("train_digit_student")
wrong("no_rail", "std, rail = 8, 8, 0.15, 23.0", "std, rail = 8, 8, 0.15, 0.0",
      hint="Nothing holds the student: it paints what cheats the classifier, and no digits.")
wrong("no_reward", "rewards = sum(reward(x, labels) for _ in range(4)).reshape(groups, members)", "rewards = torch.zeros(groups, members)",
      hint="The student has become as good as its teacher. The reward has not arrived.")
wrong("reward_backwards", "rewards = sum(reward(x, labels) for _ in range(4))", "rewards = -sum(reward(x, labels) for _ in range(4))",
      hint="The student became LESS legible through dirt: more reward is better.")
wrong("untrained", "for _ in range(80):", "for _ in range(0):",
      hint="The student paints exactly what its teacher paints in one call: no update has reached its weights.")
fails("one_update", "for _ in range(80):", "for _ in range(1):")
fails("too_few_updates", "for _ in range(80):", "for _ in range(2):")
fails("small_rate", "lr=5e-4", "lr=1e-6")


@right
def with_a_wider_policy_and_more_dirt(net, teacher, reward, seed):
    torch.manual_seed(seed)
    shadow = copy.deepcopy(teacher).train().requires_grad_(True)
    own, other = (torch.optim.AdamW(m.parameters(), lr=r, betas=(0.0, 0.95)) for m, r in ((net, 5e-4), (shadow, 1e-3)))
    for _ in range(85):
        z, y = torch.randn(8, 1, 8, 8), torch.randperm(10)[:8]
        named = z - net(z, torch.ones(8), y)
        x = named.repeat_interleave(8, dim=0) + 0.2 * torch.randn(64, 1, 8, 8)
        who = y.repeat_interleave(8)
        s = torch.rand(64) * 0.94 + 0.03
        level = s.view(-1, 1, 1, 1)
        with torch.no_grad():
            scores = torch.stack([reward(x, who) for _ in range(3)]).mean(dim=0).view(8, 8)
            seen = torch.lerp(x, torch.randn_like(x), level)
            real, mine = (seen - level * m(seen, s, who) for m in (teacher, shadow))
        away = (x.detach() - named.repeat_interleave(8, dim=0)).flatten(1).square().sum(1).view(8, 8)
        chance = -away / (2 * 0.2**2)
        own.zero_grad()
        (grpo_loss(chance, chance.detach(), scores) + 20 * dmd_loss(x, real, mine)).backward()
        own.step()
        s, noise = torch.rand(64), torch.randn(64, 1, 8, 8)
        level = s.view(-1, 1, 1, 1)
        other.zero_grad()
        error = shadow(torch.lerp(x.detach(), noise, level), s, who) - (noise - x.detach())
        error.square().mean().backward()
        other.step()
    return {"net": net, "predicted": 0.56}
