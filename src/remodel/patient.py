"""Who is simulated: age, sex, menopause, and the bone there is at the start."""

from __future__ import annotations

import math
import numbers
from dataclasses import dataclass, field, fields
from typing import Literal, NoReturn, get_args

from remodel.errors import PatientError

Sex = Literal["female", "male"]
SEXES: tuple[Sex, ...] = get_args(Sex)
SITES = ("lumbar_spine", "total_hip", "femoral_neck")
"""Where density is simulated."""
OLDEST = 120.0
EXTREME_T_SCORE = 6.0  # lower ones would leave less than no bone at the femoral neck
DEFAULT_MENOPAUSE_AGE = 50.0
"""Median age at the final menstrual period, rounded: SWAN median 51.4 y (Gold 2001, Am J Epidemiol
153:865-874)."""


@dataclass(frozen=True, slots=True)
class Patient:
    """A woman, or a man, at the start of treatment.

    Parameters
    ----------
    age : float
        At the start of treatment [y].
    menopause_age : float, optional
        Age at the final menstrual period, or at removal of the ovaries [y]. By default 50 for a
        natural menopause; needed for a surgical one. It may lie in the future.
    menopause : {"natural", "surgical", None}
        None, which may also be written "none": the ovaries work throughout.
    t_score_lumbar_spine, t_score_total_hip, t_score_femoral_neck : float, optional
        Baseline T-score; by default what her simulated history gives.
    sex : {"female", "male"}
        A man has estradiol from testosterone, and no menopause.
    name : str
        Label in results.

    Raises
    ------
    PatientError
        If a value is not finite, impossible, or contradicts another.
    """

    age: float = 62.0
    menopause_age: float | None = None
    menopause: Literal["natural", "surgical", "none"] | None = "natural"
    t_score_lumbar_spine: float | None = None
    t_score_total_hip: float | None = None
    t_score_femoral_neck: float | None = None
    sex: Sex = field(default="female", kw_only=True)
    name: str = field(default="", kw_only=True)

    def __post_init__(self) -> None:
        """Check every field before anything is simulated."""
        if self.menopause == "none":
            object.__setattr__(self, "menopause", None)
        self._check_numbers()
        self._check_sex()
        self._check_menopause()

    def _check_numbers(self) -> None:
        for item in fields(self):
            value = getattr(self, item.name)
            if item.name in ("name", "menopause", "sex"):
                continue
            if value is None and item.name != "age":
                continue
            if isinstance(value, bool) or not isinstance(value, numbers.Real):
                self._fail(item.name, "must be a number", repr(value)[:60])
            try:
                number = float(value)
            except OverflowError:  # a whole number of hundreds of digits
                number = math.inf
            object.__setattr__(self, item.name, number)
            if not math.isfinite(number):
                self._fail(item.name, "must be a finite number", str(number))
            if item.name.startswith("t_score") and abs(number) > EXTREME_T_SCORE:
                limit = f"{EXTREME_T_SCORE:g}"
                self._fail(item.name, f"must be between -{limit} and {limit}", f"{number:g}")
        if not 0 < self.age <= OLDEST:
            self._fail("age", f"must be above 0 and at most {OLDEST:g} y", f"{self.age:g} y")

    def _fail(self, name: str, allowed: str, shown: str) -> NoReturn:
        raise PatientError(f"{name} = {shown}: {allowed}.", field=name, value=getattr(self, name))

    def _check_sex(self) -> None:
        if self.sex not in SEXES:
            self._fail("sex", "must be 'female' or 'male'", repr(self.sex))
        if self.sex == "male" and (self.menopause_age is not None or self.menopause == "surgical"):
            raise PatientError(
                "sex='male' contradicts a menopause; leave menopause and its age out.", field="sex"
            )

    def _check_menopause(self) -> None:
        if self.menopause not in ("natural", "surgical", None):
            allowed = "must be 'natural', 'surgical' or None"
            self._fail("menopause", allowed, repr(self.menopause))
        if self.menopause is None and self.menopause_age is not None:
            raise PatientError(
                f"menopause_age = {self.menopause_age:g} y contradicts menopause=None; "
                "leave one of them out.",
                field="menopause_age",
            )
        if self.menopause == "surgical" and self.menopause_age is None:
            raise PatientError(
                "menopause='surgical' needs menopause_age, the age at surgery [y].",
                field="menopause_age",
            )
        if self.menopause_age is not None and not 0 < self.menopause_age <= OLDEST:
            allowed = f"must be above 0 (birth) and at most {OLDEST:g} y"
            self._fail("menopause_age", allowed, f"{self.menopause_age:g} y")

    @property
    def age_at_menopause(self) -> float | None:
        """Age at menopause [y], the default where none was given; None without menopause."""
        if self.menopause is None or self.sex == "male":
            return None
        return DEFAULT_MENOPAUSE_AGE if self.menopause_age is None else self.menopause_age

    @property
    def t_scores(self) -> dict[str, float]:
        """Baseline T-scores that were given, by site."""
        scores = {site: getattr(self, f"t_score_{site}") for site in SITES}
        return {site: value for site, value in scores.items() if value is not None}
