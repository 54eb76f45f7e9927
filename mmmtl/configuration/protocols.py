"""Evaluation protocols by name.

A project adds its own in a module that its configs list in ``custom_imports``::

    from mmmtl.configuration.protocols import PROTOCOLS, Protocol

    PROTOCOLS['mine/v1'] = Protocol(about='200 images of ...', file='/path/to/mine.py')
"""

from collections.abc import Iterable

from mmengine.config import Config

from mmmtl.configuration.protocol import Protocol
from mmmtl.tasks import build_tasks

__all__ = ['PROTOCOLS', 'Protocol', 'compared_metrics', 'protocol_of']

PROTOCOLS: dict[str, Protocol] = {
    'nyuv2-13/mtan': Protocol(
        about='654 images; Liu, Johns and Davison, CVPR 2019, and papers that use their arrays (MTPSL)',
        file='_base_/datasets/nyuv2_13_mtan.py',
        compared=dict(depth='abs'),
        reduction='batch',
    ),
    'nyud-40/sak': Protocol(
        about='654 images of 425 x 560, padded; ATRC, InvPT, SAK',
        file='_base_/datasets/nyud_40_sak.py',
        compared=dict(depth='rmse'),
        reduction='pixels',
    ),
    'pascal/sak': Protocol(
        about=('5105 images, padded; ASTMT, InvPT, SAK; labels of saliency and normals are predictions of networks'),
        file='_base_/datasets/pascal_context_sak.py',
        reduction='pixels',
    ),
    'cityscapes-7/mtan': Protocol(
        about='500 images, disparity instead of depth; Liu, Johns and Davison, CVPR 2019',
        file='_base_/datasets/cityscapes_7_mtan.py',
        compared=dict(depth='abs'),
        reduction='batch',
        size=(128, 256),
    ),
    'cityscapes-19': Protocol(
        about='500 images of the official files, 19 classes; depth from the official disparity, up to 80 m',
        file='_base_/datasets/cityscapes_19.py',
        size=(1024, 2048),
    ),
    'kitti/eigen': Protocol(
        about="652 of Eigen's 697 images, improved depth from 1 mm to 80 m inside Garg's crop",
        file='_base_/datasets/kitti_eigen.py',
    ),
    'kitti-semantics/fifth': Protocol(
        about=('every fifth of the 200 labelled images of KITTI 2015: a split of this project, not of the benchmark'),
        file='_base_/datasets/kitti_semantics.py',
    ),
    'kitti-semantics/all': Protocol(
        about='the 200 labelled images of KITTI 2015, for networks trained on none of them',
        file='pseudo_mtl/pretrain.py::kitti_classes',
    ),
    'camvid-11/240x320': Protocol(
        about='101 images of the validation split of SegNet, two thirds of their size',
        file='_base_/datasets/camvid.py',
        size=(240, 320),
    ),
    'bsds500': Protocol(
        about='200 test images, one map per annotator; Arbelaez et al., TPAMI 2011',
        file='_base_/datasets/bsds500.py',
    ),
    'bsds500/merged': Protocol(
        about=('100 validation images at two thirds of their size, annotators merged into one map: not the benchmark'),
        file='_base_/datasets/bsds500_fractions.py',
    ),
    'two-view/derived': Protocol(
        about=(
            'the held-out pairs of 83 posed pairs of SUN3D and TUM RGB-D; normals computed from '
            'depth, so compare them with such normals only'
        ),
        file='_base_/datasets/posed_views.py',
    ),
    'camvid-bsds500-two-view': Protocol(
        about='camvid-11/240x320, bsds500/merged and two-view/derived, each evaluated separately',
        file='_base_/datasets/camvid_bsds500_two_view.py',
    ),
    'camvid-bsds500-two-view/96x128': Protocol(
        about='camvid-bsds500-two-view with images resized to the area of 96 x 128 pixels and predictions resized back',
        file='mtpsl/photographs_lite0.py::supervised',
    ),
    'two-view/pairs': Protocol(
        about='the held-out pairs of two-view/derived, predicted from both views and from one view',
        file='_base_/datasets/posed_views_pairs.py',
    ),
    'kitti/pseudo-mtl': Protocol(
        about=(
            "Eigen's 697 images with LiDAR depth, 652 with improved depth, both up to 80 m inside "
            "Garg's crop; the 200 labelled images of KITTI 2015"
        ),
        file='_base_/datasets/kitti_stereo.py',
    ),
    'cityscapes-7/pseudo-mtl': Protocol(
        about=('500 images without their lowest quarter, 7 classes, depth from the official disparity, up to 80 m'),
        file='_base_/datasets/cityscapes_stereo.py',
        compared=dict(depth='abs'),
    ),
    'middlebury/matches': Protocol(
        about=("disparities of a stereo matcher on Middlebury's pairs, correct within one pixel; for testing only"),
        file='pseudo_mtl/confidence.py::ccnn_middlebury',
    ),
    'rooms/small-pairs': Protocol(
        about='200 small generated test rooms, predicted from both views and from one view',
        file='_base_/datasets/rooms_small_pairs.py',
    ),
    'rooms/pairs': Protocol(
        about='200 generated test rooms, predicted from both views and from one view',
        file='_base_/datasets/rooms_pairs.py',
    ),
    'rooms/demo': Protocol(
        about='120 generated test rooms, 2 views each, every pixel labelled',
        file='_base_/datasets/synthetic_rooms.py',
    ),
    'rooms/small': Protocol(
        about='200 small generated test rooms, 2 views each, for tables that two CPU cores can train',
        file='_base_/datasets/rooms_small.py',
    ),
    'rooms/128x128': Protocol(
        about='the rooms of rooms/demo at 128 x 128 pixels',
        file='_base_/datasets/rooms_128.py',
    ),
    'rooms/realistic': Protocol(
        about='120 generated test rooms with the light, surfaces and viewpoints of photographs, 2 views each',
        file='_base_/datasets/rooms_realistic.py',
    ),
    'rooms/realistic-edges': Protocol(
        about='the rooms of rooms/realistic, smaller, with the boundaries of instances',
        file='_base_/datasets/rooms_realistic_edges.py',
    ),
    'rooms/matches': Protocol(
        about='disparities of a stereo matcher on 40 generated test rooms, correct within one pixel',
        file='_base_/datasets/rooms_matches.py',
    ),
    'rooms/small-stereo': Protocol(
        about='200 small generated test rooms, left and right view of each',
        file='_base_/datasets/rooms_small_stereo.py',
    ),
    'rooms/stereo': Protocol(
        about='the rooms of rooms/small-stereo at 96 x 128 pixels',
        file='_base_/datasets/rooms_stereo.py',
    ),
}


def protocol_of(config: Config) -> Protocol | None:
    """Return the protocol that a config names, whether it follows it or not; None if it has none or an unknown one."""
    name = config.get('protocol')
    return PROTOCOLS.get(name) if isinstance(name, str) else None


def compared_metrics(config: Config, scores: Iterable[str]) -> dict[str, bool]:
    """Return ``{score name: whether higher is better}`` for the metric of each task that `delta_mtl` compares.

    It is the protocol's metric of the task if it has one, else the task's primary metric.

    Args:
        config: From `load_config`.
        scores: Names of the scores, ``task/metric``, or ``part/task/metric`` for a dataset of several parts.
    """
    protocol = protocol_of(config)
    chosen = protocol.compared if protocol else {}
    tasks = build_tasks(config.tasks) if config.get('tasks') else {}
    compared = {
        f'{name}/{chosen.get(name, task.primary_metric)}': task.higher_is_better for name, task in tasks.items()
    }
    return {score: compared[key] for score in scores if (key := '/'.join(score.split('/')[-2:])) in compared}
