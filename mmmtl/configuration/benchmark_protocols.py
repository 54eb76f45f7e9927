"""Protocols of published benchmarks, and of splits of published data sets."""

from mmmtl.configuration.protocol import (
    ALL_VALID_DEPTH,
    ANGLE_METRICS,
    CLASS_METRICS,
    DEPTH_METRICS,
    EDGE_METRICS,
    VIEW_PARTS,
    Protocol,
)

HELD_OUT_PAIRS = ('rgbd_0005?', 'sun3d_0003?')  # the ends of both sets, which share no frame with the rest

BENCHMARK_PROTOCOLS: dict[str, Protocol] = {
    'nyuv2-13/mtan': Protocol(
        about='654 images; Liu, Johns and Davison, CVPR 2019, and papers that use their arrays (MTPSL)',
        size=(288, 384),
        dataset=('NYUv2', dict(split='val', partial=False)),
        tasks=dict(semseg=dict(kind='SemSeg', channels=13), depth=ALL_VALID_DEPTH, normal=dict(kind='Normal')),
        metrics=dict(semseg=CLASS_METRICS, depth=('abs', 'abs_rel_unclamped'), normal=ANGLE_METRICS),
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
        metrics=dict(semseg=CLASS_METRICS, depth=('rmse', 'abs_rel'), normal=ANGLE_METRICS, edge=EDGE_METRICS),
        reduction='pixels',
    ),
    'pascal/sak': Protocol(
        about='5105 images, padded; ASTMT, InvPT, SAK; labels of saliency and normals are predictions of networks',
        size=(512, 512),
        dataset=('PascalContext', dict(split='val', partial=False)),
        tasks=dict(
            semseg=dict(kind='SemSeg', channels=21, absent='zero'),
            human_parts=dict(kind='HumanParts', channels=7),
            saliency=dict(kind='Saliency'),
            normal=dict(kind='Normal'),
            edge=dict(kind='Edge', max_distance=0.0075, thresholds=99),
        ),
        metrics=dict(
            semseg=CLASS_METRICS,
            human_parts=('mIoU',),
            saliency=('maxF', 'mIoU'),
            normal=ANGLE_METRICS,
            edge=EDGE_METRICS,
        ),
        reduction='pixels',
    ),
    'cityscapes-7/mtan': Protocol(
        about='500 images, disparity instead of depth; Liu, Johns and Davison, CVPR 2019',
        size=(128, 256),
        dataset=('CityscapesMTAN', dict(split='val', partial=False)),
        tasks=dict(semseg=dict(kind='SemSeg', channels=7), depth=ALL_VALID_DEPTH),
        metrics=dict(semseg=CLASS_METRICS, depth=('abs', 'abs_rel_unclamped')),
        reduction='batch',
    ),
    'cityscapes-19': Protocol(
        about='500 images of the official files, 19 classes; depth from the official disparity, up to 80 m',
        size=(1024, 2048),
        dataset=('Cityscapes', dict(split='val', partial=False)),
        tasks=dict(semseg=dict(kind='SemSeg', channels=19), depth=dict(kind='Depth', max_depth=80.0, crop=None)),
        metrics=dict(semseg=CLASS_METRICS, depth=DEPTH_METRICS),
    ),
    'kitti/eigen': Protocol(
        about="652 of Eigen's 697 images, improved depth from 1 mm to 80 m inside Garg's crop",
        size=None,
        dataset=('KITTI', dict(count=652, depth='improved', partial=False)),
        tasks=dict(depth=dict(kind='Depth', min_depth=1e-3, max_depth=80.0, crop='garg')),
        metrics=dict(depth=DEPTH_METRICS),
    ),
    'kitti-semantics/fifth': Protocol(
        about='every fifth of the 200 labelled images of KITTI 2015: a split of this project, not of the benchmark',
        size=None,
        dataset=('KITTISemantics', dict(split='val', partial=False)),
        tasks=dict(semseg=dict(kind='SemSeg', channels=19)),
        metrics=dict(semseg=CLASS_METRICS),
    ),
    'kitti-semantics/all': Protocol(
        about='the 200 labelled images of KITTI 2015, for networks trained on none of them',
        size=None,
        dataset=('KITTISemantics', dict(split='all', partial=False)),
        tasks=dict(semseg=dict(kind='SemSeg', channels=19)),
        metrics=dict(semseg=CLASS_METRICS),
    ),
    'camvid-11/240x320': Protocol(
        about='101 images of the validation split of SegNet, two thirds of their size',
        size=(240, 320),
        dataset=('CamVid', dict(split='val', partial=False)),
        tasks=dict(semseg=dict(kind='SemSeg', channels=11)),
        metrics=dict(semseg=CLASS_METRICS),
    ),
    'bsds500': Protocol(
        about='200 test images, one map per annotator; Arbelaez et al., TPAMI 2011',
        size=None,
        dataset=('BSDS500', dict(split='test', partial=False)),
        tasks=dict(edge=dict(kind='Edge', target_channels=9, max_distance=0.0075, thresholds=99)),
        metrics=dict(edge=EDGE_METRICS),
    ),
    'bsds500/merged': Protocol(
        about='100 validation images at two thirds of their size, annotators merged into one map: not the benchmark',
        size=None,
        dataset=('BSDS500Fractions', dict(split='val', partial=False)),
        tasks=dict(edge=dict(kind='Edge', target_channels=1, max_distance=0.0075, thresholds=99)),
        metrics=dict(edge=EDGE_METRICS),
    ),
    'two-view/derived': Protocol(
        about='the held-out pairs of 83 posed pairs of SUN3D and TUM RGB-D; normals computed from depth, so '
        'compare them with such normals only',
        size=(120, 160),
        dataset=('PosedViews', dict(split='val', val_scenes=HELD_OUT_PAIRS)),
        tasks=dict(depth=ALL_VALID_DEPTH, normal=dict(kind='Normal')),
        metrics=dict(depth=DEPTH_METRICS, normal=ANGLE_METRICS),
    ),
    'camvid-bsds500-two-view': Protocol(
        about='camvid-11/240x320, bsds500/merged and two-view/derived, each evaluated separately',
        size=None,
        dataset=dict(
            camvid=('CamVid', dict(split='val', partial=False)),
            bsds500=('BSDS500Fractions', dict(split='val', partial=False)),
            two_view=('PosedViews', dict(split='val', val_scenes=HELD_OUT_PAIRS)),
        ),
        tasks=dict(
            semseg=dict(kind='SemSeg', channels=11),
            edge=dict(kind='Edge', max_distance=0.0075, thresholds=99),
            depth=ALL_VALID_DEPTH,
            normal=dict(kind='Normal'),
        ),
        metrics=dict(semseg=CLASS_METRICS, edge=EDGE_METRICS, depth=DEPTH_METRICS, normal=ANGLE_METRICS),
    ),
    'two-view/pairs': Protocol(
        about='the held-out pairs of two-view/derived, predicted from both views and from one view',
        size=(120, 160),
        dataset={
            part: ('PosedViews', dict(split='val', val_scenes=HELD_OUT_PAIRS, view_mode=view_mode))
            for part, view_mode in VIEW_PARTS
        },
        tasks=dict(depth=ALL_VALID_DEPTH, normal=dict(kind='Normal')),
        metrics=dict(depth=DEPTH_METRICS, normal=ANGLE_METRICS),
    ),
    'kitti/pseudo-mtl': Protocol(
        about="Eigen's 697 images with LiDAR depth, 652 with improved depth, both up to 80 m inside Garg's crop; "
        'the 200 labelled images of KITTI 2015',
        size=None,
        dataset=dict(
            eigen=('KITTI', dict(count=697, depth='lidar', partial=False)),
            improved=('KITTI', dict(count=652, depth='improved', partial=False)),
            semantics=('KITTISemantics', dict(split='all', partial=False)),
        ),
        tasks=dict(
            semseg=dict(kind='SemSeg', channels=19),
            depth=dict(kind='Depth', min_depth=1e-3, max_depth=80.0, crop='garg'),
        ),
        metrics=dict(semseg=CLASS_METRICS, depth=DEPTH_METRICS),
    ),
    'cityscapes-7/pseudo-mtl': Protocol(
        about='500 images without their lowest quarter, 7 classes, depth from the official disparity, up to 80 m',
        size=(96, 256),
        dataset=('Cityscapes', dict(split='val', categories=True, partial=False)),
        tasks=dict(semseg=dict(kind='SemSeg', channels=7), depth=dict(kind='Depth', max_depth=80.0, crop=None)),
        metrics=dict(semseg=CLASS_METRICS, depth=('abs', 'sq_rel', *DEPTH_METRICS)),
    ),
    'middlebury/matches': Protocol(
        about="disparities of a stereo matcher on Middlebury's pairs, correct within one pixel; for testing only",
        size=None,
        dataset=('StereoMatches', dict(tolerance=1.0, folder='pseudo/middlebury/test')),
        tasks=dict(confidence=dict(kind='Confidence')),
        metrics=dict(confidence=('cross_entropy', 'accuracy', 'brier')),
    ),
}
