"""Estradiol: where it comes from, and the one signal that bone takes from it.

Estradiol is on the mass-spectrometry scale. It leaves the blood within hours (half-life 161 min,
Nelson 2026), so its level follows production at once.
"""

from __future__ import annotations

from remodel.equations import (
    endpoint,
    exp,
    gain,
    initial,
    loss,
    maximum,
    product,
    quantity,
    state,
    total,
)

accustomed_estrogen = state(
    "accustomed_estrogen", "-", "Estrogen signal that bone is used to, relative to premenopausal"
)
aromatase_activity = product(
    "aromatase_activity", "Aromatase activity of peripheral tissue, relative to no inhibitor"
)
gonadotropin_drive = product(
    "gonadotropin_drive", "Drive of the pituitary on the gonads, relative to no suppression"
)
exogenous_estradiol = total(
    "exogenous_estradiol", "Estradiol level added by hormone therapy", "pmol/L"
)
serm_binding = total(
    "serm_binding", "Level of receptor modulators relative to their half-occupancy level"
)
serm_agonism = total(
    "serm_agonism", "Level of receptor modulators weighted by their agonism in bone"
)


@quantity
def ovarian_activity(
    time,
    menopause_age,
    ovarian_decline_lead,
    ovarian_decline_time,
    ovarian_function,
    gonadotropin_drive,
):
    """Share of premenopausal ovarian production that is left.

    A logistic decline about a time shortly before the final menstrual period (SWAN: estradiol
    falls from 2 years before to 2 years after it, Randolph 2011), and 0 after oophorectomy or
    without gonadotropins.
    """
    midpoint = menopause_age - ovarian_decline_lead
    remaining = ovarian_function / (1 + exp((time - midpoint) / ovarian_decline_time))
    return remaining * gonadotropin_drive


@quantity
def ovarian_failure(ovarian_activity):
    """Share of ovarian production that is gone.

    Old age acts on bone once the ovaries have stopped, so that a woman without menopause stays as
    she is: the reference against which everything is measured. A man has no ovaries, so that old
    age acts on him as on a woman after menopause.
    """
    return 1 - ovarian_activity


@quantity
def ovarian_estradiol(ovarian_activity, estradiol_premenopausal, estradiol_peripheral):
    """Estradiol level kept up by the ovaries: the cycle mean less the peripheral part."""
    return ovarian_activity * (estradiol_premenopausal - estradiol_peripheral)


@quantity
def peripheral_estradiol(estradiol_peripheral, aromatase_activity):
    """Estradiol level kept up by aromatase in fat, muscle and bone.

    Only this part is blocked by an aromatase inhibitor; the cycling ovary escapes it.
    """
    return estradiol_peripheral * aromatase_activity


@endpoint(unit="pmol/L", meaning="Serum estradiol (mass-spectrometry scale)")
def estradiol(ovarian_estradiol, testicular_estradiol, peripheral_estradiol, exogenous_estradiol):
    """Serum estradiol from ovaries or testosterone, peripheral aromatase and hormone therapy."""
    return ovarian_estradiol + testicular_estradiol + peripheral_estradiol + exogenous_estradiol


@quantity
def estradiol_reference(male, estradiol_premenopausal, estradiol_of_young_men):
    """Estradiol that the skeleton grew up with: the baseline of a woman or of a man."""
    return estradiol_premenopausal + male * (estradiol_of_young_men - estradiol_premenopausal)


def occupancy(level, half_effect, exponent, binding=0, agonism=0):
    """Return how far the receptors signal, with ligands in competition (Gaddum)."""
    native = (level / half_effect) ** exponent
    return (native + agonism) / (1 + native + binding)


@quantity
def estrogen_signal(
    estradiol,
    bioavailable_share,
    estradiol_half_effect,
    estrogen_hill_exponent,
    serm_binding,
    serm_agonism,
):
    """Signal of the estrogen receptors of bone; a modulator competes and acts in part."""
    acting = estradiol * bioavailable_share
    return occupancy(
        acting, estradiol_half_effect, estrogen_hill_exponent, serm_binding, serm_agonism
    )


@quantity
def estrogen_signal_premenopausal(
    estradiol_reference, estradiol_half_effect, estrogen_hill_exponent
):
    """Receptor signal at the mean premenopausal estradiol, or at that of young men."""
    return occupancy(estradiol_reference, estradiol_half_effect, estrogen_hill_exponent)


@quantity
def estrogen_deficiency(estrogen_signal, estrogen_signal_premenopausal):
    """Missing share of the premenopausal signal: 0 before menopause, 1 without any estrogen."""
    return 1 - estrogen_signal / estrogen_signal_premenopausal


@initial("accustomed_estrogen")
def accustomed_estrogen_baseline():
    """Scaled to 1 before menopause."""
    return 1


@gain("accustomed_estrogen")
def accustoming(accustoming_rate, estrogen_deficiency):
    """Bone gets used to a new level of estrogen within a year or so (Eriksen 1999)."""
    return accustoming_rate * (1 - estrogen_deficiency)


@loss("accustomed_estrogen")
def disaccustoming(accustoming_rate, accustomed_estrogen):
    """It forgets the old level as fast."""
    return accustoming_rate * accustomed_estrogen


@quantity
def acute_deficiency(estrogen_deficiency, accustomed_estrogen, acute_deficiency_curvature):
    """Estrogen deficiency that bone is not used to; negative when estrogen comes back.

    With curvature a small step counts for less than its share of a large one: an inhibitor after
    menopause for less than the loss of the ovaries.
    """
    new = estrogen_deficiency - (1 - accustomed_estrogen)
    size = maximum(new, -new)
    return new * (1 - acute_deficiency_curvature * (1 - size))
