"""Bone mineral density as DXA sees it, with T- and Z-scores, at a site."""

from __future__ import annotations

from remodel.equations import endpoint, maximum, minimum, quantity


@quantity
def mineral_site(fresh_site, young_site, mature_site, fresh_mineral, young_mineral):
    """Mineral of the site: young bone holds less than mature bone, fresh bone least."""
    return fresh_mineral * fresh_site + young_mineral * young_site + mature_site


@quantity
def mineral_site_premenopausal(
    fresh_site_premenopausal, young_site_premenopausal, fresh_mineral, young_mineral
):
    """Mineral of the site at the baseline."""
    fresh_lacks = (1 - fresh_mineral) * fresh_site_premenopausal
    return 1 - fresh_lacks - (1 - young_mineral) * young_site_premenopausal


@quantity
def degeneration_site(time, ovarian_failure, degeneration_site_rate, degeneration_onset):
    """Factor by which osteophytes and aortic calcium add to what DXA reads in old age."""
    years = maximum(time - degeneration_onset, 0 * time)
    return 1 + ovarian_failure * degeneration_site_rate * years


@endpoint(unit="g/cm^2", meaning="Areal bone mineral density, site")
def bmd_site(bmd_site_young, mineral_site, mineral_site_premenopausal, degeneration_site):
    """Areal density: what the woman had when young, times what is left."""
    return bmd_site_young * degeneration_site * mineral_site / mineral_site_premenopausal


@endpoint(unit="-", meaning="T-score, site")
def t_score_site(bmd_site, bmd_site_reference, bmd_site_reference_sd):
    """Standard deviations from the mean of young women (WHO 1994), for men too (ISCD 2019)."""
    return (bmd_site - bmd_site_reference) / bmd_site_reference_sd


def ramp(age, start, end):
    """Return how much of the way from start to end an age has gone, between 0 and 1."""
    way = (age - start) / (end - start)
    return minimum(maximum(way, 0 * way), 1 + 0 * way)


def along(age, ages, means):
    """Return the mean at an age, by straight lines between ages."""
    mean = means[0]
    for i in range(1, len(ages)):
        mean = mean + (means[i] - means[i - 1]) * ramp(age, ages[i - 1], ages[i])
    return mean


@quantity
def bmd_site_of_women(
    time, reference_age_young, reference_age_1, reference_age_2, reference_age_3, reference_age_4,
    bmd_site_reference, bmd_site_reference_1, bmd_site_reference_2, bmd_site_reference_3,
    bmd_site_reference_4,
):  # fmt: skip
    """Mean density of women of the same age, by straight lines between tabulated ages."""
    ages = (reference_age_young, reference_age_1, reference_age_2, reference_age_3, reference_age_4)
    return along(time, ages, (
        bmd_site_reference, bmd_site_reference_1, bmd_site_reference_2, bmd_site_reference_3,
        bmd_site_reference_4,
    ))  # fmt: skip


@quantity
def bmd_site_of_men(
    time, reference_age_young, reference_age_1, reference_age_2, reference_age_3, reference_age_4,
    bmd_site_reference_of_men, bmd_site_reference_1_of_men, bmd_site_reference_2_of_men,
    bmd_site_reference_3_of_men, bmd_site_reference_4_of_men,
):  # fmt: skip
    """Mean density of men of the same age, by straight lines between tabulated ages."""
    ages = (reference_age_young, reference_age_1, reference_age_2, reference_age_3, reference_age_4)
    return along(time, ages, (
        bmd_site_reference_of_men, bmd_site_reference_1_of_men, bmd_site_reference_2_of_men,
        bmd_site_reference_3_of_men, bmd_site_reference_4_of_men,
    ))  # fmt: skip


@quantity
def bmd_site_of_peers(male, bmd_site_of_women, bmd_site_of_men):
    """Mean density of people of the same age and sex."""
    return bmd_site_of_women + male * (bmd_site_of_men - bmd_site_of_women)


@endpoint(unit="-", meaning="Z-score, site")
def z_score_site(
    bmd_site, male, bmd_site_of_peers, bmd_site_reference_sd, bmd_site_reference_sd_of_men
):
    """Standard deviations from the mean of people of the same age and sex."""
    sd = bmd_site_reference_sd + male * (bmd_site_reference_sd_of_men - bmd_site_reference_sd)
    return (bmd_site - bmd_site_of_peers) / sd
