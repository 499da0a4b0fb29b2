"""Settings of the documentation."""

import stargas

project = "stargas"
author = "The stargas developers"
project_copyright = "The stargas developers, GPL-3.0-or-later"
release = stargas.__version__
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.autosummary", "sphinx.ext.viewcode", "numpydoc"]
myst_enable_extensions = ["dollarmath", "deflist", "colon_fence"]
myst_heading_anchors = 3
html_theme = "furo"
html_title = "stargas"
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
