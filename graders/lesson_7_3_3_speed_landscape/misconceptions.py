"""Wrong answers that we expect in lesson 7.3.3."""

import math

from blindgrade.known_answers import edit, misconception

# ---------------------------------------------------------------- speed_level

edit(
    "speed_level",
    "by_step_count",
    'if not card["changes_weights"]:',
    'if card["claimed_steps"] > 10:',
    hint="Step count is a symptom. Ask what was changed: the solver, the path, or the question the network answers.",
)
edit(
    "speed_level",
    "adversarial_is_3a",
    'return "3b"',
    'return "3a"',
    hint="A discriminator makes a one-jump model 3b, whatever other loss (distillation, self-consistency) is mixed in.",
)
edit(
    "speed_level",
    "consistency_first",
    'if "discriminator" in card["extra_networks"]:',
    'if "discriminator" in card["extra_networks"] and card["loss"] != "self_consistency":',
    hint="Mixed losses: the discriminator decides 3b.",
)


@misconception("speed_level", hint="The velocity question comes before the discriminator: stop at the first that fits.")
def discriminator_before_velocity(card):
    if not card["changes_weights"]:
        return "1"
    if "discriminator" in card["extra_networks"]:
        return "3b"
    if card["loss"] == "velocity":
        return "2"
    if card["loss"] == "self_consistency":
        return "3a"
    raise ValueError("no level")


@misconception(
    "speed_level", hint="Ask about the weights first: without training there is no new path, no new question."
)
def loss_before_weights(card):
    if card["loss"] == "velocity":
        return "2"
    if "discriminator" in card["extra_networks"]:
        return "3b"
    if card["loss"] == "self_consistency":
        return "3a"
    if not card["changes_weights"]:
        return "1"
    raise ValueError("no level")


@misconception("speed_level", hint="A trained model with none of the marks has no place on this map: raise ValueError.")
def leftovers_are_3a(card):
    if not card["changes_weights"]:
        return "1"
    if card["loss"] == "velocity":
        return "2"
    return "3b" if "discriminator" in card["extra_networks"] else "3a"


# ---------------------------------------------------------------- known_method_level

edit(
    "known_method_level",
    "lcm_lora_is_level1",
    "return LEVELS[name]",
    'return "1" if name == "lcm_lora" else LEVELS[name]',
    hint="LCM-LoRA is plugged in like a tool but it changes what the network predicts.",
)
edit(
    "known_method_level",
    "flow_is_level1",
    "return LEVELS[name]",
    'return "1" if LEVELS[name] == "2" else LEVELS[name]',
    hint="Flow matching changes the trajectory itself, not the solver.",
)
edit(
    "known_method_level",
    "no_split",
    "return LEVELS[name]",
    "return LEVELS[name][0]",
    hint="Level 3 has two branches: 3a consistency, 3b adversarial.",
)


@misconception("known_method_level", hint="A name that is not on the list is an error, not a guess.")
def strangers_are_level1(name):
    return LEVELS.get(name, "1")


# ---------------------------------------------------------------- composability_matrix

edit(
    "composability_matrix",
    "substring_levels",
    "levels[i][0] != levels[j][0]",
    "levels[i] != levels[j]",
    hint="3a and 3b are the same level: two networks cannot both redefine the jump.",
)
edit(
    "composability_matrix",
    "inverted",
    "levels[i][0] != levels[j][0]",
    "levels[i][0] == levels[j][0]",
    hint="Your ones stand where the levels are equal: methods compose across levels, not within one.",
)
edit(
    "composability_matrix",
    "everything_composes",
    "levels[i][0] != levels[j][0]",
    "True",
    hint="The kitchen sink: two answers to the same question conflict.",
)
edit(
    "composability_matrix",
    "only_itself_excluded",
    "levels[i][0] != levels[j][0]",
    "i != j",
    hint="Not only the diagonal is 0: two different methods of one level do not compose either.",
)
edit(
    "composability_matrix",
    "one_way",
    "levels[i][0] != levels[j][0]",
    "levels[i][0] < levels[j][0]",
    hint="If a composes with b, then b composes with a: the table is symmetric.",
)

# ---------------------------------------------------------------- stack_conflicts

edit(
    "stack_conflicts",
    "exact_level",
    "levels[stack[i]][0] == levels[stack[j]][0]",
    "levels[stack[i]] == levels[stack[j]]",
    hint="LCM + Turbo conflict too: both are level 3.",
)
edit(
    "stack_conflicts",
    "adjacent_only",
    "range(i + 1, len(stack))",
    "range(i + 1, min(i + 2, len(stack)))",
    hint="Check every pair, not only neighbours.",
)
edit(
    "stack_conflicts",
    "first_only",
    "return sorted(bad)",
    "return sorted(bad)[:1]",
    hint="You stopped at the first conflict: the report names all pairs of one level.",
)
edit(
    "stack_conflicts",
    "pairs_as_stacked",
    "sorted([stack[i], stack[j]])",
    "[stack[i], stack[j]]",
    hint="Inside each pair the names are in alphabetical order, however the stack was written down.",
)
edit(
    "stack_conflicts",
    "list_not_sorted",
    "return sorted(bad)",
    "return bad",
    hint="Sort the list of pairs, too: the report must not depend on how the stack was written down.",
)

