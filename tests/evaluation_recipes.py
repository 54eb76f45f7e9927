"""Every dataset config of `configs/_base_` with miniature data and a small network, ready for evaluation."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from miniature_driving import DATE, DRIVE, write_cityscapes, write_cityscapes_mtan, write_kitti
from miniature_photographs import (
    photograph,
    write_bsds500,
    write_bsds500_fractions,
    write_camvid,
    write_cihp,
    write_kitti_semantics,
    write_two_view,
)
from official_trees import save, write_nyud_sak, write_nyuv2_mtan, write_pascal

from mmmtl.datasets.transforms import LoadViews, PackViews
from mmmtl.models import ViewPreprocessor
from mmmtl.models.backbones import CCNN, ResizedInput, TimmBackbone
from mmmtl.models.decode_heads import ASPPHead, ConvHead, MultiTapHead, PerTaskHead
from mmmtl.models.necks import CrossViewModule

BASES = Path(__file__).parents[1] / 'configs' / '_base_' / 'datasets'
DATA = 'val_dataloader.dataset'
PARTS = f'{DATA}.parts'
WHOLE = [dict(type=LoadViews), dict(type=PackViews)]

RESNET = dict(type=TimmBackbone, model_name='test_resnet', out_indices=(1, 2, 3, 4))
ASPP = dict(type=PerTaskHead, head=dict(type=ASPPHead, in_index=-1, low_level_index=0, channels=8))
NETWORKS: dict[str, dict[str, Any]] = {
    'aspp': dict(backbone=RESNET, decode_head=ASPP),
    'aspp-32': dict(backbone=RESNET, decode_head=ASPP, data_preprocessor=dict(type=ViewPreprocessor, divisor=32)),
    'resized': dict(backbone=dict(type=ResizedInput, backbone=RESNET, size=(48, 96)), decode_head=ASPP),
    'vit': dict(
        backbone=dict(type=TimmBackbone, model_name='test_vit', out_indices=(1, 3)),
        decode_head=dict(type=PerTaskHead, head=dict(type=MultiTapHead, channels=16)),
    ),
    'cvm': dict(
        backbone=RESNET,
        decode_head=ASPP,
        neck=dict(
            type=CrossViewModule,
            fusion=dict(taps=(0,), stride=None),
            stride=4,
            transformer=dict(blocks=2),
            cost_volume=dict(planes=8, depth_range='indoor'),
        ),
    ),
    'ccnn': dict(
        backbone=dict(type=CCNN), decode_head=dict(type=PerTaskHead, head=dict(type=ConvHead, channels=8, norm=None))
    ),
}


@dataclass(frozen=True)
class Recipe:
    """A base of `BASES`, names of `NETWORKS`, and ``write(root, seed)``: miniature data and the options that use it."""

    base: str
    networks: tuple[str, ...]
    write: Callable[[Path, int], dict[str, Any]]


def one(write: Callable[..., Path], **options: Any) -> Callable[[Path, int], dict[str, Any]]:
    """A dataset that needs its root only."""
    return lambda root, seed: {
        f'{DATA}.root': str(write(root, seed)),
        **{f'{DATA}.{name}': value for name, value in options.items()},
    }


def mixture(root: Path, seed: int) -> dict[str, Any]:
    write = {'camvid': write_camvid, 'bsds500': write_bsds500_fractions, 'two_view': write_two_view}
    options = {f'{PARTS}.{name}.root': str(function(root / name, seed)) for name, function in write.items()}
    return options | {f'{PARTS}.{name}.partial': True for name in ('camvid', 'bsds500')}


def pairs(root: Path, seed: int) -> dict[str, Any]:
    """At their own sizes: the pipeline's `Resize` is left out."""
    write_two_view(root, seed)
    return {
        f'{PARTS}.{name}.{key}': value
        for name in ('two_views', 'one_view')
        for key, value in (('root', str(root)), ('pipeline', WHOLE))
    }


def eigen(root: Path, seed: int) -> dict[str, Any]:
    return {f'{DATA}.{key}': value for key, value in kitti(root, seed).items()}


def kitti_stereo(root: Path, seed: int) -> dict[str, Any]:
    drives = kitti(root / 'kitti', seed)
    options = {f'{PARTS}.{name}.{key}': value for name in ('eigen', 'improved') for key, value in drives.items()}
    return options | {
        f'{PARTS}.semantics.root': str(write_kitti_semantics(root / 'semantics', seed)),
        f'{PARTS}.semantics.partial': True,
    }


