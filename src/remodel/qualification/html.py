"""The report as one HTML file: figures in it, no script, nothing from a network."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping, Sequence
from html import escape

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
from remodel.qualification.numbers import Name, Number, Shown, Words, slug

_STYLE = """
:root { color-scheme: light; }
body { font: 16px/1.5 system-ui, sans-serif; color: #222; max-width: 60rem; margin: 0 auto;
  padding: 1rem 1.25rem 4rem; }
h1 { font-size: 1.9rem; margin-bottom: .2rem; }
h2 { font-size: 1.35rem; margin-top: 2.4rem; border-bottom: 1px solid #ccc; padding-bottom: .2rem; }
h3 { font-size: 1.1rem; }
nav ol { columns: 2; padding-left: 1.4rem; }
a { color: #00528a; }
a.n { color: inherit; text-decoration: underline dotted #7a9bb5; text-underline-offset: 3px; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-size: .84rem; width: 100%; margin: .5rem 0 1.5rem; }
caption { text-align: left; font-weight: 600; padding: .3rem 0; }
th, td { padding: .22rem .5rem; border-bottom: 1px solid #e2e2e2; text-align: left;
  vertical-align: top; }
th { border-bottom: 1px solid #888; }
.right { text-align: right; white-space: nowrap; }
a.n { white-space: nowrap; }
.name { font-family: ui-monospace, monospace; font-size: .93em; overflow-wrap: anywhere; }
figure { margin: 1rem 0 2rem; }
figure img { max-width: 100%; height: auto; }
figcaption { font-size: .85rem; color: #555; }
.formula { overflow-x: auto; padding: .15rem 0 .4rem; }
.formula p { margin: .4rem 0 0; font-size: .85rem; color: #555; }
.bad { color: #a33c00; font-weight: 600; }
:target { background: #fff3c4; }
footer { margin-top: 3rem; font-size: .85rem; color: #555; }
@media print { body { max-width: none; font-size: 10pt; } nav, .numbers { display: none; }
  tr, figure { break-inside: avoid; } h2, h3 { break-after: avoid; }
  a.n { text-decoration: none; } }
"""


def html_report(
    title: str, blocks: Sequence[Block], numbers: Mapping[str, Number], disclaimer: str
) -> str:
    """Return the report; each number is linked to its row in a list of all that it shows.

    Raises
    ------
    MissingDependencyError
        Without latex2mathml.
    """
    sections = [block.text for block in blocks if isinstance(block, Heading) and block.level == 1]
    contents = "".join(f'<li><a href="#{slug(s)}">{escape(s)}</a></li>' for s in sections)
    body = "\n".join(_block(block) for block in blocks)
    used = dict.fromkeys(_keys(blocks))
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head><body>\n"
        f"<h1>{escape(title)}</h1><p>{escape(disclaimer)}</p>"
        f"<nav><ol>{contents}</ol></nav>\n<main>{body}</main>\n"
        f"{_list(numbers, used)}\n</body></html>\n"
    )


def _keys(blocks: Iterable[Block]) -> Iterable[str]:
    for block in blocks:
        texts: list[Words] = []
        if isinstance(block, Paragraph):
            texts = [block.words]
        elif isinstance(block, Bullets):
            texts = list(block.items)
        elif isinstance(block, Grid):
            texts = [block.caption, *(cell for row in block.rows for cell in row)]
        for words in texts:
            yield from (piece.key for piece in words if isinstance(piece, Shown))


def _list(numbers: Mapping[str, Number], used: Iterable[str]) -> str:
    rows = "".join(
        f'<tr id="n-{escape(key)}"><td class="name">{escape(key)}</td>'
        f'<td class="right">{numbers[key].value:.6g}</td><td>{escape(numbers[key].unit)}</td>'
        f"<td>{escape(numbers[key].source)}</td></tr>"
        for key in used
    )
    head = "<tr><th>number</th><th>value</th><th>unit</th><th>made by</th></tr>"
    return (
        '<section class="numbers"><h2>Numbers of this report</h2><p>All are in numbers.json.</p>'
        f'<div class="wide"><table><thead>{head}</thead><tbody>{rows}</tbody></table></div>'
        "</section>"
    )


def _block(block: Block) -> str:
    match block:
        case Heading(text, 1):
            return f'<h2 id="{slug(text)}">{escape(text)}</h2>'
        case Heading(text, _):
            return f"<h3>{escape(text)}</h3>"
        case Paragraph(words):
            return f"<p>{_words(words)}</p>"
        case Bullets(items):
            return f"<ul>{''.join(f'<li>{_words(item)}</li>' for item in items)}</ul>"
        case Picture(_, png, caption):
            data = base64.b64encode(png).decode("ascii")
            alt = escape("".join(piece for piece in caption if isinstance(piece, str)))
            return (
                f'<figure><img alt="{alt}" src="data:image/png;base64,{data}">'
                f"<figcaption>{_words(caption)}</figcaption></figure>"
            )
        case Formula(latex, meaning):
            text = f'<p class="meaning">{escape(meaning)}</p>'
            return f'<div class="formula">{text}{_mathml(latex)}</div>'
        case Grid():
            return _grid(block)


def _grid(grid: Grid) -> str:
    def attribute(column: int) -> str:
        return ' class="right"' if column in grid.right else ""

    heads = "".join(f"<th{attribute(i)}>{escape(head)}</th>" for i, head in enumerate(grid.heads))
    rows = "".join(
        f"<tr>{''.join(f'<td{attribute(i)}>{_words(c)}</td>' for i, c in enumerate(row))}</tr>"
        for row in grid.rows
    )
    return (
        f'<div class="wide"><table><caption>{_words(grid.caption)}</caption>'
        f"<thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table></div>"
    )


def _words(words: Words) -> str:
    return "".join(map(_piece, words))


def _piece(piece: str | Shown | Name) -> str:
    if isinstance(piece, Shown):
        return (
            f'<a class="n" href="#n-{escape(piece.key)}" data-form="{escape(piece.form)}">'
            f"{escape(piece.text)}</a>"
        )
    if isinstance(piece, Name):
        return f'<span class="name">{escape(piece.text)}</span>'
    if piece.startswith("NOT MET"):
        return f'<span class="bad">{escape(piece)}</span>'
    return escape(piece)


def _mathml(latex: str) -> str:
    convert = require("latex2mathml.converter", "qualify").convert
    return str(convert(latex, display="block"))
