"""What can be asked of a plan: quantities by name, with their units."""

from __future__ import annotations

import re
from dataclasses import dataclass

from remodel.decisions.harms import load_rates
from remodel.errors import ConfigError, nearest
from remodel.fracture.sites import LONG_NAMES, SITES
from remodel.models import load_model
from remodel.units import PERCENT_CHANGE

FRACTURE = ("fracture_probability", "fractures", "fractures_prevented", "needed_to_treat")
OVER_TIME = ("lowest_", "highest_")
GIVEN = ("doses", "infusions", "injections", "years_on_treatment", "treated")
NEED = ("treated_without_need", "missed")
VISITS = ("scans", "samples")
_NO_LETTER = re.compile(r"\W+")
_MARKERS = ("ctx", "ntx", "p1np", "bsap", "pth")
_UNITS = {
    "fracture_probability": "percent",
    "fractures": "per 1000",
    "fractures_prevented": "per 1000",
    "needed_to_treat": "1",
    "years_on_treatment": "y",
    "treated": "percent",
    "treated_without_need": "percent",
    "missed": "percent",
}
_WORDS = {
    "fracture_probability": "probability of {}",
    "fractures": "women with {}",
    "fractures_prevented": "women spared {}",
    "needed_to_treat": "number treated to prevent one {}",
    "treated": "women given a drug for bone",
    "treated_without_need": "women treated without need",
    "missed": "women in need and not treated",
}
_PER_WOMAN = "1"


@dataclass(frozen=True, slots=True)
class Quantity:
    """One thing that is asked of every woman under a plan.

    Attributes
    ----------
    name : str
    kind : str
        ``level``, ``change``, one of ``FRACTURE``, ``given``, ``need``, ``visits`` or ``harm``.
    subject : str
        Endpoint, site of fracture, or harm.
    over_time : str
        ``lowest`` or ``highest`` until the time; empty for the value at the time.
    unit : str
    """

    name: str
    kind: str
    subject: str
    over_time: str
    unit: str

    @property
    def words(self) -> str:
        """What it is, for sentences."""
        if self.kind in FRACTURE:
            site = LONG_NAMES[self.subject].partition(" (")[0]
            return _WORDS[self.kind].format(site).replace("one any", "one")
        if self.kind in ("level", "change"):
            name = _endpoint_words(self.subject)
            name = f"change of {name}" if self.kind == "change" else name
            return f"{self.over_time} {name}".strip()
        return _WORDS.get(self.subject, self.subject.replace("_", " "))


def quantity_names() -> dict[str, tuple[str, str, str]]:
    """Return every name, with kind, subject and unit."""
    known: dict[str, tuple[str, str, str]] = {}
    for endpoint, unit in _endpoints().items():
        known[endpoint] = "level", endpoint, unit
        if not endpoint.startswith("t_score"):
            known[endpoint + PERCENT_CHANGE] = "change", endpoint, "percent"
    for form in FRACTURE:
        known |= {f"{form}_{site}": (form, site, _UNITS[form]) for site in SITES}
    for name in GIVEN:
        known[name] = "given", name, _UNITS.get(name, _PER_WOMAN)
    for drug in load_model("reference").drugs:
        known[f"doses_{drug}"] = "given", f"doses_{drug}", _PER_WOMAN
        known[f"years_on_{drug}"] = "given", f"years_on_{drug}", "y"
    known |= {name: ("need", name, "percent") for name in NEED}
    known |= {name: ("visits", name, _PER_WOMAN) for name in VISITS}
    for harm in dict.fromkeys(rate.harm for rate in load_rates()):
        known[f"harm_{_NO_LETTER.sub('_', harm)}"] = "harm", harm, "per 1000"
    return known


def _endpoints() -> dict[str, str]:
    endpoints = load_model("reference").endpoints
    return {
        name: endpoint.unit for name, endpoint in endpoints.items() if not name.startswith("z_")
    }


def _endpoint_words(name: str) -> str:
    """Return an endpoint in words, such as density of the total hip."""
    if name.startswith("bmd_"):
        return f"density of the {name.removeprefix('bmd_').replace('_', ' ')}"
    if name.startswith("t_score_"):
        return f"T-score of the {name.removeprefix('t_score_').replace('_', ' ')}"
    return name.upper() if name in _MARKERS else name.replace("_", " ")


def read_quantity(name: str) -> Quantity:
    """Return a quantity by its name.

    Raises
    ------
    ConfigError
        With the nearest name.
    """
    known = quantity_names()
    over_time = next((start for start in OVER_TIME if name.startswith(start)), "")
    bare = name.removeprefix(over_time)
    if bare not in known or (over_time and known[bare][0] not in ("level", "change")):
        every = [*known, *(over_time + n for n, k in known.items() if k[0] in ("level", "change"))]
        raise ConfigError(
            f"'{name}' is no quantity of a plan.{nearest(name, every)}",
            field="quantity",
            value=name,
        )
    kind, subject, unit = known[bare]
    return Quantity(name, kind, subject, over_time.rstrip("_"), unit)
