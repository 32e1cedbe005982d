"""Forward sensitivities: exact, at no change to the solution they belong to."""

from __future__ import annotations

import numpy as np
import pytest

import remodel as rm
from remodel.errors import ConfigError, ParameterError, PatientError
from remodel.solvers.engine import integrate_batch
from remodel.solvers.problem import BREAK, Event, problem

REGIMEN = "anastrozole 1 mg daily from -12 mo for 5 y; zoledronic acid 4 mg every 6 mo for 3 y"
OUTPUTS = ("bmd_lumbar_spine", "bmd_total_hip_percent_change", "ctx", "ctx_percent_change")


def relative_step_derivative(name: str, value: float, outputs: tuple[str, ...]) -> dict:
    """Central differences of fourth order at tight tolerance."""
    e = 1e-4
    values = [value * (1 + k * e) for k in (1, -1, 2, -2)]
    ds = rm.simulate(
        schedule=REGIMEN, years=6, outputs=outputs, parameters={name: values}, rtol=1e-11
    )
    found = {}
    for output in outputs:
        x = ds[output].values
        near, far = (x[0] - x[1]) / (2 * e * value), (x[2] - x[3]) / (4 * e * value)
        found[output] = (4 * near - far) / 3
    return found


@pytest.mark.parametrize(
    "name",
    [
        "estradiol_half_effect",
        "osteoclast_maturation_time",
        "remodeling_rate_lumbar_spine",
        "bisphosphonate_surface_loss_rate",
        "ctx_floor",
    ],
)
def test_sensitivities_agree_with_tight_differences(name: str) -> None:
    model = rm.load_model("reference")
    ds = rm.simulate(schedule=REGIMEN, years=6, outputs=OUTPUTS, sensitivities=[name], rtol=1e-10)
    expected = relative_step_derivative(name, model.parameters[name].value, OUTPUTS)
    sizes = {o: float(np.abs(v).max()) for o, v in expected.items()}
    value = model.parameters[name].value
    for output in OUTPUTS:
        slope = ds[f"{output}_sensitivity"].values[0, 0]
        # differences of step 1e-4 resolve 1e-8 of the output (100 for a percent change)
        size = (
            max(100.0, float(np.abs(ds[output]).max()))
            if "percent" in output
            else float(np.abs(ds[output]).max())
        )
        floor = 1e-8 * size / value
        assert np.abs(slope - expected[output]).max() <= max(1e-6 * sizes[output], floor)


def test_default_tolerance_gives_sensitivities_to_four_digits() -> None:
    asked = ["estradiol_half_effect", "osteoclast_maturation_time"]
    kwargs = {"schedule": REGIMEN, "years": 6, "outputs": OUTPUTS, "sensitivities": asked}
    loose, tight = rm.simulate(**kwargs), rm.simulate(rtol=1e-11, **kwargs)
    for output in OUTPUTS:
        a, b = (ds[f"{output}_sensitivity"].values for ds in (loose, tight))
        assert np.abs(a - b).max() <= 1e-4 * np.abs(b).max()


def test_the_solution_has_the_same_bits_with_and_without_sensitivities() -> None:
    kwargs = {"schedule": REGIMEN, "years": 6, "outputs": OUTPUTS}
    alone = rm.simulate(**kwargs)
    both = rm.simulate(sensitivities=["estradiol_half_effect"], **kwargs)
    for output in OUTPUTS:
        np.testing.assert_array_equal(alone[output], both[output])


def test_sensitivities_of_a_batch_are_those_of_each_alone() -> None:
    values = [0.02, 0.03, 0.05]
    name, asked = "osteoclast_maturation_time", ["estradiol_half_effect"]
    model = rm.load_model("reference")
    p = model.parameters[name]
    values = [float(np.clip(v, p.lower, p.upper)) for v in values]
    kwargs = {"schedule": REGIMEN, "years": 3, "outputs": ["ctx"], "sensitivities": asked}
    batch = rm.simulate(parameters={name: values}, **kwargs)
    for i, value in enumerate(values):
        alone = rm.simulate(parameters={name: value}, **kwargs)
        np.testing.assert_array_equal(
            batch["ctx_sensitivity"].values[:, i], alone["ctx_sensitivity"].values[:, 0]
        )


def test_a_parameter_of_a_drug_that_is_not_given_has_no_effect() -> None:
    ds = rm.simulate(
        schedule="anastrozole 1 mg daily for 1 y",
        years=2,
        outputs=["ctx"],
        sensitivities=["bisphosphonate_surface_loss_rate"],
    )
    assert np.all(ds["ctx_sensitivity"] == 0.0)


def test_linear_decay_has_the_sensitivity_of_its_closed_form() -> None:
    model = rm.load_model("reference")
    system = model.system(["denosumab"])
    parameters = model.all_parameters.internal(system.parameter_names)
    depot = system.state_names.index("denosumab_depot")
    start = system.baseline(parameters[None], np.array([30 * 365.25]))
    start[0, depot] = 60.0
    times = np.linspace(0, 40, 9) + 30 * 365.25
    task = problem(
        parameters=[parameters],
        start=times[:1],
        times=[times],
        scale=np.ones(len(system.states)),
        initial=start,
        events=[[Event(times[4], BREAK)]],
    )
    solution = integrate_batch(
        system, task, outputs=["denosumab_depot"], wrt=["denosumab_absorption_rate"], rtol=1e-10
    )
    rate = parameters[system.parameter_names.index("denosumab_absorption_rate")]
    since = times - times[0]
    expected = -60.0 * since * np.exp(-rate * since)
    np.testing.assert_allclose(
        solution.sensitivities[0, 0, 0], expected, rtol=1e-7, atol=1e-7 * np.abs(expected).max()
    )


@pytest.mark.parametrize(
    ("kwargs", "error", "words"),
    [
        (
            {"sensitivities": ["osteoclast_maturation_tim"]},
            ParameterError,
            "osteoclast_maturation_time",
        ),
        (
            {"sensitivities": ["estradiol_half_effect"], "method": "lsoda"},
            ConfigError,
            "batch engine",
        ),
        (
            {
                "sensitivities": ["t_score_total_hip"],
                "patient": rm.Patient(t_score_lumbar_spine=-2.0),
            },
            PatientError,
            "needs patients who have one",
        ),
        ({"sensitivities": ["anastrozole_oral_rate"]}, ParameterError, "set by the schedule"),
    ],
)
def test_what_has_no_sensitivity_is_refused(kwargs: dict, error: type, words: str) -> None:
    with pytest.raises(error, match=words):
        rm.simulate(schedule="anastrozole 1 mg daily for 1 y", years=1, **kwargs)
