"""The model that ships with stargas: ``model.json``, ``model.safetensors``, ``limits.safetensors`` and its card."""

from pathlib import Path

FOLDER = Path(__file__).parent
"""Where it lies."""
