"""MLoREHead on a ViT: our model reproduces the published network's gates, features, logits and image gradient."""

from pathlib import Path

import numpy as np
import pytest
import torch
from golden_fill import noise, published_weights
from timm.models.vision_transformer import VisionTransformer
from torch import Tensor

from mmmtl.model_converters import mlore
from mmmtl.models import BatchContext
from mmmtl.models.backbones.vit_features import FinalNormFeatures
from mmmtl.models.decode_heads import MLoREHead
from mmmtl.tasks import Depth, Edge, Normal, SemSeg

GOLDEN = Path(__file__).parents[2] / 'golden'
TASKS = dict(
    semseg=SemSeg('semseg', [str(i) for i in range(5)]),
    depth=Depth('depth'),
    normal=Normal('normal'),
    edge=Edge('edge'),
)
PUBLISHED = dict(semseg='semseg', depth='depth', normal='normals', edge='edge')
SIZE = (64, 96)


@pytest.fixture(scope='module')
def published() -> dict[str, Tensor]:
    return published_weights('mlore_shared_keys.json')


@pytest.fixture(scope='module')
def network(published) -> tuple[FinalNormFeatures, MLoREHead]:
    vit = VisionTransformer(img_size=SIZE, embed_dim=32, depth=4, num_heads=4, num_classes=0)
    backbone = FinalNormFeatures(vit, (0, 1, 2, 3))
    backbone.remove_class_token()
    experts = dict(ranks=(1, 2, 3, 4, 5), task_rank=2, top_k=3)
    head = MLoREHead(TASKS, (32,) * 4, (16,) * 4, image_size=SIZE, channels=16, experts=experts)
    weights = mlore.convert(published)
    for part, prefix in ((backbone, 'backbone.backbone.model.'), (head, 'decode_head.')):
        part.load_state_dict({k.removeprefix(prefix): v for k, v in weights.items() if k.startswith(prefix)})
    return backbone.eval(), head.eval()


def test_the_published_numbers(network):
    backbone, head = network
    golden = np.load(GOLDEN / 'mlore_shared.npz')
    image = torch.from_numpy(noise('mlore/image', (2, 3, *SIZE))).requires_grad_()

    def assert_close(ours: Tensor, name: str, tolerance: float = 1e-3) -> None:
        reference = torch.from_numpy(golden[name])
        difference = (ours.detach() - reference).abs().max() / reference.std()
        print(name, float(difference))
        assert ours.shape == reference.shape and difference < tolerance, f'{name}: {difference}'

    features = backbone(image)
    fused, gates = head.task_features(features)
    logits = head(features, BatchContext.of(TASKS, image)).logits
    total = torch.zeros(())
    for index, (name, theirs) in enumerate(PUBLISHED.items()):
        for block in range(2):
            for tap in range(4):
                assert_close(gates[:, tap, block, index], f'route_{block + 1}_{tap}_{theirs}')
        assert_close(fused[name].mean(1), f'task_feature_mean_{theirs}')
        assert_close(logits[name], f'logits_{theirs}')
        full = torch.nn.functional.interpolate(logits[name], SIZE, mode='bilinear', align_corners=False)
        total = total + (torch.from_numpy(noise(f'mlore/cotangent_{theirs}', tuple(full.shape))) * full).mean()
    total.backward()
    assert_close(image.grad, 'grad_image', 2e-2)
