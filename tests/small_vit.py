"""A ViT of 32 channels and twelve blocks under a name of timm, and the published keys of SAK with it."""

from typing import Any

import timm
import torch
from golden_fill import published_weights
from timm.models import register_model
from timm.models.vision_transformer import VisionTransformer

from mmmtl.model_converters.sak import rename_sak
from mmmtl.models.backbones import SAK
from mmmtl.tasks import Depth, Edge, Normal, SemSeg, Task

SMALL_VIT = 'small_vit_of_the_tests'
TEACHERS = {'dinov2': 32, 'clip': 32, 'sam': 32}
TASKS: dict[str, Task] = {
    'semseg': SemSeg('semseg', [str(index) for index in range(5)]),
    'normal': Normal('normal'),
    'edge': Edge('edge'),
    'depth': Depth('depth'),
}


def small_vit_of_the_tests(pretrained: bool = False, **options: Any) -> VisionTransformer:
    """As `timm.create_model` calls it."""
    from timm.models.vision_transformer import _create_vision_transformer

    sizes = dict(patch_size=16, embed_dim=32, depth=12, num_heads=4, img_size=64)
    return _create_vision_transformer(SMALL_VIT, pretrained=pretrained, **{**sizes, **options})


if not timm.is_model(SMALL_VIT):
    small_vit_of_the_tests.__module__ = 'timm.models.vision_transformer'  # registered under this module's name
    register_model(small_vit_of_the_tests)


def golden_sak(**options: Any) -> SAK:
    """SAK with the parameters of the golden values."""
    backbone = small_sak(img_size=(64, 96), **options)
    state_dict = rename_sak(published_sak())
    backbone.load_state_dict(
        {key.removeprefix('backbone.'): value for key, value in state_dict.items() if key.startswith('backbone.')}
    )
    return backbone


def small_sak(tasks=tuple(TASKS), teachers=TEACHERS, out_indices=(2, 5, 8, 11), img_size=64, **options: Any) -> SAK:
    """SAK on the small ViT."""
    vit = dict(model_name=SMALL_VIT, out_indices=out_indices, img_size=img_size)
    return SAK(tasks, vit, teachers, **options)


def published_sak() -> dict[str, torch.Tensor]:
    """Parameters of the reference by its own keys."""
    return published_weights('sak_shared_keys.json')
