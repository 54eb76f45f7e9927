"""The plane matching loss: against a loop over pixels, supervised cells, zeros, higher losses, a tiny training."""

import copy
import math

import numpy as np
import pytest
import torch

from mmmtl.datasets import collate_views
from mmmtl.errors import ConfigError
from mmmtl.models import MultiTaskModel
from mmmtl.models.backbones import SegNet
from mmmtl.models.consistency_losses import PlaneMatching
from mmmtl.models.consistency_losses.plane_matching import at_pixel_centres
from mmmtl.models.decode_heads import ConvHead, PerTaskHead
from mmmtl.models.loss_weighting import FixedWeighting
from mmmtl.models.necks import CrossViewModule
from mmmtl.synthetic_rooms import SyntheticRooms
from mmmtl.tasks import Depth, SemSeg

TASKS = {'semseg': SemSeg('semseg', SyntheticRooms.CLASSES), 'depth': Depth('depth')}
SIZE, STRIDE = (32, 40), 4
NEAR, FAR, PLANES = 0.5, 10.0, 24
STEP = (1 / NEAR - 1 / FAR) / (PLANES - 1)
VIEWS = (3, 1, 2)  # of the scenes in the batch


@pytest.fixture(scope='module')
def batch() -> dict:
    """Images (6, 3, 32, 40) and samples of a room seen three times, once, and twice."""
    rooms = SyntheticRooms(
        split='test',
        scenes=3,
        num_views=3,
        size=SIZE,
        view_mode='all',
        tasks=TASKS,
        pipeline=[dict(type='mmmtl.LoadViews'), dict(type='mmmtl.PackViews')],
    )
    items = []
    for number, count in enumerate(VIEWS):
        item = rooms[number]
        for sample in item['data_samples'][:count]:
            sample.set_metainfo({'num_views': count})
        items.append({name: values[:count] for name, values in item.items()})
    batch = collate_views(items)
    return {'inputs': torch.stack(batch['inputs']).float() / 255, 'data_samples': batch['data_samples']}


@pytest.fixture
def samples(batch) -> list:
    return copy.deepcopy(batch['data_samples'])


def make_loss(**options) -> PlaneMatching:
    return PlaneMatching(TASKS, (4,), (1,), **options)


def term(samples: list, cost: torch.Tensor, loss: PlaneMatching | None = None) -> torch.Tensor:
    targets = {'depth': torch.stack([sample.gt.depth for sample in samples])}
    planes = torch.linspace(1 / FAR, 1 / NEAR, PLANES)
    stride = torch.tensor(STRIDE)
    return (loss or make_loss())({}, targets, (), samples, cost=cost, planes=planes, stride=stride)


def random_cost(samples: list) -> torch.Tensor:
    shape = len(samples), PLANES, SIZE[0] // STRIDE, SIZE[1] // STRIDE
    return torch.randn(shape, generator=torch.Generator().manual_seed(0)).requires_grad_()


