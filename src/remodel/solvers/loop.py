"""The compiled loop: made by Numba where it has changed, loaded from the disk cache otherwise.

Numba is imported only to compile. Its own cache on disk is not used: what is loaded from there is
not checked, and a change in another file that the loop depends on would go unnoticed. The key of
the compiled loop covers every source file of the compiler and of the solvers.
"""

from __future__ import annotations

import ctypes
import functools
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

from remodel import compiler
from remodel.compiler.objects import load_library, sources_digest
from remodel.errors import SolverError
from remodel.solvers.task import TASK, Task

_ENTRY = "integrate_block"
_FINE = (0, -2)  # how Numba's functions say that they returned a value, or nothing


@functools.cache
def integration_loop(*, summaries: bool = False) -> Callable[[Task], None]:
    """Return the loop as a function of a task; it releases the interpreter's lock.

    Parameters
    ----------
    summaries : bool
        Whether it takes summaries, which doubles the time to compile it.
    """
    here = Path(__file__).parent
    sources = sources_digest(Path(compiler.__file__).parent, here)
    name = "run_with_summaries" if summaries else "run"
    key = f"loop {name} {sources} numba {version('numba')}"
    library, _ = load_library(key, [_ENTRY], functools.partial(_written, name))
    pointer = ctypes.c_void_p
    prototype = ctypes.CFUNCTYPE(ctypes.c_int32, pointer, pointer, pointer)
    entry = prototype(library.addresses[_ENTRY])

    def integrate(task: Task, _library: object = library) -> None:
        result, exception = pointer(), pointer()
        code = entry(ctypes.byref(result), ctypes.byref(exception), task.record.ctypes.data)
        if code not in _FINE:
            raise SolverError(f"the compiled loop ended with code {code}; please report this.")

    return integrate


def _written(function: str) -> str:
    """Return the LLVM IR of the loop, as Numba writes it."""
    import numba as nb

    from remodel.solvers import entries

    run = getattr(entries, function)
    signature = nb.types.void(nb.from_dtype(TASK))
    run.compile(signature)
    name = run.overloads[signature.args].fndesc.llvm_func_name
    source: str = run.inspect_llvm(signature.args)
    # functions that nobody else calls can be inlined, and lose arguments they do not use
    return source.replace(name, _ENTRY).replace("define linkonce_odr", "define internal")
