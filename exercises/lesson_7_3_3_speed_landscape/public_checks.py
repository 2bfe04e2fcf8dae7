"""Public checks of lesson-7.3.3: The Speed Landscape. Made by `course build`; do not edit."""

from __future__ import annotations

import copy
import itertools
import math
import operator
import torch
from blindgrade.checks import Fail, Watch, check, describe, error_of
from blindgrade.figures import bars, curves, points


OTHER_LOSSES = ["noise", "score", "distillation", "hinge", "l2"]
OTHER_NETWORKS = ["ema_target", "teacher", "text_encoder", "vae", "dino"]
ALL_LOSSES = [*OTHER_LOSSES, "velocity", "self_consistency"]

def networks(rng, critic):
    """Up to three networks in random order, a discriminator among them if asked for."""
    names = rng.shuffled(OTHER_NETWORKS)[: rng.integer(0, 3)]
    return rng.shuffled([*names, "discriminator"]) if critic else names

def card(rng, trained, loss, critic):
    """One card; its step count is drawn by chance and says nothing."""
    return {
        "changes_weights": trained,
        "loss": loss,
        "extra_networks": networks(rng, critic),
        "claimed_steps": rng.choice([1, 2, 4, 8, 16, 20, 28, 50, 250, 1000]),
    }

def plain_cards(rng):
    """Six cards of each level, none with two marks at once, in random order."""
    cards = []
    for _ in range(6):
        cards.append(card(rng, False, rng.choice(OTHER_LOSSES), False))
        cards.append(card(rng, True, "velocity", False))
        cards.append(card(rng, True, "self_consistency", False))
        cards.append(card(rng, True, rng.choice(OTHER_LOSSES), True))
    return rng.shuffled(cards)

@check("speed_level", public=True)
def asks_what_was_changed(lesson, rng):
    """Two dozen cards of all levels get the level of what was changed, whatever their step count."""
    return [lesson.speed_level(one) for one in plain_cards(rng)]

@check("speed_level", weight=1.5, public=True)
def unchanged_weights_come_first(lesson, rng):
    """Without a change of weights the level is 1, whatever losses and networks the card names."""
    cards = []
    for loss in ALL_LOSSES:
        for critic in (False, True):
            cards.append(card(rng, False, loss, critic))
            if critic or loss in ("velocity", "self_consistency"):
                cards.append(card(rng, True, loss, critic))
    return [lesson.speed_level(one) for one in rng.shuffled(cards)]

@check("speed_level", public=True)
def has_no_place_for_other_cards(lesson, rng):
    """A trained model with none of the marks is an error, next to cards that are not; no card is changed."""
    lost = [card(rng, True, loss, False) for loss in OTHER_LOSSES]
    found = plain_cards(rng)
    everything = rng.shuffled(lost + found)
    kept = copy.deepcopy(everything)
    outcomes = [error_of(lesson.speed_level, one) or lesson.speed_level(one) for one in everything]
    return {"outcomes": outcomes, "cards unchanged": everything == kept}

def placed(lesson, rng, names):
    """The level of each name, asked in random order."""
    return {name: lesson.known_method_level(name) for name in rng.shuffled(names)}

@check("known_method_level", weight=0.3, public=True)
def places_one_of_each(lesson, rng):
    """One method of each level is placed, and a name that nobody knows is an error."""
    return {
        "levels": placed(lesson, rng, ["ddim", "flow_matching", "consistency_distillation", "add"]),
        "unknown": error_of(lesson.known_method_level, rng.choice(["warp_drive", "quicksilver", "magic"])),
    }

@check("known_method_level", weight=0.3, public=True)
def places_three_more(lesson, rng):
    """Three methods whose names may mislead are placed: what plugs in may be trained, what is walked may be straight."""
    return placed(lesson, rng, ["lcm_lora", "sd3_base", "rectified_flow"])

LABELS = ["1", "2", "3a", "3b"]

def as_ints(matrix):
    """Rows of plain ints, so that True and 1 are one answer."""
    return [[int(operator.index(entry)) for entry in row] for row in matrix]

