"""Known right and wrong answers to lesson 7.1.2."""

import math
from collections import deque

import torch
import torch.nn.functional as F

from blindgrade.known_answers import exercise, right, wrong


def _gaussian(sigma):
    radius = int(4 * sigma + 0.5)
    weights = [math.exp(-0.5 * (k / sigma) ** 2) for k in range(-radius, radius + 1)]
    return radius, torch.tensor([w / sum(weights) for w in weights], dtype=torch.float64)


exercise("sobel_gradients")
wrong("zero_padding", 'mode="replicate"', 'mode="constant"',
      hint="A flat white image has no edges - also not at its border. What does zero padding make there?")
wrong("gx_gy_swapped", "gx, gy = F.conv2d", "gy, gx = F.conv2d",
      hint="gx is the change along x, i.e. along the columns: it answers to VERTICAL edges.")
wrong("prewitt_kernel", "[-2, 0, 2]", "[-1, 0, 1]", hint="Sobel weights the middle row by 2.")
wrong("true_convolution_flip", "F.conv2d(padded, kernels)", "F.conv2d(padded, kernels.flip(2, 3))",
      hint="Brightness growing to the right must give gx > 0: conv2d does not flip the kernel, so neither should you.")
wrong("normalised", "F.conv2d(padded, kernels)[0]", "F.conv2d(padded, kernels)[0] / 8",
      hint="Nothing is divided by 8 here: a step of 10 has the gradient 40.")


@right
def by_slices(img):
    height, width = img.shape
    rows = torch.arange(-1, height + 1).clamp(0, height - 1)
    columns = torch.arange(-1, width + 1).clamp(0, width - 1)
    p = img[rows][:, columns]
    right_minus_left = p[:, 2:] - p[:, :-2]
    down_minus_up = p[2:] - p[:-2]
    gx = right_minus_left[:-2] + 2 * right_minus_left[1:-1] + right_minus_left[2:]
    gy = down_minus_up[:, :-2] + 2 * down_minus_up[:, 1:-1] + down_minus_up[:, 2:]
    return {"gx": gx, "gy": gy, "mag": torch.hypot(gx, gy)}


@right
def by_separable_kernels(img):
    padded = F.pad(img.double()[None, None], (1, 1, 1, 1), mode="replicate")
    smooth = torch.tensor([1.0, 2.0, 1.0], dtype=torch.float64)
    differ = torch.tensor([-1.0, 0.0, 1.0], dtype=torch.float64)
    gx = F.conv2d(F.conv2d(padded, differ.view(1, 1, 1, 3)), smooth.view(1, 1, 3, 1))[0, 0]
    gy = F.conv2d(F.conv2d(padded, smooth.view(1, 1, 1, 3)), differ.view(1, 1, 3, 1))[0, 0]
    mag = torch.stack([gx, gy]).norm(dim=0)
    return {"gx": gx.to(img.dtype), "gy": gy.to(img.dtype), "mag": mag.to(img.dtype)}


exercise("thin_edges")


@wrong(hint="Compare ACROSS the edge, i.e. along the gradient; along the edge everything is equally strong.")
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


wrong("diagonals_swapped", "gx * gy > 0", "gx * gy < 0",
      hint="Image y points down: gx and gy of the same sign point to the lower RIGHT.")


@wrong(hint="Along an edge a pixel may have stronger neighbours; only the two across it count.")
def local_max_3x3(gx, gy):
    mag = (gx**2 + gy**2).sqrt()
    largest = F.max_pool2d(mag[None], kernel_size=3, stride=1, padding=1)[0]
    return torch.where(mag == largest, mag, 0.0)


@wrong(hint="A two-pixel plateau should leave one pixel: strict on the one side, non-strict on the other.")
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


wrong("returns_a_mask", "torch.where(keep, mag, 0.0)", "keep.to(mag.dtype)",
      hint="Hysteresis still needs the strength of the surviving pixels: keep mag there, not 1.")
wrong("two_directions_only", "steep = gy.abs() > gx.abs() * math.tan(3 * math.pi / 8)", "flat = gy.abs() < gx.abs()\n    steep = ~flat",
      hint="There are four lines through a pixel: between 22.5 and 67.5 degrees it is a diagonal.")


@right
def pixel_by_pixel(gx, gy):
    height, width = gx.shape
    mag = torch.sqrt(gx * gx + gy * gy)
    m, out = mag.tolist(), torch.zeros_like(mag)

    def at(row, column):
        return m[row][column] if 0 <= row < height and 0 <= column < width else 0.0

    for row in range(height):
        for column in range(width):
            x, y, here = gx[row, column].item(), gy[row, column].item(), m[row][column]
            if abs(y) < abs(x) * math.tan(math.radians(22.5)):
                keep = here > at(row, column - 1) and here >= at(row, column + 1)
            elif abs(y) > abs(x) * math.tan(math.radians(67.5)):
                keep = here > at(row - 1, column) and here >= at(row + 1, column)
            else:
                side = 1 if (x > 0) == (y > 0) else -1
                keep = here > at(row - 1, column - side) and here > at(row + 1, column + side)
            if keep:
                out[row, column] = mag[row, column]
    return out


