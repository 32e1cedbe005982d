"""What a measurement was made on: processor, cores, versions, and how busy it was."""

from __future__ import annotations

import os
import platform
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from remodel.compiler.objects import host_lanes
from remodel.provenance import versions

_PEERS = (
    "numbalsoda", "scikit-sundae", "libroadrunner", "jax", "diffrax",
)  # fmt: skip


def pin(cores: int) -> None:
    """Keep this process on the last ``cores`` processors it may use."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, _AT_START[-cores:])


def unpin() -> None:
    """Let this process use every processor again."""
    pin(len(_AT_START))


_AT_START = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else [0]


def cores() -> int:
    """Return how many processors the process could use when it started."""
    return len(_AT_START)


def load() -> float:
    """Return the load of the machine over the last minute."""
    return os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")


def commit() -> str:
    """Return the commit that is measured, with a plus if files have changed since."""
    git = ["git", "-C", str(Path(__file__).parent)]
    try:
        head = subprocess.run(
            [*git, "rev-parse", "--short", "HEAD"], check=True, capture_output=True, text=True
        )
        changed = subprocess.run(
            [*git, "status", "--porcelain", "--", "../src"], check=True, capture_output=True
        )
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return head.stdout.strip() + ("+" if changed.stdout.strip() else "")


def processor() -> str:
    """Return the name of the processor."""
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


def describe() -> dict[str, str]:
    """Return machine and versions as text."""
    found = {
        "processor": processor(),
        "cores": str(cores()),
        "simulations to a vector": str(host_lanes()),
        "system": f"{platform.system()}, {platform.machine()}",
    }
    found.update(versions())
    for name in _PEERS:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "not installed"
    return found