@check("composability_matrix", weight=2, public=True)
def composes_across_levels(lesson, rng):
    """Methods of different levels compose, methods of one level do not: five by five, many times."""
    lists = [[*rng.shuffled(LABELS), rng.choice(LABELS)] for _ in range(6)]
    return [as_ints(lesson.composability_matrix(levels)) for levels in lists]

STACKABLE = ["unipc", "ddim", "heun", "zeta", "flow", "lcm", "turbo", "add", "kappa", "mu", "bee", "rho"]

def drawn_stack(rng, size, labels=LABELS, spare=2):
    """A stack of names with a level for each, and for a few names that are not in it."""
    names = rng.shuffled(STACKABLE)[: size + spare]
    return names[:size], {name: rng.choice(labels) for name in rng.shuffled(names)}

@check("stack_conflicts", weight=2, public=True)
def reports_every_pair_of_one_level(lesson, rng):
    """Every two methods of one level are reported, as sorted pairs in a sorted list."""
    cases = [drawn_stack(rng, size) for size in (4, 5, 6, 7)]
    return [lesson.stack_conflicts(stack, levels) for stack, levels in cases]

def rows_of(rows):
    """The rows as they are, as plain dicts in a list."""
    return [dict(row) for row in rows]

def measured(rng, count):
    """Step counts in random order, and an FID for each that rises as steps fall, by very different prices."""
    steps = sorted((int(n) for n in rng.shuffled([1, 2, 3, 5, 7, 10, 15, 24, 50, 90, 250, 1000])[:count]), reverse=True)
    fid = [rng.number(2.0, 5.0)]
    for a, b in itertools.pairwise(steps):
        # Prices stay away from the thresholds 0.5 and 2.
        price = rng.choice([rng.number(0.02, 0.4), rng.number(0.6, 1.8), rng.number(2.2, 6.0)])
        fid.append(fid[-1] + price * math.log2(a / b))
    order = rng.shuffled(list(range(count)))
    return [steps[i] for i in order], [fid[i] for i in order], steps, fid

def prices(result, rng):
    rows = result[-1]
    heights = {f"{int(row['from'])}\nto {int(row['to'])}": row["cost_per_doubling"] for row in rows}
    return bars("The price of each stretch", heights, ylabel="FID for each doubling of speed")

@check("quality_cost_regions", weight=2, public=True, figure=prices)
def costs_per_doubling(lesson, rng):
    """The price of a stretch is the rise of FID for each doubling of speed."""
    cases = [measured(rng, count) for count in (3, 5, 7)]
    return [rows_of(lesson.quality_cost_regions(steps, fid)) for _, _, steps, fid in cases]

@check("quality_cost_regions", weight=2, public=True)
def listens_to_the_thresholds(lesson, rng):
    """The thresholds that are passed in decide the labels."""
    steps = [64, 32, 16, 8, 4, 2, 1]
    prices = rng.shuffled([0.1, 0.3, 0.8, 1.5, 3.0, 5.0])
    fid = [3.0]
    for price in prices:
        fid.append(fid[-1] + price)
    limits = [(0.2, 1.0), (1.0, 4.0), (0.5, 6.0), (0.05, 0.2)]
    results = [rows_of(lesson.quality_cost_regions(steps, fid, free_below=a, cheap_below=b)) for a, b in limits]
    return {"rows": results, "by default": rows_of(lesson.quality_cost_regions(steps, fid))}

@check("quality_cost_regions", public=True)
def better_with_fewer_steps_is_free(lesson, rng):
    """Where FID falls with fewer steps the price is negative, and free."""
    gain, loss = rng.number(0.5, 4.0), rng.number(5.0, 9.0)
    steps, fid = [40, 100, 9], [6.0, 6.0 + gain, 6.0 + loss]
    return rows_of(lesson.quality_cost_regions(steps, fid))

