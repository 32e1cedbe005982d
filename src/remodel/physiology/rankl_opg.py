"""RANKL, its decoy OPG and the receptor RANK, with room for an antibody.

Binding is over within hours, so the three are in balance at every time (Pivonka 2008). All are
levels in the marrow relative to before menopause; serum levels do not follow them.
"""

from __future__ import annotations

from remodel.equations import endpoint, product, quantity, total

rankl_production = product("rankl_production", "RANKL production relative to no other influence")
opg_production = product("opg_production", "OPG production relative to no other influence")
rankl_competition = total(
    "rankl_competition", "Antibody to RANKL relative to its half-effect level"
)


@endpoint(unit="-", meaning="Marrow RANKL relative to before menopause")
def rankl(
    rankl_production,
    estrogen_deficiency,
    rankl_rise_without_estrogen,
    cytokine_drive,
    rankl_rise_by_cytokines,
):
    """RANKL on stromal cells, osteocytes and T cells.

    Two to three times higher per cell after menopause (Eghbali-Fatourechi 2003), in part through
    IL-1 and TNF.
    """
    direct = 1 + rankl_rise_without_estrogen * estrogen_deficiency
    by_cytokines = 1 + rankl_rise_by_cytokines * cytokine_drive
    return rankl_production * direct * by_cytokines


@endpoint(unit="-", meaning="Marrow OPG relative to before menopause")
def opg(
    opg_production,
    osteocytes,
    young_osteocytes,
    opg_share_of_young_osteocytes,
    estrogen_deficiency,
    opg_fall_without_estrogen,
    wnt_signal,
    opg_rise_by_wnt,
):
    """OPG from osteocytes: estrogen stimulates it (Bord 2003), and so does Wnt (Kramer 2010).

    Part of it comes from young osteocytes, which are few after months without formation
    (Fu 2023). Through Wnt, whatever moves sclerostin moves resorption the other way.
    """
    by_estrogen = 1 - opg_fall_without_estrogen * estrogen_deficiency
    by_wnt = wnt_signal**opg_rise_by_wnt
    cells = osteocytes + opg_share_of_young_osteocytes * (young_osteocytes - osteocytes)
    return opg_production * cells * by_estrogen * by_wnt


@endpoint(unit="-", meaning="Marrow RANKL/OPG ratio relative to before menopause")
def rankl_opg(rankl, opg):
    """RANKL over OPG."""
    return rankl / opg


@quantity
def free_rankl(rankl, opg, opg_binding, rankl_competition):
    """RANKL that neither OPG nor an antibody holds, 1 before menopause."""
    return rankl * (1 + opg_binding) / (1 + opg_binding * opg + rankl_competition)


@quantity
def rank_activation(free_rankl, rank_saturation):
    """Signal of RANK, which saturates as its sites fill; 1 before menopause."""
    return free_rankl * (1 + rank_saturation) / (1 + rank_saturation * free_rankl)
