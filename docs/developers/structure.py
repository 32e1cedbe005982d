"""Measure the structure of the package: rooms, floors, arrows, circles, and names that do not tell.

Run ``python docs/developers/structure.py [FOLDER]``; FOLDER is the package, ``src/remodel`` by
default. A room is a folder of modules, or a module at the top level of the package. An arrow is a
pair of rooms of which the first imports the second, imports for type checking and inside functions
included. Floors are the rooms in the longest chain of arrows. A circle is a set of modules that
import each other. ``--check`` ends with an error where a limit is passed.
"""

from __future__ import annotations

import argparse
import ast
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).parents[2] / "src" / "remodel"
LIMITS = {"rooms": 44, "floors": 15, "arrows": 375, "circles": 0}
WORDS = frozenset({"found", "some", "own", "given", "told", "of", "mine", "part", "place"})
LARGEST_SHARE = 0.03

Edges = Mapping[str, frozenset[str]]


def modules(package: Path) -> dict[str, ast.Module]:
    """Return the syntax tree of every module by its dotted name."""
    trees = {}
    for path in sorted(package.rglob("*.py")):
        parts = path.relative_to(package.parent).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        trees[name] = ast.parse(path.read_text(encoding="utf-8"))
    return trees


def packages(package: Path) -> frozenset[str]:
    """Return the dotted names of the folders."""
    folders = (path.parent for path in package.rglob("__init__.py"))
    return frozenset(".".join(f.relative_to(package.parent).parts) for f in folders)


def imports(trees: Mapping[str, ast.Module]) -> Edges:
    """Return, for every module, the modules of the package that it names in an import."""
    return {name: frozenset(_imported(tree, trees)) - {name} for name, tree in trees.items()}


def _imported(tree: ast.Module, known: Mapping[str, ast.Module]) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in known)
        elif isinstance(node, ast.ImportFrom) and node.module in known:
            submodules = {f"{node.module}.{alias.name}" for alias in node.names} & known.keys()
            yield from submodules
            if len(submodules) < len(node.names):
                yield node.module


def room(module: str, folders: frozenset[str]) -> str:
    """Return the room of a module: its folder, or itself at the top level."""
    if module in folders:
        return module
    folder = module.rpartition(".")[0]
    return folder if "." in folder else module


def between_rooms(edges: Edges, folders: frozenset[str]) -> Edges:
    """Return the arrows between rooms."""
    arrows: dict[str, set[str]] = defaultdict(set)
    for module, targets in edges.items():
        source = room(module, folders)
        arrows[source] |= {room(target, folders) for target in targets} - {source}
    return {name: frozenset(targets) for name, targets in arrows.items()}


def circles(edges: Edges) -> list[list[str]]:
    """Return sets of two and more modules that import each other."""
    reached = {name: _reachable(name, edges) for name in edges}
    sets = {frozenset(b for b in reached[a] if a in reached[b]) for a in edges if a in reached[a]}
    return sorted(sorted(members) for members in sets)


def _reachable(start: str, edges: Edges) -> set[str]:
    seen: set[str] = set()
    waiting = list(edges.get(start, ()))
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            waiting.extend(edges.get(name, ()))
    return seen


def floors(arrows: Edges) -> int:
    """Return the number of rooms in the longest chain; rooms in a circle count as one chain."""
    sys.setrecursionlimit(10_000)
    group = _groups(arrows)
    sizes: dict[int, int] = defaultdict(int)
    for index in group.values():
        sizes[index] += 1
    below: dict[int, set[int]] = defaultdict(set)
    for source, targets in arrows.items():
        below[group[source]] |= {group[target] for target in targets} - {group[source]}

    @cache
    def height(index: int) -> int:
        return sizes[index] + max((height(lower) for lower in below[index]), default=0)

    return max(map(height, sizes))


def _groups(arrows: Edges) -> dict[str, int]:
    names = set(arrows) | {target for targets in arrows.values() for target in targets}
    reached = {name: _reachable(name, arrows) for name in names}
    group: dict[str, int] = {}
    for name in sorted(names):
        members = {n for n in reached[name] if name in reached[n]} | {name}
        group[name] = min((group[n] for n in members if n in group), default=len(group))
    return group


def functions(trees: Iterable[ast.Module]) -> Iterator[ast.FunctionDef]:
    """Yield every function and method."""
    for tree in trees:
        yield from (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))


def assigns_such_a_word(function: ast.FunctionDef) -> bool:
    """Whether a function assigns a local whose name does not tell what it holds."""
    names = (n for n in ast.walk(function) if isinstance(n, ast.Name))
    return any(isinstance(name.ctx, ast.Store) and name.id in WORDS for name in names)


def measure(package: Path) -> tuple[dict[str, int], float, list[list[str]]]:
    """Return the counts of ``LIMITS``, the share of functions with such words, and the circles."""
    trees = modules(package)
    edges = imports(trees)
    arrows = between_rooms(edges, packages(package))
    closed = circles(edges)
    counts = {
        "rooms": len(arrows),
        "floors": floors(arrows),
        "arrows": sum(map(len, arrows.values())),
        "circles": len(closed),
    }
    every = list(functions(trees.values()))
    return counts, sum(map(assigns_such_a_word, every)) / len(every), closed


def main() -> int:
    """Print the counts; with ``--check`` return 1 where a limit is passed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("package", nargs="?", type=Path, default=PACKAGE)
    parser.add_argument("--check", action="store_true")
    arguments = parser.parse_args()
    counts, share, closed = measure(arguments.package)
    for name, count in counts.items():
        print(f"{name:8s} {count:4d}   at most {LIMITS[name]}")
    print(f"functions with such names {share:.1%}, at most {LARGEST_SHARE:.0%}")
    for members in closed:
        print("circle:", ", ".join(members))
    passed = share > LARGEST_SHARE or any(counts[name] > LIMITS[name] for name in LIMITS)
    return 1 if arguments.check and passed else 0


if __name__ == "__main__":
    raise SystemExit(main())
