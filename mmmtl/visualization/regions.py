"""A region map as a picture: a colour for each region over the image, and the borders between them."""

import numpy as np


def draw_regions(image: np.ndarray, regions: np.ndarray) -> np.ndarray:
    """(H, W, 3) uint8 RGB and numbers (H, W), -1 for none -> (H, W, 3) uint8.

    A region has the colour of its number, whatever image it is in; where there is none the image is dark.
    """
    numbers, place = np.unique(regions, return_inverse=True)
    hash_of = numbers.astype(np.uint64)[:, None] * np.array([2654435761, 2246822519, 3266489917], np.uint64)
    colours = 55 + (hash_of >> np.uint64(13)) % np.uint64(200)
    painted = (0.4 * image + 0.6 * colours[place.reshape(regions.shape)]).astype(np.uint8)
    painted[regions < 0] = (0.4 * image[regions < 0]).astype(np.uint8)
    border = np.zeros(regions.shape, bool)
    border[:, 1:] |= regions[:, 1:] != regions[:, :-1]
    border[1:] |= regions[1:] != regions[:-1]
    painted[border] = 255
    return painted
