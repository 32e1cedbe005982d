"""Are fits of one woman calibrated? Simulated women, whose truth is known, are fitted.

    python benchmarks/one_woman.py [--women 3000] [--draws 2048] [--seed 5]

Women of 62 on anastrozole are drawn, simulated and read by `population`, `simulate` and
`measure`, none of which the fit uses for this, under 64 draws of the model's parameters. Spine and
hip are read at 0, 12 and 24 months, CTX at 0 and 3. For every component the rank of the truth among
its posterior draws must be uniform; bands of 90 % must hold 90 % of the truths. Then the error of
the five-year forecast after fewer readings is compared with that of the population.
"""

import argparse
import time

import numpy as np
from scipy.stats import chisquare

import remodel as rm
from remodel.individuals.courses import drawn, simulated
from remodel.individuals.covariance import Observed, Points
from remodel.individuals.posterior import course_of, fitted, truth_at
from remodel.individuals.prior import Prior
from remodel.individuals.readings import Reading
from remodel.measurement.instruments import load_instruments
from remodel.models import load_model
from remodel.populations.definition import DENSITIES
from remodel.schedules import Schedule

AGE, MENOPAUSE = 62.0, 50.0
DRUG = "anastrozole 1 mg daily"
VISITS = (0.0, 3.0, 12.0, 24.0)
LATER = np.array([12.0, 24.0, 60.0])
SITES = ("bmd_lumbar_spine", "bmd_total_hip")
BINS = 20
SHARED = 64  # draws of the parameters that all women share
PLANS = {
    "no reading": ((), ()),
    "one scan, one CTX": ((0.0,), (3.0,)),
    "two scans": ((0.0, 12.0), ()),
    "three scans": ((0.0, 12.0, 24.0), (0.0, 3.0)),
}


def main() -> None:
    args = arguments()
    women, truth, read, chosen = simulated_women(args.women, args.seed)
    tools, model = load_instruments(), load_model("reference")
    prior = Prior.of(women.definition, model, bmi=None, knows_menopause=True)
    draws = drawn(prior, args.draws, [1.0], 11)
    months = np.arange(0.0, 61.0)
    names = (*SITES, "ctx")
    where = {"age": AGE, "menopause_age": MENOPAUSE}
    courses = simulated(prior, draws, [Schedule.parse(DRUG)], months, names, **where)
    peers = prior.peers(AGE)
    ranks: dict[str, list[int]] = {}
    held = []
    errors = {plan: [] for plan in PLANS}
    sizes = []
    points = Points(tuple(n for n in SITES for _ in LATER), np.tile(LATER, len(SITES)))
    began = time.perf_counter()
    for w in chosen.tolist():
        actual = np.log([truth[n][w, i] for n in SITES for i in np.searchsorted(months, LATER)])
        for plan, (scans, samples) in PLANS.items():
            is_full = plan == "three scans"
            if not is_full and w >= args.women // 5:
                continue
            observed = Observed.of(readings_of(read, w, scans, samples), tools)
            posterior = fitted(
                prior, draws, courses, observed, tools, age=AGE, size=512, tails=64, seed=(3, w)
            )
            course = course_of(courses.rows(posterior.draw), points, peers)
            her = truth_at(posterior, points, course)
            errors[plan].append(her.mean(axis=0) - actual)
            if is_full:
                sizes.append(posterior.effective_size)
                low, high = np.quantile(her, (0.05, 0.95), axis=0)
                held.append((actual >= low) & (actual <= high))
                note_ranks(ranks, prior, draws, posterior, women, w)
    print(f"{args.women} women, {(time.perf_counter() - began) / args.women * 1e3:.1f} ms each; "
          f"effective size {np.median(sizes):.0f}, at least {np.min(sizes):.0f}")  # fmt: skip
    for i, name in enumerate(points.endpoint):
        share = np.mean([h[i] for h in held])
        print(f"90 % of {name} at {points.months[i]:g} months hold {100 * share:.1f} %")
    for name, values in ranks.items():
        counts = np.histogram(values, bins=BINS, range=(0, 513))[0]
        print(f"{name:32s} ranks uniform: p = {chisquare(counts).pvalue:.3f}, "
              f"mean {np.mean(values) / 512:.3f}")  # fmt: skip
    print("\nroot mean square error of the forecast at 60 months [%]")
    last = [i for i, m in enumerate(points.months) if m == 60.0]
    for plan, values in errors.items():
        rms = 100 * np.sqrt(np.mean(np.square(np.array(values)[: args.women // 5, last]), axis=0))
        print(f"{plan:20s} spine {rms[0]:5.2f}  hip {rms[1]:5.2f}")


def simulated_women(n: int, seed: int):
    """Return women, their truth month by month, and their readings at the visits."""
    fixed = {"distribution": "fixed", "source": "of this check"}
    women = rm.population(
        n,
        like={
            "like": "postmenopausal",
            "patient": {
                "age": {**fixed, "center": AGE},
                "menopause_age": {**fixed, "center": MENOPAUSE},
            },
        },
        seed=seed,
    )
    times = np.arange(0.0, 61.0) * 30.4375
    shared = rm.posterior_draws("reference")
    groups = min(SHARED, n, len(next(iter(shared.values()))))
    names = (*SITES, "ctx")
    truth = {name: np.full((n, len(times)), np.nan) for name in names}
    read = {name: np.full((n, len(VISITS)), np.nan) for name in names}
    for number in range(groups):  # what all women share is uncertain too
        rows = np.arange(number, n, groups)
        course = rm.simulate(
            schedule=DRUG,
            patient=women.where(rows),
            times=times,
            outputs=list(names),
            parameters={name: float(values[number]) for name, values in shared.items()},
        )
        seen = rm.measure(course, visits=VISITS, seed=seed + 4)
        for name in names:
            truth[name][rows] = course[name].to_numpy()
            read[name][rows] = seen[f"{name}_reading"].to_numpy()
    reached = np.isfinite(truth["ctx"][:, -1])
    if not reached.all():
        print(f"{np.count_nonzero(~reached)} women could not be simulated and are left out")
    return women, truth, read, np.flatnonzero(reached)


def readings_of(
    read, w: int, scans: tuple[float, ...], samples: tuple[float, ...]
) -> list[Reading]:
    """Return what was read of a woman at some visits."""
    rows = [(name, m) for name in SITES for m in scans] + [("ctx", m) for m in samples]
    return [Reading(name, m, float(read[name][w, VISITS.index(m)])) for name, m in rows]


def note_ranks(ranks, prior, draws, posterior, women, w: int) -> None:
    """Add the rank of the truth of every component among the draws of a woman."""
    columns = prior.columns(draws.scores[posterior.draw])
    drawn_values = {name: columns[name] for name in prior.nonlinear}
    for i, name in enumerate(prior.linear):
        drawn_values[name] = np.exp(posterior.linear[:, i])
    for name in (*prior.nonlinear, *DENSITIES[:2], "ctx_scale"):
        rank = int(np.sum(drawn_values[name] < women[name][w]))
        ranks.setdefault(name, []).append(rank)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--women", type=int, default=3000)
    parser.add_argument("--draws", type=int, default=2048)
    parser.add_argument("--seed", type=int, default=5)
    return parser.parse_args()


if __name__ == "__main__":
    main()
