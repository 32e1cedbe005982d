"""What single equations of the reference model say, at states chosen for it."""

from __future__ import annotations

import pytest

from remodel.models.reference import MODEL
from remodel.units import DAYS_PER_YEAR

VALUES = {name: p.value * p.factor for name, p in MODEL.all_parameters.items()}
MAN = {"male": 1.0, "ovarian_function": 0.0}


def at(age: float = 30.0, states: dict[str, float] | None = None, **parameters: float):
    """Return every quantity of the body at an age [y], with some states and parameters changed."""
    known = {**VALUES, **parameters, "time": age * DAYS_PER_YEAR}
    baseline = MODEL.assembly().evaluate_initial(known)
    return MODEL.assembly().evaluate({**known, **baseline, **(states or {})}).quantities


@pytest.mark.parametrize("site", ["lumbar_spine", "total_hip", "femoral_neck"])
def test_wnt_drives_formation_on_quiet_surfaces(site):
    usual, freed = at(), at(states={"osteocytes": 0.0})
    assert freed["wnt_signal"] == pytest.approx(1 + VALUES["sclerostin_inhibition"])
    extra = freed[f"formation_{site}"] - usual[f"formation_{site}"]
    share = {**VALUES, **usual}[f"modeling_share_{site}"]
    expected = usual[f"turnover_rate_{site}"] * share * (freed["wnt_signal"] - usual["wnt_signal"])
    assert extra == pytest.approx(expected)
    assert extra > 0


def test_cytokines_double_without_estrogen():
    none = at(age=80.0, estradiol_peripheral=0.0)
    assert none["estrogen_deficiency"] == pytest.approx(1.0, abs=1e-3)
    rate = VALUES["cytokine_turnover_rate"]
    assert none["cytokine_induction"] == pytest.approx(2 * rate, rel=1e-3)
    assert at()["cytokine_induction"] == pytest.approx(rate, rel=1e-3)


@pytest.mark.parametrize("cytokine", ["il1", "il6", "tnf"])
def test_each_cytokine_is_one_before_menopause_and_has_its_own_rise(cytokine):
    rise = VALUES[f"{cytokine}_rise_without_estrogen"]
    assert at()[cytokine] == pytest.approx(1.0)
    assert at(states={"cytokine_tone": 2.0})[cytokine] == pytest.approx(1.0 + rise)


@pytest.mark.parametrize("site", ["lumbar_spine", "total_hip", "femoral_neck"])
@pytest.mark.parametrize(("person", "suffix"), [({}, ""), (MAN, "_of_men")])
def test_a_z_score_counts_standard_deviations_of_the_same_sex(site, person, suffix):
    sd = VALUES[f"bmd_{site}_reference_sd{suffix}"]
    found = at(age=60.0, **person)
    away = found[f"bmd_{site}"] - found[f"bmd_{site}_of_peers"]
    assert found[f"z_score_{site}"] == pytest.approx(away / sd)


@pytest.mark.parametrize("site", ["lumbar_spine", "total_hip", "femoral_neck"])
@pytest.mark.parametrize(("person", "sex"), [({}, ""), (MAN, "_of_men")])
def test_means_of_peers_follow_straight_lines_and_stay_inside_their_table(site, person, sex):
    mean = f"bmd_{site}_reference"
    tabulated = [VALUES[f"{mean}{sex}"], *(VALUES[f"{mean}_{k}{sex}"] for k in range(1, 5))]
    ages = [VALUES["reference_age_young"], *(VALUES[f"reference_age_{k}"] for k in range(1, 5))]
    years = [age / DAYS_PER_YEAR for age in ages]

    def peers(age: float) -> float:
        return at(age=age, **person)[f"bmd_{site}_of_peers"]

    assert [peers(age) for age in years] == pytest.approx(tabulated)
    assert peers(years[0] - 5) == pytest.approx(tabulated[0])
    assert peers(years[-1] + 15) == pytest.approx(tabulated[-1])
    middle = (years[1] + years[2]) / 2
    assert peers(middle) == pytest.approx((tabulated[1] + tabulated[2]) / 2)


def test_a_thin_skeleton_exchanges_as_much_calcium_as_a_dense_one():
    thin, dense = (
        at(relative_density_total_hip=r, density_exponent_total_hip=1.0) for r in (0.7, 1.2)
    )
    assert thin["turnover_rate_total_hip"] > 1.5 * dense["turnover_rate_total_hip"]
    for flux in ("skeletal_release", "skeletal_uptake"):
        assert thin[flux] == pytest.approx(dense[flux], rel=1e-9)


def test_turnover_of_the_hip_depends_on_no_t_score():
    thin, dense = (at(relative_density_total_hip=r) for r in (0.7, 1.2))
    assert thin["turnover_rate_total_hip"] == dense["turnover_rate_total_hip"]


@pytest.mark.parametrize("site", ["lumbar_spine", "total_hip", "femoral_neck"])
def test_bone_new_and_old_is_in_balance_before_menopause(site):
    """Fresh, young and mature bone: what comes into each goes out of it."""
    now = at(age=26.0)
    formed, filled, aged = (
        now[f"{flow}_{site}"] for flow in ("formation", "primary_mineralization", "mineralization")
    )
    lost = [now[f"{stage}_resorption_{site}"] for stage in ("fresh", "young", "mature")]
    assert formed == pytest.approx(filled + lost[0], rel=1e-6)
    assert filled == pytest.approx(aged + lost[1], rel=1e-6)
    assert aged == pytest.approx(lost[2], rel=1e-6)


def test_bisphosphonate_is_taken_up_where_bone_was_resorbed():
    drug = {"zoledronic_acid_plasma": 1.0, "zoledronic_acid_surface": 0.0}
    rest = VALUES["bisphosphonate_uptake_at_rest"]
    known = {**VALUES, "time": 30 * DAYS_PER_YEAR}
    assembly = MODEL.assembly(["zoledronic_acid"])
    start = assembly.evaluate_initial(known)

    def uptake(surface):
        states = {**start, **drug, "reversal_surface": surface}
        return assembly.evaluate({**known, **states}).quantities["zoledronic_acid_bone_uptake"]

    assert uptake(0.0) == pytest.approx(rest * uptake(1.0))
    assert uptake(2.0) > 1.2 * uptake(1.0) > 0


def test_some_preosteoblasts_are_recruited_without_resorption():
    none = at(states={"reversal_surface": 0.0})
    assert none["tgf_beta"] == 0.0
    expected = VALUES["preosteoblast_turnover_rate"] * VALUES["uncoupled_recruitment"]
    assert none["preosteoblast_commitment"] == pytest.approx(expected)
    assert expected > 0


@pytest.mark.parametrize("exponent", [0.0, 1.0, 3.0])
def test_opg_follows_wnt_and_stays_above_zero_whatever_sclerostin_does(exponent):
    """With an increment in place of a power, much sclerostin made OPG negative."""
    usual, much = (
        at(states={"osteocytes": n}, opg_rise_by_wnt=exponent, sclerostin_inhibition=2.0)
        for n in (1.0, 4.0)
    )
    share = VALUES["opg_share_of_young_osteocytes"]
    cells = 4 + share * (1 - 4)
    assert much["wnt_signal"] < 0.4
    assert much["opg"] == pytest.approx(usual["opg"] * cells * much["wnt_signal"] ** exponent)
    assert much["opg"] > 0
