"""Checkpoints: what goes in comes out, and nothing in them runs."""

import enum
import io
import os
from pathlib import Path

import numpy as np
import pytest
import safetensors.torch
import torch
from mmengine.logging import HistoryBuffer
from torch import nn

from mmmtl.checkpoints.checkpoint import (
    load_weights,
    read_checkpoint,
    to_plain_values,
    write_checkpoint,
)
from mmmtl.errors import CheckpointError

WEIGHTS = {'weight': torch.arange(6.0).view(2, 3), 'steps': torch.tensor(7)}


# -- in and out -------------------------------------------------------------------------------------------------------


def test_round_trip(tmp_path):
    path = tmp_path / 'epoch_1.pth'
    content = {
        'state_dict': WEIGHTS,
        'meta': {'epoch': 1, 'lr': 0.1, 'name': 'run', 'resumed': False, 'seed': None},
        'optimizer': {'state': {0: {'step': torch.tensor(3.0)}}, 'param_groups': [{'betas': (0.9, 0.99)}]},
    }
    write_checkpoint(content, path)
    found = read_checkpoint(path)
    assert torch.equal(found['state_dict']['weight'], WEIGHTS['weight']) and found['state_dict']['steps'] == 7
    assert found['meta'] == content['meta']
    assert found['optimizer']['state'][0]['step'] == 3  # keys may be numbers
    assert found['optimizer']['param_groups'] == [{'betas': [0.9, 0.99]}]
    assert os.listdir(tmp_path) == ['epoch_1.pth']
    assert torch.load(path, weights_only=True).keys() == content.keys()


def test_an_optimizer_continues_identically_after_the_round_trip(tmp_path):
    def train(weight: nn.Parameter, optimizer: torch.optim.Optimizer) -> None:
        for _ in range(3):
            optimizer.zero_grad()
            (weight**2).sum().backward()
            optimizer.step()

    weights = [nn.Parameter(torch.ones(3)) for _ in range(2)]
    first, second = (torch.optim.AdamW([weight], lr=0.1, betas=(0.8, 0.9)) for weight in weights)
    train(weights[0], first)
    write_checkpoint({'state_dict': {'weight': weights[0]}, 'optimizer': first.state_dict()}, tmp_path / 'a.pth')
    found = read_checkpoint(tmp_path / 'a.pth')
    weights[1].data.copy_(found['state_dict']['weight'])
    second.load_state_dict(found['optimizer'])
    train(weights[0], first)
    train(weights[1], second)
    assert torch.equal(weights[0], weights[1])


def test_log_histories_become_lists(tmp_path):
    history = HistoryBuffer()
    history.update(0.5, 2)
    history.update(0.25, 4)
    write_checkpoint({'state_dict': {}, 'log': {'loss': history}}, tmp_path / 'a.pth')
    found = read_checkpoint(tmp_path / 'a.pth')['log']['loss']
    assert found == {'log_history': [0.5, 0.25], 'count_history': [2, 4]}
    again = HistoryBuffer(found['log_history'], found['count_history'])
    assert again.mean() == history.mean() and again.current() == history.current() == 0.25


def test_numpy_becomes_numbers_and_tensors():  # of which float64 and str_ look like Python's, but do not load
    value = to_plain_values(
        {'a': np.float64(1.5), 'b': np.arange(3), 'c': (1, np.int64(2)), 'd': np.str_('x'), 'e': np.bool_(1)}
    )
    assert torch.equal(value.pop('b'), torch.arange(3))
    assert value == {'a': 1.5, 'c': [1, 2], 'd': 'x', 'e': True}
    assert [type(value[name]) for name in 'ade'] == [float, str, bool]


class Mode(str, enum.Enum):  # noqa: UP042 - str() of a StrEnum would be its value
    TRAIN = 'train'


class Level(enum.IntEnum):
    HIGH = 3


class Metres(float):
    """A number with a unit."""


def test_enums_become_their_values(tmp_path):
    content = {'state_dict': {}, 'mode': Mode.TRAIN, Level.HIGH: Metres(1.5)}
    write_checkpoint(content, tmp_path / 'a.pth')
    found = read_checkpoint(tmp_path / 'a.pth')
    assert found == {'state_dict': {}, 'mode': 'train', 3: 1.5}


def test_reversed_arrays_and_arrays_without_axes():
    assert to_plain_values(np.arange(3)[::-1]).tolist() == [2, 1, 0]
    assert to_plain_values(np.array(2.5)).shape == ()


def test_gradients_and_graphs_stay_behind():
    weight = nn.Parameter(torch.ones(2))
    assert not to_plain_values(weight * 2).requires_grad and type(to_plain_values(weight)) is torch.Tensor


@pytest.mark.parametrize('thing', [Path('x'), {1, 2}, print, nn.Linear(1, 1)])
def test_other_things_are_not_written(thing, tmp_path):
    with pytest.raises(TypeError, match=f'may hold tensors, numbers.*, not {type(thing).__name__}'):
        write_checkpoint({'state_dict': {}, 'extra': [thing]}, tmp_path / 'a.pth')
    assert os.listdir(tmp_path) == []


