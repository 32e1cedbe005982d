"""Peterson 2010: what giving a drug does: where doses enter, and which equation is read."""

from __future__ import annotations

from remodel.drugs import Drug
from remodel.equations import factor


@factor("lumbar_spine_fit")
def fitted_to_denosumab():
    """With denosumab, the lumbar spine follows the equation fitted to denosumab trials."""
    return 0.0


DENOSUMAB = Drug(
    "denosumab",
    (fitted_to_denosumab,),
    {"sc": "DENSC"},
    "RANKL antibody",
    {"sc": "denosumab_dose_factor"},
)
TERIPARATIDE = Drug(
    "teriparatide",
    (),
    {"sc": "TERISC"},
    "PTH analogue",
    {"sc": "teriparatide_dose_factor"},
)

DRUGS = {drug.name: drug for drug in (DENOSUMAB, TERIPARATIDE)}
