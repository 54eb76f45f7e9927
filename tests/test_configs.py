"""Every config loads, and its model takes a forward and a backward step."""

from pathlib import Path

import pytest
import torch
from mmengine.structures import PixelData

from mmmtl.apis import load_config
from mmmtl.registry import MODELS
from mmmtl.structures import MultiTaskDataSample

CONFIGS = sorted(path for path in (Path(__file__).parents[1] / 'configs').rglob('*.py') if '_base_' not in path.parts)


@pytest.mark.parametrize('path', CONFIGS, ids=lambda path: path.stem)
def test_one_step(path: Path) -> None:
    model = MODELS.build(load_config(path).model)
    model.init_weights()
    samples = []
    for _ in range(2):
        sample = MultiTaskDataSample(metainfo={'img_shape': (64, 96)})
        sample.gt = PixelData(**{name: torch.ones(task.target_channels, 64, 96, dtype=task.dtype)
                                 for name, task in model.tasks.items()})
        samples.append(sample)
    data = model.data_preprocessor({'inputs': [torch.randint(256, (3, 64, 96), dtype=torch.uint8) for _ in samples],
                                    'data_samples': samples})
    losses = model(**data, mode='loss')
    losses['loss'].backward()
    assert torch.isfinite(losses['loss']) and set(losses) == {*model.tasks, 'loss'}
    assert all(p.grad is not None for p in model.decode_head.parameters())
    (first, _) = model.eval()(**data, mode='predict')
    assert {name: value.shape[1:] for name, value in first.pred.items()} == dict.fromkeys(model.tasks, (64, 96))
