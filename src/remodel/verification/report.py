"""What a verification found: one line a scenario and quantity."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class Comparison:
    """The largest difference of one quantity in one scenario.

    Attributes
    ----------
    scenario : str
        ``right-hand side`` for derivatives at given states.
    quantity : str
        State, quantity, or ``d<state>_dt``.
    difference : float
        Largest difference, relative to the range of the reference; NaN after a failure.
    time : float
        Where it is, in the reference's unit of time; row number for the right-hand side.
    tolerance : float
    note : str
        What went wrong, if the solver did not reach the end.
    """

    scenario: str
    quantity: str
    difference: float
    time: float
    tolerance: float
    note: str = ""

    @property
    def passed(self) -> bool:
        """Whether the difference is within the tolerance."""
        return self.difference <= self.tolerance


@dataclass(frozen=True, slots=True)
class Verification:
    """All comparisons of a folder.

    Attributes
    ----------
    model : str
    comparisons : tuple of Comparison
    ignored : tuple of str
        Columns of the references that the model does not define.
    """

    model: str
    comparisons: tuple[Comparison, ...]
    ignored: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether everything is within tolerance."""
        return all(c.passed for c in self.comparisons)

    @property
    def failures(self) -> tuple[Comparison, ...]:
        """Comparisons beyond tolerance, the worst first."""
        bad = [c for c in self.comparisons if not c.passed]
        return tuple(sorted(bad, key=lambda c: -c.difference))

    def worst(self) -> dict[str, Comparison]:
        """Return the largest difference of each scenario."""
        worst: dict[str, Comparison] = {}
        for c in self.comparisons:
            if c.scenario not in worst or not c.difference <= worst[c.scenario].difference:
                worst[c.scenario] = c
        return worst

    def to_frame(self) -> pd.DataFrame:
        """Return a table with one row a scenario and quantity."""
        import pandas as pd

        names = ("scenario", "quantity", "difference", "time", "tolerance", "passed", "note")
        rows = [[getattr(c, name) for name in names] for c in self.comparisons]
        return pd.DataFrame(rows, columns=list(names))

    def __repr__(self) -> str:
        """Return one line: how many comparisons were made, and how many failed."""
        n, failed = len(self.comparisons), len(self.failures)
        return f"<Verification of {self.model!r}: {n} comparisons, {failed} beyond tolerance>"

    def __str__(self) -> str:
        """Return one line a scenario."""
        lines = [f"{self.model}: {'passed' if self.passed else 'FAILED'}"]
        for name, c in self.worst().items():
            mark = "ok" if c.passed else "FAILED"
            end = f" ({c.note})" if c.note else ""
            lines.append(f"  {name}: {c.difference:.1e} in {c.quantity}, {mark}{end}")
        return "\n".join(lines)
