"""A small network as a config and a checkpoint."""

from pathlib import Path

import numpy as np
import torch
from mmengine.config import Config
from small_model import TASKS, Strided, make_model

from mmmtl.models import MultiTaskModel
from mmmtl.models.decode_heads import ConvHead, PerTaskHead
from mmmtl.models.necks.cross_view import CrossViewModule
from mmmtl.tasks import Edge, Saliency

EVERY_KIND = {**TASKS, 'edge': dict(type=Edge), 'saliency': dict(type=Saliency)}
TRAINED_FOR = dict(size=(24, 32), field_of_view=60.0)
CROSS_VIEW = dict(type=CrossViewModule, stride=2, cost_volume=dict(planes=4, depth_range=(0.5, 5.0)),
                  transformer=dict(blocks=1))  # fmt: skip


def small_export(folder: Path, neck: dict | None = None) -> tuple[Config, Path]:
    parts = dict(neck=neck) if neck else {}
    model = make_model(EVERY_KIND, **parts)
    checkpoint = folder / 'weights.pth'
    torch.save({'state_dict': model.state_dict()}, checkpoint)
    head = dict(type=PerTaskHead, head=dict(type=ConvHead, channels=6, norm=None))
    config = dict(type=MultiTaskModel, tasks=EVERY_KIND, backbone=dict(type=Strided), decode_head=head, **parts)
    return Config(dict(model=config, trained_for=TRAINED_FOR)), checkpoint


def noise_photograph(height: int = 60, width: int = 80, seed: int = 0) -> np.ndarray:
    coarse = np.random.default_rng(seed).integers(0, 256, (height // 4, width // 4, 3), np.uint8)
    return coarse.repeat(4, 0).repeat(4, 1)
