"""Schedule sentences: what they mean, and how they are read.

::

    schedule  = line { ";" line } ["."]                  side by side
    line      = stage { [","] follows stage }            one after the other
    follows   = "then" | "followed by"
    stage     = regimen { also regimen }                 side by side; binds tighter than "then"
              | "nothing for" LENGTH                     a holiday
    also      = "and" | "plus" | "with" | "+"
    regimen   = DRUG DOSE UNIT { [","] clause } | intervention | "none" | "stop"
    clause    = OFTEN                                    how often; needed
              | "for" LENGTH | "until" LENGTH            how long; without it, to the end
              | "x" N | ["for"] N "doses"                how many; "x 5 years" is "for 5 years"
              | ["and"|"then"] "stopped after" LENGTH    as "for"; stop, discontinued, at
              | "from" LENGTH | "starting at" LENGTH     when the first dose is given; after
              | "over" LENGTH                            each dose is an infusion
              | "except dose" N {"," N}                  missed doses; the first is 1
              | ROUTE                                    by which route
              | "at steady state" [LENGTH "before"]      as if given for ever before
              | "tablet" | "injection" | "lifelong"      says nothing more
    OFTEN     = "once" | WORD | TIMES WORD | TIMES PER TIME-UNIT | PER TIME-UNIT
              | ["once"] "every" [N | "other"] TIME-UNIT | "q" N TIME-UNIT | N "-monthly"
    WORD      = "daily" | "weekly" | "monthly" | "yearly" | "annually" | "nightly" | "fortnightly"
              | "quarterly" | "half-yearly" | "qd" | "od" | "bid" | "bd" | "tid" | "tds" | "qod"
              | "qw" | "qm" | "qmo" | "qy" | "qam" | "qpm" | "qhs" | "biannually" | "biennially"
    TIMES     = "once" | "twice" | "thrice" | N "times"
    PER       = "a" | "per" | "each" | "/"
    ROUTE     = "iv" | "sc" | "oral" | "po" | "by mouth" | "patch", or in full: "subcutaneously"
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

from remodel.errors import ScheduleError, UnitError
from remodel.schedules.clauses import RegimenReader
from remodel.schedules.events import Intervention, check_intervention
from remodel.schedules.interventions import INTERVENTIONS
from remodel.schedules.timeline import Timeline
from remodel.schedules.tokens import Token
from remodel.schedules.words import FREQUENCIES, PER, RESERVED_WORDS, STOPS
from remodel.units import dose_in_mg

_AND = ("and", "plus", "with", "+")


def parse_sentence(sentence: str, drugs: Iterable[str] | None = None) -> Timeline:
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


class _Reader(RegimenReader):
    """Reads one sentence from left to right, one method for each rule of the grammar."""

    def schedule(self) -> Timeline:
        schedule = self.line()
        while mark := self.accept(";"):
            schedule = self.placed(Timeline.__and__, schedule, self.line(), at=mark)
        if self.token.kind != "end":
            join = "join regimens by ';', 'and' or 'then'"
            self.fail(f"'{self.token.text}' is not understood here; {join}.", self.token)
        return schedule

    def line(self) -> Timeline:
        line = Timeline()
        gap = 0.0
        then = self.token
        while True:
            if self.is_holiday():
                gap += self.holiday()
            else:
                stage = self.stage().delayed(gap)
                line = self.placed(Timeline.then, line, stage, at=then)
                gap = 0.0
            if self.token.word == "," and self.following.word in {"then", "followed"}:
                self.advance()
            then = self.token
            if not self.follows():
                return line

    def follows(self) -> bool:
        """Read ``then`` or ``followed by``."""
        followed = self.accept("followed")
        if followed and not self.accept("by"):
            self.fail("'followed' belongs to 'followed by'.", followed)
        return followed is not None or self.accept("then") is not None

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

    def stage(self) -> Timeline:
        stage = self.regimen()
        while joint := self.accept(*_AND):
            if self.is_holiday():
                self.fail("'nothing for' stands alone in its place between 'then's.", self.token)
            stage = self.placed(Timeline.__and__, stage, self.regimen(), at=joint)
        return stage

    def regimen(self) -> Timeline:
        first = self.token
        if first.kind == "end" or first.word in {";", ",", "then", "followed", *_AND}:
            where = f"before '{first.text}'" if first.text else "at the end"
            self.fail(f"A regimen is missing {where}.", first)
        if self.accept("none", "nothing", *STOPS):
            return Timeline()
        names = self.name_tokens()
        name = "_".join(token.word for token in names).replace("-", "_")
        if name in INTERVENTIONS or (names and self.token.word == "at"):
            return Timeline(interventions=(self.intervention(name, names),))
        return Timeline(self.doses(names))

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
        written = self.dose_unit(name, number)
        if self.token.word in PER or FREQUENCIES.get(self.token.word) == 1.0:
            often = self.token
            if self.clause_often() != 1.0:
                self.fail(f"{name} is what is taken in a day.", often, self.previous)
        value = amount if written.lower() == unit.lower() else None
        if value is None:
            units = INTERVENTIONS[name].units_per_mg
            with suppress(UnitError):
                value = dose_in_mg(amount, written, name, iu_per_mg=units) * (units or 1.0)
        if value is None:
            example = f"{name.replace('_', ' ')} {number.text} {unit}"
            message = f"{name} is given in {unit}, not {written}; write for example '{example}'."
            self.fail(message, number, self.previous, UnitError)
        return value
