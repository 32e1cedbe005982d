"""Settings of the documentation; what can be generated is, before Sphinx reads the pages."""

import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent / "src")]

import generate  # noqa: E402

from remodel.provenance import package_version  # noqa: E402

project = "remodel"
author = "The remodel developers"
version = release = package_version()

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "mathml",
    "snippets",
    "offline",
]
html_math_renderer = "mathml"
myst_enable_extensions = ["dollarmath", "colon_fence"]
myst_heading_anchors = 3
exclude_patterns = ["_build", "_generated/*.md"]  # the latter are parts of pages
autodoc_typehints = "none"
autodoc_member_order = "bysource"
napoleon_google_docstring = False
napoleon_use_ivar = True

html_theme = "pydata_sphinx_theme"
templates_path = ["_templates"]
html_sidebars = {"**": ["pages.html"]}
html_static_path = ["_static"]
html_css_files = ["pages.css"]
html_title = "remodel"
html_show_sourcelink = False
html_theme_options = {
    "logo": {"text": "remodel"},
    "show_toc_level": 2,
    "navbar_center": [],
    "navigation_with_keys": False,
    "secondary_sidebar_items": ["page-toc"],
    "footer_start": ["copyright"],
    "footer_end": [],
}

generate.everything(HERE / "_generated")
