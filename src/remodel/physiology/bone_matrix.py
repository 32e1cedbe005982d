"""Bone matrix and mineral at a site: fresh, young and mature bone.

Fresh bone takes most of its mineral within weeks (primary mineralization), young bone the rest
within years (secondary). All are in units of the bone the site had before menopause. Resorption
takes a share of what is there, so loss slows as bone is depleted, and formation fills what
resorption opened, apart from a small share laid down on quiet surfaces (modeling). The same
equations hold for every drug: an antiresorptive drug gains density because cavities fill, because
bone grows old enough to mineralize, and because modeling goes on (Ruffoni 2007; Ominsky 2015).

Cells work on surfaces, and in trabecular bone move about the same grams in a dense skeleton and in
a thin one. In percent, turnover of the spine is therefore the higher the less bone there is to
begin with: the same drug gains 6 % at a T-score of -1 and 8 % at -2.8 (HALT-BC, Ellis 2008;
FREEDOM, Cummings 2009). At the hip gains do not depend on the T-score (HORIZON, Eastell 2009).

How much of a cavity is refilled falls with age and, in trabecular bone, while estrogen is lower
than what bone is used to: loss is fast at once after oophorectomy, and slows as bone gets used.
"""

from __future__ import annotations

from remodel.equations import flow, gain, initial, loss, maximum, quantity, state

fresh_site = state("fresh_site", "-", "Bone of the site in primary mineralization")
young_site = state("young_site", "-", "Young bone of the site still gaining mineral")
mature_site = state("mature_site", "-", "Fully mineralized bone of the site")


@quantity
def turnover_rate_site(
    remodeling_rate_site, turnover, relative_density_site, density_exponent_site
):
    """Share of the bone of the site remodeled in a time; less bone may turn over faster."""
    return turnover * remodeling_rate_site / relative_density_site**density_exponent_site


@quantity
def fresh_site_premenopausal(turnover_rate_site, primary_mineralization_rate):
    """Share of fresh bone at the baseline, where formation, filling and resorption balance."""
    return turnover_rate_site / (primary_mineralization_rate + turnover_rate_site)


@quantity
def young_site_premenopausal(
    turnover_rate_site, primary_mineralization_rate, mineralization_rate, fresh_site_premenopausal
):
    """Share of young bone at the baseline, where filling, aging and resorption balance."""
    filled = primary_mineralization_rate * fresh_site_premenopausal
    return filled / (mineralization_rate + turnover_rate_site)


@initial("fresh_site")
def fresh_site_baseline(fresh_site_premenopausal):
    """The site is in balance before menopause."""
    return fresh_site_premenopausal


@initial("young_site")
def young_site_baseline(young_site_premenopausal):
    """The site is in balance before menopause."""
    return young_site_premenopausal


@initial("mature_site")
def mature_site_baseline(fresh_site_premenopausal, young_site_premenopausal):
    """All bone of the site is 1 before menopause."""
    return 1 - fresh_site_premenopausal - young_site_premenopausal


@quantity
def refilling_site(
    time,
    ovarian_failure,
    refilling_loss_with_age_site,
    refilling_loss_start,
    cortical_share_site,
    acute_refilling_loss,
    acute_deficiency,
):
    """Share of a cavity that is refilled: each is filled less in old age (Lips 1978).

    Linear in age from an onset on, so that loss accelerates as seen in the hip (Ensrud 1995).
    Estrogen deficiency that is new leaves cavities in trabecular bone deeper (Eriksen 1999).
    """
    years = maximum(time - refilling_loss_start, 0 * time)
    with_age = 1 - ovarian_failure * refilling_loss_with_age_site * years
    of_new_deficiency = (1 - cortical_share_site) * acute_refilling_loss * acute_deficiency
    return with_age * (1 - of_new_deficiency)


@gain("fresh_site")
def formation_site(
    turnover_rate_site, modeling_share_site, osteoblasts, wnt_signal, refilling_site,
    cortical_share_site, intracortical_formation,
):  # fmt: skip
    """Osteoblasts refill cavities; Wnt drives modeling on surfaces that were not resorbed.

    What refills cavities within cortex in excess counts by the share of cortex.
    """
    remodeled = (1 - modeling_share_site) * osteoblasts * refilling_site
    modeled = modeling_share_site * wnt_signal
    within_cortex = cortical_share_site * intracortical_formation
    return turnover_rate_site * (remodeled + modeled + within_cortex)


@flow(source="fresh_site", target="young_site")
def primary_mineralization_site(primary_mineralization_rate, fresh_site):
    """Fresh osteoid takes most of its mineral within weeks (primary mineralization)."""
    return primary_mineralization_rate * fresh_site


@flow(source="young_site", target="mature_site")
def mineralization_site(mineralization_rate, young_site):
    """Young bone fills with mineral over years (secondary mineralization)."""
    return mineralization_rate * young_site


@quantity
def resorption_site(resorption, cortical_share_site, intracortical_resorption):
    """Resorption at the site; what drives it within cortex counts by the share of cortex."""
    return resorption * (1 + cortical_share_site * intracortical_resorption)


@loss("fresh_site")
def fresh_resorption_site(turnover_rate_site, resorption_site, fresh_site):
    """Resorption takes fresh bone in proportion to what is there."""
    return turnover_rate_site * resorption_site * fresh_site


@loss("young_site")
def young_resorption_site(turnover_rate_site, resorption_site, young_site):
    """Resorption takes young bone in proportion to what is there."""
    return turnover_rate_site * resorption_site * young_site


@loss("mature_site")
def mature_resorption_site(turnover_rate_site, resorption_site, mature_site):
    """Resorption takes mature bone in proportion to what is there."""
    return turnover_rate_site * resorption_site * mature_site
