"""Data sets: records in, views with the labels that are shown out."""

from mmmtl.datasets import transforms
from mmmtl.datasets.bsds500 import BSDS500, BSDS500Shares
from mmmtl.datasets.camvid import CamVid
from mmmtl.datasets.cihp import CIHP
from mmmtl.datasets.cityscapes import Cityscapes, CityscapesMTAN
from mmmtl.datasets.held_out import HeldOut
from mmmtl.datasets.kitti import KITTI, KITTISemantics
from mmmtl.datasets.label_settings import AllLabels, LabelRatio, LabelTable, OneLabel, RandomLabels
from mmmtl.datasets.label_settings.only_labels import OnlyLabels
from mmmtl.datasets.middlebury import Middlebury
from mmmtl.datasets.mixed_dataset import MixedDataset
from mmmtl.datasets.multi_task_dataset import MultiTaskDataset, collate_views, data_root
from mmmtl.datasets.nyud_mt import NYUDMT
from mmmtl.datasets.nyuv2 import NYUv2
from mmmtl.datasets.pascal_context import PascalContext
from mmmtl.datasets.posed_video import PosedVideo
from mmmtl.datasets.posed_views import PosedViews
from mmmtl.datasets.records import LabelFile, LabelSource, Record, View
from mmmtl.datasets.samplers import EvenlySplitSampler, PassSampler, SampleKey
from mmmtl.datasets.share_sampler import ShareSampler
from mmmtl.datasets.stereo_matches import StereoMatches
from mmmtl.datasets.synthetic_rooms import SyntheticRooms

__all__ = [
    'AllLabels',
    'BSDS500',
    'BSDS500Shares',
    'CIHP',
    'CamVid',
    'Cityscapes',
    'CityscapesMTAN',
    'EvenlySplitSampler',
    'HeldOut',
    'KITTI',
    'KITTISemantics',
    'LabelFile',
    'LabelRatio',
    'LabelSource',
    'LabelTable',
    'Middlebury',
    'MixedDataset',
    'MultiTaskDataset',
    'NYUDMT',
    'NYUv2',
    'OneLabel',
    'OnlyLabels',
    'PascalContext',
    'PassSampler',
    'PosedVideo',
    'PosedViews',
    'RandomLabels',
    'Record',
    'SampleKey',
    'ShareSampler',
    'StereoMatches',
    'SyntheticRooms',
    'View',
    'collate_views',
    'data_root',
    'transforms',
]
