"""Settings files that come with stargas: ``--config NAME`` reads one, and a command may start from one.

Every ``.yaml`` file of this folder is a preset under its own name. What a file does not say keeps its default.
"""

from pathlib import Path

_FOLDER = Path(__file__).parent

PRESETS = tuple(sorted(path.stem for path in _FOLDER.glob("*.yaml")))
"""Names of all presets."""


def preset_path(name: str) -> Path:
    """Find the settings file of a preset.

    Parameters
    ----------
    name
        One of `PRESETS`.

    Raises
    ------
    ValueError
        If no preset has this name.
    """
    if name not in PRESETS:
        raise ValueError(f"there is no preset {name!r}: the presets are {', '.join(PRESETS)}.")
    return _FOLDER / f"{name}.yaml"
