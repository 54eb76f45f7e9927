"""Inspect a folder of images and labels, and collect the settings of a config for it."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from mmmtl.errors import ConfigError, DataError
from mmmtl.files.reading import read_size
from mmmtl.files.stems import IMAGE_SUFFIXES, files_by_relative_stem
from mmmtl.new_project.folder_content import common_ending, summarize_files
from mmmtl.new_project.label_guess import LabelGuess, guess_label

IMAGE_FOLDERS = {'images', 'image', 'imgs', 'img', 'rgb', 'color', 'colour', 'photos', 'photographs', 'pictures'}
CAMERA_FOLDERS = ('poses', 'intrinsics')
TRAINING_AREA = 240 * 320  # pixels of a training image
SIDE_MULTIPLE = 8  # of which height and width of training images are multiples


@dataclass
class Project:
    """The settings of a config for a folder of images and labels.

    Args:
        root: Root folder, absolute.
        val_root: Root of the validation images, if they have one of their own.
        images: Folder of the images below the root.
        size: Size (H, W) of training images.
        labels: The labels.
        lists: Split files of training and validation below the root; empty if a fraction is held out.
        cameras: Options ``intrinsics`` and ``poses`` of the dataset.
        notes: Findings and guesses, one line each.
    """

    root: Path
    val_root: Path | None
    images: str
    size: tuple[int, int]
    labels: list[LabelGuess]
    lists: tuple[str, ...] = ()
    cameras: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def inspect_project(
    folder: Path, images: str | None = None, stated: Mapping[str, Mapping[str, Any]] | None = None
) -> Project:
    """Inspect a folder with subfolders of images and labels, or with such subfolders in ``train`` and ``val``.

    Args:
        folder: The folder.
        images: Subfolder of the images; found by its name if None.
        stated: ``{label folder: {option: value}}``, what the user states; ``kind='none'`` leaves a folder out.

    Raises:
        ConfigError: Something cannot be determined from the files; the message names the option to state.
        DataError: The folder is missing, or a file cannot be read.
    """
    stated = stated or {}
    if not folder.is_dir():
        raise DataError(f'{folder}: no such folder, expected one with images and labels')
    root, val_root = folder.resolve(), None
    if (root / 'train').is_dir() and (root / 'val').is_dir():
        root, val_root = root / 'train', root / 'val'
    subfolders = sorted(path.name for path in root.iterdir() if path.is_dir() and not path.name.startswith('.'))
    for name in [*stated, *([images] if images else [])]:
        if name != '.' and name not in subfolders:
            raise ConfigError(f'{root}: has no folder {name!r}; its folders are {", ".join(subfolders) or "none"}')
    images = images or _image_folder(root, subfolders)
    files = files_by_relative_stem(root / images, (*IMAGE_SUFFIXES, '.npy'))
    if images == '.':
        files = {name: path for name, path in files.items() if '/' not in name}
    if not files:
        raise DataError(f'{root / images}: found no images; state their folder with --images FOLDER')
    project = Project(root, val_root, images, _training_size(list(files.values())), [])
    project.notes.append(f'{images}: {len(files)} images, trained at {project.size[0]} x {project.size[1]}')
    for name in subfolders:
        if name != images and name not in CAMERA_FOLDERS:
            _add_labels(project, name, files, stated.get(name, {}))
    if not project.labels:
        raise ConfigError(
            f'{root}: found no folder of labels with the names of the images in {images}; expected e.g. masks/ or '
            f'depth/ beside it (folders: {", ".join(subfolders) or "none"})'
        )
    _check_names(project.labels)
    _add_splits(project)
    _add_cameras(project)
    return project


def _image_folder(root: Path, subfolders: Sequence[str]) -> str:
    candidates = [name for name in subfolders if name.lower() in IMAGE_FOLDERS]
    if len(candidates) == 1:
        return candidates[0]
    visible = [path for path in root.iterdir() if not path.name.startswith('.')]
    if not candidates and any(path.suffix.lower() in IMAGE_SUFFIXES for path in visible):
        return '.'
    raise ConfigError(
        f'{root}: cannot determine the folder of the images ({", ".join(candidates or subfolders) or "it has none"}); '
        'state it with --images FOLDER'
    )


def _training_size(files: Sequence[Path]) -> tuple[int, int]:
    """Return a size (H, W) with the aspect ratio of the median image and the default area, or less for small images."""
    chosen = [files[index * len(files) // 50] for index in range(50)] if len(files) > 50 else files
    height, width = np.median([read_size(path) for path in chosen], axis=0).tolist()
    scale = min(1.0, math.sqrt(TRAINING_AREA / (height * width)))
    rows, columns = (
        max(SIDE_MULTIPLE, round(length * scale / SIDE_MULTIPLE) * SIDE_MULTIPLE) for length in (height, width)
    )
    return rows, columns


def _add_labels(project: Project, name: str, images: Mapping[str, Path], stated: Mapping[str, Any]) -> None:
    files = files_by_relative_stem(project.root / name)
    if not files or stated.get('kind') == 'none':
        _check_left_out(project, name)
        project.notes.append(f'{name}: skipped, {"as stated" if files else "it holds no images or arrays"}')
        return
    ending = common_ending(list(files), images)
    if ending is None:
        if 'kind' not in stated and not set(files) & set(images):
            _check_left_out(project, name)
            project.notes.append(f'{name}: skipped, none of its {len(files)} files has the name of an image')
            return
        stray = next(stem for stem in files if stem not in images)
        raise DataError(
            f'{files[stray]}: a label without an image {project.images}/{stray}; restore the image, remove the label, '
            f'or skip the folder with --label {name}.kind=none'
        )
    guess = guess_label(project.root, name, summarize_files(list(files.values())), stated)
    if ending:
        suffixes = {path.suffix.lower() for path in files.values()}
        if len(suffixes) > 1:
            raise DataError(f'{project.root / name}: labels {ending} with the suffixes {", ".join(sorted(suffixes))}')
        guess.options = {'suffix': ending + suffixes.pop(), **guess.options}
    project.labels.append(guess)
    project.notes.append(
        f'{name}: {len(files)} labels of kind {guess.kind!r} for {guess.task} ({"; ".join(guess.reasons)})'
    )


def _check_left_out(project: Project, name: str) -> None:
    """Check that a folder without labels is not within that of the images, which includes its subfolders.

    Raises:
        ConfigError: It is, and has images.
    """
    if project.images == '.' and files_by_relative_stem(project.root / name, (*IMAGE_SUFFIXES, '.npy')):
        raise ConfigError(
            f'{project.root / name}: its images would belong to the dataset, since they lie below the folder of the '
            'images; move the images of the dataset to a subfolder, and state it with --images FOLDER'
        )


def _check_names(labels: Sequence[LabelGuess]) -> None:
    names: dict[str, str] = {}
    for guess in labels:
        if guess.name in names:
            raise ConfigError(
                f'{names[guess.name]} and {guess.folder} are both labels of a task {guess.name}; state '
                f'--label {guess.folder}.name=NAME, or {guess.folder}.kind=none'
            )
        names[guess.name] = guess.folder


def _add_splits(project: Project) -> None:
    if project.val_root is not None:
        project.notes.append('split: the folders train and val')
        return
    found = [name for name in ('train.txt', 'val.txt') if (project.root / name).is_file()]
    if len(found) == 1:
        raise ConfigError(f'{project.root}: has {found[0]} only; a split by lists needs train.txt and val.txt')
    project.lists = tuple(found)
    project.notes.append(
        'split: train.txt and val.txt' if found else 'split: one image in five, by its name, is held out for validation'
    )


def _add_cameras(project: Project) -> None:
    for option, names in (('intrinsics', ('cam.txt', 'intrinsics.txt', 'intrinsics')), ('poses', ('poses',))):
        found = [name for name in names if (project.root / name).exists()]
        if len(found) > 1:
            raise ConfigError(f'{project.root}: {", ".join(found)} may hold the {option}; keep one of them')
        if found:
            project.cameras[option] = found[0]
            project.notes.append(f'{option}: {found[0]}')
