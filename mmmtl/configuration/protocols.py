"""Named protocols: what must be equal for two numbers to stand in one table."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mmengine.config import Config

Data = tuple[str, Mapping[str, Any]]


@dataclass(frozen=True, kw_only=True)
class Protocol:
    """What a benchmark prescribes; `mmmtl.configuration.protocol_check` holds a config to it.

    Args:
        about: What is judged, and where the rules come from.
        size: (H, W) of every image as it is judged, None where images keep their own.
        dataset: The class of the tested data set and the arguments that it must have; ``{part: ...}`` for a mixed one.
        tasks: For each task the attributes that it must have: its class (``kind``), channels, crop and cap of the
            depth, tolerance and thresholds of the edges. Void values are the tasks' own.
        measures: The numbers that papers report, by task; the first one is the one in Delta_MTL.
        reduction: How pixels and images become a loss, None where that is left open.
    """

    about: str
    size: tuple[int, int] | None
    dataset: Data | Mapping[str, Data]
    tasks: Mapping[str, Mapping[str, Any]]
    metrics: Mapping[str, tuple[str, ...]]
    reduction: str | None = None


_ANGLES = ('mean', 'median', 'rmse', 'within_11.25', 'within_22.5', 'within_30')
_CLASSES = ('mIoU', 'pixel_accuracy')
_EDGES = ('odsF', 'oisF', 'AP')
_DEPTH = ('abs_rel', 'sq_rel', 'rmse', 'rmse_log', 'delta1', 'delta2', 'delta3')
_WHOLE = dict(kind='Depth', min_depth=0.0, cap=None, crop=None)  # every pixel of known depth

_PLAIN = dict(variety='plain')  # rooms of another variety are another benchmark
_HELD_OUT_PAIRS = ('rgbd_0005?', 'sun3d_0003?')  # the ends of both sets: they share no frame with the rest
_TWO_WAYS = (('two_views', 'all'), ('one_view', 'single'))

# A project adds its own in a module that its config names in `custom_imports`: PROTOCOLS['mine/v1'] = Protocol(...).
PROTOCOLS: dict[str, Protocol] = {
    'nyuv2-13/mtan': Protocol(
        about='654 images; Liu, Johns, Davison, CVPR 2019, and all that take their arrays (MTPSL, region contrast)',
        size=(288, 384),
        dataset=('NYUv2', dict(split='val', partial=False)),
        tasks=dict(semseg=dict(kind='SemSeg', channels=13), depth=_WHOLE, normal=dict(kind='Normal')),
        metrics=dict(semseg=_CLASSES, depth=('abs', 'abs_rel_unclamped'), normal=_ANGLES),
        reduction='batch',
    ),
    'nyud-40/sak': Protocol(
        about='654 images of 425 x 560, padded; ATRC, InvPT, SAK',
        size=(448, 576),
        dataset=('NYUDMT', dict(split='val', partial=False)),
        tasks=dict(
            semseg=dict(kind='SemSeg', channels=40, absent='zero'),
            depth=dict(kind='Depth', crop=None),
            normal=dict(kind='Normal'),
            edge=dict(kind='Edge', max_distance=0.011, thresholds=99),
        ),
        metrics=dict(semseg=_CLASSES, depth=('rmse', 'abs_rel'), normal=_ANGLES, edge=_EDGES),
        reduction='pixels',
    ),
    'pascal/sak': Protocol(
        about='5105 images, padded; ASTMT, InvPT, SAK; saliency and normals are predictions of networks',
        size=(512, 512),
        dataset=('PascalContext', dict(split='val', partial=False)),
        tasks=dict(
            semseg=dict(kind='SemSeg', channels=21, absent='zero'),
            human_parts=dict(kind='HumanParts', channels=7),
            saliency=dict(kind='Saliency'),
            normal=dict(kind='Normal'),
            edge=dict(kind='Edge', max_distance=0.0075, thresholds=99),
        ),
        metrics=dict(semseg=_CLASSES, human_parts=('mIoU',), saliency=('maxF', 'mIoU'), normal=_ANGLES, edge=_EDGES),
        reduction='pixels',
    ),
    'cityscapes-7/mtan': Protocol(
        about='500 images, disparity in the place of depth; Liu, Johns, Davison, CVPR 2019',
        size=(128, 256),
        dataset=('CityscapesMTAN', dict(split='val', partial=False)),
        tasks=dict(semseg=dict(kind='SemSeg', channels=7), depth=_WHOLE),
        metrics=dict(semseg=_CLASSES, depth=('abs', 'abs_rel_unclamped')),
        reduction='batch',
    ),
    'cityscapes-19': Protocol(
        about='500 images of the official files, 19 classes; depth from the official disparity, up to 80 m',
        size=(1024, 2048),
        dataset=('Cityscapes', dict(split='val', partial=False)),
        tasks=dict(semseg=dict(kind='SemSeg', channels=19), depth=dict(kind='Depth', cap=80.0, crop=None)),
        metrics=dict(semseg=_CLASSES, depth=_DEPTH),
    ),
    'kitti/eigen': Protocol(
        about="652 of Eigen's 697 images, improved depth from 1 mm to 80 m inside Garg's window",
        size=None,
        dataset=('KITTI', dict(count=652, depth='improved', partial=False)),
        tasks=dict(depth=dict(kind='Depth', min_depth=1e-3, cap=80.0, crop='garg')),
        metrics=dict(depth=_DEPTH),
    ),
    'kitti-semantics/fifth': Protocol(
        about='every fifth of the 200 labelled images of KITTI 2015: a split of our own, comparable with itself',
        size=None,
        dataset=('KITTISemantics', dict(split='val', partial=False)),
        tasks=dict(semseg=dict(kind='SemSeg', channels=19)),
        metrics=dict(semseg=_CLASSES),
    ),
    'kitti-semantics/all': Protocol(
        about='the 200 labelled images of KITTI 2015, for networks that have learnt from none of them',
        size=None,
        dataset=('KITTISemantics', dict(split='all', partial=False)),
        tasks=dict(semseg=dict(kind='SemSeg', channels=19)),
        metrics=dict(semseg=_CLASSES),
    ),
    'camvid-11/240x320': Protocol(
        about='101 images of the validation split of SegNet, two thirds of their size',
        size=(240, 320),
        dataset=('CamVid', dict(split='val', partial=False)),
        tasks=dict(semseg=dict(kind='SemSeg', channels=11)),
        metrics=dict(semseg=_CLASSES),
    ),
    'bsds500': Protocol(
        about='200 test images, every annotator judged by himself; Arbelaez et al., TPAMI 2011',
        size=None,
        dataset=('BSDS500', dict(split='test', partial=False)),
        tasks=dict(edge=dict(kind='Edge', target_channels=9, max_distance=0.0075, thresholds=99)),
        metrics=dict(edge=_EDGES),
    ),
    'bsds500/merged': Protocol(
        about='100 validation images at two thirds of their size, annotators merged into one map: no benchmark',
        size=None,
        dataset=('BSDS500Fractions', dict(split='val', partial=False)),
        tasks=dict(edge=dict(kind='Edge', target_channels=1, max_distance=0.0075, thresholds=99)),
        metrics=dict(edge=_EDGES),
    ),
    'two-view/derived': Protocol(
        about='the held-out ones of 83 posed pairs of SUN3D and TUM RGB-D; normals derived from the depth, so compare '
        'them with derived ones only',
        size=(120, 160),
        dataset=('PosedViews', dict(split='val', val_scenes=_HELD_OUT_PAIRS)),
        tasks=dict(depth=_WHOLE, normal=dict(kind='Normal')),
        metrics=dict(depth=_DEPTH, normal=_ANGLES),
    ),
    'camvid-bsds500-two-view': Protocol(
        about='camvid-11/240x320, bsds500/merged and two-view/derived, each judged by itself',
        size=None,
        dataset=dict(
            camvid=('CamVid', dict(split='val', partial=False)),
            bsds500=('BSDS500Fractions', dict(split='val', partial=False)),
            two_view=('PosedViews', dict(split='val', val_scenes=_HELD_OUT_PAIRS)),
        ),
        tasks=dict(
            semseg=dict(kind='SemSeg', channels=11),
            edge=dict(kind='Edge', max_distance=0.0075, thresholds=99),
            depth=_WHOLE,
            normal=dict(kind='Normal'),
        ),
        metrics=dict(semseg=_CLASSES, edge=_EDGES, depth=_DEPTH, normal=_ANGLES),
    ),
    'rooms/small-pairs': Protocol(
        about='200 generated rooms that the network has not seen, small, with both views at hand and with one alone',
        size=(64, 80),
        dataset={
            part: (
                'SyntheticRooms',
                dict(
                    **_PLAIN, split='test', scenes=200, num_views=2, apart=(0.4, 1.0), nearest=0.5, view_mode=view_mode
                ),
            )
            for part, view_mode in _TWO_WAYS
        },
        tasks=dict(semseg=dict(kind='SemSeg', channels=13), depth=_WHOLE, normal=dict(kind='Normal')),
        metrics=dict(semseg=_CLASSES, depth=_DEPTH, normal=_ANGLES),
    ),
    'rooms/pairs': Protocol(
        about='200 generated rooms that the network has not seen, with both views at hand and with one alone',
        size=(128, 160),
        dataset={
            part: ('SyntheticRooms', dict(**_PLAIN, split='test', scenes=200, num_views=2, view_mode=view_mode))
            for part, view_mode in _TWO_WAYS
        },
        tasks=dict(semseg=dict(kind='SemSeg', channels=13), depth=_WHOLE, normal=dict(kind='Normal')),
        metrics=dict(semseg=_CLASSES, depth=_DEPTH, normal=_ANGLES),
    ),
    'two-view/pairs': Protocol(
        about='the held-out pairs of two-view/derived, with both views at hand and with one alone',
        size=(120, 160),
        dataset={
            part: ('PosedViews', dict(split='val', val_scenes=_HELD_OUT_PAIRS, view_mode=view_mode))
            for part, view_mode in _TWO_WAYS
        },
        tasks=dict(depth=_WHOLE, normal=dict(kind='Normal')),
        metrics=dict(depth=_DEPTH, normal=_ANGLES),
    ),
    'rooms/demo': Protocol(
        about='120 generated rooms that the network has not seen, 2 views each, labels without gaps',
        size=(96, 128),
        dataset=('SyntheticRooms', dict(**_PLAIN, split='test', scenes=120, num_views=2)),
        tasks=dict(semseg=dict(kind='SemSeg', channels=13), depth=_WHOLE, normal=dict(kind='Normal')),
        metrics=dict(semseg=_CLASSES, depth=_DEPTH, normal=_ANGLES),
    ),
    'rooms/small': Protocol(
        about='200 generated rooms that the network has not seen, 2 views each, small, for tables on two cores',
        size=(64, 80),
        dataset=('SyntheticRooms', dict(**_PLAIN, split='test', scenes=200, num_views=2, view_mode='single')),
        tasks=dict(semseg=dict(kind='SemSeg', channels=13), depth=_WHOLE, normal=dict(kind='Normal')),
        metrics=dict(semseg=_CLASSES, depth=_DEPTH, normal=_ANGLES),
    ),
    'rooms/photographs': Protocol(
        about='120 unseen rooms with the light, surfaces and viewpoints of photographs, 2 views each',
        size=(240, 320),
        dataset=('SyntheticRooms', dict(split='test', scenes=120, num_views=2, variety='photographs')),
        tasks=dict(semseg=dict(kind='SemSeg', channels=13), depth=_WHOLE, normal=dict(kind='Normal')),
        metrics=dict(semseg=_CLASSES, depth=_DEPTH, normal=_ANGLES),
    ),
    'kitti/pseudo-mtl': Protocol(
        about="Eigen's 697 images by the scanner, 652 of them by improved depth, both up to 80 m inside Garg's window; "
        'the 200 labelled images of KITTI 2015',
        size=None,
        dataset=dict(
            eigen=('KITTI', dict(count=697, depth='lidar', partial=False)),
            improved=('KITTI', dict(count=652, depth='improved', partial=False)),
            semantics=('KITTISemantics', dict(split='all', partial=False)),
        ),
        tasks=dict(
            semseg=dict(kind='SemSeg', channels=19), depth=dict(kind='Depth', min_depth=1e-3, cap=80.0, crop='garg')
        ),
        metrics=dict(semseg=_CLASSES, depth=_DEPTH),
    ),
    'cityscapes-7/pseudo-mtl': Protocol(
        about='500 images without their lowest quarter, 7 classes, depth from the official disparity, up to 80 m',
        size=(96, 256),
        dataset=('Cityscapes', dict(split='val', categories=True, partial=False)),
        tasks=dict(semseg=dict(kind='SemSeg', channels=7), depth=dict(kind='Depth', cap=80.0, crop=None)),
        metrics=dict(semseg=_CLASSES, depth=('abs', 'sq_rel', *_DEPTH)),
    ),
    'rooms/matches': Protocol(
        about='disparities of a matcher on 40 stereo rooms that the network has not seen, right within one pixel',
        size=(128, 160),
        dataset=('StereoMatches', dict(tolerance=1.0)),
        tasks=dict(confidence=dict(kind='Confidence')),
        metrics=dict(confidence=('cross_entropy', 'accuracy', 'brier')),
    ),
    'middlebury/matches': Protocol(
        about="disparities of a matcher on Middlebury's pairs, right within one pixel; networks learn elsewhere",
        size=None,
        dataset=('StereoMatches', dict(tolerance=1.0, folder='pseudo/middlebury/test')),
        tasks=dict(confidence=dict(kind='Confidence')),
        metrics=dict(confidence=('cross_entropy', 'accuracy', 'brier')),
    ),
    'rooms/small-stereo': Protocol(
        about='200 small generated rooms that the network has not seen, left and right view of each',
        size=(64, 80),
        dataset=('SyntheticRooms', dict(**_PLAIN, split='test', scenes=200, num_views=1, stereo=True)),
        tasks=dict(semseg=dict(kind='SemSeg', channels=13), depth=_WHOLE),
        metrics=dict(semseg=_CLASSES, depth=_DEPTH),
    ),
}


def protocol_of(config: Config) -> Protocol | None:
    """The protocol that a config names."""
    name = config.get('protocol')
    return PROTOCOLS.get(name) if isinstance(name, str) else None
