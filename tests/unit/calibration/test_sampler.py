"""The posterior: closed forms, another library's sampler, ranks of known truths, interruptions."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import toy
from conftest import BEST, COVARIANCE, TRUTH
from scipy.stats import chisquare, ks_2samp, truncnorm

from remodel.calibration import Information, Objective, Posterior, calibrate
from remodel.calibration.posterior import LARGEST_R_HAT
from remodel.calibration.sampler import sample
from remodel.calibration.search import descend


def at_optimum(objective: Objective) -> Information:
    n = len(objective.coordinates)
    return Information.at(objective, descend(objective, np.zeros(n), tolerance=1e-9).theta)


def drawn(objective, folder, **more) -> Posterior:
    return sample(objective, at_optimum(objective), folder, **{"effective": 400, **more})


def test_the_posterior_of_a_linear_problem_is_its_normal_density(line_source, tmp_path):
    objective = Objective.of(toy.problem(line_source, toy.LINE))
    posterior = drawn(objective, tmp_path / "draws", effective=2000)
    intercept, slope, unused = posterior.values.reshape(-1, 3).T
    for values, mean, sd in (
        (intercept, BEST[0], np.sqrt(COVARIANCE[0, 0])),
        (slope, BEST[1], np.sqrt(COVARIANCE[1, 1])),
        (unused, 1.0, 0.5),  # its prior
    ):
        assert values.mean() == pytest.approx(mean, abs=0.1 * sd)
        assert values.std() == pytest.approx(sd, rel=0.05)
        assert np.quantile(values, 0.975) == pytest.approx(mean + 1.96 * sd, abs=0.15 * sd)
    correlation = COVARIANCE[0, 1] / np.sqrt(COVARIANCE[0, 0] * COVARIANCE[1, 1])
    assert np.corrcoef(intercept, slope)[0, 1] == pytest.approx(correlation, abs=0.04)


def test_it_ends_when_chains_agree_and_draws_are_worth_what_is_wanted(toy_source, tmp_path):
    posterior = drawn(Objective.of(toy.problem(toy_source)), tmp_path / "draws")
    assert posterior.effective >= 400
    assert posterior.converged
    table = posterior.summary().set_index("parameter")
    assert (table["r_hat"] < LARGEST_R_HAT).all()
    assert (table[["ess_bulk", "ess_tail"]] >= 400).all(axis=None)
    assert len(table) == len(posterior.names)
    for name, truth in TRUTH.items():
        assert abs(table.loc[name, "median"] - truth) < 3.0 * table.loc[name, "sd"], name


def test_chains_that_disagree_are_noticed():
    values = np.random.default_rng(1).standard_normal((8, 100, 2))
    values[3, :, 1] += 3.0
    posterior = Posterior(("a", "b"), values, values[..., 0], values[..., 0] > 0, values[:, :5])
    table = posterior.summary()
    assert table["r_hat"][0] < LARGEST_R_HAT < table["r_hat"][1]
    assert not posterior.converged
    assert table["ess_bulk"][0] > 500 > 100 > table["ess_bulk"][1]


def test_it_agrees_with_the_sampler_of_a_library(toy_source, tmp_path):
    """Few and uncertain numbers bend the posterior; emcee walks on the exact objective alone."""
    emcee = pytest.importorskip("emcee")
    exact = Objective.of(toy.problem(toy_source, loss="soft_l1"))
    objective = blurred(exact, 4.0)
    posterior = drawn(objective, tmp_path / "draws", effective=1500)
    lower, upper = objective.coordinates.bounds

    def log_density(thetas):
        inside = np.all((thetas >= lower) & (thetas <= upper), axis=1)
        density = -objective.costs(np.clip(thetas, lower, upper))
        return np.where(inside, density, -np.inf)

    n = len(lower)
    random = np.random.default_rng(2)
    sampler = emcee.EnsembleSampler(40, n, log_density, vectorize=True)
    sampler._random.seed(5)
    start = posterior.inner(objective.coordinates)[:40] + 0.1 * random.standard_normal((40, n))
    sampler.run_mcmc(np.clip(start, lower, upper), 1500)
    other = sampler.get_chain(discard=300, thin=30, flat=True)
    own = posterior.inner(objective.coordinates)[:: posterior.size // 800]
    for j in range(n):
        sd = other[:, j].std()
        assert own[:, j].mean() == pytest.approx(other[:, j].mean(), abs=0.15 * sd)
        assert own[:, j].std() == pytest.approx(sd, rel=0.12)
        assert ks_2samp(own[:, j], other[:, j]).pvalue > 1e-3
    skewness = np.mean(((other - other.mean(axis=0)) / other.std(axis=0)) ** 3, axis=0)
    assert np.abs(skewness).max() > 0.3  # not a normal density


def blurred(objective: Objective, factor: float) -> Objective:
    """Return an objective whose numbers are less certain."""
    whitenings = tuple(
        replace(w, root=factor * w.root, inverse=w.inverse / factor) for w in objective.whitenings
    )
    return replace(objective, sigma=factor * objective.sigma, whitenings=whitenings)


def ranks(objective: Objective, folder: Path, count: int, draws: int = 63) -> np.ndarray:
    """Return the rank of the truth among draws from the posterior of data made with it."""
    lower, upper = objective.coordinates.bounds
    has_prior = objective.coordinates.has_prior.astype(bool)
    random = np.random.default_rng(11)
    places = []
    while len(places) < count:
        truth = np.where(
            has_prior, random.standard_normal(len(lower)), random.uniform(lower, upper)
        )
        if not np.all((truth >= lower) & (truth <= upper)):
            continue
        exact = objective.predictions(truth[None])
        made = replace(objective, observed=objective.replicated(exact, random)[0])
        information = Information.at(made, descend(made, truth, tolerance=1e-6).theta)
        posterior = sample(made, information, folder / str(len(places)), effective=200,
                           seed=len(places))  # fmt: skip
        inner = posterior.inner(objective.coordinates)
        chosen = inner[np.linspace(0, len(inner) - 1, draws).round().astype(int)]
        places.append((chosen < truth).sum(axis=0))
    return np.array(places)


def uniformity(places: np.ndarray, bins: int, draws: int = 63) -> float:
    return chisquare(np.bincount(places * bins // (draws + 1), minlength=bins)).pvalue


@pytest.mark.slow
def test_ranks_of_the_truth_are_uniform(toy_source, tmp_path):
    """Simulation-based calibration (Talts 2018, arXiv:1804.06788)."""
    objective = blurred(Objective.of(toy.problem(toy_source)), 3.0)
    places = ranks(objective, tmp_path, count=100)
    for column in places.T:
        assert uniformity(column, bins=8) > 1e-3
        assert abs(column.mean() / 63 - 0.5) < 3.5 * np.sqrt(1 / 12 / len(column))


def test_ranks_of_a_few_truths_are_spread(toy_source, tmp_path):
    objective = blurred(Objective.of(toy.problem(toy_source)), 3.0)
    places = ranks(objective, tmp_path, count=8)
    assert uniformity(places.ravel(), bins=4) > 0.02


class Killed(Exception):
    pass


class Killer:
    """A progress that ends the run after so many lines."""

    def __init__(self, lines: int) -> None:
        self.lines = lines

    def start(self, total: int) -> None: ...

    def advance(self, n: int, failed: int = 0) -> None: ...

    def say(self, text: str) -> None:
        self.lines -= 1
        if self.lines < 0:
            raise Killed


@pytest.mark.parametrize("lines", [0, 3, 7])
def test_a_killed_run_ends_as_one_that_was_not(toy_source, tmp_path, lines):
    objective = Objective.of(toy.problem(toy_source))
    whole = drawn(objective, tmp_path / "whole")
    with pytest.raises(Killed):
        drawn(objective, tmp_path / "draws", progress=Killer(lines))
    assert len(list((tmp_path / "draws").iterdir())) < len(list((tmp_path / "whole").iterdir()))
    resumed = drawn(objective, tmp_path / "draws")
    for name in ("values", "costs", "accepted", "predictions"):
        np.testing.assert_array_equal(getattr(resumed, name), getattr(whole, name))


@pytest.mark.parametrize("damage", [b"", b"PK", "cut"])
def test_a_damaged_file_is_calculated_again(toy_source, tmp_path, damage):
    objective = Objective.of(toy.problem(toy_source))
    whole = drawn(objective, tmp_path / "draws")
    for name in ("exploration_2.npz", "piece_003.npz"):
        path = tmp_path / "draws" / name
        content = path.read_bytes()
        path.write_bytes(content[: len(content) // 2] if damage == "cut" else damage)
        again = drawn(objective, tmp_path / "draws")
        np.testing.assert_array_equal(again.values, whole.values)
        assert len(path.read_bytes()) == len(content)


def test_more_draws_go_on_from_those_there(toy_source, tmp_path):
    objective = Objective.of(toy.problem(toy_source))
    few = drawn(objective, tmp_path / "draws")
    more = drawn(objective, tmp_path / "draws", effective=3000)
    assert more.effective >= 3000
    np.testing.assert_array_equal(more.values[:, : few.values.shape[1]], few.values)


def test_another_seed_gives_other_draws(toy_source, tmp_path):
    objective = Objective.of(toy.problem(toy_source))
    drawn(objective, tmp_path / "1", seed=1)
    (tmp_path / "2").mkdir()
    for path in (tmp_path / "1").glob("exploration_*"):  # the same emulator
        (tmp_path / "2" / path.name).write_bytes(path.read_bytes())
    first, second = (drawn(objective, tmp_path / str(s), seed=s) for s in (1, 2))
    assert not np.isin(first.values, second.values).any()


SCRIPT = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
import test_sampler, toy
from remodel.calibration import Objective
from remodel.calibration.data import Source
folder = Path(sys.argv[2])
source = Source(folder / "observations.csv", folder / "regimens.csv")
objective = Objective.of(toy.problem(source))
print(test_sampler.drawn(objective, Path(sys.argv[3])).values.tobytes().hex()[-4000:])
"""


