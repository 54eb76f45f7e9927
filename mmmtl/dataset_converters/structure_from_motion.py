"""Reconstruct camera poses (up to scale) and points from frames with COLMAP (Schoenberger and Frahm, CVPR 2016)."""

import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mmmtl.errors import DataError
from mmmtl.extras import import_extra
from mmmtl.files.checksums import json_digest


@dataclass(frozen=True)
class Reconstruction:
    """A reconstruction of unknown scale; pixel centres are at +0.5, as in COLMAP."""

    camera_T_world: dict[str, np.ndarray]  # {file name: (4, 4)}
    intrinsics: np.ndarray  # (3, 3)
    points: dict[str, np.ndarray]  # {file name: (P, 3)} x and y in pixels, depth in units of the reconstruction


def need_pycolmap():
    """Import pycolmap.

    Raises:
        MissingExtraError: It is not installed.
    """
    return import_extra('pycolmap', 'estimating poses')


def reconstruct(
    images: Path, names: Sequence[str], work: Path, *, intrinsics: np.ndarray | None, sequential: bool, threads: int
) -> Reconstruction:
    """Reconstruct the frames, and return the model with the most registered frames.

    Features and matches are stored in ``work`` and reused for the same frames, camera and way of matching.

    Args:
        images: Folder of the frames, all of one camera without distortion.
        names: File names in it, in the order of the video.
        work: Folder for COLMAP's files.
        intrinsics: (3, 3) in pixels, not refined; None to estimate one focal length.
        sequential: Match only frames that are close in time, instead of all pairs.
        threads: Number of threads; -1 for all cores.

    Raises:
        MissingExtraError: pycolmap is not installed.
        DataError: COLMAP registered no two frames.
    """
    pycolmap = need_pycolmap()
    pycolmap.set_random_seed(0)
    pycolmap.logging.minloglevel = 3  # fatal errors only; other failures are raised below
    database = match(pycolmap, images, names, work, intrinsics, sequential, threads)
    options = pycolmap.IncrementalPipelineOptions(
        min_model_size=2, num_threads=threads, random_seed=0, extract_colors=False
    )
    options.mapper.init_min_tri_angle = 4.0  # degrees; COLMAP requires 16, which frames of a video rarely have
    options.ba_refine_focal_length = options.mapper.abs_pose_refine_focal_length = intrinsics is None
    options.ba_refine_extra_params = options.mapper.abs_pose_refine_extra_params = False
    sparse = work / 'sparse'
    shutil.rmtree(sparse, ignore_errors=True)
    sparse.mkdir()
    models = pycolmap.incremental_mapping(database, images, sparse, options)
    if not models:
        raise DataError(
            f'{images}: COLMAP registered no two frames; use frames with more texture, more overlap (a smaller '
            '--every) and some camera motion'
        )
    model = max(models.values(), key=lambda found: found.num_reg_images())
    return read_model(model)


def match(
    pycolmap,
    images: Path,
    names: Sequence[str],
    work: Path,
    intrinsics: np.ndarray | None,
    sequential: bool,
    threads: int,
) -> Path:
    """Write features and matches of all frames to a database and return its path; one of the same request is reused.

    The database is written under a temporary name, so it is never incomplete. It replaces those of other requests.
    """
    request = [list(names), None if intrinsics is None else intrinsics.tolist(), sequential]
    database = work / f'matches_{json_digest(request)}.db'
    if database.is_file():
        return database
    work.mkdir(parents=True, exist_ok=True)
    temporary = work / f'.matches.{os.getpid()}.db'
    reader = pycolmap.ImageReaderOptions()
    reader.camera_model = 'SIMPLE_PINHOLE' if intrinsics is None else 'PINHOLE'
    if intrinsics is not None:
        reader.camera_params = ','.join(str(intrinsics[entry]) for entry in ((0, 0), (1, 1), (0, 2), (1, 2)))
    try:
        pycolmap.extract_features(
            temporary,
            images,
            image_names=list(names),
            camera_mode=pycolmap.CameraMode.SINGLE,
            reader_options=reader,
            extraction_options=pycolmap.FeatureExtractionOptions(num_threads=threads),
        )
        matching = pycolmap.FeatureMatchingOptions(num_threads=threads)
        (pycolmap.match_sequential if sequential else pycolmap.match_exhaustive)(temporary, matching_options=matching)
        for earlier in work.glob('matches_*.db'):
            earlier.unlink()
        os.replace(temporary, database)
    finally:
        for path in work.glob(f'{temporary.name}*'):
            path.unlink()
    return database


def read_model(model) -> Reconstruction:
    """Convert a model of pycolmap to arrays."""
    poses, points, intrinsics = {}, {}, np.eye(3)
    for image in model.images.values():
        if not image.has_pose:
            continue
        pose = np.vstack([image.cam_from_world().matrix(), [0, 0, 0, 1]])
        seen = [point for point in image.points2D if point.has_point3D()]
        pixels = np.array([point.xy for point in seen]).reshape(-1, 2)
        world = np.array([model.points3D[point.point3D_id].xyz for point in seen]).reshape(-1, 3)
        poses[image.name] = pose
        points[image.name] = np.column_stack([pixels, world @ pose[2, :3] + pose[2, 3]])
        intrinsics = model.cameras[image.camera_id].calibration_matrix()
    return Reconstruction(poses, intrinsics, points)
