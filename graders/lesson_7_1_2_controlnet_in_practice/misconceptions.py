"""Wrong answers that we expect in lesson 7.1.2."""

import math

import torch
import torch.nn.functional as F

from blindgrade.known_answers import edit, misconception

# ---------------------------------------------------------------- sobel_gradients

edit(
    "sobel_gradients",
    "zero_padding",
    'mode="replicate"',
    'mode="constant"',
    hint="A flat white image has no edges - also not at its border. What does zero padding make there?",
)
edit(
    "sobel_gradients",
    "gx_gy_swapped",
    "gx, gy = F.conv2d",
    "gy, gx = F.conv2d",
    hint="gx is the change along x, i.e. along the columns: it answers to VERTICAL edges.",
)
edit(
    "sobel_gradients",
    "prewitt_kernel",
    "[-2, 0, 2]",
    "[-1, 0, 1]",
    hint="Sobel weights the middle row by 2.",
)
edit(
    "sobel_gradients",
    "true_convolution_flip",
    "F.conv2d(padded, kernels)",
    "F.conv2d(padded, kernels.flip(2, 3))",
    hint="Brightness growing to the right must give gx > 0: conv2d does not flip the kernel, so neither should you.",
)
edit(
    "sobel_gradients",
    "normalised",
    "F.conv2d(padded, kernels)[0]",
    "F.conv2d(padded, kernels)[0] / 8",
    hint="Nothing is divided by 8 here: a step of 10 has the gradient 40.",
)

# ---------------------------------------------------------------- thin_edges


@misconception(
    "thin_edges",
    hint="Compare ACROSS the edge, i.e. along the gradient; along the edge everything is equally strong.",
)
def compares_along_the_edge(gx, gy):
    height, width = gx.shape
    mag = (gx**2 + gy**2).sqrt()
    padded = F.pad(mag, (1, 1, 1, 1))

    def neighbour(dy, dx):
        return padded[1 + dy : 1 + dy + height, 1 + dx : 1 + dx + width]

    along_x = (mag > neighbour(0, -1)) & (mag >= neighbour(0, 1))
    along_y = (mag > neighbour(-1, 0)) & (mag >= neighbour(1, 0))
    down_right = (mag > neighbour(-1, -1)) & (mag > neighbour(1, 1))
    up_right = (mag > neighbour(-1, 1)) & (mag > neighbour(1, -1))
    flat = gy.abs() < gx.abs() * math.tan(math.pi / 8)
    steep = gy.abs() > gx.abs() * math.tan(3 * math.pi / 8)
    diagonal = torch.where(gx * gy > 0, up_right, down_right)
    return torch.where(torch.where(flat, along_y, torch.where(steep, along_x, diagonal)), mag, 0.0)


edit(
    "thin_edges",
    "diagonals_swapped",
    "gx * gy > 0",
    "gx * gy < 0",
    hint="Image y points down: gx and gy of the same sign point to the lower RIGHT.",
)


@misconception(
    "thin_edges",
    hint="Along an edge a pixel may have stronger neighbours; only the two across it count.",
)
def local_max_3x3(gx, gy):
    mag = (gx**2 + gy**2).sqrt()
    largest = F.max_pool2d(mag[None], kernel_size=3, stride=1, padding=1)[0]
    return torch.where(mag == largest, mag, 0.0)


@misconception(
    "thin_edges",
    hint="A two-pixel plateau should leave one pixel: strict on the one side, non-strict on the other.",
)
def ties_keep_both(gx, gy):
    height, width = gx.shape
    mag = (gx**2 + gy**2).sqrt()
    padded = F.pad(mag, (1, 1, 1, 1))

    def largest(dy, dx):
        one = padded[1 + dy : 1 + dy + height, 1 + dx : 1 + dx + width]
        other = padded[1 - dy : 1 - dy + height, 1 - dx : 1 - dx + width]
        return (mag >= one) & (mag >= other)

    flat = gy.abs() < gx.abs() * math.tan(math.pi / 8)
    steep = gy.abs() > gx.abs() * math.tan(3 * math.pi / 8)
    diagonal = torch.where(gx * gy > 0, largest(1, 1), largest(-1, 1))
    keep = torch.where(flat, largest(0, 1), torch.where(steep, largest(1, 0), diagonal))
    return torch.where(keep, mag, 0.0)


edit(
    "thin_edges",
    "returns_a_mask",
    "torch.where(keep, mag, 0.0)",
    "keep.to(mag.dtype)",
    hint="Hysteresis still needs the strength of the surviving pixels: keep mag there, not 1.",
)
edit(
    "thin_edges",
    "two_directions_only",
    "steep = gy.abs() > gx.abs() * math.tan(3 * math.pi / 8)",
    "flat = gy.abs() < gx.abs()\n    steep = ~flat",
    hint="There are four lines through a pixel: between 22.5 and 67.5 degrees it is a diagonal.",
)

