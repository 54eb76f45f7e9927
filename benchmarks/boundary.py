"""Images of which boundaries are matched per second: 99 thresholds, a fixed predictor, several processes.

benchmarks/boundary.py DIR [--processes 2] [--matching cardinality]; DIR, also looked for under MMMTL_DATA, holds
ID.jpg and ID.png, the share of annotators (0..255) that mark a boundary. What anybody marks is one truth, so the
scores are not those of BSDS500.
"""

import time
from argparse import ArgumentParser
from functools import partial
from multiprocessing import get_context
from multiprocessing.synchronize import Barrier
from pathlib import Path

import cv2
import numpy as np
import torch

from mmmtl.cli.command_line import command
from mmmtl.datasets import data_root
from mmmtl.files.required_files import required_files
from mmmtl.tasks import Edge


@command
def main() -> None:
    parser = ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('folder', type=Path)
    parser.add_argument('--processes', type=int, default=2)
    parser.add_argument('--matching', choices=('cardinality', 'cost'), default='cardinality')
    parser.add_argument('--thresholds', type=int, default=99)
    options = parser.parse_args()

    task = Edge('edge', max_distance='bsds', thresholds=options.thresholds, matching=options.matching)
    images = required_files(data_root(options.folder), '*.jpg', 'images of BSDS500')
    context = get_context('spawn')
    all_here = context.Barrier(options.processes + 1)
    with context.Pool(options.processes, begin, (all_here,)) as pool:
        all_here.wait()
        start = time.perf_counter()
        results = pool.map(partial(measure, task), images, chunksize=2)
        spent = time.perf_counter() - start
    seconds = sum(seconds for _, seconds in results)
    sums = {name: sum(result[name] for result, _ in results) for name in results[0][0]}
    print(
        f'{len(images) / spent:.2f} images/s ({len(images)} images, {options.thresholds} thresholds, '
        f'{options.matching}, {options.processes} processes, {spent:.1f} s); '
        f'{len(images) / seconds:.2f} images per second of a core'
    )
    print('  '.join(f'{name} {value:.4f}' for name, value in task.compute_metrics(sums).items()))


def begin(all_here: Barrier) -> None:
    """One thread per process; wait for the others, so that no start is measured."""
    cv2.setNumThreads(1)
    torch.set_num_threads(1)
    all_here.wait()


def measure(task: Edge, image: Path) -> tuple[dict[str, torch.Tensor], float]:
    """Sums of one image and the seconds of a core they took; the prediction is the slope of the smoothed brightness."""
    start = time.process_time()
    grey = cv2.GaussianBlur(cv2.imread(str(image), cv2.IMREAD_GRAYSCALE).astype(np.float32), (0, 0), 1.5)
    slope = cv2.magnitude(cv2.Sobel(grey, cv2.CV_32F, 1, 0), cv2.Sobel(grey, cv2.CV_32F, 0, 1))
    fraction = cv2.imread(str(image.with_suffix('.png')), cv2.IMREAD_UNCHANGED).astype(np.float32) / 255
    prediction, target = (torch.from_numpy(values)[None, None] for values in (slope / slope.max(), fraction))
    return task.measure(prediction, target), time.process_time() - start


if __name__ == '__main__':
    main()
