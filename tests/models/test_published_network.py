"""MTPSL's SegNet as a whole model: its published predictions, losses and scores come out of MultiTaskModel."""

from pathlib import Path

import numpy as np
import pytest
import torch
from golden_fill import published_weights
from mmengine.structures import PixelData

from mmmtl.metrics import MultiTaskMetric
from mmmtl.model_converters import mtpsl_segnet
from mmmtl.models import HeadOutput, MultiTaskModel
from mmmtl.models.backbones import SegNet
from mmmtl.models.decode_heads import ConvHead, PerTaskHead
from mmmtl.models.loss_reduction import REDUCTIONS
from mmmtl.structures import MultiTaskDataSample
from mmmtl.tasks import Depth, Normal, SemSeg

TESTS = Path(__file__).parents[1]


@pytest.fixture(scope='module')
def golden() -> dict[str, np.ndarray]:
    with np.load(TESTS / 'golden' / 'mtpsl_segnet_shared.npz') as arrays:
        return dict(arrays)


@pytest.fixture(scope='module')
def published_model() -> MultiTaskModel:
    """MTPSL's SegNet with its heads, its parameters set by the rule of the golden numbers."""
    converter = mtpsl_segnet
    published = published_weights('segnet_keys.json')
    classes = [str(i) for i in range(13)]
    tasks = dict(semseg=dict(type=SemSeg, classes=classes), depth=dict(type=Depth), normal=dict(type=Normal))
    head = dict(type=ConvHead, channels=64, norm=None, act=None)
    model = MultiTaskModel(tasks, dict(type=SegNet), dict(type=PerTaskHead, head=head))
    model.load_state_dict(converter.convert(published))
    return model.eval()


@pytest.fixture
def published_samples(golden) -> list[MultiTaskDataSample]:
    semseg = np.where(golden['gt_semantic'] == -1, 255, golden['gt_semantic'])[:, None]
    labels = {'semseg': semseg, 'depth': golden['gt_depth'], 'normal': golden['gt_normal']}
    return [
        MultiTaskDataSample(
            metainfo=dict(img_shape=(64, 96)),
            gt=PixelData(**{name: torch.from_numpy(values[number]) for name, values in labels.items()}),
        )
        for number in range(2)
    ]


@torch.no_grad()
def test_the_published_predictions_losses_and_scores(published_model, published_samples, golden):
    logits = published_model(torch.from_numpy(golden['image']))
    metric = MultiTaskMetric(published_model.tasks)
    for number, sample in enumerate(published_model.predict(logits, published_samples)):
        for name in ('depth', 'normal'):
            difference = sample.pred.get(name) - torch.from_numpy(golden[name][number])
            assert difference.abs().max() < 1e-4 * golden[name].std(), name
        sure = np.ptp(np.sort(golden['semantic'][number], 0)[-2:], axis=0) > 1e-3
        assert sure.mean() > 0.9 and (sample.pred.semseg[0].numpy() == golden['semantic'][number].argmax(0))[sure].all()
        metric.process({}, [sample.to_dict()])
    scores = metric.evaluate(2)
    for ours, theirs in {
        'semseg/mIoU': 'metric_miou',
        'depth/abs': 'metric_depth_abs',
        'depth/rmse': 'metric_depth_rmse',
        'depth/abs_rel_unclamped': 'metric_depth_rel_first',
        'normal/mean': 'metric_normal_mean',
    }.items():
        assert scores[ours] == pytest.approx(float(golden[theirs]), rel=1e-3), ours
    for how in REDUCTIONS:
        published_model.reduction = how
        losses = published_model.loss(HeadOutput(logits), (), published_samples)
        ours = [losses[name].item() for name in published_model.tasks]
        assert ours == pytest.approx(golden['losses'].tolist(), rel=1e-5), how