def test_draws_do_not_depend_on_the_number_of_threads(toy_source, tmp_path):
    printed = set()
    for threads in ("1", "2"):
        environment = {
            **os.environ, "OPENBLAS_NUM_THREADS": threads, "OMP_NUM_THREADS": threads,
            "NUMBA_NUM_THREADS": threads,
        }  # fmt: skip
        command = [sys.executable, "-c", SCRIPT, str(Path(__file__).parent), str(tmp_path),
                   str(tmp_path / threads)]  # fmt: skip
        done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=300,
                              check=True)  # fmt: skip
        printed.add(done.stdout)
    assert len(printed) == 1
    assert len(printed.pop()) > 3000


def test_the_files_of_a_fit_hold_its_draws(toy_source, tmp_path):
    import xarray as xr

    problem = toy.problem(toy_source)
    fit = calibrate(problem, out=tmp_path / "fit", workers=1, draws=300)
    posterior = fit.posterior
    report = (tmp_path / "fit" / "report.md").read_text()
    assert "R-hat" in report
    assert "the chains agree" in report
    chains, draws = posterior.costs.shape
    with xr.open_datatree(tmp_path / "fit" / "fit.nc", engine="h5netcdf") as tree:
        assert dict(tree["posterior"].sizes) == {"chain": chains, "draw": draws}
        for j, name in enumerate(posterior.names):
            np.testing.assert_array_equal(tree["posterior"][name], posterior.values[..., j])
            assert tree["posterior"][name].attrs["units"] == problem.model.parameters[name].unit
        np.testing.assert_array_equal(tree["sample_stats"]["lp"], -posterior.costs)
        objective = Objective.of(problem)
        observed = tree["observed_data"]["value"]
        np.testing.assert_array_equal(observed, objective.observed)
        predicted = tree["posterior_predictive"]
        natural = tree["posterior"].to_dataset().sel(draw=predicted["draw"][1]).isel(chain=2)
        theta = objective.coordinates.inner({n: float(natural[n]) for n in posterior.names})
        expected = objective.predictions(theta[None])[0]
        np.testing.assert_allclose(predicted["expected"][2, 1], expected, rtol=1e-9)
        errors = (predicted["value"] - predicted["expected"]) / objective.sigma
        assert float(errors.std()) == pytest.approx(1.0, abs=0.05)
        likelihood = tree["log_likelihood"]["value"].sum("number")
        lp = tree["sample_stats"]["lp"].sel(draw=predicted["draw"])
        thetas = posterior.inner(objective.coordinates).reshape(chains, draws, -1)
        priors = 0.5 * ((thetas * objective.coordinates.has_prior) ** 2).sum(axis=-1)
        kept = priors[:, predicted["draw"].to_numpy()]
        np.testing.assert_allclose(likelihood - kept, lp, rtol=1e-9)
    rows = np.loadtxt(tmp_path / "fit" / "posterior.csv", delimiter=",", skiprows=1)
    assert rows.shape == (200, len(posterior.names))
    assert len(np.unique(rows, axis=0)) > 150
    np.testing.assert_allclose(
        rows.mean(axis=0), posterior.values.mean(axis=(0, 1)),
        atol=0.25 * posterior.values.std(axis=(0, 1)).max() + 1e-6,
    )  # fmt: skip
    again = calibrate(problem, out=tmp_path / "fit", workers=1, draws=300, resume=True)
    np.testing.assert_array_equal(again.posterior.values, posterior.values)