@check("quality_cost_regions", public=True)
def a_price_at_the_threshold_is_not_below_it(lesson, rng):
    """A price of exactly 0.5 is cheap and one of exactly 2 is expensive; one measurement has no stretch."""
    start = float(rng.integer(2, 9))
    edge = [start, start + 0.5, start + 2.5, start + 2.75]
    single = lesson.quality_cost_regions([rng.integer(2, 50)], [start])
    return {"rows": rows_of(lesson.quality_cost_regions([8, 4, 2, 1], edge)), "one measurement": rows_of(single)}

def floats(result):
    """All values as floats, so that a count may be an int or a float."""
    return {key: float(value) for key, value in result.items()}

def latency_case(rng, cfg):
    return rng.integer(3, 60), rng.number(5.0, 200.0), rng.number(50.0, 900.0), cfg

@check("end_to_end_latency", public=True)
def adds_what_never_shrinks(lesson, rng):
    """Time is the fixed part plus the evaluations, and the limit is the time over the fixed part."""
    cases = [latency_case(rng, False) for _ in range(5)]
    return [floats(lesson.end_to_end_latency(*case)) for case in cases]

@check("end_to_end_latency", public=True)
def from_one_step_to_a_thousand(lesson, rng):
    """The three numbers hold for one step and for a thousand, with whole and with broken milliseconds."""
    cases = [
        (steps, ms, fixed, cfg)
        for steps in (1, 2, 1000)
        for ms, fixed in ((rng.integer(1, 90), rng.integer(1, 90)), (rng.number(0.1, 0.9), rng.number(0.1, 0.9)))
        for cfg in (False, True)
    ]
    return [floats(lesson.end_to_end_latency(*case)) for case in cases]

FOUR = ["speed", "quality", "flexibility", "composability"]
DISHES = ["zen", "ash", "mint", "yew", "oak", "fig", "kale", "rye", "dill", "bay", "plum", "sage"]

def dish(name, values):
    """An option with these four values."""
    return {"name": name, **dict(zip(FOUR, values, strict=True))}

def drawn_menu(rng, count, top):
    """Options with whole values from 0 to `top`, so that some values are equal."""
    return [dish(name, [rng.integer(0, top + 1) for _ in FOUR]) for name in rng.shuffled(DISHES)[:count]]

@check("pareto_menu", weight=2, public=True)
def keeps_whatever_is_best_for_someone(lesson, rng):
    """Options that no other option dominates stay on the menu, in alphabetical order."""
    return [lesson.pareto_menu(drawn_menu(rng, 8, 9)) for _ in range(8)]

@check("pareto_menu", public=True)
def equals_stay_together(lesson, rng):
    """Two options with the same values both stay, or are both dominated."""
    results = []
    for _ in range(6):
        top = [9, 9, 9, 9]
        top[rng.integer(0, 4)] = rng.integer(0, 3)
        low = [max(0, value - rng.integer(1, 3)) for value in top]
        twins = [dish("wheat", top), dish("barley", top), dish("cress", low), dish("beet", low)]
        results.append(lesson.pareto_menu(rng.shuffled(drawn_menu(rng, 4, 9) + twins)))
    return results

def drawn_weights(rng):
    """A weight for each dimension in quarters, so that sums are exact."""
    return {name: rng.integer(0, 13) / 4 for name in rng.shuffled(FOUR)}

@check("choose_acceleration", weight=2, public=True)
def weighs_the_four_dimensions(lesson, rng):
    """Without requirements the option with the highest weighted sum is chosen."""
    cases = [(drawn_menu(rng, 7, 20), {}, drawn_weights(rng)) for _ in range(12)]
    return [lesson.choose_acceleration(*case) for case in cases]

@check("choose_acceleration", public=True)
def the_alphabet_breaks_ties(lesson, rng):
    """Sums within 1e-9 of the highest go to the first name in alphabetical order, and a larger lead wins."""
    results = []
    for i in range(12):
        names = rng.shuffled(DISHES)[:5]
        weights = {name: 1.0 for name in FOUR}
        tied = [dish(name, rng.shuffled([8, 3, 5, 1])) for name in names[:3]]
        tied[0]["speed"] += [0.0, 1e-10, 1.5e-9][i % 3]
        low = [dish(name, [1, 1, 1, 1]) for name in names[3:]]
        results.append(lesson.choose_acceleration(rng.shuffled(tied + low), {}, weights))
    return results

