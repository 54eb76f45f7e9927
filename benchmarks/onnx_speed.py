"""Compare the speed of an exported network under onnxruntime with PyTorch, side by side in one run.

python benchmarks/onnx_speed.py MODEL.onnx CONFIG [CHECKPOINT] --image photo.jpg
"""

import argparse
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from mmmtl.apis import MultiTaskInferencer
from mmmtl.export import OnnxInferencer
from mmmtl.files.reading import read_image


def alternate(functions: dict[str, Callable[[], object]], repeats: int) -> dict[str, list[float]]:
    """Time functions in turn, so that the load of the machine concerns all of them; drop the first round."""
    seconds: dict[str, list[float]] = {name: [] for name in functions}
    for _ in range(repeats + 1):
        for name, function in functions.items():
            start = time.perf_counter()
            function()
            seconds[name].append(time.perf_counter() - start)
    return {name: values[1:] for name, values in seconds.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('file', help='exported network')
    parser.add_argument('config', help='config of the network')
    parser.add_argument('checkpoint', nargs='?', help='checkpoint of the network')
    parser.add_argument('--image', type=Path, help='photograph (default: noise of 480 x 640 pixels)')
    parser.add_argument('--repeats', type=int, default=20, help='measured images (default: %(default)s)')
    parser.add_argument('--threads', type=int, default=1, help='threads of each library (default: %(default)s)')
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    noise = np.random.default_rng(0).integers(0, 256, (480, 640, 3), np.uint8)
    image = read_image(args.image) if args.image else noise
    torch_infer = MultiTaskInferencer(args.config, args.checkpoint)
    onnx_infer = OnnxInferencer(args.file, threads=args.threads)
    seconds = alternate({'PyTorch': lambda: torch_infer(image), 'onnxruntime': lambda: onnx_infer(image)}, args.repeats)
    median = {name: statistics.median(values) for name, values in seconds.items()}
    print(f'{image.shape[0]} x {image.shape[1]} pixels, {args.threads} thread(s), median of {args.repeats} images')
    for name, value in median.items():
        print(f'{name:12} {1000 * value:7.1f} ms')
    ratios = [a / b for a, b in zip(seconds['PyTorch'], seconds['onnxruntime'], strict=True)]
    print(f'onnxruntime is {statistics.median(ratios):.2f} times as fast as PyTorch (median over pairs of runs)')


if __name__ == '__main__':
    main()
