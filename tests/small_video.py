"""A video of a few frames."""

from pathlib import Path

import cv2
import numpy as np


def write_video(path: Path, count: int = 7) -> list[np.ndarray]:
    """Write frames whose red grows, and return them as RGB."""
    frames = [np.full((32, 48, 3), (30 * index, 100, 20), np.uint8) for index in range(count)]
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*'MJPG'), 10, (48, 32))
    for frame in frames:
        writer.write(frame[..., ::-1])
    writer.release()
    return frames
