"""The vocabulary of schedules: names of drugs and routes, and lengths of time."""

from __future__ import annotations

import re
from collections.abc import Iterable

from remodel.errors import ScheduleError, UnitError, nearest
from remodel.schedules.interventions import INTERVENTIONS
from remodel.units import DOSE_UNITS, TIME_UNITS, days

ROUTES = ("iv", "sc", "oral", "patch")
ROUTE_WORDS = {
    **{route: route for route in ROUTES},
    "intravenous": "iv",
    "subcutaneous": "sc",
    "po": "oral",
    "transdermal": "patch",
}
DRUG_SYNONYMS = {
    "zoledronate": "zoledronic_acid",
    "alendronic_acid": "alendronate",
    "risedronic_acid": "risedronate",
    "ibandronic_acid": "ibandronate",
    "oestradiol": "estradiol",
}
# Words with a meaning of their own in a sentence, so that no drug can be called by them.
NOT_FINITE = frozenset({"nan", "inf", "infinity"})
RESERVED_WORDS = frozenset(ROUTE_WORDS) | frozenset(INTERVENTIONS) | NOT_FINITE | {
    "once", "daily", "twice", "weekly", "monthly", "yearly", "every", "for", "from", "over",
    "except", "x", "at", "then", "and", "none", "nothing",
}  # fmt: skip
INTERVALS = {
    "daily": days(1, "d"),
    "twice daily": days(12, "h"),
    "weekly": days(1, "wk"),
    "monthly": days(1, "mo"),
    "yearly": days(1, "y"),
}

_MINUTES = ("min", "mins", "minute", "minutes")
_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")


def drug_name(text: str, drugs: Iterable[str] | None = None) -> str:
    """Return the canonical name of a drug: lower case, underscores, no synonym.

    Parameters
    ----------
    text : str
        The name as written; spaces and hyphens stand for underscores.
    drugs : iterable of str, optional
        The canonical names that are known; any name is accepted without it.

    Raises
    ------
    ScheduleError
        If the name is not a word, is a word of the schedule language, or is not known.
    """
    plain = re.sub(r"[\s_-]+", "_", text.strip().lower())
    name = DRUG_SYNONYMS.get(plain, plain)
    if not _NAME.fullmatch(name) or name in RESERVED_WORDS:
        raise ScheduleError(f"'{text}' cannot be the name of a drug.")
    if drugs is not None:
        known = set(drugs)
        if name not in known:
            raise ScheduleError(f"'{text}' is not a known drug.{_instead(name, known)}")
    return name


def _instead(name: str, known: Iterable[str]) -> str:
    """Return a hint: a drug whose name begins so, or is alike, and what is eaten or done."""
    begun = sorted(drug for drug in known if drug.startswith(f"{name}_"))
    hint = f" Did you mean '{begun[0]}'?" if begun else nearest(name, known)
    also = [other for other in INTERVENTIONS if other.startswith(f"{name}_")]
    return hint + "".join(f" '{other.replace('_', ' ')}' is an intervention." for other in also)


def check_dose_unit(unit: str) -> None:
    """Raise ``UnitError`` unless ``unit`` is a unit of dose."""
    if unit.strip().lower() not in DOSE_UNITS:
        raise UnitError(f"'{unit}' is not a unit of dose.{nearest(unit, DOSE_UNITS)}")


def length_in_days(value: float, unit: str) -> float:
    """Return a length of time in days; beside the units of ``remodel.units``, ``min`` is known.

    Raises
    ------
    UnitError
        If ``unit`` is not a unit of time.
    """
    word = unit.lower()
    if word in _MINUTES:
        return days(value / 60.0, "h")
    if word not in TIME_UNITS:
        raise UnitError(f"'{unit}' is not a unit of time.{nearest(unit, (*TIME_UNITS, *_MINUTES))}")
    return days(value, word)


def number_text(value: float) -> str:
    """Return the shortest text that reads back as exactly ``value``."""
    return repr(float(value)).removesuffix(".0")


def length_text(length: float) -> str:
    """Return a length of time [d] as text that reads back as exactly the same number of days."""
    for unit in ("y", "mo", "wk", "d", "h", "min"):
        whole = round(length / length_in_days(1.0, unit))
        if abs(whole) < 1_000_000 and length_in_days(float(whole), unit) == length:
            return f"{whole} {unit}"
    return f"{number_text(length)} d"
