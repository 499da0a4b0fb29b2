"""One broken input: made, read, and judged."""

import itertools
import signal
import traceback
import warnings
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from zlib import crc32

import numpy as np

from fuzz.bounds import OutOfBoundsError
from fuzz.readers import read_quietly
from stargas.errors import StargasError

SECONDS = 20.0
"""Longest time of the processor that reading one input may take [s], which other processes do not change."""

MEMORY_BYTES = 500_000_000
"""Most memory that reading one input of some 10 kB may take beside what the process has."""

LONGEST = 900
"""Longest sentence [characters]."""


class Hang(BaseException):
    """Reading takes too long; no handler of ordinary errors catches it."""


@dataclass(frozen=True)
class Outcome:
    """What became of an input: ``accepted``, ``refused``, or a fault with its description."""

    kind: str
    text: str = ""

    @property
    def is_fault(self):
        return self.kind not in ("accepted", "refused")


class Trial:
    """Broken inputs of one reader, by number: the same number and seed make the same input.

    Parameters
    ----------
    reader
        One of `fuzz.readers.READERS`.
    folder
        Where sound inputs are made, and broken ones stand while they are read.
    seed
        Root seed.
    """

    def __init__(self, reader, folder, seed):
        self.reader, self.folder, self.seed = reader, Path(folder), seed
        self.folder.mkdir(parents=True, exist_ok=True)
        reader.make(self.folder)
        self.inputs = sorted(path for path in self.folder.iterdir() if path.is_dir())
        self.sound = {path: path.read_bytes() for one in self.inputs for path in one.rglob("*") if path.is_file()}
        self.targets = [
            sorted(path for pattern in reader.broken for path in one.glob(pattern) if path.is_file())
            for one in self.inputs
        ]
        for one in self.inputs:
            read_quietly(reader, one)  # which must be sound

    def run(self, number):
        """Make, read and judge one input; its files stay until the next one."""
        self.restore()
        rng = np.random.default_rng([self.seed, crc32(self.reader.name.encode()), number])
        which = int(rng.integers(len(self.inputs)))
        target = self.targets[which][rng.integers(len(self.targets[which]))]
        mutation = self.reader.mutations[rng.integers(len(self.reader.mutations))]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of numbers that no type holds, which are meant
            content = mutation(self.sound[target], rng)
        target.unlink()
        target.write_bytes(content)
        self.reader.after(self.inputs[which], rng)
        self.broken = self.inputs[which]
        return judged(self.reader, self.inputs[which])

    def restore(self):
        """Make all inputs sound again."""
        for path in itertools.chain(*(one.rglob("*") for one in self.inputs)):
            if path.is_file() and path not in self.sound:
                path.unlink()
        for path, content in self.sound.items():
            if not path.is_file() or path.stat().st_size != len(content) or path.read_bytes() != content:
                path.unlink(missing_ok=True)
                path.write_bytes(content)


def judged(reader, folder):
    """Read an input and judge what comes of it."""
    before = peak_memory(reset=True)
    try:
        with alarm(SECONDS):
            read_quietly(reader, folder)
        outcome = Outcome("accepted")
    except StargasError as error:
        text = str(error)
        is_sentence = "\n" not in text and len(text) <= LONGEST and text.endswith((".", "?"))
        outcome = Outcome("refused" if is_sentence else "sentence", text)
    except Hang:
        outcome = Outcome("hang", traceback.format_exc())
    except OutOfBoundsError as error:
        outcome = Outcome("bounds", str(error))
    except Exception:  # noqa: BLE001 (any is a fault)
        outcome = Outcome("traceback", traceback.format_exc())
    grown = peak_memory() - before
    if grown > MEMORY_BYTES and not outcome.is_fault:
        outcome = Outcome("memory", f"{grown / 1e6:.0f} MB for an input that is {outcome.kind}: {outcome.text}")
    return outcome


@contextmanager
def alarm(seconds):
    """Raise `Hang` in the block after some seconds of the processor, as soon as it is back in Python."""

    def ring(_number, _frame):
        raise Hang

    before = signal.signal(signal.SIGPROF, ring)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def peak_memory(*, reset=False):
    """Largest memory of this process [bytes], since the last reset; zero where the system does not say."""
    try:
        if reset:
            Path("/proc/self/clear_refs").write_text("5")
        lines = Path("/proc/self/status").read_text().splitlines()
        return 1024 * int(next(line for line in lines if line.startswith("VmHWM:")).split()[1])
    except (OSError, StopIteration):
        return 0
