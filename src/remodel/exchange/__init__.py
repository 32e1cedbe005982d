"""Models and simulations for other programs: SBML, PEtab, mrgsolve, deSolve, NONMEM, LaTeX."""

from remodel.exchange.export import export

__all__ = ["export"]
