"""A dataset of images and folders of labels, described by its options alone."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from mmmtl.datasets.folder_cameras import FolderCameras
from mmmtl.datasets.label_readers.folder_labels import folder_reader
from mmmtl.datasets.multi_task_dataset import MultiTaskDataset, data_root
from mmmtl.datasets.records import LabelReader, Record, View
from mmmtl.datasets.split_files import read_split
from mmmtl.errors import ConfigError, DataError
from mmmtl.files.near_names import similar_name_hint
from mmmtl.files.stems import IMAGE_SUFFIXES, files_by_relative_stem
from mmmtl.registry import DATASETS


@DATASETS.register_module()
class FolderDataset(MultiTaskDataset):
    """Images and a folder of labels per task; any label may be missing for any image.

    ::

        root/
        ├── images/a.jpg, b.jpg, kitchen/c.jpg ...
        ├── masks/a.png, kitchen/c.png ...            the same names, with any suffix
        ├── depth/a.png, b.png ...
        └── colours.csv, train.txt, val.txt, cam.txt ...      optional, see the arguments

    An image and its labels have the same path below their folders, apart from the suffix, whose case does not matter.
    Subfolders are searched too. Records are sorted by name.

    ``labels`` has an entry per task, with the options ``folder`` (below ``root``), ``kind``, ``suffix`` (end of the
    file names, e.g. ``'_mask.png'``; by default that of any image or array) and those of the kind:

    ============== ======================= ====================================================================
    kind           tasks                   files, and options
    ============== ======================= ====================================================================
    ``classes``    `SemSeg`                class indices; ``void``, ``offset`` (-1 where the file counts from 1)
    ``colours``    `SemSeg`                RGB; ``table``: file with lines NAME,RED,GREEN,BLUE (`read_class_table`)
    ``binary``     `Saliency`, `Edge`,     0 and 255, or 0 and 1; ``void``
                   `SemSeg` of 2 classes
    ``edges``      `Edge`                  fraction of annotators, 0..255; ``scale`` (1 / 255), ``void``
    ``depth``      `Depth`, `InverseDepth` 16 bits or floating point; ``scale`` to metres (1e-3 for mm), ``void``,
                                           ``valid_range`` in metres
    ``disparity``  `Depth`, `Disparity`    see `DepthFromDisparity`: ``focal``, ``baseline``, ``scale``, ...
    ``normals``    `Normal`                see `NormalFile`: ``signs``
    ``values``     any                     see `LabelFile`: ``scale``, ``offset``, ``void``, ``valid_range``
    ============== ======================= ====================================================================

    Args:
        root: Root folder; a relative path is first looked up under the environment variable ``MMMTL_DATA``.
        labels: ``{task: options}``, see above. Tasks that the config does not learn are ignored.
        images: Folder of the images below ``root``; ``'.'`` for ``root`` itself.
        image_suffix: End of the names of the images; needed where labels lie in the same folder.
        split: Text file below ``root`` with one image name per line, relative to ``images``, with or without suffix;
            None for all images, of which ``held_out`` may take a part.
        scenes: Whether the images of one subfolder show the same place, so that `HoldOutSplit` keeps them together.
        view_mode: ``'single'`` for one record per image, ``'all'`` for one record per subfolder, with all its images as
            views.
        cameras: Options of `FolderCameras`, paths below ``root``:

            - ``intrinsics='cam.txt'``: File of 3 x 3 intrinsics for all images, or folder with a file NAME.txt per
              image; in pixels, pixel centres at +0.5. A missing file of an image means that its camera is unknown.
            - ``poses='poses'``: Folder with a file NAME.txt per image: 3 x 4 or 4 x 4, world to camera, metres.
        **kwargs: Options of `MultiTaskDataset`.

    Raises:
        ConfigError: An option is unknown or does not fit its task.
        DataError: A folder or listed file is missing, two files belong to one image, or a label to none.
    """

    def __init__(
        self,
        *,
        root: str,
        labels: Mapping[str, Mapping[str, Any]],
        images: str = 'images',
        image_suffix: str | None = None,
        split: str | None = None,
        scenes: bool = False,
        view_mode: str = 'single',
        cameras: Mapping[str, str] | None = None,
        **kwargs,
    ) -> None:
        if view_mode not in ('single', 'all'):
            raise ConfigError(f"FolderDataset.view_mode must be 'single' or 'all', found {view_mode!r}")
        self.root, self.labels, self.images, self.image_suffix = data_root(root), labels, images, image_suffix
        self.split, self.scenes, self.view_mode = split, scenes, view_mode
        unknown = set(cameras or {}) - {'intrinsics', 'poses'}
        if unknown:
            raise ConfigError(
                f'FolderDataset.cameras: expected intrinsics or poses, found {", ".join(sorted(unknown))}'
            )
        self.cameras = FolderCameras(self.root, **(cameras or {}))
        super().__init__(**kwargs)

    def load_records(self) -> list[Record]:
        images = self._image_files()
        labels: dict[str, dict[str, LabelReader]] = {name: {} for name in images}
        for task, options in self.labels.items():
            if task in self.tasks:
                reader = folder_reader(task, self.tasks[task], options, self.root, f'labels.{task}')
                for name, label in self._label_files(task, options, images, reader).items():
                    labels[name][task] = label
        names = list(images) if self.split is None else self._listed(images)
        self.cameras.check_names(images)
        views = {name: View(images[name], labels[name], *self.cameras.of(name)) for name in names}
        if self.checksums.known:
            for path in self.cameras.files(names):
                self.checksums.verify(path)
        return self._records(views)

    def _image_files(self) -> dict[str, Path]:
        folder = self.root / self.images
        below = [self.root / options.get('folder', task) for task, options in self.labels.items()]
        others = [other for other in below if other != folder]  # label folders may lie within that of the images
        images = files_by_relative_stem(folder, self.image_suffix or (*IMAGE_SUFFIXES, '.npy'))
        if any(folder.is_relative_to(other) for other in others):
            images = {}
        within = tuple(f'{other.relative_to(folder).as_posix()}/' for other in others if other.is_relative_to(folder))
        if within:
            images = {name: path for name, path in images.items() if not name.startswith(within)}
        if not images:
            found = ', '.join(sorted(path.name for path in self.root.iterdir() if path.is_dir())) or 'none'
            what = self.image_suffix or 'image'
            raise DataError(f'{folder}: found no {what} files; set images to one of the folders of root ({found})')
        return images

    def _label_files(
        self, task: str, options: Mapping[str, Any], images: Mapping[str, Path], reader: Callable[[Path], LabelReader]
    ) -> dict[str, LabelReader]:
        folder = self.root / options.get('folder', task)
        files = files_by_relative_stem(folder, options.get('suffix'))
        if folder == self.root / self.images and not (self.image_suffix and options.get('suffix')):
            raise ConfigError(
                f'labels.{task}.folder: {folder} holds the images too; set image_suffix, and the suffix of the labels'
            )
        if not files:
            raise DataError(f'{folder}: found no labels of {task}; correct labels.{task}.folder and suffix')
        stray = [name for name in files if name not in images]
        if stray:
            raise DataError(
                f'{files[stray[0]]}: a label of {task} without an image {self.images}/{stray[0]}'
                f'{similar_name_hint(stray[0], images)}, one of {len(stray)} such labels; restore the image, remove '
                f'the label, or correct labels.{task}.suffix'
            )
        return {name: reader(path) for name, path in files.items()}

    def _listed(self, images: Mapping[str, Path]) -> list[str]:
        path = self.root / str(self.split)
        names = read_split(path, self.image_suffix)
        missing = [name for name in names if name not in images]
        if missing:
            raise DataError(
                f'{path}: lists {missing[0]}, which is not an image of {self.root / self.images}'
                f'{similar_name_hint(missing[0], images)}, one of {len(missing)} such names; restore or remove it'
            )
        self.checksums.verify(path)
        return sorted(names)

    def _records(self, views: Mapping[str, View]) -> list[Record]:
        if self.view_mode == 'single':
            return [
                Record(name, (view,), name.rpartition('/')[0] if self.scenes else '') for name, view in views.items()
            ]
        scenes: dict[str, list[View]] = {}
        for name, view in views.items():
            scenes.setdefault(name.rpartition('/')[0] or self.images, []).append(view)
        return [Record(scene, tuple(members)) for scene, members in scenes.items()]

    def __repr__(self) -> str:
        return f'FolderDataset({self.root}{f", {self.split}" if self.split else ""})'
