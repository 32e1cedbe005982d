"""The diagram of the reference model, drawn as SVG."""

from dataclasses import dataclass
from xml.sax.saxutils import escape

WIDTH, HEIGHT = 1010, 690
INK, FAINT = "#222222", "#666666"
FILL = {"state": "#E3EEF7", "quantity": "#F5F5F5", "drug": "#FBE9DD", "output": "#E4F3EC"}
EDGE = {"state": "#0072B2", "quantity": "#8A8A8A", "drug": "#D55E00", "output": "#009E73"}


@dataclass(frozen=True)
class Box:
    """A box around a text, by its middle."""

    x: float
    y: float
    text: str
    kind: str
    width: float = 128.0
    height: float = 38.0


BOXES = {
    "ovary": Box(110, 60, "ovaries", "quantity"),
    "aromatase": Box(330, 60, "peripheral aromatase", "quantity", 150),
    "ai": Box(560, 60, "aromatase inhibitors", "drug", 150),
    "gnrh": Box(110, 17, "GnRH analogues", "drug", 128, 26),
    "hormones": Box(450, 140, "hormone therapy", "drug", 130),
    "estradiol": Box(220, 140, "estradiol", "quantity"),
    "signal": Box(220, 220, "estrogen deficiency", "quantity", 150),
    "serm": Box(60, 220, "SERMs", "drug", 100),
    "cytokines": Box(110, 310, "IL-1, IL-6, TNF", "state"),
    "blockers": Box(110, 385, "cytokine blockers", "drug", 136),
    "rankl": Box(300, 310, "RANKL / OPG", "quantity"),
    "denosumab": Box(480, 220, "denosumab", "drug", 110),
    "rank": Box(480, 310, "RANK activation", "quantity"),
    "arrested": Box(300, 400, "waiting precursors", "state", 140),
    "fusing": Box(480, 400, "preosteoclasts", "state"),
    "osteoclasts": Box(660, 400, "osteoclasts", "state"),
    "bp": Box(660, 310, "bisphosphonates", "drug"),
    "resorption": Box(840, 400, "resorption", "quantity"),
    "romosozumab": Box(80, 590, "romosozumab", "drug", 116),
    "teriparatide": Box(625, 500, "teriparatide", "drug", 100),
    "sclerostin": Box(110, 500, "sclerostin", "state"),
    "preosteoblasts": Box(300, 500, "preosteoblasts", "state"),
    "osteoblasts": Box(480, 500, "osteoblasts", "state"),
    "osteocytes": Box(300, 590, "osteocytes", "state"),
    "young": Box(660, 590, "young bone, by site", "state", 140),
    "mature": Box(840, 590, "mature bone, by site", "state", 146),
    "bmd": Box(840, 660, "BMD, T- and Z-score", "output", 150),
    "ctx": Box(940, 310, "CTX, NTX", "output", 100),
    "p1np": Box(480, 660, "P1NP, BSAP", "output", 110),
}

# From, to, effect: "+" raises, "-" lowers, ">" flows or feeds; corners between, if any.
ARROWS = [
    ("ovary", "estradiol", "+"),
    ("aromatase", "estradiol", "+"),
    ("ai", "aromatase", "-"),
    ("gnrh", "ovary", "-"),
    ("hormones", "estradiol", "+"),
    ("blockers", "cytokines", "-"),
    ("romosozumab", "sclerostin", "-"),
    ("teriparatide", "osteoblasts", "+"),
    ("estradiol", "signal", "-"),
    ("serm", "signal", "-"),
    ("signal", "cytokines", "+"),
    ("signal", "rankl", "+"),
    ("cytokines", "rankl", "+"),
    ("rankl", "rank", "+"),
    ("denosumab", "rank", "-"),
    ("rank", "fusing", "+"),
    ("arrested", "fusing", ">"),
    ("fusing", "osteoclasts", ">"),
    ("bp", "osteoclasts", "-"),
    ("osteoclasts", "resorption", "+"),
    ("resorption", "ctx", "+"),
    ("preosteoblasts", "osteoblasts", ">"),
    ("osteoblasts", "osteocytes", ">"),
    ("osteocytes", "sclerostin", "+"),
    ("sclerostin", "preosteoblasts", "-"),
    ("osteoblasts", "young", "+"),
    ("young", "mature", ">"),
    ("mature", "bmd", "+"),
    ("osteoblasts", "p1np", "+"),
]
NOTE = (
    "Estrogen deficiency also raises",
    "sclerostin and the death of osteo-",
    "blasts and osteocytes, and keeps",
    "osteoclasts alive, as do RANK and",
    "cytokines. Teriparatide and romo-",
    "sozumab also wake lining cells.",
)
TGF_BETA = "TGF-β set free by resorption"
# Arrows that go around: corners, and an effect.
ROUTES = [
    (
        [(840, 419), (840, 450), (300, 450), (300, 479)],
        "+",
        "TGF-β set free by resorption",
        (600, 444),
    ),
    ([(800, 419), (800, 490), (690, 490), (690, 568)], "-", "", (0, 0)),
    ([(880, 419), (880, 568)], "-", "", (0, 0)),
]


