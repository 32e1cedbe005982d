"""Sites of fracture, and the components whose hazards add up to them."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

COMPONENTS = ("hip", "vertebral", "arm", "other")
"""Hip, clinical vertebral, forearm with humerus, and all other clinical fractures."""

SITES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "hip": ("hip",),
        "vertebral": ("vertebral",),
        "vertebral_morphometric": ("vertebral",),
        "major": ("hip", "vertebral", "arm"),
        "any_clinical": COMPONENTS,
        "nonvertebral": ("hip", "arm", "other"),
    }
)
"""Components of each site; of a morphometric vertebral fracture only a share is clinical."""

LONG_NAMES: Mapping[str, str] = MappingProxyType(
    {
        "hip": "hip fracture",
        "vertebral": "clinical vertebral fracture",
        "vertebral_morphometric": "morphometric vertebral fracture",
        "major": "major osteoporotic fracture (hip, clinical spine, forearm, humerus)",
        "any_clinical": "any clinical fracture",
        "nonvertebral": "nonvertebral fracture",
    }
)

FAMILIES: Mapping[str, str] = MappingProxyType(
    {"hip": "hip", "vertebral": "vertebral", "arm": "other", "other": "other"}
)
"""Which ratios of risk factors, and which slopes of the link, a component has."""


def is_vertebral(site: str) -> bool:
    """Return whether a site is the spine alone."""
    return SITES[site] == ("vertebral",)
