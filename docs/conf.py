"""Settings of the documentation."""

from docutils.nodes import SkipNode
from latex2mathml.converter import convert

import stargas

project = "stargas"
author = "The stargas developers"
project_copyright = "The stargas developers, GPL-3.0-or-later"
release = stargas.__version__
extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.autosummary", "sphinx.ext.viewcode", "numpydoc"]
myst_enable_extensions = ["dollarmath", "deflist", "colon_fence"]
myst_heading_anchors = 3
html_theme = "furo"
html_title = "stargas"
html_math_renderer = "mathml"
nb_execution_mode = "cache"
nb_execution_timeout = 300
nb_execution_raise_on_error = True
nb_merge_streams = True
exclude_patterns = ["_build"]
autodoc_typehints = "none"
autodoc_member_order = "bysource"
autodoc_default_options = {"members": True}
default_role = "autolink"
autosummary_generate = False
numpydoc_show_class_members = False
numpydoc_class_members_toctree = False

# Types of libraries stand in signatures; their pages are not looked up, so that the docs build without the net.
nitpick_ignore_regex = [("py:class", r"(numpy|pathlib|collections\.abc|matplotlib|astropy|rich|zuko)\..*")]


def add_formula(translator, node):
    """Write a formula as MathML, which browsers draw without a script from the net."""
    display = "block" if node.tagname == "math_block" else "inline"
    translator.body.append(convert(node.astext(), display=display))
    raise SkipNode


def setup(app):
    """Make the formulas part of the pages."""
    app.add_html_math_renderer("mathml", (add_formula, None), (add_formula, None))
