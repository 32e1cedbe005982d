"""IL-1, IL-6 and TNF-alpha: cytokines that rise when estrogen falls.

After oophorectomy blood cells release more of all three within weeks (Pacifici 1991). Their
levels follow one tone, since no trial tells their time courses apart; each has its own rise and
its own share in what they do to osteoclasts, so a blocker takes away its share only.
"""

from __future__ import annotations

from remodel.equations import endpoint, gain, initial, loss, product, quantity, state

cytokine_tone = state(
    "cytokine_tone", "-", "Cytokine tone: 1 before menopause, 2 without any estrogen"
)
il1_activity = product("il1_activity", "Share of IL-1 that is not blocked")
il6_activity = product("il6_activity", "Share of IL-6 that is not blocked")
tnf_activity = product("tnf_activity", "Share of TNF-alpha that is not blocked")


@initial("cytokine_tone")
def cytokine_tone_baseline():
    """Scaled to 1 before menopause."""
    return 1


@gain("cytokine_tone")
def cytokine_induction(cytokine_turnover_rate, estrogen_deficiency):
    """T cells and monocytes release cytokines where estrogen is missing (D'Amelio 2008)."""
    return cytokine_turnover_rate * (1 + estrogen_deficiency)


@loss("cytokine_tone")
def cytokine_decay(cytokine_turnover_rate, cytokine_tone):
    """Cytokine tone fades within weeks once estrogen is back."""
    return cytokine_turnover_rate * cytokine_tone


@endpoint(unit="-", meaning="IL-1 relative to before menopause")
def il1(cytokine_tone, il1_rise_without_estrogen):
    """IL-1 in the marrow."""
    return 1 + il1_rise_without_estrogen * (cytokine_tone - 1)


@endpoint(unit="-", meaning="IL-6 relative to before menopause")
def il6(cytokine_tone, il6_rise_without_estrogen):
    """IL-6 in the marrow."""
    return 1 + il6_rise_without_estrogen * (cytokine_tone - 1)


@endpoint(unit="-", meaning="TNF-alpha relative to before menopause")
def tnf(cytokine_tone, tnf_rise_without_estrogen):
    """TNF-alpha in the marrow."""
    return 1 + tnf_rise_without_estrogen * (cytokine_tone - 1)


@quantity
def cytokine_drive(
    cytokine_tone, il1_weight, il6_weight, tnf_weight, il1_activity, il6_activity, tnf_activity
):
    """What the cytokines above their premenopausal level do to osteoclasts, 1 at the full rise.

    Blocking TNF or IL-1 took away about half and 40 % of the rise in CTX after estrogen was
    withdrawn (Charatcharoenwitthaya 2007); both together all of it in rats (Kimble 1995).
    """
    acting = il1_weight * il1_activity + il6_weight * il6_activity + tnf_weight * tnf_activity
    return acting * (cytokine_tone - 1)
