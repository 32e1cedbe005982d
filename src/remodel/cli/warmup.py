"""``remodel warmup``: compile what is usually needed, once, onto disk."""

from __future__ import annotations

import argparse
import time
from itertools import product
from typing import TYPE_CHECKING, Any

from remodel.cli.screen import count

if TYPE_CHECKING:
    from remodel.models import Model

_COMMON = (
    ("anastrozole", "letrozole", "exemestane"),
    ("zoledronic_acid", "denosumab", "alendronate", "risedronate", "ibandronate"),
)


def add_parser(commands: Any) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "warmup",
        help="compile models for the usual drugs, so that later runs start at once",
        description="Compile a model without drugs, with each drug, and with usual pairs. "
        "Compiled code is kept on disk; set REMODEL_CACHE_DIR to choose where.",
    )
    parser.set_defaults(action=run)
    parser.add_argument("--model", default="reference", help="see: remodel list models")


def run(args: argparse.Namespace) -> int:
    """Compile."""
    from remodel.compiler.kernels import stepper_of
    from remodel.models import load_model
    from remodel.solvers.loop import integration_loop
    from remodel.solvers.methods import DEFAULT

    model = load_model(args.model)
    begun, compiled = time.perf_counter(), 0
    integration_loop()
    integration_loop(summaries=True)  # sweeps take them
    wanted = combinations(model)
    for number, drugs in enumerate(wanted, 1):
        start = time.perf_counter()
        kernel = stepper_of(model.system(drugs), DEFAULT.name)
        compiled += kernel.compiled
        state = f"compiled in {time.perf_counter() - start:.1f} s" if kernel.compiled else "there"
        shown = " + ".join(drugs) or "no drug"
        print(f"[{number:2d}/{len(wanted)}] {shown.replace('_', ' ')}: {state}", flush=True)
    print(f"{count(compiled, 'model')} compiled in {time.perf_counter() - begun:.1f} s.")
    return 0


def combinations(model: Model) -> list[tuple[str, ...]]:
    """Return the combinations of drugs worth compiling: none, each, and usual pairs."""
    pairs = [model.with_drugs(p) for p in product(*_COMMON) if set(p) <= set(model.drugs)]
    return [(), *((name,) for name in model.drugs), *pairs]
