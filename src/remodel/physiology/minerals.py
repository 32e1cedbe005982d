"""Calcium, parathyroid hormone (PTH) and vitamin D: gut, kidney, bone fluid and the skeleton.

Blood and the fluid on bone surfaces exchange more calcium in a day than gut or kidney move, so
they are one pool; PTH sets how much of it is in the blood (Parfitt 2003). The skeleton takes up
what formation and mineralization need and gives back what resorption sets free, in proportion to
the total hip; the part of the skeleton that counts is smaller than the whole, because density of
the whole body moves half as far as that of the hip. PTH raises RANKL and lowers OPG. All
is in balance at the usual intake before menopause, for any values of the parameters.
"""

from __future__ import annotations

from remodel.equations import endpoint, exp, factor, gain, initial, loss, quantity, state, total

exchangeable_calcium = state(
    "exchangeable_calcium", "-", "Calcium of blood and bone fluid, relative to premenopausal"
)
parathyroid_hormone = state(
    "parathyroid_hormone", "-", "Parathyroid hormone, relative to premenopausal"
)
calcium_supplement = total("calcium_supplement", "Calcium given beside food", "mg/d")
vitamin_d_supplement = total("vitamin_d_supplement", "Vitamin D given beside food", "IU/d")


@initial("exchangeable_calcium")
def exchangeable_calcium_baseline():
    """Scaled to 1 before menopause."""
    return 1


@initial("parathyroid_hormone")
def parathyroid_hormone_baseline():
    """Scaled to 1 before menopause."""
    return 1


# ---------------------------------------------------------------- blood


@quantity
def serum_calcium(exchangeable_calcium, parathyroid_hormone, calcium_release_by_pth):
    """Serum calcium relative to premenopausal: PTH draws calcium from bone fluid into blood."""
    return exchangeable_calcium * parathyroid_hormone**calcium_release_by_pth


@endpoint(unit="mmol/L", meaning="Serum calcium, total")
def calcium(calcium_premenopausal, serum_calcium):
    """Total calcium of serum."""
    return calcium_premenopausal * serum_calcium


@endpoint(unit="ng/L", meaning="Serum parathyroid hormone")
def pth(pth_premenopausal, parathyroid_hormone):
    """Intact PTH of serum."""
    return pth_premenopausal * parathyroid_hormone


@endpoint(unit="pmol/L", meaning="Serum calcitriol")
def calcitriol(calcitriol_premenopausal, active_vitamin_d):
    """1,25-dihydroxyvitamin D of serum."""
    return calcitriol_premenopausal * active_vitamin_d


@endpoint(unit="nmol/L", meaning="Serum 25-hydroxyvitamin D")
def calcidiol(calcidiol_from_sun, calcidiol_by_intake, vitamin_d_intake, vitamin_d_supplement):
    """25-hydroxyvitamin D from sun, food and supplements; it follows intake within weeks."""
    return calcidiol_from_sun + calcidiol_by_intake * (vitamin_d_intake + vitamin_d_supplement)


# ---------------------------------------------------------------- glands


@gain("parathyroid_hormone")
def pth_secretion(pth_turnover_rate, serum_calcium, pth_maximum, pth_steepness):
    """The parathyroid glands answer to calcium along a steep sigmoid (Brown 1983)."""
    restraint = (pth_maximum - 1) * exp(pth_steepness * (serum_calcium - 1))
    return pth_turnover_rate * pth_maximum / (1 + restraint)


@loss("parathyroid_hormone")
def pth_clearance(pth_turnover_rate, parathyroid_hormone):
    """PTH itself leaves within minutes; the glands adapt within days."""
    return pth_turnover_rate * parathyroid_hormone


@quantity
def calcidiol_usual(calcidiol_from_sun, calcidiol_by_intake, vitamin_d_intake_usual):
    """25-hydroxyvitamin D at the usual intake."""
    return calcidiol_from_sun + calcidiol_by_intake * vitamin_d_intake_usual


def conversion(level, half_saturation):
    """Return how far the enzyme that makes calcitriol is supplied."""
    return level / (half_saturation + level)


@quantity
def active_vitamin_d(
    parathyroid_hormone,
    calcitriol_pth_saturation,
    calcidiol,
    calcidiol_usual,
    calcidiol_half_saturation,
):
    """The kidney makes calcitriol under PTH; only where there is little calcidiol it lacks it.

    Relative to before menopause; calcitriol is cleared within a day or two and follows at once.
    """
    by_pth = (
        (1 + calcitriol_pth_saturation)
        * parathyroid_hormone
        / (calcitriol_pth_saturation + parathyroid_hormone)
    )
    supply = conversion(calcidiol, calcidiol_half_saturation)
    usual = conversion(calcidiol_usual, calcidiol_half_saturation)
    return by_pth * supply / usual