# ---------------------------------------------------------------- hysteresis


@misconception(
    "hysteresis", hint="A weak edge linked to a strong one survives; that is what the second threshold is for."
)
def single_threshold_high(mag, low, high):
    if low > high:
        raise ValueError("low > high")
    return mag > high


@misconception("hysteresis", hint="A weak edge with no strong pixel in its chain is noise.")
def single_threshold_low(mag, low, high):
    if low > high:
        raise ValueError("low > high")
    return mag > low


@misconception("hysteresis", hint="Links reach along whole chains: grow until nothing changes.")
def one_pass_only(mag, low, high):
    if low > high:
        raise ValueError("low > high")
    strong = (mag > high)[None].to(mag.dtype)
    return (F.max_pool2d(strong, kernel_size=3, stride=1, padding=1)[0] > 0) & (mag > low)


@misconception("hysteresis", hint="Diagonal neighbours are linked too (8-connectivity).")
def four_neighbours(mag, low, high):
    if low > high:
        raise ValueError("low > high")
    weak, linked = mag > low, mag > high
    while True:
        field = linked[None].to(mag.dtype)
        upright = F.max_pool2d(field, (3, 1), 1, (1, 0))[0] > 0
        level = F.max_pool2d(field, (1, 3), 1, (0, 1))[0] > 0
        grown = (upright | level) & weak
        if torch.equal(grown, linked):
            return linked
        linked = grown


edit(
    "hysteresis",
    "not_strict",
    "weak = mag > low\n    linked = mag > high",
    "weak = mag >= low\n    linked = mag >= high",
    hint="Above a threshold means above: a pixel that is exactly at it is not.",
)

# ---------------------------------------------------------------- canny

edit(
    "canny",
    "no_blur",
    "if sigma > 0:",
    "if False:",
    hint="With sigma > 0 smooth first; noise has gradients too.",
)
edit(
    "canny",
    "no_thinning",
    'hysteresis(thin_edges(gradients["gx"], gradients["gy"]), low, high)',
    'hysteresis(gradients["mag"], low, high)',
    hint="Thick edges: the step between gradient and hysteresis is missing.",
)
edit(
    "canny",
    "hysteresis_before_thinning",
    'hysteresis(thin_edges(gradients["gx"], gradients["gy"]), low, high)',
    'hysteresis(gradients["mag"], low, high) & (thin_edges(gradients["gx"], gradients["gy"]) > 0)',
    hint="Thin first, then link; else links run through pixels that thinning removes.",
)
edit(
    "canny",
    "scales_to_unit_range",
    "gradients = sobel_gradients(img)",
    "gradients = sobel_gradients(img / 255)",
    hint="The image is 0..255 and the thresholds are on that scale.",
)
edit(
    "canny",
    "blur_pads_with_zeros",
    '(radius,) * 4, mode="replicate"',
    "(radius,) * 4",
    hint="The blur's border is replicated, too: zeros around a bright image make a frame of edges.",
)
edit(
    "canny",
    "blur_cut_at_three_sigma",
    "int(4 * sigma + 0.5)",
    "int(3 * sigma + 0.5)",
    hint="The bell's tails count, too: the weights reach four sigma to either side, rounded to whole pixels.",
)
edit(
    "canny",
    "one_threshold",
    'hysteresis(thin_edges(gradients["gx"], gradients["gy"]), low, high)',
    'hysteresis(thin_edges(gradients["gx"], gradients["gy"]), high, high)',
    hint="Both thresholds go to the linking step; without low, outlines break.",
)

# ---------------------------------------------------------------- depth_to_map

edit(
    "depth_to_map",
    "far_is_bright",
    "nearness = inverse - inverse.min()",
    "nearness = depth[valid] - depth[valid].min()",
    hint="MiDaS gives inverse depth: near is bright, far is dark.",
)
edit(
    "depth_to_map",
    "one_minus_depth",
    "inverse = 1 / depth[valid]",
    "inverse = 1 - depth[valid] / depth[valid].max()",
    hint="1 - depth is not inverse depth: near and far differences are weighted wrongly.",
)


@misconception(
    "depth_to_map",
    hint="Relative depth has an unknown shift as well as an unknown scale: subtract the minimum first.",
)
def divide_by_max_only(depth, valid):
    if not valid.any() or (depth[valid] <= 0).any():
        raise ValueError("bad depth")
    inverse = 1 / depth[valid]
    grey = torch.zeros_like(depth)
    if inverse.max() > inverse.min():
        grey[valid] = inverse / inverse.max()
    return grey.repeat(3, 1, 1)


