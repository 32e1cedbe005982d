"""Testosterone, and the estradiol that men make of it.

In men estradiol governs resorption as in women, testosterone helps osteoblasts to live (Falahati
2000). Most estradiol of a man is aromatized testosterone; the rest comes from the adrenals as in
women after menopause. An aromatase inhibitor reaches aromatase of the testis only in part, and
testosterone rises because the pituitary misses estradiol. In women nothing of this counts.
"""

from __future__ import annotations

from remodel.equations import endpoint, factor, maximum, quantity


@quantity
def testosterone_with_age(time, testosterone_decline_onset, testosterone_decline_rate):
    """Testosterone of serum falls with age (Khosla 1998)."""
    years = maximum(time - testosterone_decline_onset, 0 * time)
    return 1 / (1 + testosterone_decline_rate * years)


@quantity
def bioavailable_share(time, male, testosterone_decline_onset, globulin_rise_rate):
    """Share of sex hormones that globulin leaves free, relative to youth; it falls in old men.

    Bioavailable estradiol of men is halved from 30 to 80 years, while serum estradiol falls little
    (Khosla 1998).
    """
    years = maximum(time - testosterone_decline_onset, 0 * time)
    return 1 / (1 + male * globulin_rise_rate * years)


@quantity
def testosterone_relative(
    testosterone_with_age,
    testicular_function,
    gonadotropin_drive,
    aromatase_activity,
    testosterone_rise_by_inhibition,
):
    """Testosterone of a man relative to that of his youth."""
    feedback = 1 + testosterone_rise_by_inhibition * (1 - aromatase_activity)
    return testosterone_with_age * testicular_function * gonadotropin_drive * feedback


@endpoint(unit="nmol/L", meaning="Serum testosterone")
def testosterone(male, testosterone_of_young_men, testosterone_relative, testosterone_of_women):
    """Testosterone of serum; of women a mean that nothing moves here."""
    of_men = testosterone_of_young_men * testosterone_relative
    return male * of_men + (1 - male) * testosterone_of_women


@quantity
def testicular_estradiol(
    male,
    estradiol_of_young_men,
    estradiol_peripheral,
    testosterone_relative,
    aromatase_activity,
    aromatase_reached_in_men,
):
    """Estradiol made of testosterone, in the testis and beyond."""
    inhibited = 1 - aromatase_reached_in_men * (1 - aromatase_activity)
    youth = estradiol_of_young_men - estradiol_peripheral
    return male * youth * testosterone_relative * inhibited


@quantity
def refilling_loss_start(male, refilling_loss_onset, refilling_loss_onset_of_men):
    """Age from which cavities are refilled less, by sex."""
    return refilling_loss_onset + male * (refilling_loss_onset_of_men - refilling_loss_onset)


@factor("osteoblast_apoptosis")
def apoptosis_by_testosterone(
    male, testosterone_relative, bioavailable_share, osteoblast_apoptosis_rise_without_testosterone
):
    """Osteoblasts of men die sooner without testosterone that is free to act."""
    missing = 1 - testosterone_relative * bioavailable_share
    return 1 + male * osteoblast_apoptosis_rise_without_testosterone * missing
