"""A training run that meets trouble again and again: resumed, it ends like one without."""

import json
import random
import re
import shutil
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import torch
from damage import damage_newest, iteration_of
from failures import require
from interrupted_run import LAST, LOOPS, differences
from subject import Outcome, Trouble, run

from mmmtl.checkpoints.latest_checkpoint import newest_first

EPOCH = 3  # iterations
INTERVAL = {'epochs': EPOCH, 'iterations': 2}  # of the checkpoints
SIGNALS = ('SIGKILL', 'SIGTERM', 'SIGUSR1')
OPTIONS = [
    '--cfg-options',
    'default_hooks.logger.interval=1',
    'default_hooks.checkpoint.save_best=depth/abs_rel',
    'default_hooks.checkpoint.rule=less',
]
# of a loader worker whose process was killed while the two were talking
LOST_PARENT = re.compile(
    r'^Traceback \(most recent call last\):\n(?:  .*\n)*?  .*/multiprocessing/.*\n(?:  .*\n)*'
    r'(?:ConnectionResetError|ConnectionRefusedError|BrokenPipeError|EOFError).*$',
    re.MULTILINE,
)


@dataclass
class Undisturbed:
    """A training run without trouble, which the others are compared with."""

    loop: str
    folder: Path
    operations: int = 0
    scores: dict = field(default_factory=dict)

    def __post_init__(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)
        outcome = run(['train', str(LOOPS[self.loop]), '--work-dir', str(self.folder), *OPTIONS], self.folder)
        require(outcome.code == 0, 'the training without trouble fails', outcome.output)
        self.operations = outcome.operations
        self.scores = tested(self.loop, self.folder)


def tested(loop: str, folder: Path) -> dict:
    """Test the last checkpoint; return the scores."""
    work_dir = folder.with_name(f'{folder.name}_tested')
    outcome = run(
        ['test', str(LOOPS[loop]), str(folder / LAST[loop]), '--work-dir', str(work_dir), *OPTIONS[:2]], work_dir
    )
    require(outcome.code == 0, 'the test fails', outcome.output)
    (scores,) = json.loads((work_dir / 'metrics.json').read_text())['scores'].values()
    return scores