@misconception(
    "depth_to_map",
    hint="Holes in the depth must not set the range: take min and max over valid pixels.",
)
def invalid_pixels_set_range(depth, valid):
    if not valid.any() or (depth[valid] <= 0).any():
        raise ValueError("bad depth")
    inverse = 1 / depth
    span = inverse.max() - inverse.min()
    grey = (inverse - inverse.min()) / span if span != 0 else torch.zeros_like(depth)
    return torch.where(valid, grey, 0.0).repeat(3, 1, 1)


edit(
    "depth_to_map",
    "one_channel",
    "grey.repeat(3, 1, 1)",
    "grey[None]",
    hint="A ControlNet takes an RGB picture: repeat the map to three channels.",
)

# ---------------------------------------------------------------- skeleton_map

edit(
    "skeleton_map",
    "row_col_as_x_y",
    "x, y = (place % width)",
    "y, x = (place % width)",
    hint="Key points are (x, y): x counts columns. On a non-square map the swap shows.",
)
edit(
    "skeleton_map",
    "infinite_line",
    ".clamp(0, 1)",
    "",
    hint="A limb ends at its joints: clamp the position along it to [0, 1].",
)
edit(
    "skeleton_map",
    "ignores_confidence",
    "seen = confidence >= min_conf",
    "seen = confidence > -math.inf",
    hint="A joint the detector did not see must not be drawn (it would pull a limb to the corner).",
)
edit(
    "skeleton_map",
    "draws_if_one_end_seen",
    "seen[a] and seen[b]",
    "seen[a] or seen[b]",
    hint="A limb is drawn between two joints that were seen: ask for the confidence of both ends.",
)
edit(
    "skeleton_map",
    "square_brush",
    ".norm(dim=-1)",
    ".abs().amax(dim=-1)",
    hint="Distance is the length of the straight line to the limb: a limb's end is round, not square.",
)
edit(
    "skeleton_map",
    "radius_is_diameter",
    "<= radius",
    "<= radius / 2",
    hint="radius is the distance from the limb's middle line to its rim, not the whole width.",
)

# ---------------------------------------------------------------- map_changes

edit(
    "map_changes",
    "depth_sees_texture",
    '"repaint_texture": {"canny"}',
    '"repaint_texture": {"canny", "depth"}',
    hint="Depth knows geometry only: paint does not move a surface.",
)
edit(
    "map_changes",
    "pose_sees_clothes",
    '"baggy_coat": {"canny", "depth"}',
    '"baggy_coat": {"canny", "depth", "openpose"}',
    hint="OpenPose keeps joints only; a coat over the same joints gives the same skeleton.",
)
edit(
    "map_changes",
    "canny_ignores_texture",
    '"repaint_texture": {"canny"}',
    '"repaint_texture": set()',
    hint="Painted stripes have edges as strong as outlines.",
)
edit(
    "map_changes",
    "canny_sees_depth",
    '"push_object_back": {"depth"}',
    '"push_object_back": {"depth", "canny"}',
    hint="The grey values did not change, so neither does any gradient.",
)
edit(
    "map_changes",
    "canny_sees_brightness",
    '"brighten_uniformly": set()',
    '"brighten_uniformly": {"canny"}',
    hint="Add the same number to two neighbours, and their difference is what it was.",
)
edit(
    "map_changes",
    "canny_ignores_contrast",
    '"double_contrast": {"canny"}',
    '"double_contrast": set()',
    hint="Doubled grey values have doubled gradients, and the thresholds stayed.",
)

# ---------------------------------------------------------------- check_control_image


@misconception(
    "check_control_image", hint="Garbage in, garbage out: look at the map before you blame the ControlNet."
)
def never_complains(img, latent_h, latent_w, kind):
    return []


edit(
    "check_control_image",
    "size_in_latents",
    "(8 * latent_h, 8 * latent_w)",
    "(latent_h, latent_w)",
    hint="The control image lives in pixels: 8 times the latent size.",
)
edit(
    "check_control_image",
    "range_0_255_ok",
    "(img > 1)",
    "(img > 255)",
    hint="Maps are in [0, 1]; 255 would shout 255 times too loud.",
)
edit(
    "check_control_image",
    "canny_rules_for_depth",
    'kind == "canny" and not blank',
    "not blank",
    hint="A depth map is meant to be grey and dense; the density rules are for edges.",
)
edit(
    "check_control_image",
    "first_fault_only",
    "if applies]",
    "if applies][:1]",
    hint="A map can have several faults at once: report all of them, in order.",
)

# ---------------------------------------------------------------- knob_sweep

