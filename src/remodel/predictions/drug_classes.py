"""Classes of treatment, by which errors are added up."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from remodel.observations import Arm

UNTREATED = "untreated"
CLASSES: Mapping[str, str] = MappingProxyType(
    {
        "anastrozole": "aromatase inhibitor",
        "letrozole": "aromatase inhibitor",
        "exemestane": "aromatase inhibitor",
        "tamoxifen": "SERM",
        "raloxifene": "SERM",
        "estradiol": "hormone therapy",
        "zoledronic_acid": "bisphosphonate",
        "alendronate": "bisphosphonate",
        "risedronate": "bisphosphonate",
        "ibandronate": "bisphosphonate",
        "denosumab": "denosumab",
        "teriparatide": "teriparatide",
        "romosozumab": "romosozumab",
        "blosozumab": "blosozumab",
    }
)
_ORDER = (*dict.fromkeys(CLASSES.values()),)


def drug_class(arm: Arm) -> str:
    """Return the class of an arm's treatment, such as ``aromatase inhibitor + denosumab``.

    Tamoxifen before or after an aromatase inhibitor is left out: such women belong with the other
    women on an inhibitor. Supplements and drugs without a class are not named.
    """
    found = {CLASSES[drug] for drug in arm.schedule.drugs if drug in CLASSES}
    if "aromatase inhibitor" in found:
        found.discard("SERM")
    return " + ".join(name for name in _ORDER if name in found) or UNTREATED
