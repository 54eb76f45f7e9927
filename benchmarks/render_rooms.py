"""Views of synthetic rooms per second of one core, where the time goes, and what a plain renderer takes.

    python benchmarks/render_rooms.py [--scenes 40] [--views 4] [--size 128 160] [--rounds 5]

The plain way (`tests/plain_rooms.py`) shades the whole picture at once and leaves the process as it is; ours shades
strip by strip, in a process set up like the workers that fill a cache. Each way runs in a process of its own, by turns,
on the same rooms, and both have to draw the same views to the bit. Processor time; medians over the rounds, and the
ratio plain / ours, above 1 where ours is faster. Views per second include building the rooms.
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

from timing import middle

from mmmtl.synthetic_rooms.cache import settle_down
from mmmtl.synthetic_rooms.cameras import place_cameras
from mmmtl.synthetic_rooms.render import render_view
from mmmtl.synthetic_rooms.scene import build_scene

sys.path.append(str(Path(__file__).parents[1] / 'tests'))
from plain_rooms import render_view as render_plainly  # noqa: E402

WAYS = {'plain': render_plainly, 'ours': render_view}
STEPS = ('build', 'cameras', 'render')


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--scenes', type=int, default=40)
    parser.add_argument('--views', type=int, default=4)
    parser.add_argument('--size', type=int, nargs=2, default=(128, 160), metavar=('H', 'W'))
    parser.add_argument('--rounds', type=int, default=5)
    parser.add_argument('--way', choices=tuple(WAYS), help='run this one here and print its numbers as JSON')
    args = parser.parse_args()
    if args.way:
        print(json.dumps(timed(args)))
        return
    runs: dict[str, list[dict]] = {way: [] for way in WAYS}
    for _ in range(args.rounds):
        for way, found in runs.items():
            command = [sys.executable, Path(__file__), *sys.argv[1:], '--way', way]
            found.append(json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout))
    if len({run['digest'] for found in runs.values() for run in found}) != 1:
        sys.exit('the plain way draws other views than ours')
    print(f'{args.scenes} rooms, {args.views} views of {args.size[1]}x{args.size[0]} each, the same to the bit')
    for way, found in runs.items():
        step = {name: statistics.median(run[name] for run in found) for name in STEPS}
        parts = ', '.join(f'{name} {1e3 * seconds:.2f}' for name, seconds in step.items())
        print(f'{way:>5}: {1 / sum(step.values()):5.1f} views/s; ms per view: {parts}')
    for name, steps in (('render', ('render',)), ('all', STEPS)):
        pairs = zip(runs['plain'], runs['ours'], strict=True)
        print(f'plain / ours, {name}: {middle(sum(p[s] for s in steps) / sum(o[s] for s in steps) for p, o in pairs)}')


def timed(args: argparse.Namespace) -> dict[str, float | str]:
    """Seconds per view of each step, and what the views come to."""
    render = WAYS[args.way]
    if args.way == 'ours':
        settle_down()
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
