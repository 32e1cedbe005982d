"""One set of equations for every skeletal site."""

from __future__ import annotations

import pytest

import remodel as rm
from remodel.equations import Equation, State, total
from remodel.models.reference import MODEL
from remodel.physiology import bone_matrix, density
from remodel.physiology.sites import SITES, at_all_sites, at_site


def test_names_arguments_and_texts_follow_the_site() -> None:
    made = at_site(density.bmd_site, "total_hip")
    assert isinstance(made, Equation)
    assert made.name == "bmd_total_hip"
    assert "mineral_total_hip" in made.arguments
    assert "bmd_total_hip_young" in made.arguments
    assert made.long_name == "Areal bone mineral density, total hip"
    flow = at_site(bone_matrix.mineralization_site, "lumbar_spine")
    assert isinstance(flow, Equation)
    assert (flow.source, flow.target) == ("young_lumbar_spine", "mature_lumbar_spine")
    state = at_site(bone_matrix.young_site, "femoral_neck")
    assert isinstance(state, State)
    assert state.name == "young_femoral_neck"
    assert "femoral neck" in state.meaning


def test_all_sites_get_all_equations() -> None:
    made = at_all_sites([bone_matrix.young_site, density.bmd_site])
    assert len(made) == 2 * len(SITES)
    assert len({part.name for part in made}) == len(made)
    assert not any("site" in name for name in MODEL.assembly().equations)


@pytest.mark.parametrize("site", SITES)
def test_density_is_proportional_to_what_she_had_when_young(site: str) -> None:
    name = f"bmd_{site}"
    ds = rm.simulate(
        "reference",
        patient=[rm.Patient(age=70)] * 2,
        parameters={f"{name}_young": [0.7, 1.4]},
        times=[0.0, 365.0],
        outputs=[name],
    )
    assert ds[name].values[1] == pytest.approx(2 * ds[name].values[0], rel=1e-9)


def test_scores_are_zero_at_their_reference_means() -> None:
    """T for the young mean; Z for the mean of her age, here at a tabulated age."""
    young = rm.simulate(
        "reference",
        patient=rm.Patient(age=30, menopause=None),
        times=[0.0],
        outputs=[f"t_score_{site}" for site in SITES],
    )
    p = MODEL.parameters
    old = rm.simulate(
        "reference",
        patient=[rm.Patient(age=p["reference_age_3"].value)],
        times=[0.0],
        outputs=[f"{kind}_{site}" for site in SITES for kind in ("bmd", "z_score")],
    )
    for site in SITES:
        assert float(young[f"t_score_{site}"][0, 0]) == pytest.approx(0, abs=1e-6)
        z = (float(old[f"bmd_{site}"][0, 0]) - p[f"bmd_{site}_reference_3"].value) / p[
            f"bmd_{site}_reference_sd"
        ].value
        assert float(old[f"z_score_{site}"][0, 0]) == pytest.approx(z, abs=1e-9)


def test_bone_is_conserved_between_young_and_mature() -> None:
    """What leaves young bone by mineralization is what mature bone gains."""
    numbers = {n: q.value * q.factor for n, q in MODEL.all_parameters.items()}
    states = MODEL.assembly().evaluate_initial({**numbers, "time": 60 * 365.25})
    terms = MODEL.evaluate(states, time=60 * 365.25).terms
    for site in SITES:
        given = terms[f"young_{site}"][f"mineralization_{site}"]
        assert given == -terms[f"mature_{site}"][f"mineralization_{site}"] < 0


def test_a_shared_quantity_follows_the_site() -> None:
    port = at_site(total("load_site", "Load at the site"), "total_hip")
    assert (port.name, port.meaning) == ("load_total_hip", "Load at the total hip")