@check("choose_acceleration", public=True)
def none_if_nothing_is_left(lesson, rng):
    """If no option meets the requirements the answer is None, and only then; the arguments are left as they were."""
    results, unchanged = [], True
    for i in range(10):
        menu, weights, name = drawn_menu(rng, 6, 9), drawn_weights(rng), rng.choice(FOUR)
        highest = max(option[name] for option in menu)
        minimums = {name: highest + 1 if i % 2 else highest}
        kept = copy.deepcopy((menu, minimums, weights))
        results.append(lesson.choose_acceleration(menu, minimums, weights))
        unchanged = unchanged and (menu, minimums, weights) == kept
    return {"choices": results, "unchanged": unchanged}

RACE = {"rtol": 1e-5, "atol": 1e-6}

def hill(mean, std):
    """The denoiser of one Gaussian: x [B, D], t [B]."""

    def denoiser(x, t):
        return mean + (x - mean) * (std**2 / (std**2 + t**2))[:, None]

    return denoiser

def bend(x, t):
    """Stands in for a teleporter: any smooth map of x and t will do."""
    return torch.sin(x.flip(-1)) + 0.1 * t[:, None]

def quality_against_speed(result, rng):
    methods = ("euler", "heun", "teleport")
    lines = {}
    for method in methods:
        rows = [row for row in result if str(row["method"]).startswith(method)]
        if rows:
            lines[method] = ([math.log2(row["nfe"]) for row in rows], [row["rms"] for row in rows])
    return curves("Distance from the true end", lines, xlabel="evaluations, log2", low=0)

@check("speed_race", weight=2, public=True, **RACE, figure=quality_against_speed)
def races_for_equal_evaluations(lesson, rng):
    """Each budget has its Euler row and its Heun row, the teleporter comes last, and the distances are right."""
    mean = rng.normal(2, dtype=torch.float64)
    field = hill(mean, rng.number(0.4, 0.8))
    x = 5.0 * rng.normal(6, 2, dtype=torch.float64)
    return lesson.speed_race(field, bend, x, 5.0, 0.02, [2, 4, 8], n_ref=64)

@check("speed_race", public=True, **RACE)
def spaces_its_levels_by_rho(lesson, rng):
    """Another rho spaces the levels in another way; the cloud stays as it is."""
    field = hill(rng.normal(2, dtype=torch.float64), rng.number(0.4, 0.8))
    x = 4.0 * rng.normal(5, 2, dtype=torch.float64)
    watch = Watch(x)
    rows = lesson.speed_race(field, bend, x, 4.0, 0.05, [4, 6], rho=3.0, n_ref=48)
    return {"rows": rows, "x unchanged": watch.unchanged()}

def stretched(k):
    """A velocity of y and s that is straight if the data are k times the noise: y = ((1 - s) k + s) eps."""

    def velocity(y, s):
        return (1 - k) * y / ((1 - s) * k + s)[:, None]

    return velocity

def wavy(y, s):
    """Stands in for a second network: any smooth velocity will do."""
    return torch.cos(2.0 * y.flip(-1)) - 0.3 * s[:, None] * y

def roads(result, rng):
    lines = {}
    for method in ("flow", "reflow"):
        rows = [row for row in result["rows"] if str(row["method"]) == method]
        if rows:
            lines[method] = ([math.log2(row["nfe"]) for row in rows], [row["rms"] for row in rows])
    return curves("Distance from the end of the road", lines, xlabel="evaluations, log2", low=0)