def svg() -> str:
    """Return the diagram."""
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        f'font-family="Helvetica, Arial, sans-serif" font-size="13" role="img" '
        f'aria-label="Diagram of the reference model">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
        definitions(),
        *(arrow(BOXES[a], BOXES[b], effect) for a, b, effect in ARROWS),
        *(route(corners, effect, text, at) for corners, effect, text, at in ROUTES),
        *(drawn(box) for box in BOXES.values()),
        legend(),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def definitions() -> str:
    """Return the heads of arrows: a triangle where something rises, a bar where it falls."""
    triangle = (
        '<marker id="raise" viewBox="0 0 10 10" refX="9" refY="5" '
        'markerWidth="11" markerHeight="11" markerUnits="userSpaceOnUse" '
        f'orient="auto"><path d="M0,0 L10,5 L0,10 z" fill="{INK}"/></marker>'
    )
    bar = (
        '<marker id="lower" viewBox="0 0 10 10" refX="6" refY="5" '
        'markerWidth="14" markerHeight="14" markerUnits="userSpaceOnUse" '
        'orient="auto"><path d="M6,0 L6,10" stroke="#B22222" stroke-width="2.6"/></marker>'
    )
    return f"<defs>{triangle}{bar}</defs>"


def look(effect: str) -> str:
    """Return the style of an arrow."""
    color = "#B22222" if effect == "-" else INK
    head = "lower" if effect == "-" else "raise"
    width = 2.2 if effect == ">" else 1.3
    return f'stroke="{color}" stroke-width="{width}" fill="none" marker-end="url(#{head})"'


def arrow(start: Box, end: Box, effect: str) -> str:
    """Return a straight arrow between the edges of two boxes."""
    (x1, y1), (x2, y2) = edge(start, end, 0), edge(end, start, 3)
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" {look(effect)}/>'


def edge(box: Box, other: Box, gap: float) -> tuple[float, float]:
    """Return where the line to another box leaves this one."""
    dx, dy = other.x - box.x, other.y - box.y
    scale = min(
        (box.width / 2 + gap) / abs(dx) if dx else 1e9,
        (box.height / 2 + gap) / abs(dy) if dy else 1e9,
    )
    return box.x + dx * scale, box.y + dy * scale


def route(corners, effect: str, text: str, at) -> str:
    """Return an arrow around corners, with a word beside it."""
    points = " ".join(f"{x},{y}" for x, y in corners)
    label = (
        f'<text x="{at[0]}" y="{at[1]}" text-anchor="middle" font-size="11" fill="{FAINT}">'
        f"{escape(text)}</text>"
        if text
        else ""
    )
    return f'<polyline points="{points}" {look(effect)}/>{label}'


def drawn(box: Box) -> str:
    """Return one box."""
    x, y = box.x - box.width / 2, box.y - box.height / 2
    return (
        f'<rect x="{x}" y="{y}" width="{box.width}" height="{box.height}" rx="7" '
        f'fill="{FILL[box.kind]}" stroke="{EDGE[box.kind]}" stroke-width="1.4"/>'
        f'<text x="{box.x}" y="{box.y + 4.5}" text-anchor="middle" fill="{INK}">'
        f"{escape(box.text)}</text>"
    )


def legend() -> str:
    """Return what shapes and colors mean."""
    names = {
        "state": "changes with time",
        "quantity": "follows at once",
        "drug": "drug",
        "output": "measured",
    }
    parts = []
    for i, (kind, text) in enumerate(names.items()):
        y = 40 + 24 * i
        parts.append(
            f'<rect x="790" y="{y}" width="26" height="15" rx="4" fill="{FILL[kind]}" '
            f'stroke="{EDGE[kind]}"/><text x="826" y="{y + 12}" fill="{INK}">{text}</text>'
        )
    for i, (effect, text) in enumerate(
        ((">", "cells or bone flow"), ("+", "raises"), ("-", "lowers"))
    ):
        y = 145 + 22 * i
        parts.append(
            f'<line x1="786" y1="{y}" x2="814" y2="{y}" {look(effect)}/>'
            f'<text x="826" y="{y + 4}" fill="{INK}">{text}</text>'
        )
    for i, line in enumerate(NOTE):
        parts.append(
            f'<text x="575" y="{120 + 16 * i}" font-size="11.5" fill="{FAINT}">{line}</text>'
        )
    return "".join(parts)
