"""Interrupt small training runs and tables, and check that nothing is lost: ``python tests/soak --minutes 10``.

Each cycle is a training run or a table that is killed, runs out of disk space or finds its newest checkpoint damaged,
and is resumed each time. At the end it has to equal one without trouble. Prints the number of events and every failure;
the exit code is 1 if there is a failure. ``--seed`` and ``--cycle`` repeat one.
"""

import argparse
import os
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS)]
EVERY = 6  # one cycle in so many is of tables


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--minutes', type=float, default=10, help='start no further cycle after this time')
    parser.add_argument('--seed', type=int, default=0, help='draws the troubles (default: 0)')
    parser.add_argument('--cycle', type=int, help='run this cycle only')
    parser.add_argument(
        '--work-dir', type=Path, help='folder of the runs; those with a failure are kept (default: new)'
    )
    args = parser.parse_args()
    folder = (args.work_dir or Path(tempfile.mkdtemp(prefix='soak-'))).resolve()
    os.environ.update(OMP_NUM_THREADS='1', CUDA_VISIBLE_DEVICES='', MMMTL_CACHE=str(folder / 'rooms'))
    os.environ['PYTHONPATH'] = os.pathsep.join([str(TESTS), str(TESTS.parent), os.environ.get('PYTHONPATH', '')])
    end = time.monotonic() + 60 * args.minutes
    soak = Soak(folder, args.seed)
    number = args.cycle or 0
    while args.cycle in (None, number) and time.monotonic() < end:
        soak.cycle(number)
        number += 1
    soak.report(number)
    if not args.work_dir and not soak.failures:
        shutil.rmtree(folder)
    return 1 if soak.failures else 0


class Soak:
    """Cycles of training runs and tables in a folder."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.folder, self.seed = folder, seed
        self.events: Counter[str] = Counter()
        self.failures: list[str] = []
        self.undisturbed: dict = {}

    def cycle(self, number: int) -> None:
        """Run one cycle; its folder is removed if there is no failure."""
        from failures import Failure

        rng, work = random.Random(f'{self.seed} {number}'), self.folder / f'cycle_{number}'
        shutil.rmtree(work, ignore_errors=True)
        try:
            if number % EVERY == 1:
                self.tables(work, rng)
            else:
                self.training(work, rng)
        except Failure as failure:
            self.failures.append(f'--seed {self.seed} --cycle {number} ({work}): {failure}')
            print(f'FAILURE {self.failures[-1]}', flush=True)
        else:
            shutil.rmtree(work)
            print(f'cycle {number}: {sum(self.events.values())} events', flush=True)

    def training(self, work: Path, rng: random.Random) -> None:
        from training import LOOPS, Training, Undisturbed

        loop = rng.choice([*LOOPS])
        if loop not in self.undisturbed:
            self.undisturbed[loop] = Undisturbed(loop, self.folder / loop)
        Training(self.undisturbed[loop], work / 'run', rng, self.events).go()

    def tables(self, work: Path, rng: random.Random) -> None:
        from tables import Tables, undisturbed_table

        if 'table' not in self.undisturbed:
            self.undisturbed['table'] = undisturbed_table(self.folder / 'table')
        Tables(self.undisturbed['table'], work / 'runs', rng, self.events).go()

    def report(self, cycles: int) -> None:
        print(f'seed {self.seed}, {cycles} cycles')
        for name, count in sorted(self.events.items()):
            print(f'{count:6} {name}')
        print(f'{len(self.failures)} failures')


if __name__ == '__main__':
    sys.exit(main())
