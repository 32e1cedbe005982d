"""The diagram of the reference model, drawn as SVG."""

from dataclasses import dataclass
from xml.sax.saxutils import escape

# A page is about 740 pixels wide, on which letters of 17 are as large as those of the text.
WIDTH, HEIGHT, LETTERS = 940, 890, 17
LINE = 20  # from one line of a text to the next
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
    width: float = 152.0

    @property
    def height(self) -> float:
        """Room for the lines of the text."""
        return 14.0 + LINE * len(self.text.split("\n"))


BOXES = {
    "gnrh": Box(90, 40, "GnRH analogues", "drug"),
    "ai": Box(280, 40, "aromatase\ninhibitors", "drug"),
    "ovary": Box(90, 135, "ovaries", "quantity"),
    "aromatase": Box(280, 135, "peripheral\naromatase", "quantity"),
    "hormones": Box(470, 135, "hormone therapy", "drug"),
    "estradiol": Box(280, 230, "estradiol", "quantity"),
    "serm": Box(90, 320, "SERMs", "drug"),
    "signal": Box(280, 320, "estrogen\ndeficiency", "quantity"),
    "denosumab": Box(470, 320, "denosumab", "drug"),
    "cytokines": Box(90, 415, "IL-1, IL-6, TNF", "state"),
    "rankl": Box(280, 415, "RANKL / OPG", "quantity"),
    "rank": Box(470, 415, "RANK activation", "quantity"),
    "bp": Box(660, 415, "bisphosphonates", "drug"),
    "ctx": Box(850, 415, "CTX, NTX", "output"),
    "blockers": Box(90, 510, "cytokine\nblockers", "drug"),
    "arrested": Box(280, 510, "waiting\nprecursors", "state"),
    "fusing": Box(470, 510, "preosteoclasts", "state"),
    "osteoclasts": Box(660, 510, "osteoclasts", "state"),
    "resorption": Box(850, 510, "resorption", "quantity"),
    "sclerostin": Box(90, 645, "sclerostin", "quantity"),
    "preosteoblasts": Box(280, 645, "preosteoblasts", "state"),
    "osteoblasts": Box(470, 645, "osteoblasts", "state"),
    "teriparatide": Box(660, 645, "teriparatide", "drug", 130),
    "romosozumab": Box(90, 750, "romosozumab", "drug"),
    "osteocytes": Box(280, 750, "osteocytes", "state"),
    "p1np": Box(470, 750, "P1NP, BSAP", "output"),
    "young": Box(660, 750, "young bone,\nby site", "state"),
    "mature": Box(850, 750, "mature bone,\nby site", "state"),
    "bmd": Box(850, 850, "BMD,\nT- and Z-score", "output"),
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
    "Estrogen deficiency also raises sclerostin",
    "and the death of osteoblasts and osteocytes,",
    "and keeps osteoclasts alive, as do RANK and",
    "cytokines. Teriparatide and romosozumab",
    "also wake lining cells.",
)
# Arrows that go around: corners, effect, a word and where it stands.
ROUTES = [
    (
        [(835, 527), (835, 580), (280, 580), (280, 625)],
        "+",
        "TGF-β set free by resorption",
        (560, 573),
    ),
    ([(865, 527), (865, 690), (690, 690), (690, 720)], "-", "", (0, 0)),
    ([(895, 527), (895, 720)], "-", "", (0, 0)),
]


def svg() -> str:
    """Return the diagram."""
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        f'font-family="Helvetica, Arial, sans-serif" font-size="{LETTERS}" role="img" '
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
    width = 2.8 if effect == ">" else 1.5
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
        f'<text x="{at[0]}" y="{at[1]}" text-anchor="middle" font-size="15" fill="{FAINT}">'
        f"{escape(text)}</text>"
        if text
        else ""
    )
    return f'<polyline points="{points}" {look(effect)}/>{label}'


def drawn(box: Box) -> str:
    """Return one box with the lines of its text."""
    x, y = box.x - box.width / 2, box.y - box.height / 2
    rectangle = (
        f'<rect x="{x}" y="{y}" width="{box.width}" height="{box.height}" rx="7" '
        f'fill="{FILL[box.kind]}" stroke="{EDGE[box.kind]}" stroke-width="1.4"/>'
    )
    words = box.text.split("\n")
    first = box.y + 6 - LINE * (len(words) - 1) / 2
    return rectangle + "".join(
        f'<text x="{box.x}" y="{first + LINE * i}" text-anchor="middle" fill="{INK}">'
        f"{escape(line)}</text>"
        for i, line in enumerate(words)
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
        y = 26 + 27 * i
        parts.append(
            f'<rect x="600" y="{y}" width="32" height="18" rx="4" fill="{FILL[kind]}" '
            f'stroke="{EDGE[kind]}"/><text x="644" y="{y + 15}" fill="{INK}">{text}</text>'
        )
    for i, (effect, text) in enumerate(((">", "cells, bone"), ("+", "raises"), ("-", "lowers"))):
        y = 36 + 27 * i
        parts.append(
            f'<line x1="795" y1="{y}" x2="829" y2="{y}" {look(effect)}/>'
            f'<text x="841" y="{y + 6}" fill="{INK}">{text}</text>'
        )
    for i, line in enumerate(NOTE):
        parts.append(
            f'<text x="600" y="{185 + LINE * i}" font-size="15" fill="{FAINT}">{line}</text>'
        )
    return "".join(parts)
