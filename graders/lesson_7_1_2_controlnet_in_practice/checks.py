"""Checks of lesson 7.1.2, ControlNet in Practice.

Each check states one claim. All inputs are drawn before the student's code runs. Images are never square unless a
check says so, because only then do swapped axes show. Grey values carry noise where a tie between two pixels could
be decided by rounding.
"""

import math

import torch

from blindgrade.checks import Fail, Watch, agree, answers, answers_and_purity, check, error_of
from blindgrade.figures import bars, curves, image
from digit_controls import edge_control, edge_map, ink_control, ink_map, obedience
from digits import load_digits, teacher

DTYPES = {"in float32": torch.float32, "in float64": torch.float64}


# ---------------------------------------------------------------- sobel_gradients


@check("sobel_gradients", weight=2, public=True)
def measures_change_along_both_axes(lesson, rng):
    """gx is the change along the columns, gy the change along the rows, mag the length of the two.

    The arguments stay as they are.
    """
    cases = {name: (rng.normal(7, 9, dtype=dtype),) for name, dtype in DTYPES.items()}
    return answers_and_purity(lesson.sobel_gradients, cases)


@check("sobel_gradients")
def sees_no_edge_at_the_border(lesson, rng):
    """A flat image has no gradient anywhere, its border included; a ramp has a gradient of the right sign."""
    level = rng.integer(50, 255)
    slope = rng.integer(1, 6)
    ramp = slope * torch.arange(8, dtype=torch.float64)
    cases = {
        "of a flat image": (torch.full((5, 6), float(level), dtype=torch.float64),),
        "of a ramp to the right": (ramp.expand(5, 8).clone(),),
        "of a ramp downwards": (ramp[:, None].expand(8, 5).clone(),),
    }
    return answers(lesson.sobel_gradients, cases)


@check("sobel_gradients")
def works_at_any_size_and_keeps_the_image(lesson, rng):
    """Square images, single rows and columns work too, and the image stays as it was."""
    cases = {
        f"of a {h} x {w} image": (40 * rng.normal(h, w, dtype=torch.float64),) for h, w in ((6, 6), (1, 5), (4, 1))
    }
    return answers_and_purity(lesson.sobel_gradients, cases)


# ---------------------------------------------------------------- thin_edges


def gradient_field(rng, height, width):
    """Two independent components: all four directions occur, and no two magnitudes are equal."""
    return rng.normal(height, width, dtype=torch.float64), rng.normal(height, width, dtype=torch.float64)


def along_direction(rng, height, width, angle):
    """Gradients that all point roughly along `angle`, in degrees, or against it, with magnitudes of any order."""
    turn = math.pi / 180 * (angle + rng.uniform(height, width, low=-15.0, high=15.0, dtype=torch.float64))
    sign = rng.integers(height, width, high=2).double() * 2 - 1
    mag = sign * rng.uniform(height, width, low=0.5, high=5.0, dtype=torch.float64)
    return mag * turn.cos(), mag * turn.sin()


def what_is_left(result, rng):
    return image("What is left of edges that run up and down", result["nearly horizontal"], low=0)


@check("thin_edges", weight=2, public=True, figure=what_is_left)
def looks_left_and_right_or_up_and_down(lesson, rng):
    """Where the gradient is nearly horizontal or vertical, a pixel survives if it beats its neighbours across.

    The arguments stay as they are.
    """
    cases = {
        "nearly horizontal": along_direction(rng, 7, 10, 0.0),
        "nearly vertical": along_direction(rng, 7, 10, 90.0),
    }
    return answers_and_purity(lesson.thin_edges, cases)


@check("thin_edges", weight=2)
def looks_along_the_right_diagonal(lesson, rng):
    """A gradient to the lower right looks at the upper left and lower right neighbours, and so on."""
    cases = {
        "to the lower right": along_direction(rng, 7, 10, 45.0),
        "to the lower left": along_direction(rng, 7, 10, 135.0),
    }
    return answers(lesson.thin_edges, cases)


@check("thin_edges", weight=2)
def chooses_the_direction_by_the_angle(lesson, rng):
    """In a field of mixed directions each pixel is compared across its own edge; gx and gy stay as they were."""
    cases = {"": gradient_field(rng, 17, 23), "in a square image": gradient_field(rng, 12, 12)}
    steep = along_direction(rng, 14, 15, 22.5)
    cases["near the first boundary of the table"] = steep
    cases["near the second boundary of the table"] = (steep[1], steep[0])
    return answers_and_purity(lesson.thin_edges, cases)


@check("thin_edges", weight=2, public=True)
def leaves_one_pixel_of_a_plateau(lesson, rng):
    """Of two equal pixels across an edge the left or upper one stays; two equal ones on a diagonal both go."""
    strength = rng.integer(2, 9) / 2
    row = torch.zeros(5, 8, dtype=torch.float64)
    row[:, 3:5] = strength
    rows, columns = torch.meshgrid(torch.arange(7), torch.arange(7), indexing="ij")
    # Two neighbouring lines across the main diagonal: each of their pixels has its equal along the diagonal.
    stripe = torch.where((rows + columns == 6) | (rows + columns == 8), strength, 0.0).double()
    mirrored = stripe.flip(1)
    none = torch.zeros_like(row)
    cases = {
        "two columns": (row, none),
        "two columns, getting darker": (-row, none),
        "two rows": (none.T.clone(), row.T.clone()),
        "two rows, getting darker": (none.T.clone(), -row.T),
        "two diagonal lines": (stripe, stripe.clone()),
        "two lines on the other diagonal": (mirrored, -mirrored),
    }
    return answers(lesson.thin_edges, cases)


@check("thin_edges")
def counts_zero_outside(lesson, rng):
    """At the rim the missing neighbours count 0, so a rim pixel can survive; no gradient at all gives 0."""
    cases = {
        "of a single row": along_direction(rng, 1, 9, 0.0),
        "of a single column": along_direction(rng, 9, 1, 90.0),
        "of a 2 x 3 image": gradient_field(rng, 2, 3),
        "of no gradient": (torch.zeros(3, 4, dtype=torch.float64), torch.zeros(3, 4, dtype=torch.float64)),
    }
    return answers(lesson.thin_edges, cases)


# ---------------------------------------------------------------- hysteresis


def what_stays(result, rng):
    return image("Pixels that stay", result["in float64"], low=0, high=1)


@check("hysteresis", weight=2, public=True, figure=what_stays)
def keeps_weak_pixels_linked_to_strong_ones(lesson, rng):
    """Weak pixels stay if their chain holds a strong pixel, and go if it does not; mag stays as it was."""
    cases = {name: (rng.uniform(15, 21, low=0.0, high=1.0, dtype=dtype), 0.62, 0.93) for name, dtype in DTYPES.items()}
    return answers_and_purity(lesson.hysteresis, cases)


def turned(rng, pattern):
    """The pattern in one of its eight positions."""
    pattern = torch.rot90(pattern, rng.integer(0, 4))
    return pattern.flip(1).clone() if rng.integer(0, 2) else pattern.clone()


def spiral(size):
    """A one-pixel path from the corner to the middle, with a gap of one pixel between its turns."""
    path = torch.zeros(size, size, dtype=torch.float64)
    row, column, dy, dx = 0, 0, 0, 1
    path[0, 0] = 1.0

    def free(r, c):
        return 0 <= r < size and 0 <= c < size and path[r, c] == 0

    while True:
        for _ in range(2):
            if free(row + dy, column + dx) and not (
                0 <= row + 2 * dy < size and 0 <= column + 2 * dx < size and path[row + 2 * dy, column + 2 * dx] == 1
            ):
                break
            dy, dx = dx, -dy
        else:
            return path
        row, column = row + dy, column + dx
        path[row, column] = 1.0


