"""NYU Depth v2: its 40 and 13 classes, the mapping between them, and the colour camera."""

import numpy as np

CLASSES_40 = (
    'wall',
    'floor',
    'cabinet',
    'bed',
    'chair',
    'sofa',
    'table',
    'door',
    'window',
    'bookshelf',
    'picture',
    'counter',
    'blinds',
    'desk',
    'shelves',
    'curtain',
    'dresser',
    'pillow',
    'mirror',
    'floor mat',
    'clothes',
    'ceiling',
    'books',
    'refrigerator',
    'television',
    'paper',
    'towel',
    'shower curtain',
    'box',
    'whiteboard',
    'person',
    'night stand',
    'toilet',
    'sink',
    'lamp',
    'bathtub',
    'bag',
    'other structure',
    'other furniture',
    'other prop',
)
CLASSES_13 = (
    'bed',
    'books',
    'ceiling',
    'chair',
    'floor',
    'furniture',
    'objects',
    'picture',
    'sofa',
    'table',
    'tv',
    'wall',
    'window',
)
_MEMBERS = {
    'bed': ('bed',),
    'books': ('books',),
    'ceiling': ('ceiling',),
    'chair': ('chair',),
    'floor': ('floor', 'floor mat'),
    'furniture': (
        'cabinet',
        'bookshelf',
        'counter',
        'shelves',
        'dresser',
        'refrigerator',
        'night stand',
        'other furniture',
    ),
    'picture': ('picture',),
    'sofa': ('sofa',),
    'table': ('table', 'desk'),
    'tv': ('television',),
    'wall': ('wall', 'door'),
    'window': ('window', 'blinds', 'curtain'),
}
_COARSE = {fine: coarse for coarse, members in _MEMBERS.items() for fine in members}  # all others are objects
# (41,) uint8: 40-class index -> 13-class index, both from 1, 0 = unlabelled
FORTY_TO_THIRTEEN = np.array(
    [0, *(CLASSES_13.index(_COARSE.get(name, 'objects')) + 1 for name in CLASSES_40)], np.uint8
)

# The colour camera of the toolbox at 480 x 640, whose pixel centres are integers; ours are at +0.5.
INTRINSICS = np.array([[518.8579, 0, 325.5824 + 0.5], [0, 519.4696, 253.7362 + 0.5], [0, 0, 1]])
SIZE = (480, 640)
VALID_TOP, VALID_LEFT, VALID_SIZE = 45, 40, (425, 560)  # inside the white border that the registration leaves


def valid_intrinsics() -> np.ndarray:
    """Return the intrinsics (3, 3) of the images cropped to their valid 425 x 560 pixels."""
    return INTRINSICS - np.array([[0, 0, VALID_LEFT], [0, 0, VALID_TOP], [0, 0, 0]])
