"""Throughput of boundary matching in images per second, with the image gradient as the prediction.

    benchmarks/boundary.py DIR [--processes 2] [--matching cardinality]

DIR, an absolute path or a path under MMMTL_DATA, contains ID.jpg and ID.png, the fraction of annotators that mark a
boundary, times 255. The annotators are merged into one ground truth, so the scores differ from those of BSDS500.
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
    parser.add_argument(
        'folder', type=Path, help='folder of ID.jpg and ID.png: an absolute path, or a path under MMMTL_DATA'
    )
    parser.add_argument(
        '--processes', type=int, default=2, help='processes that share the images (default: %(default)s)'
    )
    parser.add_argument(
        '--matching',
        choices=('cardinality', 'cost'),
        default='cardinality',
        help='how boundary pixels are matched, see `Edge` (default: %(default)s)',
    )
    parser.add_argument('--thresholds', type=int, default=99, help='number of thresholds (default: %(default)s)')
    options = parser.parse_args()

    task = Edge('edge', max_distance='bsds', thresholds=options.thresholds, matching=options.matching)
    images = required_files(data_root(options.folder), '*.jpg', 'images of BSDS500')
    context = get_context('spawn')
    barrier = context.Barrier(options.processes + 1)
    with context.Pool(options.processes, initialize_worker, (barrier,)) as pool:
        barrier.wait()
        start = time.perf_counter()
        results = pool.map(partial(measure, task), images, chunksize=2)
        elapsed = time.perf_counter() - start
    seconds = sum(seconds for _, seconds in results)
    sums = {name: sum(result[name] for result, _ in results) for name in results[0][0]}
    print(
        f'{len(images) / elapsed:.2f} images/s ({len(images)} images, {options.thresholds} thresholds, '
        f'{options.matching}, {options.processes} processes, {elapsed:.1f} s); '
        f'{len(images) / seconds:.2f} images per CPU second'
    )
    print('  '.join(f'{name} {value:.4f}' for name, value in task.compute_metrics(sums).items()))


def initialize_worker(barrier: Barrier) -> None:
    """Set one thread per process, and wait for the other processes, so that their start is not timed."""
    cv2.setNumThreads(1)
    torch.set_num_threads(1)
    barrier.wait()


def measure(task: Edge, image: Path) -> tuple[dict[str, torch.Tensor], float]:
    """Predict edges by the gradient of the smoothed image; return the metric sums and the CPU time in seconds."""
    start = time.process_time()
    grey = cv2.GaussianBlur(cv2.imread(str(image), cv2.IMREAD_GRAYSCALE).astype(np.float32), (0, 0), 1.5)
    gradient = cv2.magnitude(cv2.Sobel(grey, cv2.CV_32F, 1, 0), cv2.Sobel(grey, cv2.CV_32F, 0, 1))
    fraction = cv2.imread(str(image.with_suffix('.png')), cv2.IMREAD_UNCHANGED).astype(np.float32) / 255
    prediction, target = (torch.from_numpy(values)[None, None] for values in (gradient / gradient.max(), fraction))
    return task.measure(prediction, target), time.process_time() - start


if __name__ == '__main__':
    main()
