"""Jörg 2022: effective drug levels and how far their effects are saturated.

A level u is dimensionless: a dose raises it by dose x efficacy, and it halves in a half-life.
"""

from __future__ import annotations

from typing import Any

from remodel.drugs import Drug
from remodel.equations import hill, log, maximum, quantity, rate, state

NO_DRUG = 1e-100  # a power has no slope at zero, so its base stays above

u_rom = state("u_rom", "-", "Effective romosozumab level")
u_blo = state("u_blo", "-", "Effective blosozumab level")
u_den = state("u_den", "-", "Effective denosumab level")
u_ale = state("u_ale", "-", "Effective alendronate level")
u_ter = state("u_ter", "-", "Effective teriparatide level")


def level_rate(efficacy: Any, dosing: Any, half_life: Any, level: Any) -> Any:
    """Return the rate of a drug level: dosing less first-order elimination (J20-J24)."""
    return efficacy * dosing - log(2) / half_life * level


@rate("u_rom")
def d_u_rom(E_romosozumab, r_rom, T_romosozumab, u_rom):
    """Dosing and elimination of romosozumab (J20)."""
    return level_rate(E_romosozumab, r_rom, T_romosozumab, u_rom)


@rate("u_blo")
def d_u_blo(E_blosozumab, r_blo, T_blosozumab, u_blo):
    """Dosing and elimination of blosozumab (J21)."""
    return level_rate(E_blosozumab, r_blo, T_blosozumab, u_blo)


@rate("u_den")
def d_u_den(E_denosumab, r_den, T_denosumab, u_den):
    """Dosing and elimination of denosumab (J22)."""
    return level_rate(E_denosumab, r_den, T_denosumab, u_den)


@rate("u_ale")
def d_u_ale(E_alendronate, r_ale, T_alendronate, u_ale):
    """Dosing and elimination of alendronate (J23)."""
    return level_rate(E_alendronate, r_ale, T_alendronate, u_ale)


@rate("u_ter")
def d_u_ter(E_teriparatide, r_ter, T_teriparatide, u_ter):
    """Dosing and elimination of teriparatide (J24)."""
    return level_rate(E_teriparatide, r_ter, T_teriparatide, u_ter)


@quantity
def teriparatide_efficacy(E_teriparatide, ug_per_mg):
    """Efficacy of teriparatide for a dose in mg."""
    return E_teriparatide * ug_per_mg


def saturation(level: Any, n: Any) -> Any:
    """Return how far an effect is saturated (J1)."""
    return hill(maximum(level, NO_DRUG), 1, n)


@quantity
def A_den(u_den, n):
    """Saturation of the effect of denosumab (J1)."""
    return saturation(u_den, n)


@quantity
def A_ale(u_ale, n):
    """Saturation of the effect of alendronate (J1)."""
    return saturation(u_ale, n)


@quantity
def A_ter(u_ter, n):
    """Saturation of the effect of teriparatide (J1)."""
    return saturation(u_ter, n)


DRUGS = (
    Drug("romosozumab", (), {"sc": "u_rom"}, "sclerostin antibody", {"sc": "E_romosozumab"}),
    Drug("blosozumab", (), {"sc": "u_blo"}, "sclerostin antibody", {"sc": "E_blosozumab"}),
    Drug("denosumab", (), {"sc": "u_den"}, "RANKL antibody", {"sc": "E_denosumab"}),
    Drug("alendronate", (), {"oral": "u_ale"}, "bisphosphonate", {"oral": "E_alendronate"}),
    Drug("teriparatide", (), {"sc": "u_ter"}, "PTH analog", {"sc": "teriparatide_efficacy"}),
)