@check("hysteresis", weight=2)
def follows_a_chain_to_its_end(lesson, rng):
    """A strong pixel at one end of a long winding chain keeps the whole chain, and nothing else."""
    strong_outside, strong_inside = 2 * spiral(13), 2 * spiral(13)
    strong_outside[0, 0] = 5.0
    strong_inside[6, 6] = 5.0
    lone = torch.zeros(9, 22, dtype=torch.float64)
    lone[2:4, 15:20] = 2.0  # weak, and linked to nobody
    lone[5, 0:14] = 2.0
    lone[5, 13] = 5.0
    low, high = 1 + rng.number(0, 0.5), 3 + rng.number(0, 1)
    cases = {
        "from outside": (turned(rng, strong_outside), low, high),
        "from inside": (turned(rng, strong_inside), low, high),
        "beside a lone patch": (turned(rng, lone), low, high),
    }
    return answers(lesson.hysteresis, cases)


@check("hysteresis", weight=2)
def links_all_eight_neighbours(lesson, rng):
    """Pixels that touch at a corner are linked, along both diagonals; a gap of one pixel is not bridged."""
    weak = 2.0 * torch.eye(7, 9, dtype=torch.float64)
    weak[0, 0] = 5.0
    gap = torch.zeros(7, 9, dtype=torch.float64)
    gap[1, 1:4], gap[1, 5:8], gap[1, 1] = 2.0, 2.0, 5.0
    low, high = 1 + rng.number(0, 0.5), 3 + rng.number(0, 1)
    cases = {
        "down to the right": (weak, low, high),
        "down to the left": (weak.flip(1), low, high),
        "from the other end": (weak.flip(0), low, high),
        "across a gap": (turned(rng, gap), low, high),
    }
    return answers(lesson.hysteresis, cases)


@check("hysteresis", public=True)
def compares_strictly(lesson, rng):
    """A pixel exactly at a threshold is not above it; equal thresholds are one threshold; no edge is no edge."""
    low, high = rng.integer(1, 3), rng.integer(4, 6)
    row = torch.tensor([[high, low + 1, 0, high + 1, low, low + 1, 0, low + 1, high + 1, low]], dtype=torch.float64)
    cases = {
        "at the thresholds": (row.repeat_interleave(2, 0), float(low), float(high)),
        "with equal thresholds": (row.T.clone(), float(high), float(high)),
        "of nothing strong": (row.clamp(max=high), float(low), float(high)),
    }
    return answers(lesson.hysteresis, cases)


@check("hysteresis", weight=0.5, public=True)
def refuses_low_above_high(lesson, rng):
    """low > high raises ValueError; low = high and low < high do not."""
    mag = rng.uniform(5, 6, high=5.0, dtype=torch.float64)
    high = rng.number(1, 3)
    return {
        "error for low > high": error_of(lesson.hysteresis, mag, high + 0.5, high),
        "mask for low = high": lesson.hysteresis(mag, high, high),
        "mask for low < high": lesson.hysteresis(mag, high - 0.5, high),
    }


# ---------------------------------------------------------------- canny


