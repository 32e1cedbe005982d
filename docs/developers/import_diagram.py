"""Draw which room of the package imports which, as SVG: a floor a line, the command line on top."""

from __future__ import annotations

from collections import defaultdict

from developers import structure

WIDTH, FLOOR, HEIGHT = 1000, 74, 30
INK, LINE, FILL = "#222222", "#9AA7B3", "#E3EEF7"
PACKAGE = "remodel"


def rooms() -> dict[str, frozenset[str]]:
    """Return what each room imports, without the package's own list of public names."""
    trees = structure.modules(structure.PACKAGE)
    arrows = structure.between_rooms(
        structure.imports(trees), structure.packages(structure.PACKAGE)
    )
    # one room for a model of several files
    short = {name: ".".join(name.split(".")[1:2]) for name in arrows}
    merged: dict[str, set[str]] = defaultdict(set)
    for name, targets in arrows.items():
        if name != PACKAGE:
            merged[short[name]] |= {short[t] for t in targets if t != PACKAGE} - {short[name]}
    return {name: frozenset(targets) for name, targets in merged.items()}


def heights(arrows: dict[str, frozenset[str]]) -> dict[str, int]:
    """Return the floor of each room, one above the highest room it imports."""
    height: dict[str, int] = {}

    def of_room(name: str) -> int:
        if name not in height:
            height[name] = 1 + max((of_room(lower) for lower in arrows[name]), default=-1)
        return height[name]

    for name in arrows:
        of_room(name)
    return height


def direct(arrows: dict[str, frozenset[str]]) -> list[tuple[str, str]]:
    """Return the arrows that no longer way replaces."""

    def below(name: str) -> set[str]:
        return set().union(*({lower} | below(lower) for lower in arrows[name]))

    return [
        (name, target)
        for name, targets in arrows.items()
        for target in targets
        if not any(target in below(other) for other in targets - {target})
    ]


def svg() -> str:
    """Return the diagram."""
    arrows = rooms()
    height = heights(arrows)
    floors: dict[int, list[str]] = defaultdict(list)
    for name in sorted(height):
        floors[height[name]].append(name)
    top = max(floors)
    position: dict[str, tuple[float, float]] = {}
    for level in range(top + 1):
        members = floors[level]
        if level:  # above the mean of what each imports, so that lines cross less
            members = sorted(members, key=lambda n: _mean([position[t][0] for t in arrows[n]]))
        for k, name in enumerate(members):
            x = WIDTH * (k + 1) / (len(members) + 1)
            position[name] = (x, 40 + (top - level) * FLOOR)
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {top * FLOOR + 80}" '
        'font-family="sans-serif" font-size="14" role="img" '
        'aria-label="Rooms of the package and what they import">'
    ]
    for source, target in direct(arrows):
        (x1, y1), (x2, y2) = position[source], position[target]
        y1, y2 = y1 + HEIGHT / 2, y2 - HEIGHT / 2
        bend = (y2 - y1) / 2
        lines.append(
            f'<path d="M{x1:.0f},{y1:.0f} C{x1:.0f},{y1 + bend:.0f} {x2:.0f},{y2 - bend:.0f} '
            f'{x2:.0f},{y2:.0f}" fill="none" stroke="{LINE}"/>'
        )
    for name, (x, y) in position.items():
        width = 9 * len(name) + 18
        lines.append(
            f'<rect x="{x - width / 2:.0f}" y="{y - HEIGHT / 2:.0f}" width="{width}" '
            f'height="{HEIGHT}" rx="4" fill="{FILL}" stroke="{LINE}"/>'
            f'<text x="{x:.0f}" y="{y + 5:.0f}" text-anchor="middle" fill="{INK}">{name}</text>'
        )
    return "\n".join([*lines, "</svg>"])


def _mean(numbers: list[float]) -> float:
    return sum(numbers) / len(numbers) if numbers else 0.0
