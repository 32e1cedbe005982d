"""What single equations of drugs say, at states chosen for it."""

from __future__ import annotations

import pytest

from remodel.models.reference import MODEL

VALUES = {name: p.value * p.factor for name, p in MODEL.all_parameters.items()}
DEPOTS = {
    drug: depot
    for drug in MODEL.drugs
    for depot in ("gut", "depot")
    if f"{drug}_{depot}" in MODEL.assembly([drug]).states
    and f"{drug}_bioavailability" in MODEL.all_parameters
}


def at(drug: str, **states: float):
    """Return every quantity of a young woman with some amounts of a drug."""
    known = {**VALUES, "time": 30 * 365.25}
    baseline = MODEL.assembly([drug]).evaluate_initial(known)
    return MODEL.assembly([drug]).evaluate({**known, **baseline, **states}).quantities


@pytest.mark.parametrize("drug", DEPOTS)
def test_the_bioavailable_share_of_a_dose_is_absorbed(drug):
    found = at(drug, **{f"{drug}_{DEPOTS[drug]}": 10.0})
    absorbed, not_absorbed = found[f"{drug}_absorption"], found[f"{drug}_not_absorbed"]
    share = VALUES[f"{drug}_bioavailability"]
    assert absorbed / (absorbed + not_absorbed) == pytest.approx(share)


def test_most_drugs_have_a_depot():
    assert len(DEPOTS) >= 14


@pytest.mark.parametrize("drug", ["denosumab", "romosozumab"])
def test_uptake_with_the_target_saturates(drug):
    half, most = VALUES[f"{drug}_uptake_half_saturation"], VALUES[f"{drug}_maximal_uptake"]
    unit = at(drug, **{f"{drug}_central": 1.0})[f"{drug}_concentration"]
    for level, share in ((half, 0.5), (1000 * half, 1000 / 1001)):
        found = at(drug, **{f"{drug}_central": level / unit})
        assert found[f"{drug}_uptake_with_target"] == pytest.approx(share * most)


@pytest.mark.parametrize("drug", ["zoledronic_acid", "alendronate", "risedronate", "ibandronate"])
def test_new_bone_buries_a_bisphosphonate_and_resorption_exposes_it(drug):
    amounts = {f"{drug}_surface": 2.0, f"{drug}_buried": 5.0}
    usual = at(drug, **amounts)
    assert usual[f"{drug}_burial"] == pytest.approx(2.0 * VALUES["bisphosphonate_burial_rate"])
    building = at(drug, **amounts, osteoblasts=3.0)
    assert building[f"{drug}_burial"] == pytest.approx(3 * usual[f"{drug}_burial"])
    quiet = at(drug, **amounts, osteoclasts=0.0)
    assert usual[f"{drug}_exposure"] > 0
    assert quiet[f"{drug}_exposure"] == 0.0


def test_denosumab_takes_rankl_from_rank_and_opg():
    free, bound = at("denosumab"), at("denosumab", denosumab_central=20.0)
    assert free["free_rankl"] == pytest.approx(1.0, rel=1e-3)
    competition = bound["denosumab_concentration"] / VALUES["denosumab_half_effect"]
    assert competition > 10
    opg_binding = VALUES["opg_binding"]
    expected = (1 + opg_binding) / (1 + opg_binding + competition)
    assert bound["free_rankl"] == pytest.approx(expected, rel=1e-3)
