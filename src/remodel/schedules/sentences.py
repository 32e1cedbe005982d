"""Schedule sentences: what they mean, and how they are read.

::

    schedule  = line { ";" line }                        side by side
    line      = stage { [","] "then" stage }             one after the other
    stage     = regimen { "and" regimen }                side by side; binds tighter than "then"
              | "nothing for" LENGTH                     a holiday
    regimen   = DRUG DOSE UNIT { clause } | intervention | "none"
    clause    = "once" | ["once"] "daily" | "twice daily" | "weekly" | "monthly" | "yearly"
              | "every" [N] TIME-UNIT                    how often; needed
              | "for" LENGTH | "x" N                     how long; without it, to the end
              | "from" LENGTH                            when the first dose is given
              | "over" LENGTH                            each dose is an infusion
              | "except dose" N {"," N}                  missed doses; the first is 1
              | "iv" | "sc" | "oral" | "patch"           route
              | "at steady state"                        as if given for ever before
    intervention = NAME [N UNIT ["daily"]] ("at" AGE | ["from" LENGTH]) ["for" LENGTH]
    LENGTH    = N TIME-UNIT                              min, h, d, wk, mo or y

Clauses stand in any order, each once. Capitals do not matter, and blanks or hyphens in the name of
a drug stand for underscores. A month is 30.4375 d and a year 365.25 d.

``for 5 y`` gives the doses strictly before 5 y: every 6 mo, these are ten, at 0 to 54 mo. Beside
``x 3`` it says how long the regimen counts as going on: ``every 6 mo x 3 for 2 y``.

``from`` counts from the start of treatment; a negative one is exposure before it
(``anastrozole 1 mg daily from -12 mo for 5 y`` ends at 48 mo). After ``then`` it counts from the
end of what came before: ``A then B from 6 mo`` starts B 6 mo after A has ended, as does
``A then nothing for 6 mo then B``. A regimen ends when its ``for`` is over, or with ``x`` one
interval after its last dose, when the next would be due.

``menopause at 50 y`` is an age of the patient, ``oophorectomy from 6 mo`` a time like any other.
What lasts, such as ``calcium intake 1200 mg``, ``exercise`` or ``bed rest``, begins at 0 unless
``from`` says otherwise, and goes on unless ``for`` says how long.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import NoReturn

from remodel.errors import ScheduleError, UnitError, nearest
from remodel.schedules.events import Dose, Intervention, check_intervention, doses_within
from remodel.schedules.interventions import INTERVENTIONS
from remodel.schedules.schedule import Schedule
from remodel.schedules.tokens import Cursor, Token
from remodel.schedules.words import (
    INTERVALS,
    NOT_FINITE,
    RESERVED_WORDS,
    ROUTE_WORDS,
    check_dose_unit,
    drug_name,
)
from remodel.units import dose_in_mg

_HOW_OFTEN = "once, daily, twice daily, weekly, monthly, yearly or every 6 mo"
_CLAUSE_OF_WORD = {
    **dict.fromkeys(("once", "daily", "twice", "weekly", "monthly", "yearly", "every"), "often"),
    **dict.fromkeys(ROUTE_WORDS, "route"),
    "for": "length",
    "x": "count",
    "×": "count",
    "from": "start",
    "over": "infusion",
    "except": "missed",
    "at": "steady_state",
}


def parse_sentence(sentence: str, drugs: Iterable[str] | None = None) -> Schedule:
    """Read a schedule sentence.

    Parameters
    ----------
    sentence : str
        In the grammar of this module.
    drugs : iterable of str, optional
        Canonical names of the known drugs; any name is accepted without it.

    Raises
    ------
    ScheduleError, UnitError
        If the sentence cannot be read, with a mark under the place.
    """
    if not isinstance(sentence, str):
        raise ScheduleError(f"A schedule sentence is text, not {type(sentence).__name__}.")
    if not sentence.strip():
        raise ScheduleError("The schedule is empty; write 'none' for no treatment.")
    known = None if drugs is None else tuple(drugs)
    return _Reader(sentence, known).schedule()


@dataclass(slots=True)
class _Clauses:
    """What the clauses of one regimen say."""

    often: float | None = None
    route: str | None = None
    length: float | None = None
    count: int | None = None
    start: float = 0.0
    infusion: float = 0.0
    missed: tuple[int, ...] = ()
    steady_state: bool = False


class _Reader(Cursor):
    """Reads one sentence from left to right, one method for each rule of the grammar."""

    def __init__(self, sentence: str, drugs: tuple[str, ...] | None) -> None:
        super().__init__(sentence)
        self.drugs = drugs

    def schedule(self) -> Schedule:
        schedule = self.line()
        while mark := self.accept(";"):
            schedule = self.placed(Schedule.__and__, schedule, self.line(), at=mark)
        if self.token.kind != "end":
            join = "join regimens by ';', 'and' or 'then'"
            self.fail(f"'{self.token.text}' is not understood here; {join}.", self.token)
        return schedule

    def line(self) -> Schedule:
        line = Schedule()
        gap = 0.0
        then = self.token
        while True:
            if self.is_holiday():
                gap += self.holiday()
            else:
                stage = self.stage().delayed(gap)
                line = self.placed(Schedule.then, line, stage, at=then)
                gap = 0.0
            if self.token.word == "," and self.following.word == "then":
                self.advance()
            if self.token.word != "then":
                return line
            then = self.advance()

    def is_holiday(self) -> bool:
        return self.token.word == "nothing" and self.following.word == "for"

    def holiday(self) -> float:
        self.advance()
        self.advance()
        number = self.token
        length = self.length("for")  # 0 too, so that a delay can be swept from none
        if length < 0:
            message = f"'nothing for' is followed by a length of 0 or more, not '{number.text}'."
            self.fail(message, number)
        return length

    def stage(self) -> Schedule:
        stage = self.regimen()
        while joint := self.accept("and"):
            if self.is_holiday():
                self.fail("'nothing for' stands alone in its place between 'then's.", self.token)
            stage = self.placed(Schedule.__and__, stage, self.regimen(), at=joint)
        return stage

    def regimen(self) -> Schedule:
        first = self.token
        if first.kind == "end" or first.word in {";", ",", "then", "and"}:
            where = f"before '{first.text}'" if first.text else "at the end"
            self.fail(f"A regimen is missing {where}.", first)
        if self.accept("none", "nothing"):
            return Schedule()
        names = self.name_tokens()
        name = "_".join(token.word for token in names).replace("-", "_")
        if name in INTERVENTIONS or (names and self.token.word == "at"):
            return Schedule(interventions=(self.intervention(name, names),))
        return Schedule(self.doses(names))

    def name_tokens(self) -> list[Token]:
        if self.token.word in INTERVENTIONS:
            return [self.advance()]
        names = []
        while self.token.kind == "word" and self.token.word not in RESERVED_WORDS:
            names.append(self.advance())
        return names

    def intervention(self, name: str, names: list[Token]) -> Intervention:
        self.placed(check_intervention, name, at=names[0], to=names[-1])
        value = self.intervention_value(name)
        if self.accept("at"):
            age = self.positive_length("at")
            return self.placed_intervention(name, names, value, self.lasting(), age=age)
        duration = self.lasting()
        if self.accept("from"):
            time = self.length("from")
        elif INTERVENTIONS[name].lasting:
            time = 0.0
        else:
            message = f"{name}: say when; write '{name} at 50 y' (age) or '{name} from 6 mo'."
            self.fail(message, names[0], names[-1])
        duration = self.lasting() if duration is None else duration
        return self.placed_intervention(name, names, value, duration, time=time)

    def placed_intervention(
        self,
        name: str,
        names: list[Token],
        value: float | None,
        duration: float | None,
        *,
        age: float | None = None,
        time: float | None = None,
    ) -> Intervention:
        return self.placed(
            Intervention, name, age, time, value, duration, at=names[0], to=self.previous
        )

    def lasting(self) -> float | None:
        return self.positive_length("for") if self.accept("for") else None

    def intervention_value(self, name: str) -> float | None:
        """Return the size of an intervention, in the unit it is kept in."""
        unit = INTERVENTIONS[name].unit
        if unit is None:
            return None
        number = self.token
        amount = self.number(name)
        given = self.dose_unit(name, number)
        self.accept("daily")
        value = amount if given.lower() == unit.lower() else None
        if value is None:
            units = INTERVENTIONS[name].units_per_mg
            with suppress(UnitError):
                value = dose_in_mg(amount, given, name, iu_per_mg=units) * (units or 1.0)
        if value is None:
            example = f"{name.replace('_', ' ')} {number.text} {unit}"
            message = f"{name} is given in {unit}, not {given}; write for example '{example}'."
            self.fail(message, number, self.previous, UnitError)
        return value

    def doses(self, names: list[Token]) -> tuple[Dose, ...]:
        if not names:
            message = f"'{self.token.text}' stands where the name of a drug is expected."
            self.fail(message, self.token)
        if self.token.kind != "number" and self.token.word not in NOT_FINITE:
            self.fail_without_dose(names)
        written = " ".join(token.text for token in names)
        drug = self.placed(drug_name, written, self.drugs, at=names[0], to=names[-1])
        number = self.token
        amount = self.number("the drug")
        unit = self.dose_unit(drug, number)
        if amount < 0:
            self.fail(f"{drug}: dose {number.text} {unit} is negative; allowed: 0 or more.", number)
        said = self.clauses(drug, names[0])
        return self.placed(_doses, drug, amount, unit, said, at=names[0], to=self.previous)

    def fail_without_dose(self, names: list[Token]) -> NoReturn:
        drug = " ".join(token.text for token in names)
        if self.token.word in ROUTE_WORDS:
            route = self.token.text
            message = f"'{route}' comes after the dose, such as '60 mg {route}'."
            self.fail(message, self.token)
        message = f"'{drug}' is without a dose, such as '5 mg daily' or '60 mg every 6 mo'."
        self.fail(message, names[0], names[-1])

    def dose_unit(self, drug: str, number: Token) -> str:
        if self.token.kind != "word" or self.token.word in RESERVED_WORDS:
            message = f"{drug}: dose without a unit; write for example '{number.text} mg'."
            self.fail(message, number, error=UnitError)
        self.placed(check_dose_unit, self.token.text, at=self.token)
        return self.advance().text

    def clauses(self, drug: str, first: Token) -> _Clauses:
        said = _Clauses()
        seen: set[str] = set()
        while self.token.kind in {"word", "number"} and self.token.word not in {"then", "and"}:
            clause = self.clause_name()
            if clause in seen:
                message = f"'{self.token.text}' stands beside another clause of its kind; keep one."
                self.fail(message, self.token)
            seen.add(clause)
            # clause_length() reads what said.length holds, and so on for every clause.
            setattr(said, clause, getattr(self, f"clause_{clause}")())
        if "often" not in seen:
            self.fail(f"{drug}: say how often: {_HOW_OFTEN}.", first, self.previous)
        return said

    def clause_name(self) -> str:
        word = self.token.word
        if word[0] == "x" and word[1:].isdecimal():
            return "count"
        if word not in _CLAUSE_OF_WORD:
            hint = nearest(word, _CLAUSE_OF_WORD) if self.token.kind == "word" else ""
            self.fail(f"'{self.token.text}' is not understood here.{hint}", self.token)
        return _CLAUSE_OF_WORD[word]

    def clause_often(self) -> float | None:
        token = self.advance()
        if token.word == "once":
            if self.token.word != "every" and self.token.word not in INTERVALS:
                return None
            token = self.advance()  # once daily, once every 6 mo
        if token.word == "twice":
            if not self.accept("daily"):
                self.fail("'twice' is followed by 'daily'.", token)
            return INTERVALS["twice daily"]
        if token.word != "every":
            return INTERVALS[token.word]
        if self.token.kind == "word" and self.token.word not in NOT_FINITE:
            return self.time_unit(1.0, token)
        return self.positive_length("every")

    def clause_route(self) -> str:
        return ROUTE_WORDS[self.advance().word]

    def clause_length(self) -> float:
        self.advance()
        return self.positive_length("for")

    def clause_start(self) -> float:
        self.advance()
        return self.length("from")

    def clause_infusion(self) -> float:
        self.advance()
        return self.positive_length("over")

    def clause_steady_state(self) -> bool:
        at = self.advance()
        if not (self.accept("steady") and self.accept("state")):
            self.fail("'at' belongs to 'at steady state', or to an intervention.", at)
        return True

    def clause_count(self) -> int:
        token = self.advance()
        if token.word[1:]:
            return self.whole_number(token, token.text[1:], "'x'")
        number = self.advance()
        return self.whole_number(number, number.text, "'x'")

    def clause_missed(self) -> tuple[int, ...]:
        self.advance()
        self.accept("dose", "doses")
        missed = []
        while True:
            token = self.advance()
            missed.append(self.whole_number(token, token.text, "'except dose'"))
            if self.token.word not in {",", "and"} or self.following.kind != "number":
                return tuple(missed)
            self.advance()


def _doses(drug: str, amount: float, unit: str, said: _Clauses) -> tuple[Dose, ...]:
    count = said.count
    if said.often is None:
        if said.count is not None or said.length is not None or said.steady_state:
            raise ScheduleError(f"{drug}: a dose given once has no 'for', 'x' or steady state.")
        count = 1
    elif count is None and said.length is not None:
        count = doses_within(said.length, said.often)
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
        duration=said.length,
    )
    return dose.without(said.missed)
