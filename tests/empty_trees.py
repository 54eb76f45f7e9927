"""Trees of empty files in the layout of every dataset, with any number of images, and what building may open."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from miniature_driving import CAMERAS, DATE, DRIVE, SCANNER

from mmmtl import datasets
from mmmtl.datasets import MultiTaskDataset
from mmmtl.tasks import Depth, Edge, HumanParts, Normal, Saliency, SemSeg

NYUV2 = {'semseg': SemSeg('semseg', datasets.NYUv2.CLASSES), 'depth': Depth('depth'), 'normal': Normal('normal')}
NYUD = {**NYUV2, 'semseg': SemSeg('semseg', datasets.NYUDMT.CLASSES), 'edge': Edge('edge')}
PASCAL = {
    'semseg': SemSeg('semseg', datasets.PascalContext.CLASSES),
    'human_parts': HumanParts('human_parts'),
    'saliency': Saliency('saliency'),
    'edge': Edge('edge'),
    'normal': Normal('normal'),
}
CITYSCAPES = {'semseg': SemSeg('semseg', datasets.Cityscapes.CLASSES), 'depth': Depth('depth')}
MTAN = {'semseg': SemSeg('semseg', datasets.CityscapesMTAN.CLASSES), 'depth': Depth('depth')}
PARTS = {'human_parts': HumanParts('human_parts', datasets.CIHP.CLASSES), 'edge': Edge('edge')}
POSED = {'depth': Depth('depth'), 'normal': Normal('normal')}

CAMERA = json.dumps(
    {'extrinsic': {'baseline': 0.25}, 'intrinsic': {'fx': 20.0, 'fy': 21.0, 'u0': 7.5, 'v0': 3.5}}
)  # of Cityscapes
CALIBRATION = 'cam0=[50 0 6; 0 50 4; 0 0 1]\ncam1=[50 0 8; 0 50 4; 0 0 1]\ndoffs=2\nbaseline=200\n'  # of Middlebury
RAW = f'raw/{DATE}/{DRIVE}'
TRUTH = f'depth/val/{DRIVE}/proj_depth/groundtruth'
FOLDERS = dict(semseg=dict(folder='masks', kind='classes', void=255), depth=dict(folder='depth', kind='depth'))


@dataclass(frozen=True)
class Tree:
    """A tree of files per image, and the dataset that reads it.

    Args:
        dataset: Class of the dataset.
        options: Its options.
        files: ``{path pattern: content}`` of the files per image; the empty ones are not opened.
        single: ``{path: content}`` of other files.
        lists: ``{path: line pattern}`` of lists with one line per image.
        per_folder: Numbers of system calls per image where each has its own folder, ``{function: number}``.
    """

    dataset: type[MultiTaskDataset]
    options: Mapping
    files: Mapping[str, str]
    single: Mapping[str, str] = field(default_factory=dict)
    lists: Mapping[str, str] = field(default_factory=dict)
    per_folder: Mapping[str, int] = field(default_factory=dict)

    def write(self, root: Path, images: int) -> None:
        """Write the files of some images."""
        contents = {root / path: content for path, content in self.single.items()}
        for number in range(images):
            contents |= {root / pattern.format(number): content for pattern, content in self.files.items()}
        contents |= {
            root / path: '\n'.join(line.format(number) for number in range(images)) for path, line in self.lists.items()
        }
        for path, content in contents.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content)

    def build(self, root: Path) -> MultiTaskDataset:
        """Build the dataset."""
        options = {
            key: value.format(root=root) if isinstance(value, str) else value for key, value in self.options.items()
        }
        return self.dataset(root=str(root), pipeline=[], **options)


def empty(*patterns: str) -> dict[str, str]:
    return dict.fromkeys(patterns, '')


def kitti(**options) -> Tree:
    images = [f'{RAW}/image_{camera}/data/{{:010d}}.png' for camera in ('02', '03')]
    other = (f'{RAW}/velodyne_points/data/{{:010d}}.bin', f'{TRUTH}/image_02/{{:010d}}.png')
    return Tree(
        datasets.KITTI,
        dict(frames='{root}/frames.txt', tasks={'depth': Depth('depth')}, **options),
        empty(*images, *other),
        {f'raw/{DATE}/calib_cam_to_cam.txt': CAMERAS, f'raw/{DATE}/calib_velo_to_cam.txt': SCANNER},
        {'frames.txt': f'{DATE}/{DRIVE} {{}} l'},
    )


def pairs(view_mode: str) -> Tree:
    return Tree(
        datasets.PosedViews,
        dict(split='all', view_mode=view_mode, tasks=POSED),
        {
            **empty('{}/0.jpg', '{}/0.png', '{}/1.jpg', '{}/1.png'),
            '{}/cam.txt': '30 0 16\n0 30 12\n0 0 1\n',
            '{}/poses.txt': '1 0 0 0 0 1 0 0 0 0 1 0\n' * 2,
        },
        per_folder={'scandir': 1},
    )


TREES = {
    'nyuv2': Tree(
        datasets.NYUv2,
        dict(split='train', partial=True, tasks=NYUV2),
        empty(*(f'train/{kind}/{{}}.npy' for kind in ('image', 'label', 'depth', 'normal'))),
    ),
    'nyud': Tree(
        datasets.NYUDMT,
        dict(split='train', partial=True, tasks=NYUD),
        empty('images/{}.png', 'segmentation/{}.png', 'depth/{}.npy', 'normals/{}.png', 'edge/{}.png'),
        lists={'gt_sets/train.txt': '{}'},
    ),
    'pascal': Tree(
        datasets.PascalContext,
        dict(split='train', partial=True, tasks=PASCAL),
        empty(
            'JPEGImages/{}.jpg',
            'semseg/VOC12/{}.png',
            'human_parts/{}.mat',
            'pascal-context/trainval/{}.mat',
            'sal_distill/{}.png',
            'normals_distill/{}.png',
        ),
        {'json/nyu_classes.json': '["wall"]', 'json/context_classes.json': '{"wall": 10, "tvmonitor": 14}'},
        {'ImageSets/Context/train.txt': '{}'},
    ),
    'cityscapes': Tree(
        datasets.Cityscapes,
        dict(split='train', partial=True, view_mode='stereo', tasks=CITYSCAPES),
        {
            **empty(
                'leftImg8bit/train/ulm/{}_leftImg8bit.png',
                'rightImg8bit/train/ulm/{}_rightImg8bit.png',
                'gtFine/train/ulm/{}_gtFine_labelIds.png',
                'disparity/train/ulm/{}_disparity.png',
            ),
            'camera/train/ulm/{}_camera.json': CAMERA,
        },
    ),
    'cityscapes_mtan': Tree(
        datasets.CityscapesMTAN,
        dict(split='train', partial=True, tasks=MTAN),
        empty(*(f'train/{kind}/{{}}.npy' for kind in ('image', 'label_7', 'depth'))),
    ),
    'kitti': kitti(),
    'kitti_stereo': kitti(view_mode='stereo', unlabelled='keep'),
    'kitti_lidar': kitti(depth='lidar'),
    'kitti_semantics': Tree(
        datasets.KITTISemantics,
        dict(split='all', partial=True, tasks={'semseg': CITYSCAPES['semseg']}),
        empty('training/image_2/{:06d}_10.png', 'training/semantic/{:06d}_10.png'),
    ),
    'cihp': Tree(datasets.CIHP, dict(tasks=PARTS), empty('images/{}.jpg', 'labels/{}.png', 'edges/{}.png')),
    'camvid': Tree(
        datasets.CamVid,
        dict(split='val', partial=True, tasks={'semseg': SemSeg('semseg', datasets.CamVid.CLASSES)}),
        empty('val/{}.jpg', 'val/{}.png'),
    ),
    'bsds500': Tree(
        datasets.BSDS500,
        dict(split='val', partial=True, tasks={'edge': Edge('edge')}),
        empty('images/val/{}.jpg', 'groundTruth/val/{}.mat'),
    ),
    'bsds500_fractions': Tree(
        datasets.BSDS500Fractions,
        dict(split='val', partial=True, tasks={'edge': Edge('edge')}),
        empty('val/{}.jpg', 'val/{}.png'),
    ),
    'middlebury': Tree(
        datasets.Middlebury,
        dict(tasks={'depth': Depth('depth')}),
        {**empty('{}/im0.png', '{}/im1.png', '{}/disp0.pfm', '{}/disp1.pfm'), '{}/calib.txt': CALIBRATION},
        per_folder={'scandir': 2},  # one of the listings finds the scenes
    ),
    'posed_views': pairs('single'),
    'posed_views_pairs': pairs('all'),
    'posed_video': Tree(
        datasets.PosedVideo,
        dict(tasks=POSED),
        {
            **empty('scan/color/{}.jpg', 'scan/depth/{}.png'),
            'scan/pose/{}.txt': '1 0 0 0\n0 1 0 0\n0 0 1 0\n0 0 0 1\n',
        },
        {'scan/intrinsic/intrinsic_color.txt': '60 0 31 0\n0 60 23 0\n0 0 1 0\n0 0 0 1\n'},
    ),
    'folder': Tree(
        datasets.FolderDataset,
        dict(labels=FOLDERS, split='train.txt', tasks={'semseg': CITYSCAPES['semseg'], 'depth': Depth('depth')}),
        empty('images/{}.jpg', 'masks/{}.png', 'depth/{}.png'),
        lists={'train.txt': '{}'},
    ),
}