@right
def by_squares_and_angles(gx, gy):
    squared = gx.square() + gy.square()
    height, width = squared.shape
    ring = squared.new_zeros(height + 2, width + 2)
    ring[1:-1, 1:-1] = squared
    windows = {
        (dy, dx): ring[1 + dy : 1 + dy + height, 1 + dx : 1 + dx + width] for dy in (-1, 0, 1) for dx in (-1, 0, 1)
    }
    angle = torch.rad2deg(torch.atan2(gy, gx)) % 180
    survives = torch.zeros_like(squared, dtype=torch.bool)
    level = (angle < 22.5) | (angle > 157.5)
    upright = (angle > 67.5) & (angle < 112.5)
    survives |= level & (squared > windows[0, -1]) & (squared >= windows[0, 1])
    survives |= upright & (squared > windows[-1, 0]) & (squared >= windows[1, 0])
    falling, rising = ~level & ~upright & (angle < 90), ~level & ~upright & (angle > 90)
    survives |= falling & (squared > windows[-1, -1]) & (squared > windows[1, 1])
    survives |= rising & (squared > windows[-1, 1]) & (squared > windows[1, -1])
    return squared.sqrt() * survives


@right
def by_neighbours_of_each_direction(gx, gy):
    mag = torch.hypot(gx, gy)
    # Rows: flat, steep, falling, rising. Rolling a tensor with a ring of zeros brings each neighbour to its pixel.
    offsets = [((0, -1), (0, 1)), ((-1, 0), (1, 0)), ((-1, -1), (1, 1)), ((-1, 1), (1, -1))]
    ring = F.pad(mag, (1, 1, 1, 1))
    near = [[ring.roll((-dy, -dx), (0, 1))[1:-1, 1:-1] for dy, dx in both] for both in offsets]
    one, other = (torch.stack([both[side] for both in near]) for side in (0, 1))  # [4, H, W] each
    straight = torch.tensor([True, True, False, False])[:, None, None]
    largest = (mag > one) & torch.where(straight, mag >= other, mag > other)
    tangent = gy.abs() / gx.abs()
    direction = torch.where(gx.sign() == gy.sign(), 2, 3)
    direction[tangent < math.tan(math.radians(22.5))] = 0
    direction[tangent > math.tan(math.radians(67.5))] = 1
    return mag * largest.gather(0, direction[None])[0]


exercise("hysteresis")


@wrong(hint="A weak edge linked to a strong one survives; that is what the second threshold is for.")
def single_threshold_high(mag, low, high):
    if low > high:
        raise ValueError("low > high")
    return mag > high


@wrong(hint="A weak edge with no strong pixel in its chain is noise.")
def single_threshold_low(mag, low, high):
    if low > high:
        raise ValueError("low > high")
    return mag > low


@wrong(hint="Links reach along whole chains: grow until nothing changes.")
def one_pass_only(mag, low, high):
    if low > high:
        raise ValueError("low > high")
    strong = (mag > high)[None].to(mag.dtype)
    return (F.max_pool2d(strong, kernel_size=3, stride=1, padding=1)[0] > 0) & (mag > low)


@wrong(hint="Diagonal neighbours are linked too (8-connectivity).")
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


wrong("not_strict", "weak = mag > low\n    linked = mag > high", "weak = mag >= low\n    linked = mag >= high",
      hint="Above a threshold means above: a pixel that is exactly at it is not.")


@right
def by_flood_fill(mag, low, high):
    if low > high:
        raise ValueError("low > high")
    weak = (mag > low).tolist()
    found = mag > high
    height, width = mag.shape
    queue = deque(found.nonzero().tolist())
    while queue:
        row, column = queue.popleft()
        for r in range(max(row - 1, 0), min(row + 2, height)):
            for c in range(max(column - 1, 0), min(column + 2, width)):
                if weak[r][c] and not found[r, c]:
                    found[r, c] = True
                    queue.append([r, c])
    return found


@right
def by_labels(mag, low, high):
    if low > high:
        raise ValueError("low > high")
    weak = mag > low
    label = torch.arange(1, mag.numel() + 1, dtype=torch.float64).reshape(mag.shape) * weak
    for _ in range(mag.numel()):
        spread = F.max_pool2d(label[None, None], 3, 1, 1)[0, 0] * weak
        if (spread == label).all():
            break
        label = spread
    return weak & torch.isin(label, label[mag > high])


exercise("canny")
wrong("no_blur", "if sigma > 0:", "if False:", hint="With sigma > 0 smooth first; noise has gradients too.")
wrong("no_thinning", 'hysteresis(thin_edges(gradients["gx"], gradients["gy"]), low, high)', 'hysteresis(gradients["mag"], low, high)',
      hint="Thick edges: the step between gradient and hysteresis is missing.")