def test_the_report_says_which_parameters_are_identified(toy_source, line_source, tmp_path):
    fit = calibrate(toy.problem(line_source, toy.LINE), out=tmp_path / "fit", workers=1, draws=200)
    verdicts = fit.estimates.set_index("parameter")["verdict"].to_dict()
    assert verdicts == {"intercept": "identified", "slope": "identified", "unused": "prior only"}
    report = (tmp_path / "fit" / "report.md").read_text()
    assert "2 of 3 parameters are identified; prior only: unused." in report


def test_no_draw_lies_beyond_a_bound(tmp_path):
    """The posterior of a mean near its upper bound is a truncated normal density."""
    rows = [("control", "estradiol", 0, 490.0, 20.0, "pmol/L", "level", "")]
    source = toy.tables(tmp_path, rows)
    objective = Objective.of(toy.problem(source, toy.LINE, estimate=("intercept",)))
    posterior = drawn(objective, tmp_path / "draws", effective=2000)
    (sd,) = objective.sigma
    expected = truncnorm(-np.inf, 10.0 / sd, loc=490.0, scale=sd)
    assert posterior.values.max() <= 500.0
    assert posterior.values.mean() == pytest.approx(expected.mean(), abs=1.0)
    assert posterior.values.std() == pytest.approx(expected.std(), rel=0.06)