def matched_depth(samples: list) -> np.ndarray:
    """Depth (N, h, w) of the cells that another view of their scene sees, else 0; a loop in float64."""
    rows = iter(range(len(samples)))
    scenes = [[next(rows) for _ in range(count)] for count in VIEWS]
    found = np.zeros((len(samples), SIZE[0] // STRIDE, SIZE[1] // STRIDE))
    for scene in scenes:
        for own in scene:
            for other in set(scene) - {own}:
                for i, j in np.ndindex(found.shape[1:]):
                    row, column = i * STRIDE + STRIDE // 2, j * STRIDE + STRIDE // 2
                    depth = float(samples[own].gt.depth[0, row, column])
                    if 1 / FAR <= 1 / max(depth, 1e-9) <= 1 / NEAR and sees(samples, own, other, row, column, depth):
                        found[own, i, j] = depth
    return found


def sees(samples: list, own: int, other: int, row: int, column: int, depth: float) -> bool:
    """Whether the other view measures the depth that the point of this pixel has there, to 5 %."""
    (k, pose), (other_k, other_pose) = (
        [samples[view].get(name).numpy().astype(float) for name in ('intrinsics', 'camera_T_world')]
        for view in (own, other)
    )
    point = depth * np.linalg.inv(k) @ (column + 0.5, row + 0.5, 1)
    point = (other_pose @ np.linalg.inv(pose) @ (*point, 1))[:3]
    x, y = (other_k @ point)[:2] / point[2]
    if point[2] <= 0 or not (0 <= x < SIZE[1] and 0 <= y < SIZE[0]):
        return False
    return abs(float(samples[other].gt.depth[0, int(y), int(x)]) - point[2]) <= 0.05 * point[2]


def test_the_loss_and_its_gradients_equal_a_loop_over_images_and_pairs(samples):
    cost, depth = random_cost(samples), matched_depth(samples)
    errors = []
    for place in zip(*np.nonzero(depth), strict=True):
        logarithms = cost[place[0], :, place[1], place[2]].double().log_softmax(0)
        position = (1 / depth[place] - 1 / FAR) / STEP
        k = min(math.floor(position), PLANES - 2)
        errors.append(-(1 - position + k) * logarithms[k] - (position - k) * logarithms[k + 1])
    assert len(errors) > 50
    assert term(samples, cost).item() == pytest.approx(sum(errors).item() / len(errors), rel=1e-4)


def test_only_cells_that_another_view_sees_are_taught(samples):
    cost = random_cost(samples)
    term(samples, cost).backward()
    assert cost.grad.isfinite().all()
    learns = cost.grad.abs().sum(dim=1) > 0
    assert np.array_equal(learns.numpy(), matched_depth(samples) > 0)
    assert not learns[3].any()  # the lone view


def test_the_true_plane_costs_least(samples):
    depth = torch.from_numpy(matched_depth(samples)).float()[:, None]
    planes = torch.linspace(1 / FAR, 1 / NEAR, PLANES).view(-1, 1, 1)

    def cost(shift: float) -> torch.Tensor:
        return -20 * ((1 / depth.clamp(min=0.1) + shift * STEP - planes) / STEP).abs()

    right = term(samples, cost(0))
    assert right < 10 and right < term(samples, cost(3)) < term(samples, cost(6))


def test_what_there_is_nothing_to_match_in_costs_nothing(samples):
    lone = samples[3:4]
    cost = random_cost(lone)
    value = term(lone, cost)
    value.backward()
    assert value == 0 and not cost.grad.any()
    for sample in samples:
        sample.gt.depth = torch.zeros_like(sample.gt.depth)
    cost = random_cost(samples)
    value = term(samples, cost)
    value.backward()
    assert value == 0 and not cost.grad.any()


@pytest.mark.parametrize('size', [(65, 48), (17, 33), (64, 96)])
@pytest.mark.parametrize('multiple', [1, 64])
@pytest.mark.parametrize('stride', [4, 8])
def test_labels_are_read_at_the_centres_of_the_cells(size, multiple, stride):
    """For sizes that are no multiples of the stride, and for images that the model has padded."""
    row, column = torch.meshgrid(*(torch.arange(1.0, length + 1) for length in size), indexing='ij')
    padded = [-(-length // multiple) * multiple for length in size]
    cells = tuple(-(-length // stride) for length in padded)
    found = at_pixel_centres(torch.stack([row, column])[None], cells, torch.tensor(stride))
    for i, j in np.ndindex(cells):
        y, x = i * stride + stride // 2, j * stride + stride // 2
        expected = (y + 1, x + 1) if y < size[0] and x < size[1] else (0, 0)
        assert tuple(found[0, :, i, j].tolist()) == expected


def test_images_for_the_task_losses_alone_are_not_taught(samples):
    for sample in samples[:3]:
        sample.set_metainfo({'supervision_role': 'supervised'})
    cost = random_cost(samples)
    term(samples, cost).backward()
    assert not cost.grad[:4].any() and cost.grad[4:].any()


def test_bad_settings():
    with pytest.raises(ConfigError, match="metric depth, found 'semseg'; the tasks are semseg, depth"):
        make_loss(depth='semseg')
    with pytest.raises(
        ConfigError, match="PlaneMatching reads 'cost', 'planes', 'stride', but neck and decode head return no aux"
    ):
        make_model(neck=None)
    with pytest.raises(ConfigError, match="return 'features'; use a neck or head"):
        make_model(neck=dict(type=CrossViewModule, fusion=dict(parts=('features',))))


def make_model(**options) -> MultiTaskModel:
    torch.manual_seed(0)
    cross_view = dict(
        type=CrossViewModule,
        stride=STRIDE,
        transformer=dict(blocks=1, identity_start=True),
        cost_volume=dict(planes=PLANES, depth_range=(NEAR, FAR)),
    )
    return MultiTaskModel(
        **{
            'tasks': TASKS,
            'backbone': dict(type=SegNet, widths=(6, 8)),
            'neck': cross_view,
            'decode_head': dict(type=PerTaskHead, head=dict(type=ConvHead, channels=6)),
            'consistency_losses': dict(matching=dict(type=PlaneMatching, weight=0.5)),
            **options,
        }
    )


def test_views_learn_to_match(batch):
    """From nothing, without any other loss: the true plane comes to stand out on six images."""
    model = make_model(loss_weighting=dict(type=FixedWeighting, weights=dict.fromkeys(TASKS, 0)))
    images = (batch['inputs'] - 0.45) / 0.225
    optimiser = torch.optim.Adam(model.neck.parameters(), lr=1e-3)
    values = []
    for _ in range(25):
        losses = model(images, batch['data_samples'], mode='loss')
        optimiser.zero_grad()
        losses['loss'].backward()
        optimiser.step()
        values.append(losses['matching'].item())
    assert values[-1] < 0.8 * values[0]
    losses = make_model()(images, batch['data_samples'], mode='loss')
    assert losses['loss'].item() == pytest.approx(
        (losses['semseg'] + losses['depth'] + 0.5 * losses['matching']).item(), rel=1e-5
    )
