"""Daily doses one by one or at their mean rate: what a model needs, and what is asked for."""

from __future__ import annotations

import numpy as np
import pytest

import remodel as rm
from remodel.cli.main import main

TERIPARATIDE = "teriparatide 20 mcg daily for 6 mo"
SPINE = "bmd_lumbar_spine_percent_change"


def spine(model: str, **options: object) -> float:
    result = rm.simulate(model, schedule=TERIPARATIDE, years=0.5, outputs=[SPINE], **options)
    return float(result[SPINE].to_numpy()[0, -1])


def test_a_model_that_is_wrong_with_mean_rates_gets_exact_doses() -> None:
    assert rm.load_model("peterson2010").exact_doses
    by_default, exact = spine("peterson2010"), spine("peterson2010", exact_doses=True)
    assert by_default == exact
    assert spine("peterson2010", exact_doses=False) < exact - 0.5


def test_other_models_have_mean_rates_by_default() -> None:
    for model in ("jorg2022", "reference"):
        assert not rm.load_model(model).exact_doses
    result = rm.simulate("jorg2022", schedule=TERIPARATIDE, years=0.5, outputs=["ctx"])
    mean = rm.simulate(
        "jorg2022", schedule=TERIPARATIDE, years=0.5, outputs=["ctx"], exact_doses=False
    )
    np.testing.assert_array_equal(result["ctx"], mean["ctx"])


@pytest.mark.parametrize(
    ("option", "exact"), [((), None), (("--exact-doses",), True), (("--no-exact-doses",), False)]
)
def test_the_command_line_has_the_same_option(capsys, option, exact) -> None:
    call = ["simulate", "--model", "peterson2010", "--schedule", TERIPARATIDE, "--years", "0.5"]
    assert main([*call, "--outputs", SPINE, *option]) == 0
    last = next(line for line in capsys.readouterr().out.splitlines() if "0.5 " in line)
    assert float(last.split()[-1]) == pytest.approx(
        spine("peterson2010", exact_doses=exact), abs=0.005
    )
