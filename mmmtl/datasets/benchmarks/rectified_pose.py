"""The pose between the two cameras of a rectified stereo pair."""

import numpy as np


def right_T_left(baseline: float) -> np.ndarray:
    """Return the transform (4, 4) from the left to the right camera of a rectified pair; ``baseline`` in metres."""
    pose = np.eye(4)
    pose[0, 3] = -baseline
    return pose