wrong("hysteresis_before_thinning", 'hysteresis(thin_edges(gradients["gx"], gradients["gy"]), low, high)', 'hysteresis(gradients["mag"], low, high) & (thin_edges(gradients["gx"], gradients["gy"]) > 0)',
      hint="Thin first, then link; else links run through pixels that thinning removes.")
wrong("scales_to_unit_range", "gradients = sobel_gradients(img)", "gradients = sobel_gradients(img / 255)",
      hint="The image is 0..255 and the thresholds are on that scale.")
wrong("blur_pads_with_zeros", '(radius,) * 4, mode="replicate"', "(radius,) * 4",
      hint="The blur's border is replicated, too: zeros around a bright image make a frame of edges.")
wrong("blur_cut_at_three_sigma", "int(4 * sigma + 0.5)", "int(3 * sigma + 0.5)",
      hint="The bell's tails count, too: the weights reach four sigma to either side, rounded to whole pixels.")
wrong("one_threshold", 'hysteresis(thin_edges(gradients["gx"], gradients["gy"]), low, high)', 'hysteresis(thin_edges(gradients["gx"], gradients["gy"]), high, high)',
      hint="Both thresholds go to the linking step; without low, outlines break.")


@right
def blurs_in_two_dimensions(img, low, high, sigma):
    if low > high:
        raise ValueError("low > high")
    if sigma:
        radius, weights = _gaussian(sigma)
        padded = F.pad(img[None, None], [radius] * 4, mode="replicate")
        img = F.conv2d(padded, torch.outer(weights, weights)[None, None])[0, 0]
    found = sobel_gradients(img)
    return hysteresis(thin_edges(found["gx"], found["gy"]), low, high)


@right
def blurs_by_shifts(img, low, high, sigma):
    if sigma > 0:
        radius, weights = _gaussian(sigma)
        for axis in (0, 1):
            size = img.shape[axis]
            img = sum(
                w * img.index_select(axis, (torch.arange(size) + k - radius).clamp(0, size - 1))
                for k, w in enumerate(weights)
            )
    found = sobel_gradients(img)
    thin = thin_edges(gx=found["gx"], gy=found["gy"])
    return hysteresis(thin, low=low, high=high)


exercise("tune_edges")


@wrong(hint="The same thresholds light another share of each picture. Ask the detector, and let its answers decide.")
def same_for_every_picture(edges, share):
    return {"low": 100.0, "high": 200.0, "guess": share / 2}


wrong("runs_until_it_fits", "range(7)", "range(40)",
      hint="Every run of the detector counts. How much does one more halving still change?")
wrong("one_threshold", '"low": low', '"low": high',
      hint="Two equal thresholds are one: no weak pixel can be linked any more. Canny asks for a ratio of 2 to 3.")
wrong("searches_away", "if lit > share", "if lit < share",
      hint="Too many lines are lit. Should the threshold rise or fall?")
fails("one_row_of_thresholds", "    faint, strong = math.log(2), math.log(1140)\n    for _ in range(7):\n        middle = (faint + strong) / 2\n        lit = edges(0.4 * math.exp(middle), math.exp(middle)).double().mean().item()\n        faint, strong = (middle, strong) if lit > share else (faint, middle)\n    high = math.exp((faint + strong) / 2)\n", "    row = [1140 * k / 8 for k in range(1, 8)]\n    high = min(row, key=lambda h: abs(edges(0.4 * h, h).double().mean().item() - share))\n")
fails("stops_after_three", "range(7)", "range(3)")
fails("takes_the_share_as_a_threshold", "high = math.exp((faint + strong) / 2)", "high = 1140 * (1 - share)")


def lit_share(edges, high):
    return edges(high / 2.5, high).double().mean().item()


@right
def by_interpolation(edges, share):
    below, above = math.log(8.0), math.log(600.0)
    at = {x: lit_share(edges, math.exp(x)) for x in (below, above)}
    for _ in range(6):
        left, right_side = at[below], at[above]
        step = (left - share) / max(left - right_side, 1e-9)
        x = below + min(max(step, 0.15), 0.85) * (above - below)
        at[x] = lit_share(edges, math.exp(x))
        below, above = (x, above) if at[x] > share else (below, x)
    best = math.exp(min(at, key=lambda x: abs(at[x] - share)))
    return {"low": best / 2.5, "high": best, "guess": share / 2}


@right
def coarse_then_fine(edges, share):
    coarse = [12.0, 34.0, 96.0, 272.0]
    shares = [lit_share(edges, high) for high in coarse]
    place = max((i for i in range(3) if shares[i] >= share), default=0)
    fine = [coarse[place] * (coarse[place + 1] / coarse[place]) ** (k / 5) for k in range(6)]
    known = {coarse[place]: shares[place], coarse[place + 1]: shares[place + 1]}
    known |= {high: lit_share(edges, high) for high in fine[1:5]}
    row = sorted(known)
    for near, far in zip(row, row[1:], strict=False):
        if known[near] >= share >= known[far]:
            part = (known[near] - share) / max(known[near] - known[far], 1e-9)
            high = near * (far / near) ** part
            return {"low": high / 2.5, "high": high, "guess": 0.05}
    return {"low": row[0] / 2.5, "high": row[0], "guess": 0.05}


