"""Lining cells: osteoblasts at rest on quiet surfaces, a reserve that bone anabolic drugs wake.

Antibodies to sclerostin and teriparatide turn them back into osteoblasts at once, without prior
resorption (Kim 2012 and 2017); osteoblasts that have done their work become lining cells again.
What goes round is conserved: formation leaps when the drug starts, fades as the reserve empties,
and falls below its start when the drug stops and the reserve refills. Without such a drug nothing
moves here, so the mechanism belongs to the drugs that need it.
"""

from __future__ import annotations

from remodel.equations import factor, flow, gain, initial, loss, quantity, state, total

lining_cells = state(
    "lining_cells", "-", "Lining cells, in premenopausal numbers of preosteoblasts"
)
lining_cell_stimulus = total(
    "lining_cell_stimulus", "Drive that wakes lining cells, 1 with all sclerostin bound"
)


@initial("lining_cells")
def lining_cells_at_rest(lining_cell_reserve):
    """The reserve is full before the first dose."""
    return lining_cell_reserve


@flow(source="lining_cells", target="preosteoblasts")
def lining_cell_awakening(lining_cell_awakening_rate, lining_cell_stimulus, lining_cells):
    """Woken cells go to work without waiting for resorption."""
    return lining_cell_awakening_rate * lining_cell_stimulus * lining_cells


@factor("opg_production")
def opg_of_woken_cells(opg_rise_by_awakening, lining_cell_awakening):
    """Cells that Wnt has just woken make OPG: CTX is lowest while formation leaps."""
    return 1 + opg_rise_by_awakening * lining_cell_awakening


@quantity
def resting_rate(lining_cell_return_rate, lining_cells, lining_cell_reserve):
    """Rate at which osteoblasts come to rest to fill the empty part of the reserve."""
    return lining_cell_return_rate * (1 - lining_cells / lining_cell_reserve)


@loss("osteoblasts")
def osteoblast_resting(resting_rate, osteoblasts):
    """Osteoblasts become lining cells."""
    return resting_rate * osteoblasts


@gain("lining_cells")
def lining_cell_renewal(
    resting_rate, osteoblasts, preosteoblast_turnover_rate, osteoblast_turnover_rate
):
    """The same cells, counted as preosteoblasts: their premenopausal number is smaller."""
    return resting_rate * osteoblasts * preosteoblast_turnover_rate / osteoblast_turnover_rate
