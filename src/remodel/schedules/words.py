"""The vocabulary of schedules: names of drugs and routes, and lengths of time."""

from __future__ import annotations

import re
from collections.abc import Iterable

from remodel.errors import ScheduleError, UnitError, nearest
from remodel.schedules.interventions import INTERVENTIONS
from remodel.schedules.medicines import medicines
from remodel.units import DOSE_UNITS, TIME_UNITS, days

ROUTES = ("iv", "sc", "oral", "patch")
ROUTE_WORDS = {
    **{route: route for route in ROUTES},
    **dict.fromkeys(("intravenous", "intravenously"), "iv"),
    **dict.fromkeys(("subcutaneous", "subcutaneously"), "sc"),
    **dict.fromkeys(("po", "orally"), "oral"),
    **dict.fromkeys(("transdermal", "transdermally"), "patch"),
}
# Words with a meaning of their own in a sentence, so that no drug can be called by them.
NOT_FINITE = frozenset({"nan", "inf", "infinity"})
INTERVALS = {
    "daily": days(1, "d"),
    "twice daily": days(12, "h"),
    "weekly": days(1, "wk"),
    "monthly": days(1, "mo"),
    "yearly": days(1, "y"),
}
# What prescriptions write for an interval, in words that stand alone.
FREQUENCIES = {
    **{word: length for word, length in INTERVALS.items() if " " not in word},
    **dict.fromkeys(("qd", "od", "qam", "qpm", "qhs", "nightly"), INTERVALS["daily"]),
    **dict.fromkeys(("bid", "bd"), INTERVALS["twice daily"]),
    **dict.fromkeys(("tid", "tds"), days(8, "h")),
    "qod": days(2, "d"),
    "qw": INTERVALS["weekly"],
    "fortnightly": days(2, "wk"),
    **dict.fromkeys(("qm", "qmo"), INTERVALS["monthly"]),
    "quarterly": days(3, "mo"),
    **dict.fromkeys(("half-yearly", "semiannually", "semi-annually", "biannually"), days(6, "mo")),
    **dict.fromkeys(("annually", "qy"), INTERVALS["yearly"]),
    "biennially": days(2, "y"),
}
TIMES_A_UNIT = {"once": 1, "twice": 2, "thrice": 3}
PER = frozenset({"a", "an", "per", "each", "/"})
STOPS = frozenset({"stop", "stopped", "stopping", "stops", "discontinue", "discontinued"})
FORMS = frozenset({"tablet", "tablets", "capsule", "capsules", "injection", "injections"})
RESERVED_WORDS = (
    frozenset(ROUTE_WORDS)
    | frozenset(INTERVENTIONS)
    | NOT_FINITE
    | frozenset(FREQUENCIES)
    | frozenset(TIMES_A_UNIT)
    | STOPS
    | FORMS
    | {
        "every",
        "q",
        "for",
        "until",
        "till",
        "from",
        "starting",
        "after",
        "over",
        "except",
        "x",
        "at",
        "then",
        "followed",
        "and",
        "plus",
        "with",
        "none",
        "nothing",
    }
)

_MINUTES = ("min", "mins", "minute", "minutes")
_MOST_LISTED = 24  # names in a message
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
    name = medicines().generic.get(plain, plain)
    if not _NAME.fullmatch(name) or name in RESERVED_WORDS:
        raise ScheduleError(f"'{text}' cannot be the name of a drug.")
    if drugs is not None:
        known = set(drugs)
        if name not in known:
            raise ScheduleError(f"'{text}' is not a known drug.{_instead(name, known)}")
    return name


def _instead(name: str, known: Iterable[str]) -> str:
    """Return a hint: the right spelling, the full name, or the intervention that is meant.

    Another substance is never suggested, however alike the names are.
    """
    table = medicines()
    also = [other for other in INTERVENTIONS if other.startswith(f"{name}_")]
    hint = "".join(f" '{other.replace('_', ' ')}' is an intervention." for other in also)
    begun = sorted(drug for drug in known if drug.startswith(f"{name}_"))
    if begun:
        return f" Did you mean '{begun[0]}'?" + hint
    if name in table.unlike:
        return " It is a different substance from those known here." + hint
    meant = _meant(name, known)
    if meant:
        return f" Did you mean '{meant}'?" + hint
    listed = sorted(known)
    return (f" Known: {', '.join(listed)}." if len(listed) <= _MOST_LISTED else "") + hint


def _meant(name: str, known: Iterable[str]) -> str | None:
    """Return the drug of which ``name`` is a misspelling, None if that is not one drug alone."""
    generic = medicines().generic
    spellings = {word: generic.get(word, word) for word in (*known, *generic)}
    slips = [
        (_distance(name, word), drug)
        for word, drug in spellings.items()
        if drug in known and _is_slip(name, word)
    ]
    nearest_drugs = {drug for distance, drug in slips if distance == min(slips)[0]}
    return nearest_drugs.pop() if len(nearest_drugs) == 1 else None


def _is_slip(written: str, word: str) -> bool:
    """Return whether two names differ by a letter or two, as they do when one is misspelled."""
    if abs(len(written) - len(word)) > 2 or len(word) < 5:
        return False
    return _distance(written, word) <= (2 if len(word) >= 8 else 1)


def _distance(first: str, second: str) -> int:
    """Return how many letters must be put in, left out or changed (Levenshtein)."""
    row = list(range(len(second) + 1))
    for i, letter in enumerate(first, 1):
        before, row[0] = row[0], i
        for j, other in enumerate(second, 1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (letter != other))
    return row[-1]


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


_LENGTHS = (("y", 1), ("mo", 1), ("wk", 1), ("d", 1), ("mo", 4), ("h", 1), ("min", 1))
"""Units of a length in the order in which they are tried, and parts of one that are looked at."""


def length_text(length: float) -> str:
    """Return a length of time [d] as text that reads back as exactly the same number of days."""
    for unit, pieces in _LENGTHS:
        whole = round(pieces * length / length_in_days(1.0, unit))
        if abs(whole) < 1_000_000 and length_in_days(whole / pieces, unit) == length:
            return f"{number_text(whole / pieces)} {unit}"
    return f"{number_text(length)} d"