@right
def by_following_the_slope(edges, share):
    high, step, before, tried = 60.0, 2.5, 0, []
    for _ in range(8):
        lit = lit_share(edges, high)
        tried.append((abs(lit - share), high))
        direction = 1 if lit > share else -1
        if before * direction < 0:
            step = math.sqrt(step)
        high, before = (high * step if direction > 0 else high / step), direction
    best = min(tried)[1]
    return {"low": best / 2.5, "high": best, "guess": 0.0}


exercise("depth_to_map")
wrong("far_is_bright", "nearness = inverse - inverse.min()", "nearness = depth[valid] - depth[valid].min()",
      hint="MiDaS gives inverse depth: near is bright, far is dark.")
wrong("one_minus_depth", "inverse = 1 / depth[valid]", "inverse = 1 - depth[valid] / depth[valid].max()",
      hint="1 - depth is not inverse depth: near and far differences are weighted wrongly.")


@wrong(hint="Relative depth has an unknown shift as well as an unknown scale: subtract the minimum first.")
def divide_by_max_only(depth, valid):
    if not valid.any() or (depth[valid] <= 0).any():
        raise ValueError("bad depth")
    inverse = 1 / depth[valid]
    grey = torch.zeros_like(depth)
    if inverse.max() > inverse.min():
        grey[valid] = inverse / inverse.max()
    return grey.repeat(3, 1, 1)


@wrong(hint="Holes in the depth must not set the range: take min and max over valid pixels.")
def invalid_pixels_set_range(depth, valid):
    if not valid.any() or (depth[valid] <= 0).any():
        raise ValueError("bad depth")
    inverse = 1 / depth
    span = inverse.max() - inverse.min()
    grey = (inverse - inverse.min()) / span if span != 0 else torch.zeros_like(depth)
    return torch.where(valid, grey, 0.0).repeat(3, 1, 1)


wrong("one_channel", "grey.repeat(3, 1, 1)", "grey[None]",
      hint="A ControlNet takes an RGB picture: repeat the map to three channels.")


@right
def by_extremes(depth, valid):
    if int(valid.sum()) == 0 or float(depth[valid].min()) <= 0:
        raise ValueError("bad depth")
    near, far = depth[valid].min(), depth[valid].max()
    if near == far:
        return torch.zeros(3, *depth.shape, dtype=depth.dtype)
    safe = torch.where(valid, depth, far)
    grey = (1 / safe - 1 / far) / (1 / near - 1 / far)
    return torch.stack([grey, grey, grey])


@right
def in_float64(depth, valid):
    if not bool(valid.any()):
        raise ValueError("no valid pixel")
    if bool(((depth <= 0) & valid).any()):
        raise ValueError("bad depth")
    inverse = depth.double().reciprocal()
    top = inverse.masked_fill(~valid, -math.inf).max()
    bottom = inverse.masked_fill(~valid, math.inf).min()
    span = top - bottom if top > bottom else torch.ones((), dtype=torch.float64)
    grey = torch.where(valid, (inverse - bottom) / span, torch.zeros((), dtype=torch.float64))
    return grey.to(depth.dtype).expand(3, -1, -1).clone()


exercise("skeleton_map")
wrong("row_col_as_x_y", "x, y = (place % width)", "y, x = (place % width)",
      hint="Key points are (x, y): x counts columns. On a non-square map the swap shows.")
wrong("infinite_line", ".clamp(0, 1)", "", hint="A limb ends at its joints: clamp the position along it to [0, 1].")
wrong("ignores_confidence", "seen = confidence >= min_conf", "seen = confidence > -math.inf",
      hint="A joint the detector did not see must not be drawn (it would pull a limb to the corner).")
wrong("draws_if_one_end_seen", "seen[a] and seen[b]", "seen[a] or seen[b]",
      hint="A limb is drawn between two joints that were seen: ask for the confidence of both ends.")
wrong("unseen_joints_in_the_corner", "        if not (seen[a] and seen[b]):\n            continue\n", "",
      hint="The key points of unseen joints are zero, and your limbs run there, to the corner. Skip a limb if an end was not seen.")
wrong("square_brush", ".norm(dim=-1)", ".abs().amax(dim=-1)",
      hint="Distance is the length of the straight line to the limb: a limb's end is round, not square.")
wrong("radius_is_diameter", "<= radius", "<= radius / 2",
      hint="radius is the distance from the limb's middle line to its rim, not the whole width.")


