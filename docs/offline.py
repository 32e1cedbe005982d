"""Pages that need nothing from a network: the build fails where one would."""

import re
from pathlib import Path

from sphinx.errors import SphinxError

LOADED = re.compile(
    r"<(?:script|img|iframe|source)\b[^>]*?\bsrc=\"(?:https?:)?//[^\"]*\""
    r"|<link\b[^>]*?\brel=\"(?:stylesheet|preload|icon)\"[^>]*?\bhref=\"(?:https?:)?//[^\"]*\""
)


def check(app, error):
    """Raise if a page loads a script, style or picture from elsewhere."""
    if error is not None or app.builder.format != "html":
        return
    for page in sorted(Path(app.outdir).rglob("*.html")):
        if loaded := LOADED.search(page.read_text(encoding="utf-8")):
            raise SphinxError(f"{page.name} needs a network: {loaded[0]}")


def setup(app):
    app.connect("build-finished", check)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
