from types import SimpleNamespace

import pytest
import torch

from stargas.errors import DamagedFileError
from stargas.training.fit import CheckpointFiles, History

CONTENT = {"state_dict": {"weight": torch.arange(1000.0)}, "epoch": 3}


@pytest.fixture
def checkpoint(tmp_path):
    path = tmp_path / "network" / "last.ckpt"
    CheckpointFiles().save_checkpoint(CONTENT, path)
    return path


def flip_a_bit(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def test_a_checkpoint_is_read_as_it_was_written(checkpoint):
    loaded = CheckpointFiles().load_checkpoint(checkpoint, weights_only=True)
    assert loaded["epoch"] == 3
    assert torch.equal(loaded["state_dict"]["weight"], CONTENT["state_dict"]["weight"])
    assert [path.name for path in checkpoint.parent.iterdir()] == ["last.ckpt"]


@pytest.mark.parametrize(
    "damage",
    [
        lambda path: path.unlink(),
        lambda path: path.write_bytes(b""),
        lambda path: path.write_text("{}"),
        lambda path: path.write_bytes(path.read_bytes()[:1000]),
        flip_a_bit,
        lambda path: torch.save(SimpleNamespace(a=1), path),
    ],
    ids=["missing", "empty", "text", "truncated", "a flipped bit", "an object"],
)
def test_a_damaged_checkpoint_is_one_sentence_that_says_what_to_delete(checkpoint, damage):
    damage(checkpoint)
    with pytest.raises(DamagedFileError) as caught:
        CheckpointFiles().load_checkpoint(checkpoint, weights_only=True)
    assert str(caught.value) == (
        f"the checkpoint {checkpoint} is missing or damaged: delete the folder {checkpoint.parent} and train again."
    )


def test_a_loss_that_is_not_finite_is_none():
    history = History()
    for epoch, validation in enumerate((1.5, float("nan"), float("inf"))):
        metrics = {"training": torch.tensor(0.5), "validation": torch.tensor(validation)}
        history.on_train_epoch_end(SimpleNamespace(current_epoch=epoch, callback_metrics=metrics), None)
    assert history.epochs == [
        {"epoch": 0, "training": 0.5, "validation": 1.5},
        {"epoch": 1, "training": 0.5, "validation": None},
        {"epoch": 2, "training": 0.5, "validation": None},
    ]
