"""Collect statistics of the files of one record."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import numpy as np
import torch

from mmmtl.dataset_report.depth_files import DepthFacts, depth_facts
from mmmtl.datasets import MultiTaskDataset, View
from mmmtl.datasets.transforms.loading import load_view
from mmmtl.errors import DataError
from mmmtl.files.checksums import content_digest
from mmmtl.geometry import correspondences, normals_from_depth, relative_pose, view_rays, warp
from mmmtl.tasks import Depth, Task

MIN_SHARED = 0.05  # fraction of pixels that two views must share for a comparison of their depths


@dataclass
class NormalFacts:
    """Statistics of normals; ``compared`` pixels also have a normal derived from the depth."""

    facing: int  # number of pixels that face the camera
    compared: int = 0
    correlation: np.ndarray = field(default_factory=lambda: np.zeros((3, 3)))  # sum of label x derived normal


@dataclass
class LabelFacts:
    """Statistics of one label: ``low``, ``high``, ``total`` of known values, ``counts`` of pixels per class."""

    path: Path
    pixels: int
    known: int
    low: float = np.nan
    high: float = np.nan
    total: float = 0.0
    counts: np.ndarray | None = None
    normal: NormalFacts | None = None
    depth: DepthFacts | None = None


@dataclass
class ImageFacts:
    """Properties of one image; ``orientation`` is the EXIF orientation that was applied, 1 for none."""

    path: Path
    size: tuple[int, int]
    digest: str
    one_colour: bool
    orientation: int
    labelled: bool


@dataclass
class RecordFacts:
    """Statistics of one record; ``depths_differ`` is the median relative difference of depth of adjacent views."""

    name: str
    errors: list[str] = field(default_factory=list)
    images: list[ImageFacts] = field(default_factory=list)
    labels: dict[str, list[LabelFacts]] = field(default_factory=dict)
    depths_differ: float | None = None
    unlisted: int = 0  # number of files without checksum


@dataclass
class SplitFacts:
    """Statistics and findings of one split, or of one part of a `ConcatDataset`.

    ``errors`` are certain, ``warnings`` are suspicious and need a look.
    """

    name: str
    dataset: MultiTaskDataset
    records: list[RecordFacts] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def collect_record(dataset: MultiTaskDataset, index: int) -> RecordFacts:
    """Open the images and shown labels of a record; files that cannot be read become entries of ``errors``."""
    record, shown = dataset.records[index], dataset.shown[index]
    tasks = {name: dataset.tasks[name] for name in shown}
    facts = RecordFacts(record.name)
    views = [open_view(view, tasks, facts) for view in record.views]
    for view, loaded in zip(record.views, views, strict=True):
        if loaded is None:
            continue
        image = loaded['image']
        facts.images.append(
            ImageFacts(
                view.image,
                image.shape[:2],
                content_digest(view.image.read_bytes()),
                bool(image.min() == image.max()),
                loaded['orientation'],
                bool(loaded['labels']),
            )
        )
        for name, label in loaded['labels'].items():
            path = view.labels[name].path
            from_depth = any(
                tasks[other].quantity == 'depth' and view.labels[other].path == path for other in loaded['labels']
            )  # normals derived from the depth need no comparison
            facts.labels.setdefault(name, []).append(
                label_facts(path, tasks[name], label, loaded, None if from_depth else depth_of(loaded, tasks))
            )
    if dataset.checksums.known:
        for path in record.files(shown):
            facts.unlisted += str(path.absolute()) not in dataset.checksums.known
            if any(str(path) in error for error in facts.errors):
                continue  # already reported
            try:
                dataset.checksums.verify(path)
            except (DataError, OSError) as error:
                facts.errors.append(str(error))
    facts.depths_differ = depths_differ([view for view in views if view is not None], tasks)
    facts.errors = list(dict.fromkeys(facts.errors))
    return facts


def open_view(view: View, tasks: Mapping[str, Task], facts: RecordFacts) -> dict | None:
    """Load a view with all labels that can be read; None if the image cannot be read."""
    try:
        return load_view(view, dict(tasks))
    except DataError:
        pass  # find the damaged files one by one
    try:
        opened = load_view(view, {})
    except DataError as error:
        facts.errors.append(str(error))
        return None
    for name, task in tasks.items():
        try:
            opened['labels'] |= load_view(view, {name: task})['labels']
        except DataError as error:
            facts.errors.append(str(error))
    return opened


def depth_of(view: Mapping, tasks: Mapping[str, Task]) -> np.ndarray | None:
    """Return the depth (H, W) of a view, or None."""
    return next((label for name, label in view['labels'].items() if tasks[name].quantity == 'depth'), None)


def label_facts(path: Path, task: Task, label: np.ndarray, view: Mapping, depth: np.ndarray | None) -> LabelFacts:
    """Return the statistics of one label.

    Args:
        path: The label file.
        task: Task of the label.
        label: The label, (H, W) or (H, W, C).
        view: Loaded view, for its intrinsics.
        depth: Depth (H, W) to compare normals with, or None.
    """
    channels_first = label[None] if label.ndim == 2 else label.transpose(2, 0, 1)
    known = task.valid(torch.from_numpy(np.ascontiguousarray(channels_first))[None].to(task.dtype))[0].numpy()  # (H, W)
    facts = LabelFacts(path, known.size, int(known.sum()))
    values = label[known]
    if facts.known:
        facts.low, facts.high, facts.total = float(values.min()), float(values.max()), float(values.sum(dtype=float))
        if not task.dtype.is_floating_point:
            facts.counts = np.bincount(values, minlength=max(task.channels, 2))
    if task.quantity == 'depth':
        facts.depth = depth_facts(path, cast(Depth, task), label)
    if task.quantity == 'normal':
        intrinsics = view.get('intrinsics')
        rays = view_rays(intrinsics[None], *known.shape)[0].permute(1, 2, 0).numpy() if intrinsics is not None else None
        toward = (label * rays).sum(-1) if rays is not None else label[..., 2]
        facts.normal = NormalFacts(int((toward[known] < 0).sum()))
        if depth is not None and intrinsics is not None:
            from_depth = normals_from_depth(torch.from_numpy(depth)[None, None], intrinsics[None])
            derived = from_depth[0].permute(1, 2, 0).numpy()
            both = known & (np.square(derived).sum(-1) > 0.5)
            facts.normal.correlation = label[both].astype(float).T @ derived[both]
            facts.normal.compared = int(both.sum())
    return facts


def depths_differ(views: list[dict], tasks: Mapping[str, Task]) -> float | None:
    """Return the median relative difference of depth between adjacent views; None if they share too few pixels."""
    differences = []
    for target, source in zip(views, views[1:], strict=False):
        target_depth, source_depth = depth_of(target, tasks), depth_of(source, tasks)
        posed = 'camera_T_world' in target and 'camera_T_world' in source
        if target_depth is None or source_depth is None or not posed:
            continue
        pose = relative_pose(source['camera_T_world'][None], target['camera_T_world'][None])
        positions, expected = correspondences(
            torch.from_numpy(target_depth)[None, None], target['intrinsics'][None], source['intrinsics'][None], pose
        )
        measured, inside = warp(torch.from_numpy(source_depth)[None, None], positions, mode='nearest')
        shared = inside & (measured > 0) & (expected > 0)
        if shared.sum() >= MIN_SHARED * shared.numel():
            differences.append(((measured - expected).abs() / expected)[shared])
    return torch.cat(differences).median().item() if differences else None
