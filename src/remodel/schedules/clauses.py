"""The clauses of one regimen: drug, dose, how often, how long, by which route."""

from __future__ import annotations

import re
import warnings
from dataclasses import dataclass
from typing import NoReturn

from remodel.errors import EquivalentDoseWarning, ScheduleError, UnitError, nearest
from remodel.schedules.events import Dose, doses_within
from remodel.schedules.medicines import medicines
from remodel.schedules.tokens import Cursor, Token
from remodel.schedules.words import (
    FORMS,
    FREQUENCIES,
    INTERVALS,
    NOT_FINITE,
    PER,
    RESERVED_WORDS,
    ROUTE_WORDS,
    STOPS,
    TIMES_A_UNIT,
    check_dose_unit,
    drug_name,
    length_in_days,
    number_text,
)
from remodel.units import TIME_UNITS

_HOW_OFTEN = "once, daily, twice daily, weekly, monthly, yearly or every 6 mo"
_CLAUSE_OF_WORD = {
    **dict.fromkeys((*FREQUENCIES, *TIMES_A_UNIT, *PER, "every", "q"), "often"),
    **dict.fromkeys((*ROUTE_WORDS, "by"), "route"),
    "for": "length",
    **dict.fromkeys(("until", "till", "to"), "until"),
    **dict.fromkeys(STOPS, "stop"),
    "x": "count",
    "×": "count",
    **dict.fromkeys(("from", "starting", "beginning", "after"), "start"),
    "over": "infusion",
    "except": "missed",
    "at": "steady_state",
    **dict.fromkeys((*FORMS, "indefinitely", "lifelong", "ongoing"), "form"),
}
_ENDS_OF_CLAUSES = {"then", "and", "plus", "with", "followed", "+"}
_DOSES = ("doses", "dose", "injections", "infusions", "tablets", "times")
_EVERY = re.compile(r"q(\d+)-?([a-z]*)", re.ASCII)
_EACH = {"hourly": "h", "daily": "d", "weekly": "wk", "monthly": "mo", "yearly": "y"}
_COUNT = re.compile(r"x\d+", re.ASCII)


@dataclass(slots=True)
class Clauses:
    """What the clauses of one regimen say."""

    often: float | None = None
    route: str | None = None
    length: float | None = None
    until: float | None = None
    stop: float | None = None
    count: int | None = None
    start: float = 0.0
    infusion: float = 0.0
    missed: tuple[int, ...] = ()
    steady_state: bool = False
    lead: float = 0.0
    form: None = None


