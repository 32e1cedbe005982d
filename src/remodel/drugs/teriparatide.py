"""Teriparatide, PTH(1-34): a daily pulse that builds bone, and with time resorbs it too.

An injection is gone within hours. What cells answer to is the height of the pulse, and they keep
the answer for days (genes of osteoblasts set going through cAMP), so the model follows the mean
level over days, exact whether doses are given one by one or as their mean rate, and computes the
height of one pulse a day from it. Formation comes first: lining cells wake, precursors commit,
osteoblasts live longer (Jilka 1999). Resorption follows. Over months more and more remodeling
units go to work within cortex, where they open cavities before they fill them, so that markers of
resorption and formation double while hip density lags behind the spine (Zebaze 2017). They need
RANKL: given with denosumab, the drug starts none.
"""

from __future__ import annotations

from remodel.drugs.drug import Drug
from remodel.drugs.injections import SUBCUTANEOUS
from remodel.drugs.pharmacokinetics import ONE_COMPARTMENT, microdosed
from remodel.equations import factor, gain, loss, quantity, state, term

DRUG_CLASS = "PTH analogue"

exposure = state("exposure", "-", "Pulses over days, relative to half-effect height")
late_response = state("late_response", "-", "Response of RANKL-bearing cells, weeks behind")
cortical_units = state("cortical_units", "-", "Remodeling units that pulses set to work in cortex")
cortical_refill = state(
    "cortical_refill", "-", "Formation in the cavities of these units, relative to premenopausal"
)
tolerance = state("tolerance", "-", "Tolerance, built up by pulses over years")


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
def first_response(exposure):
    """Response of cells that have not met pulses before; it saturates."""
    return exposure / (1 + exposure)


@quantity
def response(first_response, tolerance_strength, tolerance):
    """Response of the osteoblast lineage; tolerance takes hold late and then fast.

    Markers stay at their peak from month 6 to 12 and are half way back at 24 (Leder 2014).
    """
    return first_response / (1 + (tolerance_strength * tolerance) ** 2)


@gain("tolerance")
def tolerance_gain(tolerance_rate, first_response):
    """Inhibitors of Wnt such as DKK1 rise under treatment (Gatti 2011)."""
    return tolerance_rate * first_response


@loss("tolerance")
def tolerance_loss(tolerance_rate, tolerance):
    """Tolerance is lost as slowly."""
    return tolerance_rate * tolerance


@term("lining_cell_stimulus")
def awakening(awakening_by_response, response):
    """Lining cells wake, more slowly than without sclerostin."""
    return awakening_by_response * response


@factor("preosteoblast_recruitment")
def recruitment(recruitment_by_response, response, recruitment_fall_by_tolerance, tolerance):
    """More precursors commit where bone is resorbed, less so with tolerance.

    A second course does less (Finkelstein 2009), and formation falls below its start when the
    drug stops.
    """
    return (1 + recruitment_by_response * response) / (
        1 + recruitment_fall_by_tolerance * tolerance
    )


@factor("osteoblast_apoptosis")
def survival(survival_by_response, response):
    """Osteoblasts live longer."""
    return 1 / (1 + survival_by_response * response)


@gain("late_response")
def late_response_gain(late_response_rate, response):
    """Cells that carry RANKL respond with a lag."""
    return late_response_rate * response


@loss("late_response")
def late_response_loss(late_response_rate, late_response):
    """And lose it as slowly."""
    return late_response_rate * late_response


@factor("rankl_production")
def rankl_rise(rankl_by_response, late_response):
    """RANKL rises after formation."""
    return 1 + rankl_by_response * late_response


@gain("cortical_units")
def cortical_activation(cortical_unit_rate, late_response, rank_activation):
    """Pulses start units within cortex through the RANKL of osteocytes (Ben-awadh 2014)."""
    return cortical_unit_rate * late_response * rank_activation


@loss("cortical_units")
def cortical_completion(cortical_unit_rate, cortical_units):
    """A unit tunnels for months."""
    return cortical_unit_rate * cortical_units


@term("intracortical_resorption")
def cortical_resorption(cortical_resorption_by_response, cortical_units):
    """Cortex becomes porous (Zebaze 2017)."""
    return cortical_resorption_by_response * cortical_units


@gain("cortical_refill")
def cavity_opening(cortical_refill_rate, refilled_share, resorption, cortical_resorption):
    """Osteoblasts follow; cavities that reach the marrow stay open."""
    return cortical_refill_rate * refilled_share * resorption * cortical_resorption


@loss("cortical_refill")
def cavity_closure(cortical_refill_rate, cortical_refill):
    """A cavity is closed within the months that remodeling of cortex takes."""
    return cortical_refill_rate * cortical_refill


@term("intracortical_formation")
def cortical_formation(cortical_refill):
    """Cavities within cortex are filled."""
    return cortical_refill


@factor("preosteoblast_stay")
def preosteoblast_retention(retention_by_response, cortical_units):
    """Units hold preosteoblasts longer in the stage that makes collagen.

    P1NP rises more than bone-specific alkaline phosphatase and than bone formed.
    """
    return 1 + retention_by_response * cortical_units


teriparatide = Drug(
    "teriparatide",
    (
        *microdosed(*SUBCUTANEOUS, *ONE_COMPARTMENT), exposure, late_response, cortical_units,
        cortical_refill, tolerance, pulse_height, exposure_gain, exposure_loss, first_response,
        response, tolerance_gain, tolerance_loss, awakening, recruitment, survival,
        late_response_gain, late_response_loss, rankl_rise, cortical_activation,
        cortical_completion, cortical_resorption, cavity_opening, cavity_closure,
        cortical_formation, preosteoblast_retention,
    ),
    {"sc": "depot"},
    DRUG_CLASS,
    mechanisms=("lining_cells",),
)  # fmt: skip

DRUGS = (teriparatide,)
