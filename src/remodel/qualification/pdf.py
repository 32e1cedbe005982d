"""The report as PDF, by ReportLab; equations and figures are pictures, drawn by Matplotlib."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Sequence
from html import escape
from pathlib import Path
from typing import Any

from remodel.errors import require
from remodel.qualification.blocks import (
    Block,
    Bullets,
    Formula,
    Grid,
    Heading,
    Paragraph,
    Picture,
)
from remodel.qualification.numbers import Name, Shown, Words

_FONTS = {"Body": "DejaVuSans.ttf", "Bold": "DejaVuSans-Bold.ttf", "Mono": "DejaVuSansMono.ttf"}
_MARGIN = 50.0  # points
_SIZE, _SMALL = 8.5, 6.6
_DPI, _FORMULA = 200, 8.5
_GAP = 3.0  # points below a line of an equation
_ROOM = 90.0  # points that a heading or table needs on a page
_LONGEST = 80  # characters of LaTeX, about a line
_SUM = re.compile(r" (?=[+-] )")


def pdf_report(title: str, blocks: Sequence[Block], disclaimer: str) -> bytes:
    """Return the report.

    Raises
    ------
    MissingDependencyError
        Without ReportLab.
    """
    require("reportlab", "qualify")
    from reportlab.platypus import Paragraph as Text
    from reportlab.platypus import SimpleDocTemplate

    _register_fonts()
    styles = _styles()
    buffer = io.BytesIO()
    document = SimpleDocTemplate(
        buffer, leftMargin=_MARGIN, rightMargin=_MARGIN, topMargin=_MARGIN, bottomMargin=_MARGIN,
        title=title, author="remodel", invariant=1, lang="en",
    )  # fmt: skip
    story = [Text(escape(title), styles["title"]), Text(escape(disclaimer), styles["body"])]
    for block in blocks:
        story += _flowables(block, styles, document.width)
    document.build(story, onFirstPage=_footer, onLaterPages=_footer)
    return buffer.getvalue()


def _register_fonts() -> None:
    """Take the fonts of Matplotlib, which have every sign a unit or name needs."""
    import matplotlib as mpl
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.ttfonts import TTFont

    folder = Path(mpl.get_data_path()) / "fonts" / "ttf"
    for name, file in _FONTS.items():
        pdfmetrics.registerFont(TTFont(name, str(folder / file)))


def _styles() -> dict[str, Any]:
    from reportlab.lib.styles import ParagraphStyle

    body = ParagraphStyle(
        "body", fontName="Body", fontSize=_SIZE, leading=1.45 * _SIZE, spaceAfter=5
    )
    cell = ParagraphStyle("cell", fontName="Body", fontSize=_SMALL, leading=1.3 * _SMALL)
    return {
        "body": body,
        "cell": cell,
        "right": ParagraphStyle("right", cell, alignment=2),
        "head": ParagraphStyle("head", cell, fontName="Bold"),
        "right head": ParagraphStyle("right head", cell, fontName="Bold", alignment=2),
        "caption": ParagraphStyle("caption", body, fontName="Bold", fontSize=7.2, leading=10),
        "note": ParagraphStyle("note", body, fontSize=7, textColor="#555555", leading=9.5),
        "meaning": ParagraphStyle("meaning", body, fontSize=6.8, textColor="#555555", leading=8.5,
                                  spaceBefore=3, spaceAfter=1),
        "bullet": ParagraphStyle("bullet", body, leftIndent=12, bulletIndent=2),
        "title": ParagraphStyle("title", body, fontName="Bold", fontSize=17, leading=24,
                                spaceAfter=4),
        "h1": ParagraphStyle("h1", body, fontName="Bold", fontSize=12.5, leading=17,
                             spaceBefore=12),
        "h2": ParagraphStyle("h2", body, fontName="Bold", fontSize=10, leading=14, spaceBefore=6),
    }  # fmt: skip


def _footer(canvas: Any, document: Any) -> None:
    canvas.saveState()
    canvas.setFont("Body", 7)
    canvas.setFillColor("#666666")
    canvas.drawString(_MARGIN, 28, document.title)
    canvas.drawRightString(_MARGIN + document.width, 28, str(document.page))
    canvas.restoreState()


def _flowables(block: Block, styles: dict[str, Any], width: float) -> Iterator[Any]:
    from reportlab.platypus import CondPageBreak, Spacer
    from reportlab.platypus import Paragraph as Text

    match block:
        case Heading(text, level):
            yield CondPageBreak(_ROOM)
            yield Text(escape(text), styles["h1" if level == 1 else "h2"])
        case Paragraph(words):
            yield Text(_words(words), styles["body"])
        case Bullets(items):
            for item in items:
                yield Text(_words(item), styles["bullet"], bulletText="•")
        case Picture(_, png, caption):
            yield _image(png, width, dpi=None)
            yield Text(_words(caption), styles["note"])
            yield Spacer(1, 6)
        case Formula(latex, meaning):
            lines = _lines(latex)
            yield CondPageBreak(20 + 25 * len(lines))
            if meaning:
                yield Text(escape(meaning), styles["meaning"])
            for line in lines:
                yield _image(_drawn(line), width, dpi=_DPI)
                yield Spacer(1, _GAP)
        case Grid():
            yield CondPageBreak(_ROOM)
            yield _table(block, styles, width)
            yield Spacer(1, 8)


def _image(png: bytes, width: float, dpi: int | None) -> Any:
    """Return a picture as wide as the page, or in its own size if it is narrower."""
    from reportlab.lib.utils import ImageReader
    from reportlab.platypus import Image

    columns, rows = ImageReader(io.BytesIO(png)).getSize()
    wide = width if dpi is None else min(width, columns * 72.0 / dpi)
    return Image(io.BytesIO(png), width=wide, height=wide * rows / columns, hAlign="LEFT")


def _lines(latex: str) -> list[str]:
    """Break a sum that is too long for a line, outside of any brackets."""
    lines: list[str] = []
    current, depth = "", 0
    for term in _SUM.split(latex):
        if current and not depth and len(current) > _LONGEST:
            lines.append(current)
            current = r"\quad "
        depth += term.count("{") - term.count("}") + term.count(r"\left") - term.count(r"\right")
        current = f"{current} {term}" if current else term
    return [*lines, current]


def _drawn(latex: str) -> bytes:
    """Return an equation as PNG."""
    import matplotlib as mpl
    from matplotlib.mathtext import math_to_image
    from PIL import Image

    buffer = io.BytesIO()
    large = latex.replace(r"\frac", r"\dfrac")  # a fraction as large as the text around it
    with mpl.rc_context({"font.size": _FORMULA, "mathtext.fontset": "dejavusans"}):
        math_to_image(f"${large}$", buffer, dpi=_DPI, format="png")
    gray = io.BytesIO()
    with Image.open(buffer) as drawn:
        drawn.convert("L").save(gray, format="png")
    return gray.getvalue()


def _table(grid: Grid, styles: dict[str, Any], width: float) -> Any:
    from reportlab.platypus import Paragraph as Text
    from reportlab.platypus import Table, TableStyle

    def style(column: int, kind: str) -> Any:
        return styles["right " + kind if kind else "right"] if column in grid.right else styles[
            kind or "cell"
        ]  # fmt: skip

    heads = [Text(escape(head), style(i, "head")) for i, head in enumerate(grid.heads)]
    rows = [[Text(_words(c), style(i, "")) for i, c in enumerate(row)] for row in grid.rows]
    shares = grid.widths or [1.0] * len(grid.heads)
    widths = [width * share / sum(shares) for share in shares]
    caption = [Text(_words(grid.caption), styles["caption"]), *([""] * (len(heads) - 1))]
    table = Table([caption, heads, *rows], colWidths=widths, repeatRows=(1,), hAlign="LEFT")
    table.setStyle(
        TableStyle(
            [
                ("SPAN", (0, 0), (-1, 0)),
                ("LINEBELOW", (0, 1), (-1, 1), 0.6, "#666666"),
                ("LINEBELOW", (0, 2), (-1, -1), 0.25, "#DDDDDD"),
                ("VALIGN", (0, 0), (-1, -1), "TOP"),
                ("LEFTPADDING", (0, 0), (-1, -1), 5),
                ("LEFTPADDING", (0, 0), (0, -1), 0),
                ("RIGHTPADDING", (0, 0), (-1, -1), 3),
                ("TOPPADDING", (0, 0), (-1, -1), 1.5),
                ("BOTTOMPADDING", (0, 0), (-1, -1), 1.8),
            ]
        )
    )
    return table


def _words(words: Words) -> str:
    return "".join(map(_piece, words))


def _piece(piece: str | Shown | Name) -> str:
    if isinstance(piece, Shown):
        return escape(piece.text)
    if isinstance(piece, Name):
        return f'<font name="Mono">{escape(piece.text)}</font>'
    if piece.startswith("NOT MET"):
        return f'<font color="#A33C00">{escape(piece)}</font>'
    return escape(piece)
