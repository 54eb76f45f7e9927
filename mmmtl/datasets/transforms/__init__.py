"""Pipeline transforms from a record to packed views: loading, geometry, colour, packing."""

from mmmtl.datasets.transforms.camera_effects import RandomBlur, RandomExposure, RandomJPEG, RandomNoise
from mmmtl.datasets.transforms.cover_crop import CoverCrop
from mmmtl.datasets.transforms.fixed_crop import FixedCrop
from mmmtl.datasets.transforms.geometric import RandomFlip, RandomSceneScale, RandomZoomCrop, Resize
from mmmtl.datasets.transforms.loading import LoadViews
from mmmtl.datasets.transforms.packing import PackViews
from mmmtl.datasets.transforms.photometric import PhotometricDistortion
from mmmtl.datasets.transforms.random_resized_crop import RandomResizedCrop
from mmmtl.datasets.transforms.scale_crop_pad import Pad, RandomCropLimited, RandomScale
from mmmtl.datasets.transforms.stereo import DisparityImage, LoadPseudoLabels, RectifiedPair
from mmmtl.datasets.transforms.trained_scale import AtTrainedScale
from mmmtl.datasets.transforms.two_crops import TwoCrops

__all__ = [
    'AtTrainedScale',
    'CoverCrop',
    'DisparityImage',
    'FixedCrop',
    'LoadPseudoLabels',
    'LoadViews',
    'PackViews',
    'Pad',
    'PhotometricDistortion',
    'RandomBlur',
    'RandomCropLimited',
    'RandomExposure',
    'RandomFlip',
    'RandomJPEG',
    'RandomNoise',
    'RandomScale',
    'RandomResizedCrop',
    'RandomSceneScale',
    'RandomZoomCrop',
    'RectifiedPair',
    'Resize',
    'TwoCrops',
]