def scene(rng, height, width, noise):
    """A box and a disc on a slope with grain: whole grey values from 0 to 255, float64."""
    rows, columns = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
    image = rng.integer(40, 90) + rng.number(0.3, 1.0) * rows + rng.number(0.2, 0.7) * columns
    top, left = rng.integer(3, height // 3), rng.integer(3, width // 4)
    box = (rows >= top) & (rows < top + height // 3) & (columns >= left) & (columns < left + width // 3)
    cy, cx = rng.integer(height // 2, 2 * height // 3), rng.integer(width // 2, 3 * width // 4)
    disc = (rows - cy) ** 2 + (columns - cx) ** 2 <= (height / 4) ** 2
    image = torch.where(box, 180 + 10 * rng.number(), image)
    image = torch.where(disc, 230.0, image.double())
    return (image + noise * rng.normal(height, width, dtype=torch.float64)).round().clamp(0, 255)


def thresholds(rng, low, high):
    """Two thresholds near the given ones that are no root of a whole number."""
    return low + rng.integer(-4, 5) + 0.37, high + rng.integer(-8, 9) + 0.37


def nearly_the_same_edges(result, expected, rng):
    """At most 0.2 % of the pixels of each map differ: rounding decides ties in blurred ramps."""
    if not isinstance(result, dict) or set(result) != set(expected):
        agree(result, expected)
    for name, want in expected.items():
        got = result[name]
        if not isinstance(want, torch.Tensor) or not isinstance(got, torch.Tensor):
            agree(got, want, name=name)
            continue
        if got.shape != want.shape or got.dtype != want.dtype:
            agree(got, want, name=name)
        share = (got != want).double().mean().item()
        if not share <= 0.002:
            raise Fail(f"{name}: {100 * share:.1f} % of the pixels differ")


def edge_picture(result, rng):
    return image("The edges of a box and a disc", result["edges"], low=0, high=1)


@check("canny", weight=2, public=True, figure=edge_picture)
def finds_thin_linked_edges(lesson, rng):
    """Without blur, gradients, thinning and linking follow each other; img stays as it was."""
    cases = {
        "edges": (scene(rng, 30, 44, 6.0), *thresholds(rng, 70, 150), 0.0),
        "edges at high thresholds": (scene(rng, 30, 44, 6.0), *thresholds(rng, 140, 330), 0.0),
    }
    return answers_and_purity(lesson.canny, cases)


@check("canny", weight=2)
def thins_before_it_links(lesson, rng):
    """Where the grain is coarse, a link runs only through pixels that survive the thinning."""
    cases = {f"edges of image {i}": (scene(rng, 32, 40, 25.0), *thresholds(rng, 150, 280), 0.0) for i in range(3)}
    return answers(lesson.canny, cases)


@check("canny", weight=2, verdict=nearly_the_same_edges)
def blurs_first(lesson, rng):
    """With sigma > 0 the image is smoothed before anything else, so grain is no edge."""
    cases = {
        f"edges with sigma = {sigma}": (scene(rng, 40, 52, 14.0), *thresholds(rng, low, high), sigma)
        for sigma, low, high in ((0.8, 60, 140), (1.4, 30, 70), (2.0, 20, 50))
    }
    return answers(lesson.canny, cases)


@check("canny", public=True, verdict=nearly_the_same_edges)
def blurs_up_to_the_rim(lesson, rng):
    """The blur replicates the border, so the rim of a bright image is no edge; its weights add up to 1."""
    image = torch.full((24, 40), float(rng.integer(150, 230)), dtype=torch.float64)
    image = (image + 4 * rng.normal(24, 40, dtype=torch.float64)).round().clamp(0, 255)
    cases = {
        "edges of a bright image": (image, *thresholds(rng, 10, 30), 1.5),
        "edges of a scene": (scene(rng, 24, 40, 10.0), *thresholds(rng, 20, 45), 1.5),
        "edges after a weak blur": (scene(rng, 40, 30, 10.0), *thresholds(rng, 60, 130), 0.5),
        "edges of nothing but grain": (rng.integers(18, 44, high=256).double(), *thresholds(rng, 60, 140), 1.2),
    }
    return answers(lesson.canny, cases)


# Strength of a step of height 1 that passes through the middle value, blurred with sigma.
STRENGTH = {1.1: 2.4104156251833, 1.2: 2.2695195382172, 2.0: 1.5020416269981}


@check("canny", public=True)
def blurs_as_far_as_the_formula(lesson, rng):
    """The blur reaches R pixels, no less and no further: a blurred step is exactly as strong as it should be."""
    column = torch.arange(36).expand(9, 36)
    cases = {}
    for sigma, strength in STRENGTH.items():
        middle, height = rng.integer(14, 22), 2 * rng.integer(40, 110)
        step = height * ((column >= middle).double() + (column > middle)) / 2
        image = rng.choice([step, step.flip(1), step.T.contiguous(), height - step])
        for side, share in (("below", 1 - 1e-6), ("above", 1 + 1e-6)):
            high = height * strength * share
            cases[f"high just {side} the strength, sigma = {sigma}"] = (image, 0.5 * high, high, sigma)
    return answers(lesson.canny, cases)


@check("canny", weight=0.5, public=True)
def refuses_thresholds_in_the_wrong_order(lesson, rng):
    """low > high raises ValueError; a flat image has no edges."""
    image, flat = scene(rng, 20, 26, 5.0), torch.full((9, 12), float(rng.integer(20, 255)), dtype=torch.float64)
    return {
        "error for low > high": error_of(lesson.canny, image, 150.37, 80.37, 0.0),
        "edges for low = high": lesson.canny(image, 150.37, 150.37, 0.0),
        "edges of a flat image": lesson.canny(flat, 30.0, 60.0, 1.0),
    }


# ---------------------------------------------------------------- tune_edges

MOST_RUNS, MOST_MISS = 8, 0.015


def fading_wall(rng, height, width, sideways):
    """Grain whose contrast fades from one side to the other, so that any share of edges can be had."""
    grain = rng.normal(height, width, dtype=torch.float64)
    fade = torch.linspace(math.log(rng.number(60, 90)), math.log(0.5), width, dtype=torch.float64).exp()
    wall = (128 + fade * grain).clamp(0, 255)
    return wall.flip(1) if sideways else wall


def tuned(lesson, rng, cases):
    """What was found for each picture and share, how often the detector ran, and the shares that it lights."""
    walls = {name: fading_wall(rng, 48, 96, rng.integer(0, 2)) for name in cases}
    seen = {}
    for name, wall in walls.items():
        runs = []

        def edges(low, high, wall=wall, runs=runs):
            runs.append(high)
            return lesson.canny(wall.clone(), float(low), float(high), 0.7)

        found = lesson.tune_edges(edges, cases[name])
        low, high, guess = (float(found[key]) for key in ("low", "high", "guess"))
        seen[name] = {
            "low": low,
            "high": high,
            "guess": guess,
            "runs": len(runs),
            "share": lesson.canny(wall, min(low, high), high, 0.7).double().mean().item(),
            "share when halved": lesson.canny(wall / 2, min(low, high), high, 0.7).double().mean().item(),
            "wanted": cases[name],
        }
    return seen


def within_goal_and_budget(result, expected, rng):
    """The verdict: few runs, the right ratio, and the wanted share of lit pixels."""
    found = list(result.values())
    runs = max(case["runs"] for case in found)
    if runs > MOST_RUNS:
        raise Fail(f"the detector ran {runs} times; expected at most {MOST_RUNS}", misconception="runs_until_it_fits")
    for name, case in result.items():
        low, high = case["low"], case["high"]
        if not 0 < low <= high or not 1.999 <= high / low <= 3.001:
            cause = "one_threshold" if low == high else None
            raise Fail(f"{name}, low is {low:.4g} and high is {high:.4g}; expected high from 2 to 3 times low",
                       misconception=cause)  # fmt: skip
    misses = {name: case["share"] - case["wanted"] for name, case in result.items()}
    worst = max(misses, key=lambda name: abs(misses[name]))
    if abs(misses[worst]) <= MOST_MISS:
        return
    case, cause = result[worst], None
    if runs == 0 and len({(case["low"], case["high"]) for case in found}) == 1:
        cause = "same_for_every_picture"
    elif all(case["high"] < 2.2 or case["high"] > 1000 for case in found):  # at an end of the scale, every time
        cause = "searches_away"
    raise Fail(
        f"{worst}, {case['share']:.3f} of the pixels are lit at low = {case['low']:.4g}, high = {case['high']:.4g}; "
        f"expected {case['wanted']:.3f}, give or take {MOST_MISS}",
        misconception=cause,
    )


def guessed(result, rng):
    heights = {}
    for name, case in result.items():
        heights[f"{name}: predicted"] = case["guess"]
        heights[f"{name}: measured"] = case["share when halved"]
    return bars("Grey values halved: the share that you predicted, and the share that is lit", heights)


@check("tune_edges", weight=2, public=True, reference=False, verdict=within_goal_and_budget, figure=guessed)
def finds_thresholds_for_a_share(lesson, rng):
    """On three pictures the wanted share is met within 0.015, in at most 8 runs, with high 2 to 3 times low."""
    return tuned(lesson, rng, {"a light sketch": 0.08, "a drawing": 0.13, "every line": 0.2})


@check("tune_edges", weight=3, reference=False, verdict=within_goal_and_budget)
def finds_thresholds_for_other_pictures(lesson, rng):
    """On six pictures that nobody has seen, shares from 0.08 to 0.2 are met within goal, budget and rule."""
    return tuned(lesson, rng, {f"picture {number}": rng.number(0.08, 0.2) for number in range(1, 7)})


# ---------------------------------------------------------------- depth_to_map


def depth_case(rng, height, width, dtype, low=1.0, high=9.0, share=0.8):
    """Depths between low and high, of which about the given share is valid (two pixels always are)."""
    valid = rng.uniform(height, width) < share
    valid[0, 0] = valid[-1, -1] = True
    return rng.uniform(height, width, low=low, high=high, dtype=dtype), valid


def depth_picture(result, rng):
    return image("The map: near is bright", result["in float64"][0], low=0, high=1)


@check("depth_to_map", weight=2, public=True, figure=depth_picture)
def makes_near_bright(lesson, rng):
    """The map is the inverse depth, stretched to 0..1, in three equal channels; near is 1, far is 0.

    The arguments stay as they are.
    """
    cases = {name: depth_case(rng, 6, 9, dtype, share=2.0) for name, dtype in DTYPES.items()}
    cases["of a square image"] = depth_case(rng, 3, 3, torch.float64, share=2.0)
    return answers_and_purity(lesson.depth_to_map, cases)


@check("depth_to_map", weight=2)
def takes_the_range_from_valid_pixels(lesson, rng):
    """Holes are 0 in the map and do not set the range, whatever they hold, a tiny positive depth included."""
    cases = {}
    for name, dtype in DTYPES.items():
        depth, valid = depth_case(rng, 7, 10, dtype)
        cases[f"plain holes {name}"] = (depth, valid)
        for hole in (0.01, 500.0):
            cases[f"holes of {hole} {name}"] = (torch.where(valid, depth, hole), valid)
    return answers_and_purity(lesson.depth_to_map, cases)


@check("depth_to_map", weight=2)
def survives_any_value_in_a_hole(lesson, rng):
    """Holes may be zero, negative, infinite or NaN: no error, and not a trace of them in the map."""
    cases = {}
    for hole in (0.0, -2.5, math.inf, -math.inf, math.nan):
        depth, valid = depth_case(rng, 5, 8, torch.float64)
        valid[2, 3] = False
        cases[f"holes of {hole}"] = (torch.where(valid, depth, hole), valid)
    return answers_and_purity(lesson.depth_to_map, cases)


@check("depth_to_map")
def has_no_unit_and_no_origin(lesson, rng):
    """Scaling and shifting the inverse depth leaves the map as it is, and a narrow range is stretched in full."""
    depth, valid = depth_case(rng, 6, 7, torch.float64)
    scaled = 1 / (rng.number(0.2, 5) / depth + rng.number(0.1, 2))
    narrow, valid_too = depth_case(rng, 6, 7, torch.float64, low=50.0, high=50.5)
    cases = {
        "before": (depth, valid),
        "after scale and shift": (scaled, valid),
        "of a narrow range": (narrow, valid_too),
    }
    return answers(lesson.depth_to_map, cases)


@check("depth_to_map", public=True)
def is_black_without_a_range(lesson, rng):
    """If all valid pixels are equally deep, or only one is valid, the map is 0; else it is not."""
    constant = float(rng.integer(1, 20)) / 4
    depth, valid = depth_case(rng, 4, 6, torch.float32)
    one = torch.zeros(4, 6, dtype=torch.bool)
    one[rng.integer(0, 4), rng.integer(0, 6)] = True
    cases = {
        "of a flat wall": (torch.full((4, 6), constant), torch.ones(4, 6, dtype=torch.bool)),
        "of a flat wall with holes": (torch.where(valid, constant, depth), valid),
        "of one valid pixel": (depth, one),
        "of a wall that is not flat": (depth, valid),
    }
    return answers(lesson.depth_to_map, cases)


@check("depth_to_map", public=True)
def refuses_depths_that_cannot_be(lesson, rng):
    """No valid pixel, or a valid depth of zero or less, raises ValueError; good depths do not."""
    depth, valid = depth_case(rng, 4, 5, torch.float64)
    zero, negative = depth.clone(), depth.clone()
    zero[0, 0], negative[-1, -1] = 0.0, -rng.number(0.1, 2)
    return {
        "error without a valid pixel": error_of(lesson.depth_to_map, depth, torch.zeros_like(valid)),
        "error at depth 0": error_of(lesson.depth_to_map, zero, valid),
        "error at a negative depth": error_of(lesson.depth_to_map, negative, valid),
        "map of good depths": lesson.depth_to_map(depth, valid),
    }


# ---------------------------------------------------------------- skeleton_map


def heat(rng, height, width, joints, dtype):
    """One heat map for each joint (x, y, confidence): its maximum stands at the joint, all else is far below."""
    maps = 0.05 * rng.uniform(len(joints), height, width, dtype=dtype)
    for k, (x, y, confidence) in enumerate(joints):
        maps[k, y, x] = confidence
    return maps


def clear_radius(rng, joints, limbs, low=1.0, high=3.0):
    """A radius that no pixel's distance to a joint, or to the line through a limb, comes near."""
    while True:
        radius = rng.number(low, high)
        nearest = abs(radius**2 - round(radius**2)) / (2 * radius)
        for a, b in limbs:
            length = math.dist(joints[a][:2], joints[b][:2])
            if length > 0:
                nearest = min(nearest, abs(radius * length - round(radius * length)) / length)
        if nearest > 2e-3:
            return radius


def person(rng, height, width, joints, sure=True):
    """Joints at different pixels, with confidences above 0.6; every third is below 0.3 unless all are sure."""
    places = rng.shuffled([(x, y) for x in range(width) for y in range(height)])[:joints]
    return [
        (x, y, rng.number(0.6, 1.0) if sure or k % 3 != 2 else rng.number(0.1, 0.3)) for k, (x, y) in enumerate(places)
    ]


def limbs_picture(result, rng):
    return image("Limbs of the given radius", result["in float64"]["mask"], low=0, high=1)


@check("skeleton_map", weight=2, public=True, figure=limbs_picture)
def finds_joints_and_draws_limbs(lesson, rng):
    """Key points are column, row and confidence of the maximum; limbs of the given radius join them."""
    cases = {}
    for name, dtype in DTYPES.items():
        joints = person(rng, 12, 19, 4)
        limbs = [[0, 1], [1, 2], [3, 1]]
        maps = heat(rng, 12, 19, joints, dtype)
        cases[name] = (maps, limbs, clear_radius(rng, joints, limbs), 0.4)
    return answers_and_purity(lesson.skeleton_map, cases)


@check("skeleton_map", weight=2)
def ends_a_limb_at_its_joints(lesson, rng):
    """A limb is a segment with round ends, in any direction: it does not run on beyond its joints."""
    cases = {}
    for name, (dx, dy) in {"slanted": (7, 3), "rising": (5, -4), "level": (6, 0), "upright": (0, 4)}.items():
        x, y = rng.integer(6, 9), rng.integer(7, 9)
        joints = [(x, y, 0.9), (x + dx, y + dy, 0.8)]
        limbs = rng.choice([[[0, 1]], [[1, 0]]])
        radius = clear_radius(rng, joints, limbs, 1.1, 2.6)
        cases[f"{name} limb"] = (heat(rng, 17, 24, joints, torch.float64), limbs, radius, 0.5)
    corner = [(0, 0, 0.9), (rng.integer(4, 9), rng.integer(3, 6), 0.8)]
    radius = clear_radius(rng, corner, [[0, 1]], 1.1, 2.6)
    cases["limb from the corner"] = (heat(rng, 9, 13, corner, torch.float64), [[0, 1]], radius, 0.5)
    for name, (dx, dy) in {"short level": (1, 0), "short upright": (0, -1), "short slanted": (1, 1)}.items():
        joints = [(5, 4, 0.7), (5 + dx, 4 + dy, 0.8)]
        # Neighbours: a radius little above a whole number shows where the limb ends.
        cases[f"{name} limb"] = (heat(rng, 9, 12, joints, torch.float64), [[0, 1]], rng.choice([1.05, 2.03]), 0.5)
    return answers(lesson.skeleton_map, cases)


@check("skeleton_map", weight=2)
def leaves_out_joints_it_did_not_see(lesson, rng):
    """A joint below min_conf is (0, 0, 0), and a limb needs both ends; with none, the mask is 0 throughout."""
    cases = {}
    for name, dtype in DTYPES.items():
        joints = person(rng, 14, 11, 6, sure=False)
        limbs = [[0, 1], [1, 2], [2, 3], [5, 4], [2, 5]]
        cases[name] = (heat(rng, 14, 11, joints, dtype), limbs, clear_radius(rng, joints, limbs, 0.8, 2.0), 0.5)
    maps, limbs, radius, _ = cases["in float64"]
    cases["with nobody seen"] = (maps, limbs, radius, 1.5)
    cases["with everybody seen"] = (maps, limbs, radius, 0.07)
    cases["without limbs"] = (maps, [], radius, 0.5)
    return answers(lesson.skeleton_map, cases)


@check("skeleton_map")
def draws_a_disc_where_the_ends_are_equal(lesson, rng):
    """Two joints on one pixel make a disc; pixels at exactly the radius belong to it."""
    x, y = rng.integer(6, 9), rng.integer(6, 8)
    joints = [(x, y, 0.9), (x, y, 0.7)]
    maps = {name: heat(rng, 15, 20, joints, dtype) for name, dtype in DTYPES.items()}
    cases = {f"radius {r} {name}": (maps[name], [[0, 1]], r, 0.5) for name in maps for r in (0.0, 1.0, 5.0, 2.5)}
    return answers(lesson.skeleton_map, cases)


@check("skeleton_map", public=True)
def takes_the_first_of_equal_maxima(lesson, rng):
    """Of several equal maxima the first in reading order is the joint; a confidence of exactly min_conf is seen."""
    row, column = rng.integer(2, 5), rng.integer(4, 9)
    maps = 0.05 * rng.uniform(3, 8, 12, dtype=torch.float64)
    maps[0, row, column] = maps[0, row + 1, column - 3] = maps[0, row + 2, column + 1] = 0.75
    maps[1, row, column] = maps[1, row, column + 2] = 0.5
    maps[2, row - 1, column + 1] = maps[2, row, 0] = 0.25
    return answers(lesson.skeleton_map, {"": (maps, [[0, 2]], 1.0, 0.5)})


# ---------------------------------------------------------------- map_changes

EDITS = [
    "repaint_texture",
    "push_object_back",
    "raise_arm",
    "baggy_coat",
    "hue_shift_same_luminance",
    "brighten_uniformly",
    "double_contrast",
    "move_person",
]


def whole_row(lesson, rng, preprocessor):
    """The answers for all edits, asked in random order."""
    return {edit: lesson.map_changes(preprocessor, edit) for edit in rng.shuffled(EDITS)}


@check("map_changes", weight=3)
def knows_what_canny_sees(lesson, rng):
    """All eight edits are right for canny, which sees differences of grey values."""
    return whole_row(lesson, rng, "canny")


@check("map_changes", weight=3)
def knows_what_depth_sees(lesson, rng):
    """All eight edits are right for depth, which sees surfaces."""
    return whole_row(lesson, rng, "depth")


@check("map_changes", weight=3)
def knows_what_openpose_sees(lesson, rng):
    """All eight edits are right for openpose, which sees joints."""
    return whole_row(lesson, rng, "openpose")


@check("map_changes", public=True)
def refuses_unknown_names(lesson, rng):
    """OpenPose follows a person who moves, canny no turn of the colours; unknown names raise ValueError."""
    known = rng.shuffled([("openpose", EDITS[7]), ("canny", EDITS[4])])
    seen = {f"{tool}, {edit}": lesson.map_changes(tool, edit) for tool, edit in known}
    for tool, edit in (("sobel", EDITS[2]), ("Canny", EDITS[0]), ("", EDITS[1]), ("depth", "raise_leg"), ("canny", "")):
        seen[f"error for {tool!r}, {edit!r}"] = error_of(lesson.map_changes, tool, edit)
    return seen


@check("map_changes", public=True)
def tells_apart_what_the_maps_see(lesson, rng):
    """Ten cells of the table: the edits about which the three maps do not agree."""
    telling = {"canny": (0, 1, 5, 6), "depth": (0, 1, 3, 6), "openpose": (1, 3)}
    cells = [(tool, EDITS[number]) for tool, numbers in telling.items() for number in numbers]
    return {f"{tool}, {edit}": lesson.map_changes(tool, edit) for tool, edit in rng.shuffled(cells)}


# ---------------------------------------------------------------- check_control_image


def line_map(rng, height, width, lit, channels=3, dtype=torch.float32):
    """Black with a given share of lit values, the same in all channels; values within 0.03 of 0 and 1."""
    order = torch.argsort(rng.uniform(height * width)).reshape(height, width)
    white = order < round(lit * height * width)
    grain = rng.uniform(height, width, high=0.03, dtype=dtype)
    return torch.where(white, 1 - grain, grain).repeat(channels, 1, 1)


@check("check_control_image", weight=2, public=True)
def passes_good_maps_and_names_the_fault(lesson, rng):
    """A good map has no fault; one with one fault is reported for that one."""
    depth = rng.uniform(3, 24, 40, high=0.99)
    full, too_low, too_high = depth.clone(), depth.clone(), depth.clone()
    full[:, 0, 0], full[:, 5, 6] = 0.0, 1.0
    too_low[1, 2, 3], too_high[2, 7, 9] = -0.002, 1.002
    cases = {
        "good edges": (line_map(rng, 24, 40, 0.1, dtype=torch.float64), 3, 5, "canny"),
        "good depth": (depth, 3, 5, "depth"),
        "good depth from exactly 0 to exactly 1": (full, 3, 5, "depth"),
        "one channel": (depth[:1], 3, 5, "depth"),
        "0..255": (255 * depth, 3, 5, "depth"),
        "one value below 0": (too_low, 3, 5, "pose"),
        "one value above 1": (too_high, 3, 5, "pose"),
        "empty": (torch.zeros(3, 24, 40), 3, 5, "depth"),
    }
    return answers_and_purity(lesson.check_control_image, cases)


@check("check_control_image")
def compares_the_size_in_pixels(lesson, rng):
    """The map is 8 times as high and 8 times as wide as the latent, each side by itself."""
    depth = rng.uniform(3, 24, 40)
    sizes = {"right": (3, 5), "in pixels": (24, 40), "swapped": (5, 3), "too low": (2, 5), "too narrow": (3, 4)}
    cases = {f"size {name}": (depth, *size, "depth") for name, size in sizes.items()}
    cases["a rest"] = (rng.uniform(3, 25, 40), 3, 5, "depth")
    cases["right, of one channel"] = (depth[:1].clone(), 3, 5, "depth")
    return answers(lesson.check_control_image, cases)


@check("check_control_image", weight=2)
def judges_edge_maps_by_their_lines(lesson, rng):
    """Edges must be black or white, and neither nearly absent nor everywhere; for other kinds these rules are off."""
    grey = line_map(rng, 32, 40, 0.1)
    grey[2, 5, 7] = rng.number(0.1, 0.9)
    sparse, dense = line_map(rng, 32, 40, 0.003), line_map(rng, 32, 40, 0.35)
    one_channel_lit = torch.zeros(3, 32, 40)
    one_channel_lit[0] = line_map(rng, 32, 40, 0.45)[0]
    maps = {"grey": grey, "sparse": sparse, "dense": dense, "lit in one channel": one_channel_lit}
    maps |= {"just enough": line_map(rng, 32, 40, 0.007), "just short of too much": line_map(rng, 32, 40, 0.27)}
    maps["grey all over"] = rng.uniform(3, 32, 40, low=0.1, high=0.9)
    cases = {f"{name} as {kind}": (img, 4, 5, kind) for name, img in maps.items() for kind in ("canny", "depth")}
    return answers(lesson.check_control_image, cases)


@check("check_control_image")
def knows_where_its_limits_lie(lesson, rng):
    """Just inside a limit is no fault, just outside is one; a value of exactly 0.5 is not lit."""
    cases = {}
    for value in (0.04, 0.06, 0.07, 0.94, 0.96):
        img = line_map(rng, 24, 32, 0.1)
        img[:, 3, 5] = value
        cases[f"an edge map with a pixel of {value}"] = (img, 3, 4, "canny")
    columns = torch.arange(32).expand(3, 24, 32)
    for span in (0.0008, 0.0012, 0.0018):
        cases[f"a depth map over {span}"] = (0.5 + span * (columns / 31), 3, 4, "depth")
    cases["a depth map over exactly 0.001"] = (0.001 * (columns > 20).double(), 3, 4, "depth")
    half = torch.where(columns % 2 == 0, 0.5, 0.0)
    half[:, :2, :2] = 1.0
    cases["an edge map with many values of exactly 0.5"] = (half, 3, 4, "canny")
    return answers(lesson.check_control_image, cases)


@check("check_control_image")
def reports_all_faults_in_order(lesson, rng):
    """Several faults are reported in the order of the tables; a blank edge map is blank and nothing more."""
    wild = 255 * rng.uniform(1, 16, 24)
    lit = torch.full((4, 16, 24), 1.0) + 0.0005 * rng.uniform(4, 16, 24)
    cases = {
        "wild edges": (wild, 3, 2, "canny"),
        "wild depth": (wild, 3, 2, "depth"),
        "blank and too bright": (2 + lit, 2, 3, "canny"),
        "blank, four channels": (lit - 0.5, 2, 2, "canny"),
        "blank grey": (lit[:3] - 0.4, 2, 3, "canny"),
        "dense edges of the wrong size": (line_map(rng, 16, 24, 0.5, channels=1), 1, 3, "canny"),
        "narrow but not blank": (0.4 + 0.01 * rng.uniform(3, 16, 24, dtype=torch.float64), 2, 3, "depth"),
    }
    return answers(lesson.check_control_image, cases)


@check("check_control_image", public=True)
def stops_at_values_that_are_no_numbers(lesson, rng):
    """One NaN or infinite value is reported alone, whatever else is wrong."""
    cases = {}
    for value in (math.nan, math.inf, -math.inf):
        img = 3 * rng.uniform(2, 16, 24)
        img[rng.integer(0, 2), rng.integer(0, 16), rng.integer(0, 24)] = value
        cases[f"with {value}"] = (img, 5, 5, rng.choice(["canny", "depth"]))
    cases["with numbers only"] = (3 * rng.uniform(2, 16, 24), 5, 5, "depth")
    return answers_and_purity(lesson.check_control_image, cases)


# ---------------------------------------------------------------- knob_sweep

SWEEP = [0.3, 0.5, 0.7, 1.0, 1.5, 2.0]


def knob_case(rng, samples, dim, scales, share, dtype=torch.float64):
    """Samples about a place off the target; max_error is the given share of the error at scale 0."""
    z = rng.normal(samples, dim, dtype=torch.float64) + 1.5
    target = rng.normal(dim, dtype=torch.float64) - 0.5
    error = (z - target).square().sum(1).mean().sqrt().item()
    return z.to(dtype), target.to(dtype), scales, share * error


def trade(result, rng):
    seen = result["in float64"]
    lines = {name: (SWEEP, seen[name]) for name in ("error", "diversity")}
    return curves("What the knob trades", lines, xlabel="scale")


@check("knob_sweep", weight=2, public=True, figure=trade)
def trades_error_for_diversity(lesson, rng):
    """Error is measured about the target, diversity about the samples' own mean, at each of the six scales."""
    cases = {name: knob_case(rng, 9, 3, SWEEP, 0.6, dtype) for name, dtype in DTYPES.items()}
    return answers_and_purity(lesson.knob_sweep, cases)


@check("knob_sweep", weight=2)
def overshoots_past_one(lesson, rng):
    """Past scale 1 the samples fly through the target: at 2 they are as far off as at 0."""
    pair = knob_case(rng, 6, 2, [0.0, 2.0, 1.0, 3.0], 0.5)
    square = knob_case(rng, 4, 4, [1.25, 1.75, 0.0, 2.5], 0.4)
    return answers(lesson.knob_sweep, {"at 0 and 2": pair, "in a square batch": square})


@check("knob_sweep", weight=2, public=True)
def takes_the_weakest_scale_that_obeys(lesson, rng):
    """weakest is the smallest scale within max_error, wherever it stands in the list."""
    cases = {
        f"with {share} of the error": knob_case(rng, 7, 2, rng.shuffled(SWEEP), share)
        for share in (0.05, 0.4, 0.55, 0.8, 1.3)
    }
    cases["above one only"] = knob_case(rng, 5, 3, [1.9, 1.2, 1.4, 0.1], 0.45)
    # Two samples five units off on either side: at scale 0.5 the error is exactly 2.5.
    away, target = torch.tensor([[3.0, 4.0], [-3.0, -4.0]], dtype=torch.float64), torch.tensor([7.0, 2.0]).double()
    cases["at exactly max_error"] = (target + away, target, [0.25, 0.75, 0.5], 2.5)
    return answers(lesson.knob_sweep, cases)


@check("knob_sweep")
def handles_one_sample_and_one_scale(lesson, rng):
    """One sample has no diversity; one scale and one dimension work too."""
    cases = {
        "one sample": knob_case(rng, 1, 3, [0.5, 0.8], 0.3),
        "one dimension": knob_case(rng, 8, 1, [0.75], 0.3),
        "as many of each": knob_case(rng, 3, 3, [0.6, 0.9, 1.3], 0.2),
    }
    return answers(lesson.knob_sweep, cases)


@check("knob_sweep", weight=0.5, public=True)
def refuses_a_sweep_that_never_obeys(lesson, rng):
    """If no scale is within max_error, ValueError is raised; if one is, it is found."""
    never = knob_case(rng, 6, 2, [0.3, 0.5, 1.8], 0.2)
    once = knob_case(rng, 6, 2, [0.3, 0.5, 1.1], 0.2)
    return {"error if none obeys": error_of(lesson.knob_sweep, *never), "if one obeys": lesson.knob_sweep(*once)}


# ---------------------------------------------------------------- combine_controls

SHAPES = ((2, 4, 8, 8), (2, 8, 4, 4), (2, 8, 2, 2))


def residuals(rng, nets, dtype=torch.float64, shapes=SHAPES):
    """What `nets` ControlNets hand over."""
    return [[rng.normal(*shape, dtype=dtype) for shape in shapes] for _ in range(nets)]


@check("combine_controls", weight=2, public=True)
def adds_the_scaled_residuals(lesson, rng):
    """Each residual is the sum over the ControlNets, each times its own scale, the middle one included.

    The arguments stay as they are.
    """
    cases = {
        f"of two {name}": (residuals(rng, 2, dtype), [rng.number(0.3, 2), rng.number(0.3, 2)])
        for name, dtype in DTYPES.items()
    }
    return answers_and_purity(lesson.combine_controls, cases)


@check("combine_controls", weight=2)
def gives_every_control_a_knob(lesson, rng):
    """One, three or four ControlNets work; scales need not sum to 1, and scale 0 takes a ControlNet out."""
    cases = {
        "of one": (residuals(rng, 1), [rng.number(0.4, 0.9)]),
        "of one at full scale": (residuals(rng, 1), [1.0]),
        "of three": (residuals(rng, 3), [rng.number(0.3, 2) for _ in range(3)]),
        "of two at full scale": (residuals(rng, 2), [1.0, 1.0]),
        "with one muted": (residuals(rng, 4), [0.7, 0.0, 1.2, 0.4]),
        "with all muted": (residuals(rng, 2), [0.0, 0.0]),
        "with as many residuals as nets": (residuals(rng, 3, shapes=((3, 3),) * 3), [0.2, 1.1, -0.6]),
        "of one residual each": (residuals(rng, 3, shapes=((2, 2, 4, 4),)), [0.5, 0.6, 0.7]),
    }
    return answers(lesson.combine_controls, cases)


@check("combine_controls", weight=1.5, public=True)
def keeps_the_residuals(lesson, rng):
    """The ControlNets' residuals and the scales stay as they were, so a second call gives the same."""
    outputs, scales = residuals(rng, 3), [1.0, rng.number(0.3, 2), rng.number(0.3, 2)]
    watch, kept = Watch(outputs), list(scales)
    first = lesson.combine_controls(outputs, scales)
    counts = [len(item) for item in outputs]
    return {
        "first call": first,
        "residuals unchanged": watch.unchanged(),
        "numbers of residuals": counts,
        "scales unchanged": scales == kept,
        "second call": lesson.combine_controls(outputs, scales),
    }


@check("combine_controls", public=True)
def refuses_what_does_not_fit(lesson, rng):
    """No ControlNet, too few or too many scales, or unequal numbers of residuals raise ValueError."""
    two, three = residuals(rng, 2), residuals(rng, 3)
    uneven, uneven_late = [two[0], two[1][:2]], [three[0][:2], three[1][:2], three[2]]
    return {
        "error without a ControlNet": error_of(lesson.combine_controls, [], []),
        "error with one scale short": error_of(lesson.combine_controls, two, [1.0]),
        "error with one scale over": error_of(lesson.combine_controls, two, [1.0, 0.5, 0.5]),
        "error if the second has fewer": error_of(lesson.combine_controls, uneven, [1.0, 0.5]),
        "error if the last has more": error_of(lesson.combine_controls, uneven_late, [1.0, 0.5, 0.5]),
        "of three that fit": lesson.combine_controls(three, [0.5, 1.0, 1.5]),
    }


# ---------------------------------------------------------------- classify_pair


def control(rng, active, tau, channels, dtype=torch.float64, base=None, mix=0.0):
    """A residual that is active exactly at `active` [H, W]: norms 1.5 to 4 times tau there, 0.1 to 0.6 elsewhere.

    `base` and `mix` lean each vector towards mix times the base's direction.
    """
    height, width = active.shape
    vector = rng.normal(channels, height, width, dtype=torch.float64)
    if base is not None:
        vector = vector / vector.norm(dim=0) + mix * base.double() / base.double().norm(dim=0)
    loud = rng.uniform(height, width, low=1.5, high=4.0, dtype=torch.float64)
    quiet = rng.uniform(height, width, low=0.1, high=0.6, dtype=torch.float64)
    return (tau * torch.where(active, loud, quiet) * vector / vector.norm(dim=0)).to(dtype)


def pair(rng, active_a, active_b, mix, dtype=torch.float64, channels=5):
    """Two controls with the given active places and vectors that lean together (mix > 0) or apart (mix < 0)."""
    tau = rng.number(0.2, 2.0)
    a = control(rng, active_a, tau, channels, dtype)
    return a, control(rng, active_b, tau, channels, dtype, base=a, mix=mix), tau


def columns_between(height, width, first, last):
    """Active from column `first` up to, not including, column `last`."""
    column = torch.arange(width).expand(height, width)
    return (column >= first) & (column < last)


@check("classify_pair", weight=2, public=True, atol=1e-5, rtol=1e-5)
def tells_agreement_from_conflict(lesson, rng):
    """Where two controls meet, opposite vectors conflict; those that lean together, or not at all, do not.

    The arguments stay as they are.
    """
    a, b = columns_between(6, 10, 0, 7), columns_between(6, 10, 3, 10)
    cases = {}
    for name, dtype in DTYPES.items():
        cases[f"leaning together {name}"] = pair(rng, a, b, 1.5, dtype)
        cases[f"leaning apart {name}"] = pair(rng, a, b, -1.5, dtype)
    upright, level = torch.zeros(2, 3, 4, dtype=torch.float64), torch.zeros(2, 3, 4, dtype=torch.float64)
    upright[0], level[1] = rng.integer(1, 4), rng.integer(1, 4)
    cases["at right angles"] = (upright, level, 0.5)
    return answers_and_purity(lesson.classify_pair, cases)


@check("classify_pair", weight=2, public=True)
def measures_overlap_by_the_union(lesson, rng):
    """Overlap is the share of the active places that both have; below 0.1, not at 0.1, the pair is disjoint."""
    spans = {"little": (0, 8, 7, 17), "enough": (0, 5, 4, 9), "all": (3, 9, 3, 9), "inside": (2, 14, 5, 9)}
    cases = {}
    for name, (a0, a1, b0, b1) in spans.items():
        a, b = columns_between(4, 20, a0, a1), columns_between(4, 20, b0, b1)
        cases[name] = pair(rng, a, b, rng.choice([-1.5, 1.5]))
    a, b = columns_between(4, 16, 2, 7), columns_between(4, 16, 6, 12)
    cases["exactly a tenth"] = pair(rng, a, b, rng.choice([-1.5, 1.5]))
    return answers_and_purity(lesson.classify_pair, cases)


@check("classify_pair", weight=2)
def asks_only_where_both_speak(lesson, rng):
    """The cosine is a mean over the places where both are active, loud or less loud; elsewhere it is not asked."""
    a, b = columns_between(5, 12, 0, 8), columns_between(5, 12, 5, 12)
    res_a, res_b, tau = pair(rng, a, b, 2.0)
    outside = ~(a & b)
    swapped = torch.where(outside, -res_a * res_b.norm(dim=0) / res_a.norm(dim=0), res_b)
    # Loud places agree, the many less loud ones do not: a mean weighed by loudness would be positive.
    few = columns_between(5, 12, 5, 6)
    loud_a, loud_b = torch.where(few, 6 * res_a, res_a), torch.where(few, 6 * res_b, -res_b)
    cases = {"agreeing where they meet": (res_a, swapped, tau), "agreeing where they are loud": (loud_a, loud_b, tau)}
    return answers(lesson.classify_pair, cases)


@check("classify_pair")
def answers_zero_where_there_is_nothing(lesson, rng):
    """Two controls that never meet have overlap and cosine 0; so have two that are silent."""
    a, b = columns_between(4, 9, 0, 4), columns_between(4, 9, 4, 9)
    res_a, res_b, tau = pair(rng, a, b, 1.5)
    meeting = pair(rng, columns_between(4, 9, 0, 6), columns_between(4, 9, 3, 9), 1.5)
    silent = torch.zeros(3, 4, 5)
    cases = {
        "that never meet": (res_a, res_b, tau),
        "that meet": meeting,
        "that are silent": (silent, silent.clone(), 0.0),
        "of which one is silent": (res_a, torch.zeros_like(res_a), tau),
        "below the threshold": (res_a, res_b, 10 * tau),
    }
    return answers(lesson.classify_pair, cases)


@check("classify_pair")
def takes_the_norm_over_channels_strictly(lesson, rng):
    """A place is active if the L2 norm of its channels exceeds tau; a norm of exactly tau does not."""
    unit = float(rng.integer(1, 5))
    a, b = torch.zeros(4, 3, 4, dtype=torch.float64), torch.zeros(4, 3, 4, dtype=torch.float64)
    a[0], a[1] = 3 * unit, 4 * unit  # norm 5 units everywhere
    b[1], b[2] = 4 * unit, 3 * unit
    a[:, :, 0] *= 2
    b[:, :, :3] *= 2
    cases = {
        "at tau": (a, b, 5 * unit),
        "just below tau": (a, b, 4.9 * unit),
        "with tau = 0": (a, b, 0.0),
        "in a square block": (rng.normal(4, 4, 4, dtype=torch.float64), rng.normal(4, 4, 4, dtype=torch.float64), 1.7),
    }
    return answers(lesson.classify_pair, cases)


# ---------------------------------------------------------------- draw_controlled

CLOSE = {"float32": 2e-3}  # ten steps through a network, in another order of additions


def scenes(rng, count):
    """Unseen digits, their labels, and noise to begin with."""
    images, labels = load_digits("held_out")
    rows = rng.shuffled(list(range(len(images))))[:count]
    return images[rows], labels[rows], rng.normal(count, 1, 8, 8)


def strips(result, rng):
    images, _, _ = scenes(rng, 7)
    rows = [images, *(result[name] for name in ("without a control", "with edges", "with edges and ink"))]
    tall = torch.cat([torch.cat(list(row[:7, 0]), dim=1) for row in rows])
    return image("Unseen digits; drawn without a control, with their edges, with edges and ink", -tall, low=-1, high=1)


@check("draw_controlled", weight=3, public=True, atol=CLOSE, rtol=1e-2, figure=strips)
def draws_with_none_one_and_two_controls(lesson, rng):
    """Without a control, with one and with two, the digits are those of the walk, each control at its own scale.

    The arguments stay as they are.
    """
    images, labels, start = scenes(rng, 7)
    unet, nobody = teacher(), torch.full_like(labels, 10)
    edges, ink = edge_map(images), ink_map(images)
    watch = Watch(start, edges, ink, nobody)
    both = [edge_control(), ink_control()]
    return {
        "without a control": lesson.draw_controlled(unet, [], [], [], start, nobody, 10),
        "with edges": lesson.draw_controlled(unet, both[:1], [edges], [1.0], start, nobody, 10),
        "with edges and ink": lesson.draw_controlled(unet, both, [edges, ink], [0.7, 0.5], start, nobody, 10),
        "arguments unchanged": watch.unchanged(),
    }


@check("draw_controlled", weight=2, public=True, atol=0.02)
def stacks_one_scene_and_two(lesson, rng):
    """Edges and ink of one scene obey its edges; with the ink of another scene they obey them less."""
    images, _, start = scenes(rng, 24)
    nobody = torch.full((24,), 10)
    edges, both = edge_map(images), [edge_control(), ink_control()]
    inks = {"of one scene": ink_map(images), "of two scenes": ink_map(images.roll(1, dims=0))}
    return {
        f"obedience to edges and ink {name}": obedience(
            lesson.draw_controlled(teacher(), both, [edges, ink], [1.0, 1.0], start, nobody, 5), edges
        )
        for name, ink in inks.items()
    }


def spoken(log):
    """A control that notes when it is asked, and with which map; it says little."""

    def control(x, t, hint):
        log.append([float(t[0]), float(x.mean()), float(hint.mean())])
        wide, low = torch.zeros(len(x), 16, 8, 8), torch.zeros(len(x), 32, 4, 4)
        return [wide + 0.1 * hint, wide, low, low, low]

    return control


@check("draw_controlled", weight=3, atol=CLOSE, rtol=1e-2)
def asks_every_control_in_every_step(lesson, rng):
    """Each control is asked once in a step, at the present picture and time and with its own map, for any prompts."""
    _, labels, start = scenes(rng, 4)
    maps = [rng.uniform(4, 1, 8, 8), rng.uniform(4, 1, 8, 8)]
    seen = {}
    for steps in (1, 4):
        logs = [[], []]
        drawn = lesson.draw_controlled(
            teacher(), [spoken(log) for log in logs], maps, [1.5, -0.5], start, labels, steps
        )
        seen[f"drawn in {steps} steps"] = drawn
        seen[f"asked in {steps} steps"] = [torch.tensor(sorted(log, reverse=True)) for log in logs]
    return seen


# ---------------------------------------------------------------- sweep_digits


def sweep_case(rng, count, agrees, scales, wanted, steps=5):
    """Arguments of sweep_digits: prompts that agree with the maps, or ask for the next digit."""
    images, labels, start = scenes(rng, count)
    prompts = labels if agrees else (labels + 1) % 10
    return teacher(), edge_control(), start, prompts, edge_map(images), scales, wanted, steps


def trade_on_digits(result, rng):
    lines = {}
    for said in ("agrees", "contradicts"):
        seen = result[f"the prompt {said}"]
        lines |= {f"{name}, prompt {said}": (SWEEP, seen[name]) for name in ("obedient", "read")}
    return curves("What the knob of a trained control trades", lines, xlabel="scale", low=0, high=1)


def measured(found):
    """The two curves. The choice is left out: one digit that another machine reads otherwise could turn it."""
    return {"obedient": found["obedient"], "read": found["read"]}


@check("sweep_digits", weight=3, public=True, atol=0.05, figure=trade_on_digits)
def measures_six_scales(lesson, rng):
    """Obedience and legibility are right at six scales, where prompt and map agree and where they do not."""
    return {
        "the prompt agrees": measured(lesson.sweep_digits(*sweep_case(rng, 18, True, SWEEP, 0.6))),
        "the prompt contradicts": measured(lesson.sweep_digits(*sweep_case(rng, 18, False, SWEEP, 0.5))),
    }


class Knob:
    """A U-Net and a control whose drawings depend on the scale alone.

    The quieter the scale is below 1.1, the more drawings are another picture. The louder it is above 1, the more have
    the right edges with ink and paper exchanged, which nobody can read.
    """

    def __init__(self, images):
        self.images = images

    def control(self, x, t, hint):
        return [torch.ones(len(x), 16, 8, 8), *[torch.zeros(1)] * 4]

    def unet(self, x, t, label, residuals=None):
        loud = 0.0 if residuals is None else float(residuals[0].mean())
        quiet, shouted = (round(len(x) * max(0.0, share)) for share in (1.1 - loud, loud - 1))
        wish = self.images.clone()
        wish[:quiet] = -self.images[:quiet].flip(3)
        wish[len(x) - shouted :] *= -1
        return x - wish


def choices(lesson, rng, scales, wishes):
    """Choices on drawings that depend on the scale alone, and on drawings that are the noise itself."""
    images, labels, start = scenes(rng, 20)
    toy, edges = Knob(images), edge_map(images)
    case = (toy.unet, toy.control, start, labels, edges, scales)
    return {
        **{f"wanted {wanted}": lesson.sweep_digits(*case, wanted, 1) for wanted in wishes},
        "if the U-Net leaves the noise as it is": lesson.sweep_digits(
            lambda x, *_: torch.zeros_like(x), toy.control, images, labels, edges, scales, 0.5, 2
        ),
        "error if none obeys": error_of(lesson.sweep_digits, *case, 1.5, 1),
    }


@check("sweep_digits", weight=2, public=True, atol=0.01)
def takes_the_most_legible_obedient_scale(lesson, rng):
    """chosen is the most legible of the scales that obey, wherever it stands; every scale starts from one noise.

    If none obeys, ValueError is raised.
    """
    return choices(lesson, rng, rng.shuffled([0.2, 0.5, 0.8, 1.0, 1.05, 1.6]), (0.3, 0.97))


@check("sweep_digits", weight=3, atol=0.05)
def chooses_for_other_digits(lesson, rng):
    """The numbers and the choice are right for other digits, scales in any order, and other wishes."""
    seen = choices(lesson, rng, rng.shuffled([0.1, 0.6, 0.9, 1.2, 1.9]), (0.2, 0.6, 0.97))
    for agrees, scales in ((False, (0.0, 0.6, 1.2)), (True, (0.4, 0.9, 2.0))):
        case = sweep_case(rng, 24, agrees, rng.shuffled(list(scales)), 0.3)
        seen["the prompt agrees" if agrees else "the prompt contradicts"] = measured(lesson.sweep_digits(*case))
    return seen
