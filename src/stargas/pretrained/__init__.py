"""The pretrained model: ``model.json``, ``model.safetensors``, ``validity.safetensors``, ``predictive.json``, card."""

from pathlib import Path

FOLDER = Path(__file__).parent
"""Where it lies."""
