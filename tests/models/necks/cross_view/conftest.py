"""The published networks' numbers, scenes to look at, and the slow way, for the tests of the cross-view neck."""

import math
from pathlib import Path

import numpy as np
import pytest
import torch
from golden_fill import published_weights

from mmmtl.model_converters import unimatch
from mmmtl.models.necks import CrossViewModule

TESTS = Path(__file__).parents[3]


@pytest.fixture(scope='session')
def golden() -> dict[str, torch.Tensor]:
    with np.load(TESTS / 'golden' / 'cvm_shared.npz') as file:
        return {name: torch.from_numpy(file[name]) for name in file.files}


@pytest.fixture(scope='session')
def published() -> dict[str, torch.Tensor]:
    """The state dict of the published network for which the golden numbers were computed."""
    return published_weights('unimatch_multiview_keys.json')


@pytest.fixture
def golden_neck(published) -> CrossViewModule:
    """A neck with the published network's weights, through the converter."""
    neck = CrossViewModule((8,), (8,))
    neck.load_state_dict(unimatch.convert(published))
    return neck.eval()


def rotation(x: float, y: float, z: float) -> torch.Tensor:
    return torch.linalg.matrix_exp(torch.tensor([[0, -z, y], [z, 0, -x], [-y, x, 0]], dtype=torch.float64))


@pytest.fixture
def scenes():
    """`scenes(B, V)`: cameras of B scenes of V views, all different, for features or images of `size`."""

    def draw(batch: int, views: int, *, size: tuple[int, int], seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
        generator = torch.Generator().manual_seed(seed)
        numbers = torch.rand(batch, views, 10, generator=generator, dtype=torch.float64) - 0.5
        height, width = size
        intrinsics = torch.eye(3, dtype=torch.float64).repeat(batch, views, 1, 1)
        intrinsics[..., 0, 0] = width * (1 + 0.2 * numbers[..., 0])
        intrinsics[..., 1, 1] = width * (1 + 0.2 * numbers[..., 1])
        intrinsics[..., 0, 2] = width / 2 * (1 + 0.2 * numbers[..., 2])
        intrinsics[..., 1, 2] = height / 2 * (1 + 0.2 * numbers[..., 3])
        poses = torch.eye(4, dtype=torch.float64).repeat(batch, views, 1, 1)
        for scene in range(batch):
            for view in range(views):
                poses[scene, view, :3, :3] = rotation(*(0.3 * numbers[scene, view, 4:7]).tolist())
        poses[..., :3, 3] = 0.6 * numbers[..., 7:]
        return intrinsics.float(), poses.float()

    return draw


@pytest.fixture(scope='session')
def loop_cost():
    """The cost volume by its definition."""

    def loop_cost(features, intrinsics, camera_T_world, depths):
        """One scene, pixel by pixel, in float64, with nothing of ours but the definition."""
        features, intrinsics, camera_T_world = features.double(), intrinsics.double(), camera_T_world.double()
        views, channels, height, width = features.shape
        cost = torch.zeros(views, len(depths), height, width, dtype=torch.float64)
        for i in range(views):
            for j in set(range(views)) - {i}:
                pose = camera_T_world[j] @ torch.linalg.inv(camera_T_world[i])
                for k, depth in enumerate(depths):
                    for row in range(height):
                        for column in range(width):
                            u = torch.tensor([column + 0.5, row + 0.5, 1.0], dtype=torch.float64)
                            point = pose[:3, :3] @ (depth * torch.linalg.inv(intrinsics[i]) @ u) + pose[:3, 3]
                            if point[2] <= 0:
                                continue
                            x, y = ((intrinsics[j] @ point)[:2] / point[2] - 0.5).tolist()  # now centres are integers
                            left, top = math.floor(x), math.floor(y)
                            for r, wy in ((top, top + 1 - y), (top + 1, y - top)):
                                for c, wx in ((left, left + 1 - x), (left + 1, x - left)):
                                    if 0 <= r < height and 0 <= c < width:
                                        match = features[i, :, row, column] @ features[j, :, r, c]
                                        cost[i, k, row, column] += wx * wy * match / math.sqrt(channels) / (views - 1)
        return cost

    return loop_cost
