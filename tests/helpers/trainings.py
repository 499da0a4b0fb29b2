"""Trainings of seconds: settings, and a stand-in for a kill that strikes at a stated checkpoint."""

from dataclasses import dataclass
from pathlib import Path

from models_for_tests import small_config

from stargas.config import LocalConfig, TrainingConfig
from stargas.training.fit import CheckpointFiles

MODEL = small_config({"convolutional.dense": (24,), "convolutional.embedding_size": 32, "maf.hidden": (24, 24)})
TRAINING = TrainingConfig(batch_size=32, epochs=4, flow_epochs=4, learning_rate=1e-2, flow_learning_rate=1e-2)
QUIET = LocalConfig(progress=False, accelerator="cpu")


class Interrupted(Exception):  # noqa: N818 (a stand-in for a kill)
    """A training ended here."""


def _interrupt():
    raise Interrupted


@dataclass(frozen=True)
class Interruption:
    """The moment before or after a checkpoint is written: of which stage, ``best`` or ``last``, of which epoch."""

    stage: str
    file: str
    epoch: int
    is_written: bool

    def install(self, monkeypatch, strike=_interrupt):
        """Call ``strike`` at the moment."""
        save = CheckpointFiles.save_checkpoint

        def save_or_strike(self_, checkpoint, path, storage_options=None):
            name = Path(path)
            now = (name.parent.name, name.stem, checkpoint["epoch"]) == (self.stage, self.file, self.epoch)
            if self.is_written or not now:
                save(self_, checkpoint, path, storage_options)
            if now:
                strike()

        monkeypatch.setattr(CheckpointFiles, "save_checkpoint", save_or_strike)