@right
def pixel_after_pixel(heatmaps, limbs, radius, min_conf):
    joints, height, width = heatmaps.shape
    keypoints = heatmaps.new_zeros(joints, 3)
    for k in range(joints):
        best = heatmaps[k].max()
        if best.item() >= min_conf:
            row, column = (heatmaps[k] == best).nonzero()[0].tolist()
            keypoints[k] = torch.tensor([column, row, best.item()], dtype=heatmaps.dtype)
    mask = heatmaps.new_zeros(height, width)
    for a, b in limbs:
        if heatmaps[a].max().item() < min_conf or heatmaps[b].max().item() < min_conf:
            continue
        (ax, ay), (bx, by) = keypoints[a, :2].tolist(), keypoints[b, :2].tolist()
        length = (bx - ax) ** 2 + (by - ay) ** 2
        for y in range(height):
            for x in range(width):
                u = ((x - ax) * (bx - ax) + (y - ay) * (by - ay)) / length if length else 0.0
                u = min(max(u, 0.0), 1.0)
                if math.dist((x, y), (ax + u * (bx - ax), ay + u * (by - ay))) <= radius:
                    mask[y, x] = 1.0
    return {"keypoints": keypoints, "mask": mask}


@right
def strip_and_two_discs(heatmaps, limbs, radius, min_conf):
    _, height, width = heatmaps.shape
    confidence = heatmaps.amax(dim=(1, 2))
    index = heatmaps.flatten(1).argmax(dim=1)
    points = torch.stack([index % width, index.div(width, rounding_mode="floor")], dim=1)
    y, x = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
    drawn = torch.zeros(height, width, dtype=torch.bool)
    visible = [value >= min_conf for value in confidence.tolist()]
    for a, b in limbs:
        if not all((visible[a], visible[b])):
            continue
        (ax, ay), (bx, by) = points[a].tolist(), points[b].tolist()
        for px, py in ((ax, ay), (bx, by)):
            drawn |= (x - px) ** 2 + (y - py) ** 2 <= radius**2
        length = math.hypot(bx - ax, by - ay)
        if length > 0:
            along = ((x - ax) * (bx - ax) + (y - ay) * (by - ay)) / length
            across = ((x - ax) * (by - ay) - (y - ay) * (bx - ax)) / length
            drawn |= (along >= 0) & (along <= length) & (across.abs() <= radius)
    keypoints = torch.cat([points.to(heatmaps.dtype), confidence[:, None]], dim=1)
    keypoints[~torch.tensor(visible)] = 0
    return {"keypoints": keypoints, "mask": drawn.to(heatmaps.dtype)}


exercise("map_changes")
wrong("depth_sees_texture", '"repaint_texture": {"canny"}', '"repaint_texture": {"canny", "depth"}',
      hint="Depth knows geometry only: paint does not move a surface.")
wrong("pose_sees_clothes", '"baggy_coat": {"canny", "depth"}', '"baggy_coat": {"canny", "depth", "openpose"}',
      hint="OpenPose keeps joints only; a coat over the same joints gives the same skeleton.")
wrong("canny_ignores_texture", '"repaint_texture": {"canny"}', '"repaint_texture": set()',
      hint="Painted stripes have edges as strong as outlines.")
wrong("canny_sees_depth", '"push_object_back": {"depth"}', '"push_object_back": {"depth", "canny"}',
      hint="The grey values did not change, so neither does any gradient.")
wrong("canny_sees_brightness", '"brighten_uniformly": set()', '"brighten_uniformly": {"canny"}',
      hint="Add the same number to two neighbours, and their difference is what it was.")
wrong("canny_ignores_contrast", '"double_contrast": {"canny"}', '"double_contrast": set()',
      hint="Doubled grey values have doubled gradients, and the thresholds stayed.")


@right
def by_preprocessor(preprocessor, edit):
    edits = (
        "repaint_texture push_object_back raise_arm baggy_coat "
        "hue_shift_same_luminance brighten_uniformly double_contrast move_person"
    ).split()
    rows = {"canny": "10110011", "depth": "01110001", "openpose": "00100001"}
    try:
        return rows[preprocessor][edits.index(edit)] == "1"
    except (KeyError, ValueError) as error:
        raise ValueError("unknown name") from error


@right
def by_what_moved(preprocessor, edit):
    moved = {
        "repaint_texture": "differences",
        "push_object_back": "surface",
        "raise_arm": "differences surface joints",
        "baggy_coat": "differences surface",
        "hue_shift_same_luminance": "",
        "brighten_uniformly": "",
        "double_contrast": "differences",
        "move_person": "differences surface joints",
    }.get(edit)
    sees = {"canny": "differences", "depth": "surface", "openpose": "joints"}.get(preprocessor)
    if moved is None or sees is None:
        raise ValueError("unknown name")
    return sees in moved.split()


exercise("check_control_image")


@wrong(hint="Garbage in, garbage out: look at the map before you blame the ControlNet.")
def never_complains(img, latent_h, latent_w, kind):
    return []


