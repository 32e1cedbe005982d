"""Teriparatide, PTH(1-34): a daily pulse that builds bone, and with time resorbs it too.

An injection is gone within hours. What cells answer to is the height of the pulse, and they keep
the answer for days (genes of osteoblasts set going through cAMP), so the model follows the mean
level over days, exact whether doses are given one by one or as their mean rate, and computes the
height of one pulse a day from it. Formation comes first: lining cells wake, precursors commit,
osteoblasts live longer (Jilka 1999). RANKL follows over months, and with it resorption, most of
all within cortex, which is why hip density lags behind the spine.
"""
# mypy: allow-untyped-defs, allow-untyped-calls

from __future__ import annotations

from remodel.drugs.drug import Drug
from remodel.drugs.injections import SUBCUTANEOUS
from remodel.drugs.pharmacokinetics import ONE_COMPARTMENT
from remodel.equations import factor, gain, loss, quantity, state, term

DRUG_CLASS = "parathyroid hormone analogue"

exposure = state("exposure", "-", "Pulses over days, relative to half-effect height")
late_response = state("late_response", "-", "Response of RANKL-bearing cells, months behind")
tolerance = state("tolerance", "-", "Tolerance, built up by the response over a year")


@quantity
def pulse_height(concentration, pulse_interval, clearance, volume):
    """Height of one of the pulses that give this mean level.

    The area of a pulse is the mean level times the interval; its height is that area times the
    rate at which it falls.
    """
    return concentration * pulse_interval * clearance / volume


@gain("exposure")
def exposure_gain(exposure_rate, pulse_height, half_effect):
    """Cells sum up pulses."""
    return exposure_rate * pulse_height / half_effect


@loss("exposure")
def exposure_loss(exposure_rate, exposure):
    """Each pulse is forgotten within days."""
    return exposure_rate * exposure


@quantity
def response(exposure):
    """Response of the osteoblast lineage to pulses; it saturates."""
    return exposure / (1 + exposure)


@gain("tolerance")
def tolerance_gain(tolerance_rate, response):
    """Inhibitors of Wnt such as DKK1 rise under treatment (Gatti 2011)."""
    return tolerance_rate * response


@loss("tolerance")
def tolerance_loss(tolerance_rate, tolerance):
    """Tolerance is lost as slowly."""
    return tolerance_rate * tolerance


@gain("late_response")
def late_response_gain(late_response_rate, response):
    """RANKL rises with a lag of months."""
    return late_response_rate * response


@loss("late_response")
def late_response_loss(late_response_rate, late_response):
    """And falls as slowly."""
    return late_response_rate * late_response


@term("lining_cell_stimulus")
def awakening(awakening_by_response, response):
    """Lining cells wake, more slowly than without sclerostin."""
    return awakening_by_response * response


@factor("preosteoblast_recruitment")
def recruitment(recruitment_by_response, response, tolerance_strength, tolerance):
    """More precursors commit where bone is resorbed, less so with tolerance.

    Markers fall in the second year, a second course does less (Finkelstein 2009), and formation
    falls below its start when the drug stops.
    """
    return (1 + recruitment_by_response * response) / (1 + tolerance_strength * tolerance)


@factor("osteoblast_apoptosis")
def survival(survival_by_response, response):
    """Osteoblasts live longer."""
    return 1 / (1 + survival_by_response * response)


@factor("rankl_production")
def rankl_rise(rankl_by_response, late_response):
    """RANKL rises after formation."""
    return 1 + rankl_by_response * late_response


@term("intracortical_resorption")
def cortical_remodeling(cortical_resorption_by_response, late_response):
    """Cortex becomes porous (Zebaze 2017)."""
    return cortical_resorption_by_response * late_response


teriparatide = Drug(
    "teriparatide",
    (
        *SUBCUTANEOUS, *ONE_COMPARTMENT, exposure, late_response, tolerance, pulse_height,
        exposure_gain, exposure_loss, response, tolerance_gain, tolerance_loss,
        late_response_gain, late_response_loss, awakening, recruitment, survival, rankl_rise,
        cortical_remodeling,
    ),
    {"sc": "depot"},
    DRUG_CLASS,
    mechanisms=("lining_cells",),
)  # fmt: skip

DRUGS = (teriparatide,)