@check("road_race", weight=2, public=True, **RACE, figure=roads)
def walks_the_straight_path(lesson, rng):
    """Both runners of each budget miss by the right distance, along the denoiser's velocity and along the reflow's."""
    std, top, low = rng.number(0.4, 0.8), 5.0, 0.05
    x = top * rng.normal(6, 2, dtype=torch.float64)
    # Of a Gaussian the true ends are known, and the road of its reflow is straight.
    ends = x * math.sqrt((std**2 + low**2) / (std**2 + top**2))
    watch = Watch(x, ends)
    rows = lesson.road_race(hill(0.0, std), stretched(std), x, ends, top, low, [1, 2, 4, 8])
    return {"rows": rows, "cloud and ends unchanged": watch.unchanged()}

@check("road_race", public=True, **RACE)
def asks_each_network_in_its_own_terms(lesson, rng):
    """The denoiser hears places and levels of the noisy path, the reflow hears those of the straight one."""
    heard = {"denoiser": [], "reflow": []}
    x, ends = 3.0 * rng.normal(3, 2, dtype=torch.float64), rng.normal(3, 2, dtype=torch.float64)
    mean = rng.normal(2, dtype=torch.float64)

    def denoiser(x, t):
        heard["denoiser"].append({"x": x.detach().clone(), "t": t.detach().clone()})
        return mean + 0.2 * (x - mean)

    def reflowed(y, s):
        heard["reflow"].append({"y": y.detach().clone(), "s": s.detach().clone()})
        return wavy(y, s)

    lesson.road_race(denoiser, reflowed, x, ends, 3.0, 0.5, [2])
    return heard

def row_of(method, nfe, rms):
    return {"method": method, "nfe": nfe, "rms": rms}

def drawn_rows(rng, counts):
    """Rows of three methods in random order: misses that mostly fall with evaluations, one jump, one count twice."""
    rows = []
    for method in ("euler", "heun"):
        rms = rng.number(0.02, 0.06)
        for nfe in sorted(counts, reverse=True):
            rows.append(row_of(method, nfe, rms))
            rms = rms * rng.number(1.2, 2.5)
    twice = rng.choice([row for row in rows if row["method"] == "heun"])
    return rng.shuffled([*rows, dict(twice), row_of("teleport", 1, rng.number(0.1, 0.3))])

def evaluations_needed(result, rng):
    needs = {str(name): read["needs"] or 0 for name, read in result["read"].items()}
    return bars("Evaluations that are needed (0: no budget sufficed)", needs, ylabel="evaluations")

@check("measured_landscape", weight=2, public=True, figure=evaluations_needed)
def reads_needs_and_prices(lesson, rng):
    """Each method's fewest sufficient evaluations and its stretches are right, whatever the order of the rows."""
    rows = drawn_rows(rng, [2, 4, 8, 16])
    kept = copy.deepcopy(rows)
    read = lesson.measured_landscape(rows, 0.11)
    return {"read": read, "rows unchanged": rows == kept}

@check("measured_landscape", public=True)
def one_cost_is_one_measurement(lesson, rng):
    """Rows that cost the same are one measurement, the best of them; a single one has no stretch."""
    best, worse, more = rng.number(0.2, 0.3), rng.number(0.4, 0.6), rng.number(0.05, 0.1)
    rows = [row_of("heun", 2, best), row_of("heun", 2, worse), row_of("heun", 4, more), row_of("heun", 2, best)]
    rows = [*rows, row_of("teleport", 1, worse), row_of("teleport", 1, best)]
    return {
        "in one order": lesson.measured_landscape(rows, best),
        "in the other order": lesson.measured_landscape(rows[::-1], best),
        "nothing is good enough": lesson.measured_landscape(rows, more / 2),
    }

@check("measured_landscape", public=True)
def thresholds_in_the_unit_of_rms(lesson, rng):
    """The thresholds that are passed in decide the labels, and their defaults are 0.05 and 0.2."""
    rows = [row_of("flow", 2**k, rms) for k, rms in enumerate([0.9, 0.5, 0.35, 0.27, 0.24, 0.235])]
    limits = [(0.02, 0.1), (0.1, 0.3), (0.06, 0.5)]
    return {
        "by default": lesson.measured_landscape(rows, 0.3),
        "passed in": [lesson.measured_landscape(rows, 0.3, free_below=a, cheap_below=b) for a, b in limits],
    }