wrong("size_in_latents", "(8 * latent_h, 8 * latent_w)", "(latent_h, latent_w)",
      hint="The control image lives in pixels: 8 times the latent size.")
wrong("range_0_255_ok", "(img > 1)", "(img > 255)", hint="Maps are in [0, 1]; 255 would shout 255 times too loud.")
wrong("canny_rules_for_depth", 'kind == "canny" and not blank', "not blank",
      hint="A depth map is meant to be grey and dense; the density rules are for edges.")
wrong("first_fault_only", "if applies]", "if applies][:1]",
      hint="A map can have several faults at once: report all of them, in order.")


@right
def one_question_at_a_time(img, latent_h, latent_w, kind):
    if torch.isnan(img).any() or torch.isinf(img).any():
        return ["nan"]
    found = []
    if len(img) != 3:
        found.append("channels")
    if img.shape[1] != latent_h * 8 or img.shape[2] != latent_w * 8:
        found.append("size")
    low, high = img.min().item(), img.max().item()
    if low < 0 or high > 1:
        found.append("range")
    if high - low < 1e-3:
        return [*found, "blank"]
    if kind != "canny":
        return found
    if torch.any((0.05 < img) & (img < 0.95)):
        found.append("not_binary")
    lit = int((img > 0.5).sum())
    if lit < 0.005 * img.numel():
        found.append("too_sparse")
    if lit > 0.3 * img.numel():
        found.append("too_dense")
    return found


@right
def as_a_generator(img, latent_h, latent_w, kind):
    def faults():
        values = img.double().flatten()
        flat = bool(values.amax() - values.amin() < 1e-3)
        yield "channels", img.size(0) != 3
        yield "size", tuple(img.shape[-2:]) != (latent_h * 8, latent_w * 8)
        yield "range", not bool(((values >= 0) & (values <= 1)).all())
        yield "blank", flat
        if kind == "canny" and not flat:
            lit = (values > 0.5).double().mean()
            yield "not_binary", bool(((values - 0.5).abs() < 0.45).any())
            yield "too_sparse", bool(lit < 0.005)
            yield "too_dense", bool(lit > 0.3)

    return [name for name, found in faults() if found] if bool(torch.isfinite(img).all()) else ["nan"]


exercise("knob_sweep")
wrong("clamps_scale_at_one", "dtype=z.dtype)[:, None, None]", "dtype=z.dtype).clamp(max=1)[:, None, None]",
      hint="The knob goes past 1: it overshoots, and that is the failure to see.")
wrong("picks_strongest", "min(obeying)", "max(obeying)",
      hint="The weakest scale that still obeys leaves the most creativity.")
wrong("diversity_about_target", "(x - own_mean)", "(x - target)",
      hint="Diversity is spread around the samples' OWN mean.")
wrong("adds_target", "s * (target - z)", "s * target", hint="Scale the pull towards the target, not the target itself.")
wrong("picks_first", "min(obeying)", "obeying[0]",
      hint="The scales come in any order: the weakest is the smallest, not the first.")
wrong("mean_over_dimensions", "error = ((x - target) ** 2).sum(dim=2).mean(dim=1).sqrt()", "error = ((x - target) ** 2).mean(dim=2).mean(dim=1).sqrt()",
      hint="A squared distance is the SUM of the squares over the dimensions; only samples are averaged.")


@right
def by_the_closed_form(z, target, scales, max_error):
    error = (z - target).square().sum(1).mean().sqrt()
    spread = (z - z.mean(0)).square().sum(1).mean().sqrt()
    left = torch.tensor([abs(1 - s) for s in scales], dtype=z.dtype)
    obeying = sorted(s for s in scales if abs(1 - s) * error.item() <= max_error)
    if len(obeying) == 0:
        raise ValueError("none obeys")
    return {"error": left * error, "diversity": left * spread, "weakest": obeying[0]}


@right
def scale_by_scale(z, target, scales, max_error):
    errors, spreads = [], []
    for s in scales:
        x = torch.lerp(z, target.expand_as(z), s)
        errors.append(torch.linalg.vector_norm(x - target) / math.sqrt(len(z)))
        spreads.append(torch.linalg.vector_norm(x - x.mean(dim=0)) / math.sqrt(len(z)))
    weakest = min((s for s, e in zip(scales, errors, strict=True) if e <= max_error), default=None)
    if weakest is None:
        raise ValueError("none obeys")
    return {"error": torch.stack(errors), "diversity": torch.stack(spreads), "weakest": weakest}


exercise("combine_controls")
wrong("avg", ".sum(dim=0)", ".mean(dim=0)",
      hint="Residuals are ADDED. Two ControlNets at scale 1 do not become two at 0.5.")
wrong("normed", "scale * residual for", "scale / (sum(scales) or 1.0) * residual for",
      hint="Each ControlNet has its own knob; scales need not sum to 1.")
wrong("first_scale", "scale * residual for", "scales[0] * residual for", hint="Each ControlNet has its own scale.")


