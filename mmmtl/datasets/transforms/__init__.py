"""From record to packed views: load, move in space, change colours, pack."""

from mmmtl.datasets.transforms.geometric import RandomFlip, RandomZoomCrop, Resize
from mmmtl.datasets.transforms.loading import LoadViews
from mmmtl.datasets.transforms.packing import PackViews
from mmmtl.datasets.transforms.photometric import PhotometricDistortion

__all__ = ['LoadViews', 'PackViews', 'PhotometricDistortion', 'RandomFlip', 'RandomZoomCrop', 'Resize']
