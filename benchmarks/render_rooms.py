"""Views of synthetic rooms per second of one core, and where the time goes."""

import time
from argparse import ArgumentParser
from collections import Counter

from mmmtl.synthetic_rooms.cameras import place_cameras
from mmmtl.synthetic_rooms.render import render_view
from mmmtl.synthetic_rooms.scene import build_scene


def main() -> None:
    parser = ArgumentParser(description=__doc__)
    parser.add_argument('--scenes', type=int, default=60)
    parser.add_argument('--views', type=int, default=4)
    parser.add_argument('--size', type=int, nargs=2, default=(128, 160), metavar=('H', 'W'))
    options = parser.parse_args()

    render_view(scene := build_scene('warm-up', 0), place_cameras(scene, 1, options.size)[0])
    spent: Counter[str] = Counter()
    for index in range(options.scenes):
        start = time.process_time()
        scene = build_scene('train', index)
        built = time.process_time()
        cameras = place_cameras(scene, options.views, options.size)
        placed = time.process_time()
        for camera in cameras:
            render_view(scene, camera)
        spent.update(build=built - start, cameras=placed - built, render=time.process_time() - placed)

    total, views = sum(spent.values()), options.scenes * options.views
    print(f'{views / total:.1f} views/s of {options.size[1]}x{options.size[0]} ({views} views, {total:.1f} s)')
    for step, seconds in spent.items():
        print(f'{step:8s} {seconds / total:5.1%}  {1e3 * seconds / views:.2f} ms/view')


if __name__ == '__main__':
    main()