def test_arrays_of_strings_are_not_written():
    with pytest.raises(TypeError, match='may hold tensors, numbers.*, not ndarray of <U1'):
        to_plain_values(np.array(['a']))


# -- reading what others wrote ----------------------------------------------------------------------------------------


class Marker:
    """Unpickled, it leaves a file behind."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple:
        return Path.touch, (self.path,)


@pytest.mark.parametrize('new_format', [True, False])
def test_a_malicious_file_executes_no_code(tmp_path, new_format):
    path, marker = tmp_path / 'hostile.pth', tmp_path / 'marker'
    torch.save({'state_dict': WEIGHTS, 'meta': Marker(marker)}, path, _use_new_zipfile_serialization=new_format)
    with pytest.raises(CheckpointError, match=r'hostile\.pth: refused, it holds more than tensors.*could run code'):
        read_checkpoint(path)
    assert not marker.exists()
    torch.load(path, weights_only=False)
    assert marker.exists()  # it was a real threat


def damaged(kind: str) -> bytes:
    if kind == 'text':
        return b'no checkpoint\n'
    file = io.BytesIO()
    torch.save({'state_dict': {'weight': torch.ones(1000)}}, file)
    whole = file.getvalue()
    return whole[: {'half': len(whole) // 2, 'nearly whole': -30, 'empty': 0}[kind]]


@pytest.mark.parametrize('kind', ['half', 'nearly whole', 'empty', 'text'])
def test_a_damaged_file(tmp_path, kind):
    path = tmp_path / 'damaged.pth'
    path.write_bytes(damaged(kind))
    with pytest.raises(
        CheckpointError, match=r'damaged\.pth: cannot be read, it is damaged or not a checkpoint'
    ) as error:
        read_checkpoint(path)
    assert '\n' not in str(error.value) and 'weights_only' not in str(error.value)  # no advice to load it unsafely


def test_a_missing_file_is_an_error(tmp_path):
    for path in (tmp_path / 'absent.pth', tmp_path):
        with pytest.raises(CheckpointError, match='no such checkpoint'):
            read_checkpoint(path)


@pytest.mark.parametrize('content', [[1, 2], {'weight': torch.ones(1)}, {'state_dict': [1]}])
def test_no_checkpoint_of_ours(tmp_path, content):
    torch.save(content, tmp_path / 'other.pth')
    with pytest.raises(CheckpointError, match="it has no dict 'state_dict'"):
        read_checkpoint(tmp_path / 'other.pth')


@pytest.mark.parametrize('name', ['a.pth', 'a.safetensors'])
def test_the_device_of_every_format(tmp_path, name):
    if name == 'a.pth':
        write_checkpoint({'state_dict': WEIGHTS}, tmp_path / name)
    else:
        safetensors.torch.save_file(WEIGHTS, tmp_path / name)
    for device in ('cpu', 'meta'):
        assert {value.device.type for value in read_checkpoint(tmp_path / name, device)['state_dict'].values()} == {
            device
        }


# -- weights into a network -------------------------------------------------------------------------------------------


def network(*widths: int) -> nn.Sequential:
    return nn.Sequential(*(nn.Linear(a, b) for a, b in zip(widths, widths[1:], strict=False)))


def test_weights_load():
    ours, theirs = network(2, 3, 1), network(2, 3, 1)
    load_weights(ours, theirs.state_dict(), 'a.pth')
    assert all(torch.equal(a, b) for a, b in zip(ours.parameters(), theirs.parameters(), strict=True))


@pytest.mark.parametrize(
    ('theirs', 'message'),
    [
        (network(2, 4, 1), r'3 shapes differ \(first: 0\.weight is \(4, 2\) in the file, \(3, 2\) in the model\)'),
        (network(2, 3), r'2 missing keys \(first: 1\.weight\)'),
        (network(2, 3, 1, 1), r'2 unexpected keys \(first: 2\.weight\)'),
        (network(5, 3, 1, 1), r'2 unexpected keys \(first: 2\.weight\); 1 shapes differ \(first: 0\.weight'),
    ],
)
def test_another_architecture_is_an_error_and_nothing_is_loaded(theirs, message):
    ours = network(2, 3, 1)
    before = [parameter.clone() for parameter in ours.parameters()]
    with pytest.raises(
        CheckpointError, match=rf'a\.pth: does not fit the architecture and tasks of the config: {message}'
    ):
        load_weights(ours, theirs.state_dict(), 'a.pth')
    assert all(torch.equal(a, b) for a, b in zip(before, ours.parameters(), strict=True))


def test_a_value_that_is_not_a_tensor_is_an_error():
    with pytest.raises(CheckpointError, match=r'a\.pth: weight is a float, expected a tensor'):
        load_weights(nn.Linear(1, 1, bias=False), {'weight': 3.0}, 'a.pth')