@wrong(hint="The last residual, the middle block's, is one like the others: it is scaled as well.")
def mid_unscaled(outputs, scales):
    if not outputs or len(outputs) != len(scales) or len({len(net) for net in outputs}) > 1:
        raise ValueError("this does not fit")
    sums = [sum(s * r for s, r in zip(scales, same, strict=True)) for same in zip(*outputs, strict=True)]
    return sums[:-1] + [sum(net[-1] for net in outputs)]


@wrong(hint="You changed the first ControlNet's residuals; work on new tensors.")
def inplace(outputs, scales):
    if not outputs or len(outputs) != len(scales) or len({len(net) for net in outputs}) > 1:
        raise ValueError("this does not fit")
    total = outputs[0]
    for i in range(len(total)):
        total[i] *= scales[0]
        for scale, net in zip(scales[1:], outputs[1:], strict=True):
            total[i] += scale * net[i]
    return total


@right
def net_by_net(outputs, scales):
    if len(outputs) == 0 or len(outputs) != len(scales):
        raise ValueError("as many scales as ControlNets, and at least one")
    total = [torch.zeros_like(residual) for residual in outputs[0]]
    for net, scale in zip(outputs, scales, strict=True):
        if len(net) != len(total):
            raise ValueError("unequal numbers of residuals")
        total = [t + scale * r for t, r in zip(total, net, strict=True)]
    return total


@right
def by_einsum(outputs, scales):
    if not outputs or len(outputs) != len(scales) or any(len(net) != len(outputs[0]) for net in outputs):
        raise ValueError("this does not fit")
    return tuple(
        torch.einsum("n,n...->...", torch.tensor(scales, dtype=same[0].dtype), torch.stack(same))
        for same in zip(*outputs, strict=True)
    )


exercise("classify_pair")
wrong("overlap_of_image", "/ either.sum().item()", "/ either.numel()",
      hint="Overlap is intersection over union of the active places, not a share of the image.")
wrong("dot", "(products[both] / (norm_a[both] * norm_b[both]))", "products[both]",
      hint="Cosine: divide by both lengths at each place.")
wrong("everywhere", "(products[both] / (norm_a[both] * norm_b[both])).mean().item() if both.any() else 0.0", "(products / (norm_a * norm_b).clamp(min=1e-12)).mean().item()",
      hint="Only places where BOTH speak can agree or clash.")
wrong("overlap_is_conflict", "elif cosine < 0:", "elif overlap > 0.1:",
      hint="Two maps of the same source overlap and agree: that is reinforcing.")
wrong("conflict_before_overlap", "if overlap < 0.1:\n        verdict = \"disjoint\"\n    elif cosine < 0:\n        verdict = \"conflicting\"", "if cosine < 0:\n        verdict = \"conflicting\"\n    elif overlap < 0.1:\n        verdict = \"disjoint\"",
      hint="Ask first whether they meet at all: two controls that hardly overlap are disjoint, whatever the cosine.")
wrong("one_cosine_for_all", "(products[both] / (norm_a[both] * norm_b[both])).mean().item()", "F.cosine_similarity(res_a[:, both].flatten(), res_b[:, both].flatten(), dim=0).item()",
      hint="Take the cosine at each place first and average then; flattened, the loud places speak for all.")


@right
def place_by_place(res_a, res_b, tau):
    a, b = res_a.double().flatten(1).T.tolist(), res_b.double().flatten(1).T.tolist()
    cosines, either = [], 0
    for u, v in zip(a, b, strict=True):
        length_u, length_v = math.sqrt(sum(c * c for c in u)), math.sqrt(sum(c * c for c in v))
        either += length_u > tau or length_v > tau
        if length_u > tau and length_v > tau:
            cosines.append(sum(p * q for p, q in zip(u, v, strict=True)) / (length_u * length_v))
    overlap = len(cosines) / either if either else 0.0
    cosine = sum(cosines) / len(cosines) if cosines else 0.0
    verdict = "disjoint" if overlap < 0.1 else "conflicting" if cosine < 0 else "reinforcing"
    return {"overlap": overlap, "cosine": cosine, "verdict": verdict}


@right
def by_cosine_similarity(res_a, res_b, tau):
    active = torch.stack([res_a, res_b]).square().sum(1).sqrt() > tau
    both, union = active.all(0), int(active.any(0).sum())
    similarity = F.cosine_similarity(res_a, res_b, dim=0)[both]
    overlap = int(both.sum()) / max(union, 1)
    cosine = float(similarity.sum()) / max(similarity.numel(), 1)
    if overlap >= 0.1:
        return {"overlap": overlap, "cosine": cosine, "verdict": ("reinforcing", "conflicting")[cosine < 0]}
    return {"overlap": overlap, "cosine": cosine, "verdict": "disjoint"}


exercise("draw_controlled")
wrong("scale_on_the_map", "control(x, t, hint) for control, hint in zip(controls, hints, strict=True)]", "control(x, t, scale * hint) for control, hint, scale in zip(controls, hints, scales, strict=True)]\n            scales = [1.0] * len(scales)",
      hint="The knob belongs to what a control says, not to the map that it reads: half a map is another map.")