# ---------------------------------------------------------------- quality_cost_regions

edit(
    "quality_cost_regions",
    "per_step",
    "(fid[b] - fid[a]) / math.log2(speedup)",
    "(fid[b] - fid[a]) / (steps[a] - steps[b])",
    hint="1000 to 20 drops 980 steps, but what you gain is a factor 50. Measure cost per doubling of speed.",
)
edit(
    "quality_cost_regions",
    "total_cost",
    "(fid[b] - fid[a]) / math.log2(speedup)",
    "fid[b] - fid[a]",
    hint="Divide by how many doublings of speed it bought.",
)
edit(
    "quality_cost_regions",
    "assumes_sorted",
    "sorted(range(len(steps)), key=lambda i: -steps[i])",
    "list(range(len(steps)))",
    hint="Neighbours are neighbours in the step count, whatever the order of the lists: sort by falling steps first.",
)
edit(
    "quality_cost_regions",
    "natural_logarithm",
    "math.log2(speedup)",
    "math.log(speedup)",
    hint="Doublings are counted by the logarithm to base 2.",
)
edit(
    "quality_cost_regions",
    "threshold_included",
    "cost < free_below",
    "cost <= free_below",
    hint="Free means below the threshold; a price that equals it is not below it.",
)


@misconception("quality_cost_regions", hint="The thresholds are arguments: use the ones that were passed in.")
def hard_coded_thresholds(steps, fid, free_below=0.5, cheap_below=2.0):
    order = sorted(range(len(steps)), key=lambda i: -steps[i])
    rows = []
    for a, b in zip(order[:-1], order[1:], strict=True):
        cost = (fid[b] - fid[a]) / math.log2(steps[a] / steps[b])
        label = "free" if cost < 0.5 else "cheap" if cost < 2 else "expensive"
        row = {"from": steps[a], "to": steps[b], "speedup": steps[a] / steps[b]}
        rows.append({**row, "cost_per_doubling": cost, "label": label})
    return rows


# ---------------------------------------------------------------- end_to_end_latency

edit(
    "end_to_end_latency",
    "cfg_free",
    "steps * (2 if cfg else 1)",
    "steps",
    hint="Classifier-free guidance evaluates the network twice per step (distilled models drop it).",
)
edit(
    "end_to_end_latency",
    "ignores_fixed",
    "ms = fixed_ms + evals * ms_per_eval",
    "ms = evals * ms_per_eval",
    hint="Text encoder and VAE do not get faster.",
)
edit(
    "end_to_end_latency",
    "limit_inverted",
    "ms / fixed_ms",
    "fixed_ms / ms",
    hint="The speed-up limit is old time / time with zero evaluations.",
)
edit(
    "end_to_end_latency",
    "fixed_doubled_too",
    "ms = fixed_ms + evals * ms_per_eval",
    "ms = (fixed_ms + steps * ms_per_eval) * (2 if cfg else 1)",
    hint="Guidance doubles the evaluations, not the text encoder and the VAE.",
)
edit(
    "end_to_end_latency",
    "always_guided",
    "steps * (2 if cfg else 1)",
    "steps * 2",
    hint="Without guidance a step is one evaluation.",
)

# ---------------------------------------------------------------- pareto_menu


@misconception("pareto_menu", hint="A menu keeps everything that is best for someone, not only the fastest.")
def fastest_only(options):
    return sorted(o["name"] for o in options if o["speed"] == max(p["speed"] for p in options))


edit(
    "pareto_menu",
    "strict_all",
    "all(a[d] >= b[d] for d in DIMS) and any(a[d] > b[d] for d in DIMS)",
    "all(a[d] > b[d] for d in DIMS)",
    hint="To dominate it is enough to be no worse everywhere and better somewhere.",
)
edit(
    "pareto_menu",
    "ties_vanish",
    "all(a[d] >= b[d] for d in DIMS) and any(a[d] > b[d] for d in DIMS)",
    "a is not b and all(a[d] >= b[d] for d in DIMS)",
    hint="Two equal options do not dominate each other.",
)
edit(
    "pareto_menu",
    "better_somewhere_is_enough",
    "all(a[d] >= b[d] for d in DIMS) and any(a[d] > b[d] for d in DIMS)",
    "sum(a[d] > b[d] for d in DIMS) > sum(a[d] < b[d] for d in DIMS)",
    hint="Winning in more dimensions is not dominating: one in which the other is better keeps it on the menu.",
)


