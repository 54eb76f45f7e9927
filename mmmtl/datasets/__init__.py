"""Datasets, label settings, samplers and transforms."""

from mmmtl.datasets import transforms
from mmmtl.datasets.benchmarks.bsds500 import BSDS500, BSDS500Fractions
from mmmtl.datasets.benchmarks.camvid import CamVid
from mmmtl.datasets.benchmarks.cihp import CIHP
from mmmtl.datasets.benchmarks.cityscapes import Cityscapes, CityscapesMTAN
from mmmtl.datasets.benchmarks.kitti import KITTI, KITTISemantics
from mmmtl.datasets.benchmarks.middlebury import Middlebury
from mmmtl.datasets.benchmarks.nyud_mt import NYUDMT
from mmmtl.datasets.benchmarks.nyuv2 import NYUv2
from mmmtl.datasets.benchmarks.pascal_context import PascalContext
from mmmtl.datasets.benchmarks.posed_video import PosedVideo
from mmmtl.datasets.benchmarks.posed_views import PosedViews
from mmmtl.datasets.concat_dataset import ConcatDataset
from mmmtl.datasets.folder_dataset import FolderDataset
from mmmtl.datasets.hold_out_split import HoldOutSplit
from mmmtl.datasets.label_settings import AllLabels, LabelList, LabelRatio, OneLabel, RandomLabels
from mmmtl.datasets.label_settings.no_labels import NoLabels
from mmmtl.datasets.label_settings.only_labels import OnlyLabels
from mmmtl.datasets.multi_task_dataset import MultiTaskDataset, collate_views, data_root
from mmmtl.datasets.records import LabelFile, LabelReader, Record, View
from mmmtl.datasets.sample_key import SampleKey
from mmmtl.datasets.samplers.epoch_sampler import EpochSampler
from mmmtl.datasets.samplers.evenly_split_sampler import EvenlySplitSampler
from mmmtl.datasets.samplers.ratio_sampler import RatioSampler
from mmmtl.datasets.stable_split import StableHoldOutSplit
from mmmtl.datasets.stereo_matches import StereoMatches

__all__ = [
    'AllLabels',
    'BSDS500',
    'BSDS500Fractions',
    'CIHP',
    'CamVid',
    'Cityscapes',
    'CityscapesMTAN',
    'EvenlySplitSampler',
    'FolderDataset',
    'HoldOutSplit',
    'KITTI',
    'KITTISemantics',
    'LabelFile',
    'LabelList',
    'LabelRatio',
    'LabelReader',
    'Middlebury',
    'ConcatDataset',
    'MultiTaskDataset',
    'NYUDMT',
    'NYUv2',
    'NoLabels',
    'OneLabel',
    'OnlyLabels',
    'PascalContext',
    'EpochSampler',
    'PosedVideo',
    'PosedViews',
    'RandomLabels',
    'Record',
    'SampleKey',
    'RatioSampler',
    'StableHoldOutSplit',
    'StereoMatches',
    'View',
    'collate_views',
    'data_root',
    'transforms',
]
