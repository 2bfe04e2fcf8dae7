"""Other right answers to lesson 7.1.2."""

import math
from collections import deque

import torch
import torch.nn.functional as F

from blindgrade.known_answers import alternative

# ---------------------------------------------------------------- sobel_gradients


@alternative("sobel_gradients")
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


@alternative("sobel_gradients")
def by_separable_kernels(img):
    padded = F.pad(img.double()[None, None], (1, 1, 1, 1), mode="replicate")
    smooth = torch.tensor([1.0, 2.0, 1.0], dtype=torch.float64)
    differ = torch.tensor([-1.0, 0.0, 1.0], dtype=torch.float64)
    gx = F.conv2d(F.conv2d(padded, differ.view(1, 1, 1, 3)), smooth.view(1, 1, 3, 1))[0, 0]
    gy = F.conv2d(F.conv2d(padded, smooth.view(1, 1, 1, 3)), differ.view(1, 1, 3, 1))[0, 0]
    mag = torch.stack([gx, gy]).norm(dim=0)
    return {"gx": gx.to(img.dtype), "gy": gy.to(img.dtype), "mag": mag.to(img.dtype)}


# ---------------------------------------------------------------- thin_edges


@alternative("thin_edges")
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


@alternative("thin_edges")
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


@alternative("thin_edges")
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


# ---------------------------------------------------------------- hysteresis


@alternative("hysteresis")
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


@alternative("hysteresis")
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


# ---------------------------------------------------------------- canny


def _gaussian(sigma):
    radius = int(4 * sigma + 0.5)
    weights = [math.exp(-0.5 * (k / sigma) ** 2) for k in range(-radius, radius + 1)]
    return radius, torch.tensor([w / sum(weights) for w in weights], dtype=torch.float64)


@alternative("canny")
def blurs_in_two_dimensions(img, low, high, sigma):
    if low > high:
        raise ValueError("low > high")
    if sigma:
        radius, weights = _gaussian(sigma)
        padded = F.pad(img[None, None], [radius] * 4, mode="replicate")
        img = F.conv2d(padded, torch.outer(weights, weights)[None, None])[0, 0]
    found = sobel_gradients(img)
    return hysteresis(thin_edges(found["gx"], found["gy"]), low, high)


@alternative("canny")
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


# ---------------------------------------------------------------- depth_to_map


@alternative("depth_to_map")
def by_extremes(depth, valid):
    if int(valid.sum()) == 0 or float(depth[valid].min()) <= 0:
        raise ValueError("bad depth")
    near, far = depth[valid].min(), depth[valid].max()
    if near == far:
        return torch.zeros(3, *depth.shape, dtype=depth.dtype)
    safe = torch.where(valid, depth, far)
    grey = (1 / safe - 1 / far) / (1 / near - 1 / far)
    return torch.stack([grey, grey, grey])


@alternative("depth_to_map")
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


# ---------------------------------------------------------------- skeleton_map


@alternative("skeleton_map")
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


@alternative("skeleton_map")
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


# ---------------------------------------------------------------- map_changes


@alternative("map_changes")
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


@alternative("map_changes")
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


# ---------------------------------------------------------------- check_control_image


@alternative("check_control_image")
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


@alternative("check_control_image")
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


# ---------------------------------------------------------------- knob_sweep


@alternative("knob_sweep")
def by_the_closed_form(z, target, scales, max_error):
    error = (z - target).square().sum(1).mean().sqrt()
    spread = (z - z.mean(0)).square().sum(1).mean().sqrt()
    left = torch.tensor([abs(1 - s) for s in scales], dtype=z.dtype)
    obeying = sorted(s for s in scales if abs(1 - s) * error.item() <= max_error)
    if len(obeying) == 0:
        raise ValueError("none obeys")
    return {"error": left * error, "diversity": left * spread, "weakest": obeying[0]}


@alternative("knob_sweep")
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


# ---------------------------------------------------------------- combine_controls


@alternative("combine_controls")
def net_by_net(outputs, scales):
    if len(outputs) == 0 or len(outputs) != len(scales):
        raise ValueError("as many scales as ControlNets, and at least one")
    total = [torch.zeros_like(residual) for residual in outputs[0]]
    for net, scale in zip(outputs, scales, strict=True):
        if len(net) != len(total):
            raise ValueError("unequal numbers of residuals")
        total = [t + scale * r for t, r in zip(total, net, strict=True)]
    return total


@alternative("combine_controls")
def by_einsum(outputs, scales):
    if not outputs or len(outputs) != len(scales) or any(len(net) != len(outputs[0]) for net in outputs):
        raise ValueError("this does not fit")
    return tuple(
        torch.einsum("n,n...->...", torch.tensor(scales, dtype=same[0].dtype), torch.stack(same))
        for same in zip(*outputs, strict=True)
    )


# ---------------------------------------------------------------- classify_pair


@alternative("classify_pair")
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


@alternative("classify_pair")
def by_cosine_similarity(res_a, res_b, tau):
    active = torch.stack([res_a, res_b]).square().sum(1).sqrt() > tau
    both, union = active.all(0), int(active.any(0).sum())
    similarity = F.cosine_similarity(res_a, res_b, dim=0)[both]
    overlap = int(both.sum()) / max(union, 1)
    cosine = float(similarity.sum()) / max(similarity.numel(), 1)
    if overlap >= 0.1:
        return {"overlap": overlap, "cosine": cosine, "verdict": ("reinforcing", "conflicting")[cosine < 0]}
    return {"overlap": overlap, "cosine": cosine, "verdict": "disjoint"}