@misconception("pareto_menu", hint="All four dimensions count, flexibility and composability too.")
def speed_and_quality_only(options):
    def dominates(a, b):
        two = ("speed", "quality")
        return all(a[d] >= b[d] for d in two) and any(a[d] > b[d] for d in two)

    return sorted(o["name"] for o in options if not any(dominates(p, o) for p in options))


@misconception("pareto_menu", hint="Sort the names: the answer must not depend on the order of the options.")
def in_the_order_given(options):
    def dominates(a, b):
        return all(a[d] >= b[d] for d in DIMS) and any(a[d] > b[d] for d in DIMS)

    return [o["name"] for o in options if not any(dominates(p, o) for p in options)]


# ---------------------------------------------------------------- choose_acceleration


@misconception("choose_acceleration", hint="'Which is right for what I need?', not 'which is fastest?'")
def fastest_wins(options, minimums, weights):
    ok = [o for o in options if all(o[d] >= minimums.get(d, 0) for d in DIMS)]
    return max(ok, key=lambda o: o["speed"])["name"] if ok else None


edit(
    "choose_acceleration",
    "ignores_minimums",
    "ok = [o for o in options if all(o[d] >= minimums.get(d, 0) for d in DIMS)]",
    "ok = list(options)",
    hint="Requirements come first: drop what fails a minimum before weighing.",
)


@misconception("choose_acceleration", hint="All four dimensions counted alike: multiply each by the scenario's weight for it.")
def forgets_weights(options, minimums, weights):
    ok = [o for o in options if all(o[d] >= minimums.get(d, 0) for d in DIMS)]
    if not ok:
        return None
    best = max(sum(o[d] for d in DIMS) for o in ok)
    return min(o["name"] for o in ok if abs(sum(o[d] for d in DIMS) - best) < 1e-9)


edit(
    "choose_acceleration",
    "minimum_not_enough",
    "o[d] >= minimums.get(d, 0)",
    "o[d] > minimums.get(d, -1)",
    hint="Reaching a minimum exactly is enough.",
)
edit(
    "choose_acceleration",
    "first_of_the_tied",
    'return min(o["name"] for o in tied)',
    'return tied[0]["name"]',
    hint="Among equal sums the alphabet decides, not the order of the options.",
)
edit(
    "choose_acceleration",
    "rounding_breaks_ties",
    "< 1e-9",
    "<= 0",
    hint="Sums within 1e-9 of each other are tied: rounding must not choose.",
)


@misconception("choose_acceleration", hint="If nothing meets the requirements the answer is None, not the least bad.")
def least_bad(options, minimums, weights):
    ok = [o for o in options if all(o[d] >= minimums.get(d, 0) for d in DIMS)] or list(options)
    best = max(sum(weights[d] * o[d] for d in DIMS) for o in ok)
    return min(o["name"] for o in ok if abs(sum(weights[d] * o[d] for d in DIMS) - best) < 1e-9)


# ---------------------------------------------------------------- speed_race

edit(
    "speed_race",
    "heun_counts_steps",
    "y = x + (b - a) * 0.5 * (d + d2)\n                nfe += 1",
    "y = x + (b - a) * 0.5 * (d + d2)",
    hint="Count network evaluations, not steps: Heun pays two per step.",
)
edit(
    "speed_race",
    "heun_full_budget",
    "run(budget // 2, True)",
    "run(budget, True)",
    hint="With the same budget Heun may take only half as many steps.",
)
edit(
    "speed_race",
    "linear_grid",
    "(start + i / n * (end - start)) ** rho",
    "t_max + i / n * (t_min - t_max)",
    hint="Use the rho=7 grid: it spends steps where the path curves.",
)
edit(
    "speed_race",
    "fixed_rho",
    "start, end = t_max ** (1 / rho), t_min ** (1 / rho)",
    "rho = 7.0; start, end = t_max ** (1 / 7.0), t_min ** (1 / 7.0)",
    hint="rho is an argument: use the one that was passed in.",
)
edit(
    "speed_race",
    "mean_over_coordinates",
    ".square().sum(dim=-1).mean().sqrt()",
    ".square().mean().sqrt()",
    hint="The distance of a point sums the squares over its coordinates; only the points are averaged.",
)
edit(
    "speed_race",
    "mean_of_distances",
    ".square().sum(dim=-1).mean().sqrt()",
    ".square().sum(dim=-1).sqrt().mean()",
    hint="Root mean square: average the squared distances, then take the root.",
)
edit(
    "speed_race",
    "slope_at_the_wrong_place",
    "d2 = slope(y, b)",
    "d2 = slope(x, b)",
    hint="Heun's second look is from the place where Euler would land.",
)
edit(
    "speed_race",
    "euler_judge",
    "reference, _ = run(n_ref, True)",
    "reference, _ = run(n_ref, False)",
    hint="The judge walks with Heun, n_ref steps.",
)
