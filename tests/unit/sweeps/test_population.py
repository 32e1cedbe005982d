"""A sweep over women: each is a simulation."""

import numpy as np
import pytest

import remodel as rm
from remodel.errors import ConfigError

DESIGN = {
    "kind": "population",
    "schedule": "anastrozole 1 mg daily",
    "years": 1.0,
    "outputs": ["ctx", "bmd_total_hip"],
    "stored_months": [0.0, 12.0],
    "precision": "float64",
}


def test_a_sweep_over_women_is_their_mechanism(tmp_path):
    women = rm.population(6, like="aromatase_inhibitor", seed=2)
    women.save(tmp_path / "women.csv")
    direct = rm.simulate(
        schedule=DESIGN["schedule"], patient=women.without_wander(), times=[0.0, 365.25],
        outputs=DESIGN["outputs"],
    )  # fmt: skip
    for source in (
        women,
        {"like": "aromatase_inhibitor", "n": 6, "seed": 2},
        str(tmp_path / "women.csv"),
    ):
        swept = rm.sweep({**DESIGN, "population": source})
        assert swept.sizes["simulation"] == 6
        for name in ("ctx", "bmd_total_hip"):
            assert np.allclose(swept[name], direct[name], rtol=1e-9)


def test_sensitivities_are_of_what_differs_between_women():
    design = {**DESIGN, "population": {"like": "aromatase_inhibitor", "n": 60, "seed": 2}}
    indices = rm.sensitivity_analysis({**design, "sensitivity": {"method": "pawn"}})
    factors = set(indices["factor"].to_numpy().tolist())
    assert {"age", "t_score_total_hip"} < factors
    assert "sex" not in factors


def test_a_population_is_needed_and_checked():
    with pytest.raises(ConfigError, match="population: this key is missing"):
        rm.sweep(DESIGN)
    with pytest.raises(ConfigError, match="Did you mean 'postmenopausal'"):
        rm.sweep({**DESIGN, "population": {"like": "postmenopausl", "n": 3}})
    with pytest.raises(ConfigError, match="expected a table, a file or a Population"):
        rm.sweep({**DESIGN, "population": 3})
