"""CPU time of rendering synthetic rooms on one core, by step, compared with a simple reference renderer.

    python benchmarks/render_rooms.py [--scenes 40] [--views 4] [--size 128 160] [--rounds 5]

The reference (`tests/plain_rooms.py`) shades the whole image at once; ours shades it in strips, with the memory
settings of the worker processes that fill a cache. The two alternate, each in its own process, on the same rooms, and
their views must be bitwise identical. The output is the median CPU time over the rounds, and the ratio plain / ours;
above 1, ours is faster. Views per second include building the rooms.
"""

import argparse
import json
import statistics
import subprocess
import sys
import time
from collections import Counter
from hashlib import sha256
from pathlib import Path

from options import add_size
from timing import median_and_quartiles

from mmmtl.synthetic_rooms.cache import reduce_memory_overhead
from mmmtl.synthetic_rooms.cameras import place_cameras
from mmmtl.synthetic_rooms.render import render_view
from mmmtl.synthetic_rooms.scene import build_scene

sys.path.append(str(Path(__file__).parents[1] / 'tests'))
from plain_rooms import render_view as render_plainly  # noqa: E402

RENDERERS = {'plain': render_plainly, 'ours': render_view}
STEPS = ('build', 'cameras', 'render')


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--scenes', type=int, default=40, help='number of rooms (default: %(default)s)')
    parser.add_argument('--views', type=int, default=4, help='views per room (default: %(default)s)')
    add_size(parser, 128, 160, 'a view')
    parser.add_argument('--rounds', type=int, default=5, help='runs of each renderer (default: %(default)s)')
    parser.add_argument(
        '--renderer', choices=tuple(RENDERERS), help='run one renderer in this process and print its times as JSON'
    )
    args = parser.parse_args()
    if args.renderer:
        print(json.dumps(measure(args)))
        return
    runs: dict[str, list[dict]] = {renderer: [] for renderer in RENDERERS}
    for _ in range(args.rounds):
        for renderer, results in runs.items():
            command = [sys.executable, Path(__file__), *sys.argv[1:], '--renderer', renderer]
            results.append(json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout))
    if len({run['digest'] for results in runs.values() for run in results}) != 1:
        sys.exit('the views of the two renderers differ')
    print(f'{args.scenes} rooms, {args.views} views of {args.size[1]}x{args.size[0]} each, bitwise identical')
    for renderer, results in runs.items():
        step = {name: statistics.median(run[name] for run in results) for name in STEPS}
        parts = ', '.join(f'{name} {1e3 * seconds:.2f}' for name, seconds in step.items())
        print(f'{renderer:>5}: {1 / sum(step.values()):5.1f} views/s; ms per view: {parts}')
    for name, steps in (('render', ('render',)), ('all', STEPS)):
        pairs = zip(runs['plain'], runs['ours'], strict=True)
        ratios = (sum(plain[s] for s in steps) / sum(ours[s] for s in steps) for plain, ours in pairs)
        print(f'plain / ours, {name}: {median_and_quartiles(ratios)}')


def measure(args: argparse.Namespace) -> dict[str, float | str]:
    """Return the CPU seconds per view of each step, and a digest of all views."""
    render = RENDERERS[args.renderer]
    if args.renderer == 'ours':
        reduce_memory_overhead()
    scene = build_scene('warm-up', 0)
    render(scene, place_cameras(scene, 1, args.size)[0])
    spent: Counter[str] = Counter()
    digest = sha256()
    for index in range(args.scenes):
        start = time.process_time()
        scene = build_scene('train', index)
        built = time.process_time()
        cameras = place_cameras(scene, args.views, args.size)
        placed = time.process_time()
        for camera in cameras:
            start_of_view = time.process_time()
            view = render(scene, camera)
            spent['render'] += time.process_time() - start_of_view
            for values in view.values():
                digest.update(values)
        spent.update(build=built - start, cameras=placed - built)
    return {name: spent[name] / args.scenes / args.views for name in STEPS} | {'digest': digest.hexdigest()}


if __name__ == '__main__':
    main()