class Training:
    """One training run and its troubles.

    Args:
        whole: The training without trouble.
        folder: Work dir.
        rng: Draws the troubles.
        events: Counts what has happened.
    """

    def __init__(self, whole: Undisturbed, folder: Path, rng: random.Random, events: Counter[str]) -> None:
        self.whole, self.folder, self.rng, self.events = whole, folder, rng, events
        self.workers = rng.choice([0, 0, 0, 2])
        self.done = 0  # iterations of the last start, according to its log
        self.damaged: dict[Path, bytes] = {}

    def go(self) -> None:
        """Let trouble happen some times, end the training and compare."""
        for _ in range(self.rng.randint(1, 5)):
            if len(newest_first(self.folder)) - len(self.damaged) > 1 and self.rng.random() < 0.4:
                self.damage()
            self.start(self.trouble())
        self.start(None)
        self.compare()

    def damage(self) -> None:
        path, kind = damage_newest(self.folder, self.rng)
        self.damaged[path] = path.read_bytes()
        self.events[f'checkpoint damaged: {kind}'] += 1

    def trouble(self) -> Trouble:
        kind = self.rng.choice([*SIGNALS, 'SIGKILL', 'full disk'])
        return Trouble(
            kind,
            self.rng.randint(1, self.whole.operations),
            self.rng.choice([0.0, 0.0, self.rng.uniform(0, 0.3)]),
            self.rng.choice([0, self.rng.randrange(100_000), self.rng.randrange(700_000)]),
            self.rng.random() < 0.5,
        )

    def start(self, trouble: Trouble | None) -> None:
        """Resume the training, and check how it continues and ends."""
        readable = [path for path in newest_first(self.folder) if path not in self.damaged]
        # the limit of a full disk would hold for the semaphores of loader workers, too
        count = 0 if trouble and trouble.kind == 'full disk' else self.workers
        workers = [f'{name}_dataloader.num_workers={count}' for name in ('train', 'val')]
        arguments = ['train', str(LOOPS[self.whole.loop]), '--work-dir', str(self.folder), '--resume']
        outcome = run([*arguments, *OPTIONS, *workers], self.folder, trouble)
        happened = self.check_end(outcome, trouble)
        if happened:
            self.events[happened] += 1
        self.check_start(outcome, readable)
        self.done = self.logged()
        self.damaged = {
            path: content for path, content in self.damaged.items() if path.exists() and path.read_bytes() == content
        }

    def check_end(self, outcome: Outcome, trouble: Trouble | None) -> str | None:
        """Check the exit code and the messages; return what has happened."""
        output = LOST_PARENT.sub('', outcome.output) if outcome.code == -9 else outcome.output
        require('Traceback' not in output, f'traceback after {trouble}', output)
        errors = [line for line in outcome.lines if line.startswith('error: ')]
        if outcome.code == 0:
            require(not errors, 'an error without an exit code', outcome.output)
            return None
        require(trouble is not None, f'ends with {outcome.code} without trouble', outcome.output)
        if trouble.kind == 'full disk':
            one_line = len(errors) == 1 and 'free some space' in errors[0] and outcome.code == 2
            require(one_line, f'a full disk ends with {outcome.code} and {errors}', outcome.output)
            return f'full disk, {"some" if trouble.room else "no"} room'
        number = {'SIGKILL': 9, 'SIGTERM': 15, 'SIGUSR1': 10}[trouble.kind]
        graceful = outcome.code == 128 + number
        require(
            outcome.code == -number or graceful and number != 9, f'{trouble} ends with {outcome.code}', outcome.output
        )
        return f'{trouble.kind}, {"with a checkpoint" if graceful else "without a checkpoint"}'

    def check_start(self, outcome: Outcome, readable: list[Path]) -> None:
        """Check where the run continues, unless it ended before that."""
        skipped = [line for line in outcome.lines if 'cannot be read' in line and 'resuming from the earlier' in line]
        resumed = re.search(r'resumed from (\S+) at epoch \d+, iteration (\d+)', outcome.output)
        if resumed:
            expected = iteration_of(readable[0], EPOCH) if readable else 0
            require(bool(readable) and resumed[1] == str(readable[0]), f'expected {readable[:1]}', outcome.output)
            require(int(resumed[2]) == expected, f'expected iteration {expected}', outcome.output)
            require(
                len(skipped) == len(self.damaged), f'{len(self.damaged)} damaged, one line for each', outcome.output
            )
            lost = self.done - expected
            allowed = INTERVAL[self.whole.loop] * (1 + len(self.damaged))
            require(lost <= allowed, f'{lost} iterations are repeated, at most {allowed} expected', outcome.output)
            self.events['iterations repeated'] += max(lost, 0)
        elif 'nothing to resume' in outcome.output:
            require(not readable and self.done <= INTERVAL[self.whole.loop], f'{readable} is lost', outcome.output)
            self.events['iterations repeated'] += self.done
        stopped = re.search(r'training ends after iteration (\d+)', outcome.output)
        if stopped:
            found = iteration_of(newest_first(self.folder)[0], EPOCH)
            require(found == int(stopped[1]), f'the newest checkpoint has iteration {found}', outcome.output)

    def logged(self) -> int:
        """Return the last iteration that the last start has logged, or one before it."""
        logs = ''.join(log.read_text() for log in sorted(self.folder.glob('*/vis_data/scalars.json')))
        steps = re.findall(r'"iter": (\d+)', logs)
        return int(steps[-1]) if steps else 0

    def compare(self) -> None:
        """Check that the end is that of the training without trouble."""
        for name in sorted(path.name for path in self.whole.folder.glob('*.pth')):
            if (self.folder / name).exists():
                whole, found = (
                    torch.load(folder / name, weights_only=True) for folder in (self.whole.folder, self.folder)
                )
                different = differences(whole, found)
                require(not different, f'{name} differs: {different[:5]}')
        names, expected = (
            {path.name for path in folder.iterdir() if path.is_file()} for folder in (self.folder, self.whole.folder)
        )
        require(names == expected, f'left: {sorted(names - expected)}, missing: {sorted(expected - names)}')
        left = [path for path in self.folder.rglob('*') if path.suffix == '.tmp']
        require(not left, f'left: {left}')
        require(tested(self.whole.loop, self.folder) == self.whole.scores, 'the scores of the test differ')