def kitti(root: Path, seed: int) -> dict[str, Any]:
    """Four images of two sizes, of both cameras, with dense depth; the options of `KITTI`."""
    write_kitti(root)
    rng = np.random.default_rng(seed)
    for path in [*root.glob(f'raw/{DATE}/{DRIVE}/image_*/data/*.png'), *root.glob('depth/**/*.png')]:
        size = (36, 90) if path.stem.endswith('6') else (40, 96)
        save(
            path,
            rng.integers(256, 80 * 256, size).astype(np.uint16) if 'depth' in path.parts else photograph(rng, size),
        )
    lines = [f'{DATE}/{DRIVE} {frame} {side}\n' for frame in (5, 6) for side in 'lr']
    (root / 'frames.txt').write_text(''.join(lines))
    return {'root': str(root), 'frames': str(root / 'frames.txt'), 'count': None}


def cityscapes(root: Path, seed: int) -> dict[str, Any]:
    write_cityscapes(root, 'val', images=3, size=(40, 72))
    rng = np.random.default_rng(seed)
    for path in root.glob('leftImg8bit/**/*.png'):
        save(path, photograph(rng, (40, 72)))
    return {f'{DATA}.root': str(root), f'{DATA}.partial': True, f'{DATA}.pipeline': WHOLE}


def rooms(*parts: str) -> Callable[[Path, int], dict[str, Any]]:
    """Two generated rooms; they lie in the cache."""
    return lambda root, seed: {f'{DATA}{part}.scenes': 2 for part in parts or ('',)}


def matches(root: Path, seed: int) -> dict[str, Any]:
    """Random disparities of two generated pairs."""
    rng = np.random.default_rng(seed)
    for scene in range(2):
        for view in (0, 1):
            disparity = rng.integers(0, 20 * 256, (128, 160)).astype(np.uint16)
            save(root / f'{scene:05d}' / '0' / f'{view}_disparity.png', disparity)
    return {f'{DATA}.pairs.scenes': 2, f'{DATA}.folder': str(root), f'{DATA}.pipeline.2.folder': str(root)}


RECIPES = (
    Recipe('bsds500', ('aspp',), one(write_bsds500, partial=True)),
    Recipe('bsds500_fractions', ('aspp', 'vit'), one(write_bsds500_fractions, partial=True)),
    Recipe('camvid', ('aspp',), one(write_camvid, partial=True)),
    Recipe('camvid_bsds500_two_view', ('aspp', 'cvm'), mixture),
    Recipe('cihp', ('aspp', 'vit'), one(write_cihp)),
    Recipe('cityscapes_19', ('aspp',), cityscapes),
    Recipe(
        'cityscapes_7_mtan',
        ('aspp',),
        lambda root, seed: {
            f'{DATA}.root': str(write_cityscapes_mtan(root, 'val', images=3, size=(40, 72))),
            f'{DATA}.partial': True,
        },
    ),
    Recipe('cityscapes_stereo', ('aspp',), cityscapes),
    Recipe('kitti_eigen', ('aspp-32',), eigen),
    Recipe('kitti_semantics', ('aspp',), one(write_kitti_semantics, split='all', partial=True)),
    Recipe('kitti_stereo', ('resized',), kitti_stereo),
    Recipe(
        'nyud_40_sak',
        ('vit',),
        lambda root, seed: {
            f'{DATA}.root': str(write_nyud_sak(root, count=1)),
            f'{DATA}.partial': True,
            'tasks.edge.thresholds': 3,
        },
    ),
    Recipe(
        'nyuv2_13_mtan',
        ('aspp',),
        lambda root, seed: {f'{DATA}.root': str(write_nyuv2_mtan(root)), f'{DATA}.partial': True},
    ),
    Recipe(
        'pascal_context_sak',
        ('vit',),
        lambda root, seed: {
            f'{DATA}.root': str(write_pascal(root)),
            f'{DATA}.partial': True,
            f'{DATA}.pipeline.1.size': (48, 64),
        },
    ),
    Recipe(
        'posed_views',
        ('aspp',),
        lambda root, seed: {f'{DATA}.root': str(write_two_view(root, seed)), f'{DATA}.pipeline': WHOLE},
    ),
    Recipe('posed_views_pairs', ('cvm',), pairs),
    Recipe('rooms_matches', ('ccnn',), matches),
    Recipe('rooms_small', ('aspp',), rooms()),
    Recipe('rooms_small_pairs', ('cvm',), rooms('.parts.two_views', '.parts.one_view')),
)

# Bases whose evaluation is that of another one, at a different size or over the same images.
ALIKE = {
    'nyud_40_sak_video': 'nyud_40_sak',
    'posed_video': 'posed_views',
    'rooms_128': 'rooms_small',
    'rooms_pairs': 'rooms_small_pairs',
    'rooms_small_stereo': 'rooms_small',
    'rooms_stereo': 'rooms_small',
    'rooms_realistic': 'rooms_small',
    'rooms_realistic_edges': 'rooms_small',
    'rooms_to_two_view_pairs': 'posed_views_pairs',
    'synthetic_rooms': 'rooms_small',
}
