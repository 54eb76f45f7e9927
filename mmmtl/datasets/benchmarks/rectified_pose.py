"""The pose between the two cameras of a rectified stereo pair."""

import numpy as np


def right_of_left(baseline: float) -> np.ndarray:
    """Return the pose (4, 4) of the right relative to the left camera of a rectified pair, ``baseline`` in metres."""
    pose = np.eye(4)
    pose[0, 3] = -baseline
    return pose
