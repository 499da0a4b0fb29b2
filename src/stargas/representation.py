"""How a value shows itself: in one line, and in a notebook as a small table."""

from collections.abc import Mapping
from html import escape


class Described:
    """A value that names the few facts by which a reader knows it.

    A class gives them as ``_facts``: label → text, in order. A dataclass says ``repr=False`` to be shown by them.
    """

    __slots__ = ()

    def _facts(self) -> Mapping[str, str]:
        """Return label → text."""
        raise NotImplementedError

    def __repr__(self) -> str:
        """Class and facts in one line."""
        return f"<{type(self).__name__}: {', '.join(f'{label} {text}' for label, text in self._facts().items())}>"

    def _repr_html_(self) -> str:
        """Class and facts as a table, which notebooks show."""
        return html_table(type(self).__name__, self._facts())


def html_table(caption: str, facts: Mapping[str, str]) -> str:
    """Return a table of two columns in HTML.

    >>> html_table("View", {"inclination": "< 60°"})
    '<table><caption>View</caption><tr><th>inclination</th><td>&lt; 60°</td></tr></table>'
    """
    rows = "".join(f"<tr><th>{escape(label)}</th><td>{escape(text)}</td></tr>" for label, text in facts.items())
    return f"<table><caption>{escape(caption)}</caption>{rows}</table>"


def interval(values: object, unit: str = "") -> str:
    """Return the least and the largest of some numbers as text, and "none" of no numbers.

    >>> interval([3.0, 1.5, 2.0], "kpc"), interval([])
    ('1.5 to 3 kpc', 'none')
    """
    import numpy as np

    numbers = np.asarray(values, dtype=np.float64)
    if not numbers.size:
        return "none"
    return f"{numbers.min():.4g} to {numbers.max():.4g} {unit}".rstrip()
