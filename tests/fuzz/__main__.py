"""``python -m tests.fuzz``: read broken files of every kind, and report what does not end in a sentence.

    python -m tests.fuzz --inputs 100000 --seed 1 --out fuzz
    python -m tests.fuzz --reader cube --replay 4711 --seed 1

A run goes on where an earlier one of the same seed and folder ended. Faults are kept in the folder, with their files.
"""

import argparse
import sys
from pathlib import Path

TESTS = Path(__file__).parents[1]
sys.path[:0] = [str(TESTS), str(TESTS / "helpers")]


def main():
    from rich.console import Console

    from fuzz.campaign import replay, run, summary
    from fuzz.readers import READERS

    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__.splitlines()[0])
    parser.add_argument("--inputs", type=int, default=1000, help="inputs over all readers (default: 1000)")
    parser.add_argument("--seed", type=int, default=0, help="root seed (default: 0)")
    parser.add_argument(
        "--reader",
        nargs="+",
        choices=READERS,
        default=list(READERS),
        metavar="NAME",
        help=f"some of {', '.join(READERS)} (default: all)",
    )
    parser.add_argument("--out", type=Path, default=Path("fuzz"), help="folder of counts and faults (default: fuzz)")
    parser.add_argument("--replay", type=int, metavar="NUMBER", help="read one input of one reader again")
    options = parser.parse_args()
    if options.replay is not None:
        replay(options.reader[0], options.seed, options.replay)
        return 0
    counts = run(options.reader, options.inputs, options.seed, options.out)
    Console(width=110).print(summary(counts))
    return int(any(count.faults for count in counts.values()))


if __name__ == "__main__":
    sys.exit(main())
