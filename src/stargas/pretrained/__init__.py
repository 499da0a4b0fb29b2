"""The pretrained model: ``model.json``, ``model.safetensors``, ``validity.safetensors`` and its card."""

from pathlib import Path

FOLDER = Path(__file__).parent
"""Where it lies."""