def nearest_place(places):
    """A jump that lands on one of the places: the one in whose direction x points most."""

    def jump(x, t):
        return places[(x @ places.T).argmax(dim=1)]

    return jump

def far_from(places):
    """The root mean square distance of a cloud to the nearest of the places."""

    def miss(ends):
        return torch.cdist(ends.double(), places.double()).min(dim=1).values.square().mean().sqrt().item()

    return miss

def rounded_places(count, radius, turn):
    """Places on a circle, the first at this angle."""
    angle = turn + 2 * math.pi * torch.arange(count, dtype=torch.float64) / count
    return radius * torch.stack([angle.cos(), angle.sin()], dim=1)

def alone_and_together(result, rng):
    heights = {}
    for row in result["pairs"]:
        for i, name in enumerate(str(row["levels"])[:5].split("+")):
            heights[f"{name} alone"] = row["alone"][i]
        heights[f"{str(row['levels'])[:5]}\ntogether"] = row["together"]
    return bars("Two pairs, alone and together: lower is better", heights, ylabel="miss")

@check("measured_pairs", weight=2, public=True, **RACE, figure=alone_and_together)
def across_and_within(lesson, rng):
    """One pair across levels and one within, at equal cost: what each misses alone and together, and who composes."""
    places = rounded_places(6, 2.0, rng.number(0.0, 1.0))
    x = 5.0 * rng.normal(40, 2, dtype=torch.float64)
    jumps = (nearest_place(places), nearest_place(places.roll(2, dims=0)))

    def denoiser(x, t):
        share = torch.softmax(-0.5 * torch.cdist(x, places).square() / (0.09 + t[:, None] ** 2), dim=1)
        clean = share @ places
        return clean + 0.09 * (x - clean) / (0.09 + t[:, None] ** 2)

    watch = Watch(x)
    pairs = lesson.measured_pairs(denoiser, jumps, x, 5.0, 0.02, 12, far_from(places))
    return {"pairs": pairs, "x unchanged": watch.unchanged()}

@check("measured_pairs", public=True, **RACE)
def better_than_the_better_one(lesson, rng):
    """A pair composes only if it misses less than the better of the two; two equal jumps gain nothing."""
    std, goal = rng.number(0.4, 0.8), rng.normal(2, dtype=torch.float64)
    x = 4.0 * rng.normal(8, 2, dtype=torch.float64)
    step = 0.5 * rng.normal(2, dtype=torch.float64)

    def left(x, t):
        return goal - step + 0.0 * x

    def right(x, t):
        return goal + 1.5 * step + 0.0 * x

    def twice(x, t):
        return goal + 0.1 * torch.sin(x)

    def miss(ends):
        return (ends - goal).square().sum(dim=1).mean().sqrt().item()

    return {
        "from both sides": lesson.measured_pairs(hill(goal, std), (left, right), x, 4.0, 0.05, 4, miss),
        "from one side": lesson.measured_pairs(hill(goal, std), (left, left), x, 4.0, 0.05, 2, miss),
        "near and far": lesson.measured_pairs(hill(goal, std), (twice, right), x, 4.0, 0.05, 6, miss),
    }

STREET, WIDTH, TOP, LOW = (-1.8, 0.0, 1.8), 0.35, 10.0, 0.01

NEAR = 0.048

def along_each_coordinate(hills, width):
    """The denoiser of hills on a grid: the same few along each coordinate."""

    def denoiser(x, t):
        variance = width**2 + t[:, None, None] ** 2  # [B, 1, 1]
        offset = x[..., None] - hills  # [B, D, K]
        share = torch.softmax(-0.5 * offset.square() / variance, dim=-1)
        return (share * (hills + offset * width**2 / variance)).sum(dim=-1)

    return denoiser

def asked_for_ends(lesson, hills, width, x, top, low):
    """What the student's design says, how often each point was asked about, and whether the cloud stayed."""
    field, asked, watch = along_each_coordinate(hills, width), [], Watch(x)

    def listening(x, t):
        asked.append(len(x))
        return field(x, t)

    answer = dict(lesson.eight_evaluations(listening, x, top, low))
    return {
        "samples": answer["samples"],
        "predicted": float(answer["predicted_rms"]),
        "asked": sum(asked) / len(x),
        "x unchanged": watch.unchanged(),
    }