# ---------------------------------------------------------------- fluxes of calcium


def absorbed(intake, vitamin_d, passive_share, active_maximum, half_saturation):
    """Return net absorption: a part in proportion, a part carried under calcitriol."""
    return passive_share * intake + active_maximum * vitamin_d * intake / (half_saturation + intake)


@quantity
def calcium_absorption(
    calcium_intake, calcium_supplement, active_vitamin_d, calcium_molar_mass,
    calcium_passive_absorption, calcium_active_absorption, calcium_intake_half_saturation,
):  # fmt: skip
    """Calcium that the gut takes up, net of what it secretes."""
    return absorbed(
        (calcium_intake + calcium_supplement) / calcium_molar_mass,
        active_vitamin_d,
        calcium_passive_absorption,
        calcium_active_absorption,
        calcium_intake_half_saturation,
    )


@quantity
def urinary_calcium_premenopausal(
    calcium_intake_usual,
    calcium_molar_mass,
    calcium_passive_absorption,
    calcium_active_absorption,
    calcium_intake_half_saturation,
):
    """At the baseline the kidney excretes what the gut takes up, and the skeleton is in balance."""
    return absorbed(
        calcium_intake_usual / calcium_molar_mass,
        1,
        calcium_passive_absorption,
        calcium_active_absorption,
        calcium_intake_half_saturation,
    )


@quantity
def urinary_calcium(
    urinary_calcium_premenopausal,
    serum_calcium,
    parathyroid_hormone,
    urinary_calcium_by_calcium,
    urinary_calcium_by_pth,
):
    """The kidney loses more the higher serum calcium, and less the higher PTH."""
    by_calcium = urinary_calcium_by_calcium * (serum_calcium - 1)
    by_pth = urinary_calcium_by_pth * (parathyroid_hormone - 1)
    return urinary_calcium_premenopausal * exp(by_calcium - by_pth)


@quantity
def skeletal_scale(
    skeletal_calcium,
    relative_density_total_hip,
    density_exponent_total_hip,
    mineral_total_hip_premenopausal,
):
    """Calcium of the skeleton for the mineral of the hip before menopause."""
    size = relative_density_total_hip**density_exponent_total_hip
    return skeletal_calcium * size / mineral_total_hip_premenopausal


@quantity
def skeletal_release(
    skeletal_scale, fresh_mineral, young_mineral, fresh_resorption_total_hip,
    young_resorption_total_hip, mature_resorption_total_hip,
):  # fmt: skip
    """Calcium that resorption sets free."""
    return skeletal_scale * (
        fresh_mineral * fresh_resorption_total_hip
        + young_mineral * young_resorption_total_hip
        + mature_resorption_total_hip
    )


@quantity
def skeletal_uptake(
    skeletal_scale,
    fresh_mineral,
    young_mineral,
    formation_total_hip,
    primary_mineralization_total_hip,
    mineralization_total_hip,
    exchangeable_calcium,
    calcium_half_uptake,
):
    """Calcium that new bone takes up, most of it at once and the rest as it matures.

    Where next to none is left, it stalls.
    """
    wanted = (
        fresh_mineral * formation_total_hip
        + (young_mineral - fresh_mineral) * primary_mineralization_total_hip
        + (1 - young_mineral) * mineralization_total_hip
    )
    supply = exchangeable_calcium / (calcium_half_uptake + exchangeable_calcium)
    return skeletal_scale * wanted * supply * (1 + calcium_half_uptake)


@gain("exchangeable_calcium")
def calcium_from_gut(calcium_absorption, exchangeable_calcium_premenopausal):
    """From the gut."""
    return calcium_absorption / exchangeable_calcium_premenopausal


@gain("exchangeable_calcium")
def calcium_from_bone(skeletal_release, exchangeable_calcium_premenopausal):
    """From the skeleton."""
    return skeletal_release / exchangeable_calcium_premenopausal


@loss("exchangeable_calcium")
def calcium_into_bone(skeletal_uptake, exchangeable_calcium_premenopausal):
    """Into the skeleton."""
    return skeletal_uptake / exchangeable_calcium_premenopausal


@loss("exchangeable_calcium")
def calcium_into_urine(urinary_calcium, exchangeable_calcium_premenopausal):
    """Into urine."""
    return urinary_calcium / exchangeable_calcium_premenopausal


# ---------------------------------------------------------------- back on bone


@factor("rankl_production")
def rankl_by_pth(parathyroid_hormone, rankl_pth_exponent):
    """PTH raises RANKL in stromal cells and osteocytes (Lee 1999)."""
    return parathyroid_hormone**rankl_pth_exponent


@factor("opg_production")
def opg_by_pth(parathyroid_hormone, opg_pth_exponent):
    """PTH lowers OPG (Onyia 2000)."""
    return 1 / parathyroid_hormone**opg_pth_exponent
