"""FeaturePropagation: both softmaxes written out, and the order of concatenation."""

import pytest
import torch

from mmmtl.models.decode_heads.feature_propagation import FeaturePropagation

NAMES = ('b', 'c', 'a')
CHANNELS = 5  # not a multiple of the number of tasks: groups of adjacent channels reach into the next task


def propagation(task_softmax: str, names: tuple[str, ...] = NAMES) -> FeaturePropagation:
    torch.manual_seed(0)
    return FeaturePropagation(names, CHANNELS, task_softmax).eval()


def features() -> dict[str, torch.Tensor]:
    generator = torch.Generator().manual_seed(1)
    return {name: torch.randn(2, CHANNELS, 4, 6, generator=generator) for name in NAMES}


@pytest.mark.parametrize('order', [(0, 1, 2), (2, 0, 1)])
@pytest.mark.parametrize('task_softmax', ['tasks', 'published'])
def test_the_formula(task_softmax, order):
    module, maps = propagation(task_softmax), features()
    module.task_order.copy_(torch.tensor(order))
    joined = torch.cat([maps[sorted(NAMES)[index]] for index in order], dim=1)
    exps = module.mask(joined).exp()
    groups = (
        [[task * CHANNELS + channel for task in range(3)] for channel in range(CHANNELS)]
        if task_softmax == 'tasks'
        else [[3 * group + index for index in range(3)] for group in range(CHANNELS)]
    )
    mask = torch.zeros_like(joined)
    for group in groups:
        mask[:, group] = exps[:, group] / exps[:, group].sum(1, keepdim=True)
    shared = module.reduce(mask * joined)
    found = module(maps)
    for name in NAMES:
        torch.testing.assert_close(found[name], maps[name] + module.excite[name](shared))


@pytest.mark.parametrize('task_softmax', ['tasks', 'published'])
def test_the_order_of_the_names_does_not_matter(task_softmax):
    module, maps = propagation(task_softmax), features()
    other = propagation(task_softmax, NAMES[::-1])
    other.load_state_dict(module.state_dict())
    expected = module(maps)
    assert all(torch.equal(values, expected[name]) for name, values in other(maps).items())


def test_one_task_is_no_special_case():
    torch.manual_seed(0)
    module = FeaturePropagation(['a'], 3, 'published').eval()
    maps = {'a': torch.randn(1, 3, 4, 4)}
    torch.testing.assert_close(module(maps)['a'], maps['a'] + module.excite['a'](module.reduce(maps['a'])))
