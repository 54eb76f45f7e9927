"""Samplers, label settings, metrics and loss reductions on 64 processes agree with those of one."""

import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
import torch
from many_processes import EPOCHS, SIZES, WHOLE_BATCH, everything

pytestmark = pytest.mark.check
COUNT = 64


@pytest.fixture(scope='module')
def ranks(tmp_path_factory) -> list[dict]:
    """What each of 64 processes drew and scored."""
    folder = tmp_path_factory.mktemp('processes')
    script = Path(__file__).with_name('many_processes.py')
    subprocess.run(
        [sys.executable, script, str(folder), str(COUNT)],
        check=True,
        timeout=600,
        env=os.environ | {'OMP_NUM_THREADS': '1'},
    )
    return torch.load(folder / f'{COUNT}.pt')


@pytest.fixture(scope='module')
def alone() -> dict:
    """What one process draws and scores."""
    return everything()


@pytest.mark.parametrize('size', SIZES)
def test_an_epoch_shows_every_sample_once_but_for_what_fills_it_up(ranks, size):
    for epoch in range(EPOCHS):
        own = [rank['drawn'][f'epochs of {size}'][epoch] for rank in ranks]
        assert len({len(indices) for indices in own}) == 1  # all processes take the same number of steps
        times = Counter(index for indices in own for index in indices)
        assert set(times) == set(range(size)) and max(times.values()) - min(times.values()) <= 1


@pytest.mark.parametrize('size', SIZES)
def test_an_evaluation_shows_every_sample_exactly_once(ranks, size):
    assert Counter(index for rank in ranks for index in rank['drawn'][f'evaluation of {size}']) == Counter(range(size))


@pytest.mark.parametrize('size', SIZES)
def test_every_batch_of_an_endless_run_holds_what_one_process_would_draw(ranks, alone, size):
    whole, each = alone['drawn'][f'endless of {size}'], WHOLE_BATCH // COUNT
    for step in range(5):
        taken = slice(step * each, (step + 1) * each)
        own = [index for rank in ranks for index in rank['drawn'][f'endless of {size}'][taken]]
        assert Counter(own) == Counter(whole[step * WHOLE_BATCH : (step + 1) * WHOLE_BATCH])


def test_batches_in_a_ratio_hold_what_one_process_would_draw(ranks, alone):
    whole, each = alone['drawn']['ratio'], WHOLE_BATCH // COUNT
    for step in range(5):
        own = [index for rank in ranks for index in rank['drawn']['ratio'][step * each : (step + 1) * each]]
        assert Counter(own) == Counter(whole[step * WHOLE_BATCH : (step + 1) * WHOLE_BATCH])


def test_label_settings_agree(ranks, alone):
    for rank in ranks:
        assert rank['shown'] == alone['shown']


@pytest.mark.parametrize('size', SIZES)
def test_scores_equal_those_of_one_process_on_every_rank(ranks, alone, size):
    expected = alone['scores'][str(size)]
    assert len(expected) > 4
    for rank in ranks:
        assert rank['scores'][str(size)] == pytest.approx(expected, rel=1e-6)
    assert all(rank['scores'] == ranks[0]['scores'] for rank in ranks)


def test_losses_equal_those_of_one_process(ranks, alone):
    for rank in ranks:
        assert rank['losses'] == pytest.approx(alone['losses'], rel=1e-5)
