"""Read the frames of a video, with OpenCV."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np

from mmmtl.errors import DataError

VIDEO_SUFFIXES = {'.avi', '.m4v', '.mkv', '.mov', '.mp4', '.mpeg', '.mpg', '.webm'}

os.environ.setdefault('OPENCV_FFMPEG_LOGLEVEL', '-8')  # errors are reported once, here


class Video:
    """A video file; frames are decoded one at a time.

    Args:
        path: Path of the file.
        step: Read one frame in ``step``, beginning with the first.

    Raises:
        DataError: The file is missing or not a video.
    """

    def __init__(self, path: Path, step: int = 1) -> None:
        self.path, self.step = path, step
        if not path.is_file():
            raise DataError(f'{path}: no such file; check the path')
        logging = cv2.utils.logging
        level = logging.getLogLevel()
        logging.setLogLevel(logging.LOG_LEVEL_SILENT)
        try:
            self.capture = cv2.VideoCapture(str(path))
        finally:
            logging.setLogLevel(level)
        if not self.capture.isOpened():
            raise DataError(f'{path}: cannot be read as a video; restore the file, or convert it to MP4 (H.264)')
        self.announced = max(0, round(self.capture.get(cv2.CAP_PROP_FRAME_COUNT)))

    def __len__(self) -> int:
        """Number of frames to read, as the header of the file states; 0 if it does not."""
        return -(-self.announced // self.step)

    def __iter__(self) -> Iterator[tuple[int, Callable[[], np.ndarray]]]:
        """Yield (index, function that decodes the frame as (H, W, 3) uint8 RGB); call it before the next frame.

        Raises:
            DataError: The video ends before the number of frames that its header states; it is raised after the last.
        """
        index = 0
        while self.capture.grab():
            if index % self.step == 0:
                yield index, self._decode
            index += 1
        self.capture.release()
        if index < self.announced - 1:  # some containers count one frame too many
            raise DataError(f'{self.path}: only {index} of {self.announced} frames can be read; restore the file')

    def _decode(self) -> np.ndarray:
        """Decode the current frame."""
        read, frame = self.capture.retrieve()
        if not read:
            raise DataError(f'{self.path}: a frame cannot be decoded; restore the file')
        return np.ascontiguousarray(frame[..., ::-1])
