"""Measure the time and the peak memory of a network's forward pass."""

import math
import resource
import statistics
import sys
import time
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

import torch

from mmmtl.models import MultiTaskModel
from mmmtl.structures import MultiTaskDataSample

BASELINE, FIELD_OF_VIEW = 0.1, 60.0  # metres between neighbouring views, degrees


@dataclass(frozen=True)
class ForwardSpeed:
    """Times and memory of forward passes over one batch.

    Args:
        images: Number of images in the batch.
        seconds: Duration of each pass.
        memory: Peak memory in bytes during the passes, weights and activations included: what PyTorch allocated on a
            GPU, the resident memory of the process on a CPU.
        memory_before: The same before the first pass.
    """

    images: int
    seconds: Sequence[float]
    memory: int
    memory_before: int

    def images_per_second(self) -> tuple[float, float, float]:
        """Return the median over the passes, and the lower and the upper quartile."""
        rates = sorted(self.images / seconds for seconds in self.seconds)
        quarter = len(rates) // 4
        return statistics.median(rates), rates[quarter], rates[-1 - quarter]


def forward_speed(
    model: MultiTaskModel,
    size: tuple[int, int],
    scenes: int = 1,
    views: int = 1,
    *,
    warm_up: int = 3,
    repeats: int = 10,
    half: bool = False,
) -> ForwardSpeed:
    """Measure a network on a batch of noise; its mode is left as it is.

    The first passes are not measured: they allocate memory and choose kernels. Data loading and the resizing of
    predictions to an image are excluded.

    Args:
        model: The network, on the device to measure.
        size: Size (H, W) of the images.
        scenes: Scenes in the batch.
        views: Views per scene. Cameras of several views stand side by side and look in the same direction.
        warm_up: Passes before the measured ones.
        repeats: Measured passes.
        half: Use mixed precision: float16 on a GPU, bfloat16 on a CPU.
    """
    device = next(model.parameters()).device
    images = torch.rand(scenes * views, 3, *size, generator=torch.Generator().manual_seed(0)).to(device)
    samples = posed_samples(size, scenes, views, device) if views > 1 else None
    dtype = torch.float16 if device.type == 'cuda' else torch.bfloat16
    training, seconds = model.training, []
    before = reset_peak_memory(device)
    try:
        with torch.inference_mode(), torch.autocast(device.type, dtype) if half else nullcontext():
            model.eval()
            for index in range(-warm_up, repeats):
                synchronize(device)
                start = time.perf_counter()
                model(images, samples)
                synchronize(device)
                if index >= 0:
                    seconds.append(time.perf_counter() - start)
    finally:
        model.train(training)
    peak = max(peak_memory(device), before)  # Linux rounds the two differently
    return ForwardSpeed(len(images), seconds, peak, before)


def posed_samples(
    size: tuple[int, int], scenes: int, views: int, device: torch.device | str = 'cpu'
) -> list[MultiTaskDataSample]:
    """Return the samples of scenes whose views stand `BASELINE` apart, side by side."""
    height, width = size
    focal = 0.5 * width / math.tan(math.radians(FIELD_OF_VIEW / 2))
    intrinsics = torch.tensor([[focal, 0, width / 2], [0, focal, height / 2], [0, 0, 1]], device=device)
    samples = []
    for scene in range(scenes):
        for view in range(views):
            about = {'scene': str(scene), 'view': view, 'num_views': views, 'img_path': f'{scene}-{view}'}
            sample = MultiTaskDataSample(metainfo={**about, 'img_shape': size})
            pose = torch.eye(4, device=device)
            pose[0, 3] = -BASELINE * view
            sample.intrinsics, sample.camera_T_world = intrinsics, pose
            samples.append(sample)
    return samples


def synchronize(device: torch.device) -> None:
    """Wait until all kernels on the device have finished."""
    if device.type == 'cuda':
        torch.cuda.synchronize(device)


def reset_peak_memory(device: torch.device) -> int:
    """Reset the peak, where the system allows it, and return the present memory in bytes."""
    if device.type == 'cuda':
        torch.cuda.reset_peak_memory_stats(device)
        return torch.cuda.memory_allocated(device)
    try:
        Path('/proc/self/clear_refs').write_text('5')  # resets the peak of the process, see proc(5)
    except OSError:  # not on Linux: the peak is that since the start of the process
        return peak_memory(device)
    return _status('VmRSS') or peak_memory(device)


def peak_memory(device: torch.device) -> int:
    """Return the peak memory in bytes."""
    if device.type == 'cuda':
        return torch.cuda.max_memory_allocated(device)
    since_start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return _status('VmHWM') or since_start * (1 if sys.platform == 'darwin' else 1024)


def _status(name: str) -> int | None:
    """Return an entry of Linux's status of this process in bytes."""
    try:
        lines = Path('/proc/self/status').read_text().splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith(f'{name}:')), None)
