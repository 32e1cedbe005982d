"""From traced equations to machine code: steps of the solver, written for one model."""
