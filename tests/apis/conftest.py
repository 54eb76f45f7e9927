"""A network with random weights."""

from pathlib import Path

import pytest
import torch

from mmmtl.apis import MultiTaskInferencer, init_model
from mmmtl.checkpoints.checkpoint import write_checkpoint

ROOMS = Path(__file__).parents[2] / 'configs' / 'baseline' / 'aspp_resnet18_b8_2e_rooms_full.py'


@pytest.fixture(scope='package')
def weights(tmp_path_factory) -> Path:
    """Random weights of `ROOMS`."""
    path = tmp_path_factory.mktemp('weights') / 'random.pth'
    torch.manual_seed(3)
    write_checkpoint({'state_dict': init_model(ROOMS).state_dict()}, path)
    return path


@pytest.fixture(scope='package')
def infer(weights) -> MultiTaskInferencer:
    return MultiTaskInferencer(ROOMS, weights)