wrong("scales_left_out", "combine_controls(said, scales)", "combine_controls(said, [1.0] * len(said))",
      hint="Turn a scale to 0.5: is a drawing any different? Each control has a knob.")
wrong("first_control_alone", "combine_controls(said, scales)", "combine_controls(said[:1], scales[:1])",
      hint="All controls speak, and what they say is added.")
wrong("asked_once", "            said = [control(x, t, hint)", "            said = said if k else [control(x, t, hint)",
      hint="A control hears the present picture and the present time, so it has to be asked in every step.")
wrong("walks_towards_noise", "x = x - unet(", "x = x + unet(", hint="The velocity points from the digit to the noise. You walk the other way.")
wrong("time_runs_backwards", "1 - k / steps", "k / steps", hint="At time 1 there is noise, and you begin with noise.")


@right
def with_running_sums(unet, controls, hints, scales, start, labels, steps):
    times = torch.linspace(1, 0, steps + 1)
    x = start.clone()
    for now, later in zip(times[:-1], times[1:], strict=True):
        t = now.expand(len(x))
        total = None
        for control, hint, scale in zip(controls, hints, scales, strict=True):
            spoken = [scale * residual for residual in control(x, t, hint)]
            total = spoken if total is None else [a + b for a, b in zip(total, spoken, strict=True)]
        x = torch.add(x, unet(x, t, labels, total), alpha=float(later - now)).detach()
    return x


@right
@torch.inference_mode()
def step_by_step(unet, controls, hints, scales, start, labels, steps):
    x, n = start, len(start)
    for left in range(steps, 0, -1):
        t = torch.ones(n) * left / steps
        arguments = (x, t, labels)
        if controls:
            said = [controls[i](x, t, hints[i]) for i in range(len(controls))]
            arguments += ([sum(scales[i] * said[i][place] for i in range(len(said))) for place in range(5)],)
        x = x - unet(*arguments) / steps
    return x.clone()


exercise("sweep_digits")
wrong("weakest_that_obeys", "(-r, scale)", "(0, scale)",
      hint="Among the scales that obey, the one whose drawings are read most often counts, not the smallest.")
wrong("most_obedient", "(-r, scale)", "(-o, scale)",
      hint="Obedient enough is enough: among those scales look at what the judge can read.")
wrong("wanted_left_out", "if o >= wanted]", "]", hint="A scale that does not obey must not be chosen, however well its digits are read.")
wrong("the_largest_of_equals", "min(choices)[1]", "max(c[1] for c in choices if c[0] == min(choices)[0])",
      hint="Two scales are read equally often: the smaller one leaves the prompt more freedom.")


@wrong(hint="Draw every scale from the same noise, or you compare two noises instead of two scales.")
def other_noise_for_each_scale(unet, control, start, labels, edges, scales, wanted, steps):
    starts = [start.roll(i, dims=0) for i in range(len(scales))]
    drawings = [
        draw_controlled(unet, [control], [edges], [scale], noise, labels, steps)
        for scale, noise in zip(scales, starts, strict=True)
    ]
    obedient = [obedience(drawing, edges) for drawing in drawings]
    read = [judge().legible(drawing, labels) for drawing in drawings]
    choices = [(-r, scale) for scale, o, r in zip(scales, obedient, read, strict=True) if o >= wanted]
    if not choices:
        raise ValueError("no scale is obedient enough")
    return {"obedient": obedient, "read": read, "chosen": min(choices)[1]}


@right
def scale_after_scale(unet, control, start, labels, edges, scales, wanted, steps):
    result = {"obedient": [], "read": []}
    best = None
    for scale in scales:
        drawn = draw_controlled(unet, [control], [edges], [scale], start, labels, steps)
        result["obedient"].append(obedience(drawn, edges))
        result["read"].append(judge().legible(drawn, labels))
        if result["obedient"][-1] < wanted:
            continue
        if best is None or result["read"][-1] > best[0] or (result["read"][-1] == best[0] and scale < best[1]):
            best = (result["read"][-1], scale)
    if best is None:
        raise ValueError("none is obedient enough")
    return {**result, "chosen": best[1]}


@right
def in_one_table(unet, control, start, labels, edges, scales, wanted, steps):
    reader, table = judge(), {}
    for scale in sorted(scales):
        drawing = draw_controlled(unet, [control], [edges], [scale], start, labels, steps)
        table[scale] = obedience(drawing, edges), reader.legible(drawing, labels)
    allowed = [scale for scale, (obeys, _) in table.items() if obeys >= wanted]
    if not allowed:
        raise ValueError("none is obedient enough")
    columns = list(zip(*(table[scale] for scale in scales), strict=True))
    return {"obedient": list(columns[0]), "read": list(columns[1]), "chosen": max(allowed, key=lambda a: table[a][1])}
