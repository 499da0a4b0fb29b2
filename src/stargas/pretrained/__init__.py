"""The pretrained model: ``model.json``, ``model.safetensors``, ``limits.safetensors`` and its card."""

from pathlib import Path

FOLDER = Path(__file__).parent
"""Where it lies."""