class RegimenReader(Cursor):
    """Reads one regimen from left to right, one method for each clause."""

    def __init__(self, sentence: str, drugs: tuple[str, ...] | None) -> None:
        super().__init__(sentence)
        self.drugs = drugs

    def doses(self, names: list[Token]) -> tuple[Dose, ...]:
        """Read what follows the name of a drug."""
        if not names:
            message = f"'{self.token.text}' stands where the name of a drug is expected."
            self.fail(message, self.token)
        if self.token.kind != "number" and self.token.word not in NOT_FINITE:
            self.fail_without_dose(names)
        written = " ".join(token.text for token in names)
        name = self.placed(drug_name, written, at=names[0], to=names[-1])
        equivalent = medicines().equivalents.get(name)
        known = equivalent.drug if equivalent else written
        drug = self.placed(drug_name, known, self.drugs, at=names[0], to=names[-1])
        number = self.token
        amount = self.number("the drug")
        unit = self.dose_unit(drug, number)
        if amount < 0:
            self.fail(f"{drug}: dose {number.text} {unit} is negative; allowed: 0 or more.", number)
        said = self.clauses(drug, names[0])
        if equivalent:
            if said.route not in (None, equivalent.route):
                message = f"'{written}' is given {equivalent.route}, not {said.route}."
                self.fail(message, names[0], self.previous)
            amount, said.route = amount * equivalent.mg_per_mg, equivalent.route
            warnings.warn(
                f"{written} {number.text} {unit} is read as {drug} {number_text(amount)} {unit} "
                f"{equivalent.route}. {equivalent.source}.",
                EquivalentDoseWarning,
                stacklevel=2,
            )
        return self.placed(regimen_doses, drug, amount, unit, said, at=names[0], to=self.previous)

    def fail_without_dose(self, names: list[Token]) -> NoReturn:
        """Say that a drug has no dose; first, that it is not known at all."""
        drug = " ".join(token.text for token in names)
        if self.token.word in ROUTE_WORDS:
            route = self.token.text
            message = f"'{route}' comes after the dose, such as '60 mg {route}'."
            self.fail(message, self.token)
        message = f"'{drug}' is without a dose, such as '5 mg daily' or '60 mg every 6 mo'."
        self.fail(message, names[0], names[-1])

    def dose_unit(self, drug: str, number: Token) -> str:
        """Read a unit of dose."""
        if self.token.kind != "word" or self.token.word in RESERVED_WORDS:
            message = f"{drug}: dose without a unit; write for example '{number.text} mg'."
            self.fail(message, number, error=UnitError)
        self.placed(check_dose_unit, self.token.text, at=self.token)
        return self.advance().text

    def clauses(self, drug: str, first: Token) -> Clauses:
        """Read clauses in any order, each once."""
        said = Clauses()
        seen: set[str] = set()
        while self.is_clause_next():
            clause = self.clause_name()
            if clause in seen:
                message = f"'{self.token.text}' stands beside another clause of its kind; keep one."
                self.fail(message, self.token)
            if clause != "form":
                seen.add(clause)
            if clause == "length" and self.is_number_of_doses(2):
                clause = "count"  # for 10 doses
                seen.add(clause)
            # clause_length() reads what said.length holds, and so on for every clause.
            value = getattr(self, f"clause_{clause}")()
            if clause == "steady_state":
                said.lead = self.lead()
            setattr(said, clause, value)
        if "often" not in seen:
            self.fail(f"{drug}: say how often: {_HOW_OFTEN}.", first, self.previous)
        return said

    def is_clause_next(self) -> bool:
        """Return whether a clause follows, and read the comma or conjunction before it."""
        word, following = self.token.word, self.following.word
        is_stop = following in STOPS and self.token_after(2).word in {"after", "at"}
        if word in {",", "and", "then"} and is_stop:
            self.advance()
            return True
        if word == "," and following not in {"then", "followed"} and self.is_clause(self.following):
            self.advance()
            return True
        return self.token.kind in {"word", "number"} and word not in _ENDS_OF_CLAUSES

    def is_clause(self, token: Token) -> bool:
        """Return whether a word begins a clause."""
        word = token.word
        return word in _CLAUSE_OF_WORD or bool(_EVERY.fullmatch(word) or _COUNT.fullmatch(word))

    def is_number_of_doses(self, place: int) -> bool:
        """Return whether the token at a place ahead counts doses."""
        return self.token_after(place).word in _DOSES

    def clause_name(self) -> str:
        """Return which clause the next token begins."""
        word = self.token.word
        if _COUNT.fullmatch(word):
            return "count"
        if word in {"x", "×"} and self.token_after(2).word in TIME_UNITS:
            return "length"  # x 5 years
        if _EVERY.fullmatch(word):
            return "often"
        if self.token.kind == "number":
            if self.following.word == "times" and self.token_after(2).word in {*PER, *FREQUENCIES}:
                return "often"  # 2 times a year
            if self.is_number_of_doses(1):
                return "count"
            if self.following.word in _EACH:
                return "often"
            if self.following.kind != "word":
                self.fail(f"'{self.token.text}' is not understood here.", self.token)
            words = f"{self.token.text} {self.following.text}"
            message = f"'{words}' is not understood here; write 'every {words}' or 'for {words}'."
            self.fail(message, self.token, self.following)
        if word not in _CLAUSE_OF_WORD:
            hint = nearest(word, _CLAUSE_OF_WORD, cutoff=0.75) if self.token.kind == "word" else ""
            hint = "" if hint.startswith(" Known") else hint
            self.fail(f"'{self.token.text}' is not understood here.{hint}", self.token)
        return _CLAUSE_OF_WORD[word]

    def clause_often(self) -> float | None:
        """Read how often, and return the interval [d], None for a single dose."""
        token = self.advance()
        if token.kind == "number" and self.accept("times"):
            return self.times_a_unit(self.whole_number(token, token.text, "'times'"), token)
        if token.kind == "number":  # 6 monthly
            return self.times_length(token, _EACH[self.advance().word])
        times = TIMES_A_UNIT.get(token.word)
        if times is not None:
            return self.times_a_unit(times, token)
        every = _EVERY.fullmatch(token.word)
        if every:
            unit = every[2] or self.advance().word
            return self.times_length(token, unit, every[1])
        if token.word == "q":
            if self.token.kind != "number":
                return self.unit_of_interval(token)
            number = self.advance()
            return self.times_length(number, self.advance().word)
        if token.word in PER:
            return self.unit_of_interval(token)
        return FREQUENCIES[token.word] if token.word != "every" else self.every(token)

    def every(self, token: Token) -> float:
        """Read what follows ``every``."""
        if self.accept("other", "second"):
            return 2.0 * self.unit_of_interval(token)
        if self.token.kind == "word" and self.token.word not in NOT_FINITE:
            return self.time_unit(1.0, token)
        return self.positive_length("every")

    def times_length(self, token: Token, unit: str, number: str = "") -> float:
        """Return a number of units of time [d]; in an interval, ``m`` is a month."""
        count = self.whole_number(token, number or token.text, "'every'")
        word = "mo" if unit == "m" else unit
        return self.placed(length_in_days, float(count), word, at=token, to=self.previous)

    def unit_of_interval(self, token: Token) -> float:
        """Read the unit of ``per day`` or ``a week``."""
        if self.token.kind == "number":
            return self.positive_length(token.text)
        return self.time_unit(1.0, token)

    def times_a_unit(self, times: int, token: Token) -> float | None:
        """Read what follows ``once`` or ``twice``."""
        if self.token.word in PER:
            return self.unit_of_interval(self.advance()) / times
        if self.token.word in FREQUENCIES:
            word = self.advance().word
            return INTERVALS.get(f"{token.word} {word}", FREQUENCIES[word] / times)
        if times > 1:
            self.fail(f"'{token.text}' is followed by 'daily', 'a week' or the like.", token)
        if self.token.word in {"every", "q"} or _EVERY.fullmatch(self.token.word):
            return self.clause_often()
        return None

    def clause_route(self) -> str:
        """Read a route."""
        word = self.advance()
        if word.word == "by":
            if not self.accept("mouth"):
                self.fail("'by' belongs to 'by mouth'.", word)
            return "oral"
        return ROUTE_WORDS[word.word]

    def clause_form(self) -> None:
        """Pass over what says nothing more: a tablet, an injection, without an end."""
        self.advance()

    def clause_length(self) -> float:
        """Read how long."""
        self.advance()
        return self.positive_length("for")

    def clause_until(self) -> float:
        """Read until when."""
        word = self.advance()
        return self.length(word.text)

    def clause_stop(self) -> float:
        """Read after what time the drug is stopped."""
        word = self.advance()
        if not self.accept("after", "at"):
            self.fail(f"'{word.text}' is followed by 'after' and a length of time.", word)
        return self.positive_length("after")

    def clause_start(self) -> float:
        """Read when the first dose is given."""
        word = self.advance()
        if word.word != "from":
            self.accept("at", "from", "after")
        return self.length(word.text)

    def clause_infusion(self) -> float:
        """Read how long each infusion takes."""
        self.advance()
        return self.positive_length("over")

    def clause_steady_state(self) -> bool:
        """Read ``at steady state``."""
        at = self.advance()
        if not (self.accept("steady") and self.accept("state")):
            self.fail("'at' belongs to 'at steady state', or to an intervention.", at)
        return True

    def lead(self) -> float:
        """Read how long before the first dose a steady state is there, if that is said."""
        if self.token.kind != "number" or self.token_after(2).word != "before":
            return 0.0
        length = self.positive_length("at steady state")
        self.advance()
        return length

    def clause_count(self) -> int:
        """Read how many doses."""
        token = self.advance()
        if token.word in {"for", "x", "×"}:
            token = self.advance()
            text = token.text
        else:
            text = token.text.lower().removeprefix("x")
        self.accept(*_DOSES)
        return self.whole_number(token, text, "'x'")

    def clause_missed(self) -> tuple[int, ...]:
        """Read which doses are missed."""
        self.advance()
        self.accept("dose", "doses")
        missed = []
        while True:
            token = self.advance()
            missed.append(self.whole_number(token, token.text, "'except dose'"))
            if self.token.word not in {",", "and"} or self.following.kind != "number":
                return tuple(missed)
            self.advance()


