"""Run the GPU tests, the speed measurements and small tables on a machine with one GPU.

    python benchmarks/gpu --out gpu_results      # or: make gpu; call again until it prints that all parts are finished
    python benchmarks/gpu --out /tmp/dry --dry-run      # every part in miniature on a CPU

Nothing is installed and no network or data folder is used. Each part runs in its own process. A call ends after
``--minutes``, the next one resumes; all calls together take ``--total`` minutes. Parts whose packages are missing are
skipped; wheels in the folder ``--wheels`` are unpacked into a temporary folder and used.
"""

import argparse
import os
import signal
import sys
import tempfile
import time
import zipfile
from importlib.util import find_spec
from pathlib import Path

from child import Child
from parts import parts
from results import Results

ROOT = Path(__file__).parents[2]


def main() -> int:
    parser = argparse.ArgumentParser(prog='benchmarks/gpu', description=__doc__.splitlines()[0])
    parser.add_argument('--out', type=Path, default=Path('gpu_results'), help='output folder')
    parser.add_argument('--minutes', type=float, default=8, help='minutes of this call')
    parser.add_argument('--total', type=float, default=20, help='minutes of all calls')
    parser.add_argument('--wheels', type=Path, default=ROOT / 'wheels', help='folder of wheels to unpack and use')
    parser.add_argument(
        '--only', nargs='+', choices=[part.name for part in parts()], metavar='PART', help='parts to run (default: all)'
    )
    parser.add_argument('--dry-run', action='store_true', help='every part in miniature on a CPU')
    args = parser.parse_args()
    problem = missing_requirement(args.dry_run)
    if problem:
        parser.error(f'{problem}; name another interpreter: make gpu PYTHON=/path/to/python3')
    try:
        results = Results(args.out, args.dry_run)
    except (OSError, ValueError) as error:
        parser.error(str(error))
    started, child = time.monotonic(), Child()
    signal.signal(signal.SIGTERM, _interrupt)
    results.write()
    with tempfile.TemporaryDirectory() as packages:
        environment = child_environment(args, unpack(args.wheels, Path(packages)))
        try:
            run_parts(args, results, child, started, environment)
        except KeyboardInterrupt:
            print('interrupted; the next call resumes')
            return 143
    left, values = results.pending_parts(), results.values
    spent = f'{values["seconds"] / 60:.1f} minutes so far'
    print(f'{args.out}/results.md: {len(left)} of {len(values["parts"])} parts are left, {spent}')
    if left and not args.only:
        print('call again to resume' if values['seconds'] < 60 * args.total else 'the total time is used up')
    return int(any(entry['status'] == 'failed' for entry in values['parts'].values()))


def missing_requirement(dry_run: bool) -> str | None:
    """Return what the interpreter lacks to run any part, or None."""
    if find_spec('torch') is None:
        return f'{sys.executable} has no PyTorch'
    if not dry_run:
        import torch

        if not torch.cuda.is_available():
            return f'PyTorch {torch.__version__} of {sys.executable} finds no GPU'
    return None


def run_parts(args: argparse.Namespace, results: Results, child: Child, started: float, env: dict[str, str]) -> None:
    """Run the open parts in order until the time of this call, or of all calls, is used up."""
    done = [name for name, entry in results.values['parts'].items() if entry['status'] == 'done']
    chosen = set(args.only) - set(done) if args.only else set(results.pending_parts())
    todo = [part for part in parts(args.dry_run) if part.name in chosen]
    for position, part in enumerate(todo):
        of_all_calls = 60 * args.total - results.values['seconds']
        left = min(60 * args.minutes - (time.monotonic() - started), of_all_calls)
        needed = 60 * (0 if args.dry_run else part.minutes)
        if left <= 0 or (left < needed and position > 0):
            return
        begin, limit = time.monotonic(), 600 if args.dry_run else 120 * part.minutes
        print(f'{part.name} ...', flush=True)
        try:
            entry = child.run(part.arguments + ('--dry-run',) * args.dry_run, min(left, limit), env)
        except KeyboardInterrupt:
            results.set(part.name, 'interrupted', time.monotonic() - begin)
            raise
        status = entry.pop('status')
        if status == 'timeout':
            first = results.values['parts'][part.name]['status'] == 'pending'
            again = left < limit and (first or left == of_all_calls)  # the user may raise --total
            status = 'interrupted' if again else 'too slow'
            entry = {'message': f'ended after {min(left, limit):.0f} s'}
        results.set(part.name, status, time.monotonic() - begin, **entry)
        print(f'{part.name}: {status}', flush=True)


def unpack(wheels: Path, folder: Path) -> Path:
    """Unpack all wheels of a folder, if there is one."""
    for wheel in sorted(wheels.glob('*.whl')):
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(folder)
    return folder


def child_environment(args: argparse.Namespace, packages: Path) -> dict[str, str]:
    """Return the environment of the parts: this checkout and the unpacked wheels, no data folder, no network."""
    paths = [str(ROOT), str(packages), *filter(None, [os.environ.get('PYTHONPATH')])]
    cache = args.out.resolve().name + ('-dry' if args.dry_run else '')
    env = {
        **os.environ,
        'PYTHONPATH': os.pathsep.join(paths),
        'MMMTL_CACHE': os.environ.get('MMMTL_CACHE') or str(Path(tempfile.gettempdir()) / f'mmmtl-{cache}'),
        'HF_HUB_OFFLINE': '1',
    }
    env.pop('MMMTL_DATA', None)
    if args.dry_run:
        env.update(CUDA_VISIBLE_DEVICES='', OMP_NUM_THREADS='1')
    return env


def _interrupt(*_) -> None:
    raise KeyboardInterrupt


if __name__ == '__main__':
    sys.exit(main())
