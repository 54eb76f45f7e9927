"""Visualization of region maps."""

import numpy as np


def draw_regions(image: np.ndarray, regions: np.ndarray) -> np.ndarray:
    """Overlay an image with coloured regions and their borders.

    The colour of a region depends on its index alone; the image is darkened where there is no region.

    Args:
        image: (H, W, 3) uint8 RGB.
        regions: (H, W) region indices, -1 for none.

    Returns:
        (H, W, 3) uint8 RGB.
    """
    indices, inverse = np.unique(regions, return_inverse=True)
    hash_of = indices.astype(np.uint64)[:, None] * np.array([2654435761, 2246822519, 3266489917], np.uint64)
    colours = 55 + (hash_of >> np.uint64(13)) % np.uint64(200)
    painted = (0.4 * image + 0.6 * colours[inverse.reshape(regions.shape)]).astype(np.uint8)
    painted[regions < 0] = (0.4 * image[regions < 0]).astype(np.uint8)
    border = np.zeros(regions.shape, bool)
    border[:, 1:] |= regions[:, 1:] != regions[:, :-1]
    border[1:] |= regions[1:] != regions[:-1]
    painted[border] = 255
    return painted
