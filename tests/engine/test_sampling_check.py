"""A split is refused whose sampler repeats samples over several processes."""

import pytest
from mmengine.dataset import DefaultSampler
from tiny_run import tiny_run
from torch.utils.data import BatchSampler, DataLoader, Sampler
from two_processes import run_in_two, work

from mmmtl.datasets import EvenlySplitSampler
from mmmtl.engine.sampling_check import check_sampled_once
from mmmtl.errors import ConfigError

SAMPLERS = {
    'default': DefaultSampler,
    'not rounded up': lambda data: DefaultSampler(data, round_up=False),
    'even': EvenlySplitSampler,
}


def refusal(sampler: Sampler, data: list[int]) -> str:
    """The message for a loader that samples one by one, and the same for one with a batch sampler."""
    messages = set()
    for loader in (DataLoader(data, sampler=sampler), DataLoader(data, batch_sampler=BatchSampler(sampler, 2, False))):
        try:
            check_sampled_once(loader, 'val_dataloader')
            messages.add('')
        except ConfigError as error:
            messages.add(str(error))
    (message,) = messages
    return message


def refusals(rank: int) -> dict[str, str]:
    return {
        f'{name}, {size}': refusal(sampler(list(range(size))), list(range(size)))
        for name, sampler in SAMPLERS.items()
        for size in (4, 5)
    }


def test_two_processes(tmp_path):
    for found in run_in_two(__file__, tmp_path):
        assert {name for name, message in found.items() if message} == {'default, 5'}
        assert found['default, 5'].startswith('val_dataloader.sampler: DefaultSampler draws 6 samples of 5 over all')


@pytest.mark.parametrize('name', SAMPLERS)
def test_one_process_takes_all(name):
    assert refusal(SAMPLERS[name](list(range(5))), list(range(5))) == ''


def test_no_batch_is_dropped():
    with pytest.raises(ConfigError, match=r'^test_dataloader.drop_last: drops samples'):
        check_sampled_once(DataLoader(list(range(5)), 2, drop_last=True), 'test_dataloader')


@pytest.mark.parametrize('split', ['val', 'test'])
def test_a_run_is_checked(split, tmp_path, rooms_cache, monkeypatch):
    monkeypatch.setattr(EvenlySplitSampler, '__len__', lambda sampler: 0)
    runner = tiny_run(tmp_path)
    with pytest.raises(ConfigError, match=f'{split}_dataloader.sampler: EvenlySplitSampler draws 0 samples of'):
        runner.build_val_loop(runner._val_loop) if split == 'val' else runner.build_test_loop(runner._test_loop)


if __name__ == '__main__':
    work(refusals)