def true_ends(hills, width, x, top, low):
    """Where the trajectories end: on a line they never cross, so the share of the data below a point stays."""

    def below(x, t):
        return torch.special.ndtr((x[..., None] - hills) / math.sqrt(width**2 + t**2)).mean(dim=-1)

    share, left, right = below(x, top), torch.full_like(x, -40.0), torch.full_like(x, 40.0)
    for _ in range(60):
        middle = (left + right) / 2
        short = below(middle, low) < share
        left, right = torch.where(short, middle, left), torch.where(short, right, middle)
    return (left + right) / 2

def plays_by_the_rules(result, x):
    """Fail unless the samples are like the cloud, no point was asked about more than eight times, and x stayed."""
    samples = result["samples"]
    if not (isinstance(samples, torch.Tensor) and samples.shape == x.shape):
        raise Fail(f"the samples are {describe(samples)}; expected {describe(x)}")
    if result["asked"] > 8:
        raise Fail(f"the denoiser was asked {result['asked']:g} times about each point; the budget is 8")
    if not result["x unchanged"]:
        raise Fail("the cloud was changed")

def distance(samples, ends):
    return float((samples.double() - ends).square().sum(dim=1).mean().sqrt())

def public_street(rng):
    """Hills of the public landscape, and a cloud."""
    return torch.tensor(STREET, dtype=torch.float64), TOP * rng.normal(600, 2, dtype=torch.float64)

def near_the_true_ends(result, expected, rng):
    """The verdict on the public landscape."""
    hills, x = public_street(rng)
    plays_by_the_rules(result, x)
    miss = distance(result["samples"], true_ends(hills, WIDTH, x, TOP, LOW))
    if not miss <= NEAR:
        raise Fail(f"the samples are {miss:.3f} away from the true ends (rms); expected at most {NEAR}")

def prediction_beside_measurement(result, rng):
    hills, x = public_street(rng)
    miss = distance(result["samples"], true_ends(hills, WIDTH, x, TOP, LOW))
    heights = {"predicted": result["predicted"], "measured": miss, "criterion": NEAR}
    return bars("The rms that you predicted, and what was measured", heights, ylabel="rms")

@check("eight_evaluations", weight=2, public=True, reference=False, verdict=near_the_true_ends,
       figure=prediction_beside_measurement)  # fmt: skip
def lands_close_with_eight(lesson, rng):
    """On a grid of nine hills eight evaluations for each point bring the samples within 0.048 of the true ends."""
    hills, x = public_street(rng)
    return asked_for_ends(lesson, hills, WIDTH, x, TOP, LOW)

def few_points(rng):
    return torch.tensor(STREET, dtype=torch.float64), TOP * rng.normal(60, 2, dtype=torch.float64)

def within_the_budget(result, expected, rng):
    """The verdict on the rules, and on landing on the grid of hills at all."""
    hills, x = few_points(rng)
    plays_by_the_rules(result, x)
    miss = distance(result["samples"], true_ends(hills, WIDTH, x, TOP, LOW))
    if not miss <= 0.5:
        raise Fail(f"the samples are {miss:.2f} away from the true ends (rms), as far as another hill's foot")

def samples_and_ends(result, rng):
    hills, x = few_points(rng)
    clouds = {"true ends": true_ends(hills, WIDTH, x, TOP, LOW), "samples": result["samples"]}
    return points("Where eight evaluations lead", clouds)

@check("eight_evaluations", public=True, reference=False, verdict=within_the_budget, figure=samples_and_ends)
def asks_at_most_eight_times(lesson, rng):
    """No point is asked about more than eight times, the cloud stays as it is, and the samples reach the hills."""
    hills, x = few_points(rng)
    return asked_for_ends(lesson, hills, WIDTH, x, TOP, LOW)