def regimen_doses(drug: str, amount: float, unit: str, said: Clauses) -> tuple[Dose, ...]:
    """Return the doses that the clauses of a regimen describe.

    Raises
    ------
    ScheduleError
        If they contradict each other.
    """
    length, count = _length(drug, said), said.count
    if said.often is None:
        if said.count is not None or length is not None or said.steady_state:
            raise ScheduleError(f"{drug}: a dose given once has no 'for', 'x' or steady state.")
        count = 1
    elif count is None and length is not None:
        count = doses_within(length, said.often)
    dose = Dose(
        drug,
        amount,
        unit,
        said.start,
        interval=said.often,
        count=count,
        infusion=said.infusion,
        route=said.route,
        steady_state=said.steady_state,
        duration=length,
        lead=said.lead,
    )
    return dose.without(said.missed)


def _length(drug: str, said: Clauses) -> float | None:
    """Return how long a regimen goes on [d], however it is said."""
    lengths = [length for length in (said.length, said.stop) if length is not None]
    if said.until is not None:
        if said.until <= said.start:
            raise ScheduleError(
                f"{drug}: it ends at {number_text(said.until)} d and begins at "
                f"{number_text(said.start)} d."
            )
        lengths.append(said.until - said.start)
    if len(lengths) > 1:
        raise ScheduleError(f"{drug}: its end is given twice; keep one of 'for', 'until', 'stop'.")
    return lengths[0] if lengths else None