edit(
    "knob_sweep",
    "clamps_scale_at_one",
    "dtype=z.dtype)[:, None, None]",
    "dtype=z.dtype).clamp(max=1)[:, None, None]",
    hint="The knob goes past 1: it overshoots, and that is the failure to see.",
)
edit(
    "knob_sweep",
    "picks_strongest",
    "min(obeying)",
    "max(obeying)",
    hint="The weakest scale that still obeys leaves the most creativity.",
)
edit(
    "knob_sweep",
    "diversity_about_target",
    "(x - own_mean)",
    "(x - target)",
    hint="Diversity is spread around the samples' OWN mean.",
)
edit(
    "knob_sweep",
    "adds_target",
    "s * (target - z)",
    "s * target",
    hint="Scale the pull towards the target, not the target itself.",
)
edit(
    "knob_sweep",
    "picks_first",
    "min(obeying)",
    "obeying[0]",
    hint="The scales come in any order: the weakest is the smallest, not the first.",
)
edit(
    "knob_sweep",
    "mean_over_dimensions",
    "error = ((x - target) ** 2).sum(dim=2).mean(dim=1).sqrt()",
    "error = ((x - target) ** 2).mean(dim=2).mean(dim=1).sqrt()",
    hint="A squared distance is the SUM of the squares over the dimensions; only samples are averaged.",
)

# ---------------------------------------------------------------- combine_controls

edit(
    "combine_controls",
    "avg",
    ".sum(dim=0)",
    ".mean(dim=0)",
    hint="Residuals are ADDED. Two ControlNets at scale 1 do not become two at 0.5.",
)
edit(
    "combine_controls",
    "normed",
    "scale * residual for",
    "scale / (sum(scales) or 1.0) * residual for",
    hint="Each ControlNet has its own knob; scales need not sum to 1.",
)
edit(
    "combine_controls",
    "first_scale",
    "scale * residual for",
    "scales[0] * residual for",
    hint="Each ControlNet has its own scale.",
)


@misconception("combine_controls", hint="The last residual, the middle block's, is one like the others: it is scaled as well.")
def mid_unscaled(outputs, scales):
    if not outputs or len(outputs) != len(scales) or len({len(net) for net in outputs}) > 1:
        raise ValueError("this does not fit")
    sums = [sum(s * r for s, r in zip(scales, same, strict=True)) for same in zip(*outputs, strict=True)]
    return sums[:-1] + [sum(net[-1] for net in outputs)]


@misconception("combine_controls", hint="You changed the first ControlNet's residuals; work on new tensors.")
def inplace(outputs, scales):
    if not outputs or len(outputs) != len(scales) or len({len(net) for net in outputs}) > 1:
        raise ValueError("this does not fit")
    total = outputs[0]
    for i in range(len(total)):
        total[i] *= scales[0]
        for scale, net in zip(scales[1:], outputs[1:], strict=True):
            total[i] += scale * net[i]
    return total


# ---------------------------------------------------------------- classify_pair

edit(
    "classify_pair",
    "overlap_of_image",
    "/ either.sum().item()",
    "/ either.numel()",
    hint="Overlap is intersection over union of the active places, not a share of the image.",
)
edit(
    "classify_pair",
    "dot",
    "(products[both] / (norm_a[both] * norm_b[both]))",
    "products[both]",
    hint="Cosine: divide by both lengths at each place.",
)
edit(
    "classify_pair",
    "everywhere",
    "(products[both] / (norm_a[both] * norm_b[both])).mean().item() if both.any() else 0.0",
    "(products / (norm_a * norm_b).clamp(min=1e-12)).mean().item()",
    hint="Only places where BOTH speak can agree or clash.",
)
edit(
    "classify_pair",
    "overlap_is_conflict",
    "elif cosine < 0:",
    "elif overlap > 0.1:",
    hint="Two maps of the same source overlap and agree: that is reinforcing.",
)
edit(
    "classify_pair",
    "conflict_before_overlap",
    'if overlap < 0.1:\n        verdict = "disjoint"\n    elif cosine < 0:\n        verdict = "conflicting"',
    'if cosine < 0:\n        verdict = "conflicting"\n    elif overlap < 0.1:\n        verdict = "disjoint"',
    hint="Ask first whether they meet at all: two controls that hardly overlap are disjoint, whatever the cosine.",
)
edit(
    "classify_pair",
    "one_cosine_for_all",
    "(products[both] / (norm_a[both] * norm_b[both])).mean().item()",
    "F.cosine_similarity(res_a[:, both].flatten(), res_b[:, both].flatten(), dim=0).item()",
    hint="Take the cosine at each place first and average then; flattened, the loud places speak for all.",
)
