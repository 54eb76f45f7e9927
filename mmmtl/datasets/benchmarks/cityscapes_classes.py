"""The 19 evaluated classes of Cityscapes (also used by KITTI), their colours, label ids and 7 categories."""

CLASSES = (
    'road',
    'sidewalk',
    'building',
    'wall',
    'fence',
    'pole',
    'traffic light',
    'traffic sign',
    'vegetation',
    'terrain',
    'sky',
    'person',
    'rider',
    'car',
    'truck',
    'bus',
    'train',
    'motorcycle',
    'bicycle',
)
PALETTE = (
    (128, 64, 128),
    (244, 35, 232),
    (70, 70, 70),
    (102, 102, 156),
    (190, 153, 153),
    (153, 153, 153),
    (250, 170, 30),
    (220, 220, 0),
    (107, 142, 35),
    (152, 251, 152),
    (70, 130, 180),
    (220, 20, 60),
    (255, 0, 0),
    (0, 0, 142),
    (0, 0, 70),
    (0, 60, 100),
    (0, 80, 100),
    (0, 0, 230),
    (119, 11, 32),
)
EVALUATED_IDS = (7, 8, 11, 12, 13, 17, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 31, 32, 33)  # by class
CATEGORIES = ('flat', 'construction', 'object', 'nature', 'sky', 'human', 'vehicle')
CATEGORY_OF_CLASS = (0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 4, 5, 5, 6, 6, 6, 6, 6, 6)
IDS = 34  # 0..33
CLASS_OF_ID = tuple(EVALUATED_IDS.index(label_id) if label_id in EVALUATED_IDS else None for label_id in range(IDS))
CATEGORY_OF_ID = tuple(None if index is None else CATEGORY_OF_CLASS[index] for index in CLASS_OF_ID)
