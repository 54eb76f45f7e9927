"""Save, restore and separate the states of a process's random number generators."""

import math
import random

import numpy as np
import torch
from torch import Tensor


def random_state() -> dict[str, Tensor]:
    """Return the states of the generators of Python, NumPy, torch and the current GPU, if any, as tensors.

    Shapes and dtypes are the same on all ranks, so that the states can be gathered.
    """
    version, python, gauss = random.getstate()
    _, numpy, position, has_gauss, cached = np.random.get_state(legacy=True)
    assert isinstance(numpy, np.ndarray)
    state = {
        'python': torch.tensor(python),
        'python_gauss': torch.tensor(math.nan if gauss is None else gauss, dtype=torch.float64),
        'numpy': torch.from_numpy(numpy.astype(np.int64)),
        'numpy_gauss': torch.tensor([position, has_gauss, cached], dtype=torch.float64),
        'torch': torch.get_rng_state(),
    }
    if torch.cuda.is_available():
        state['cuda'] = torch.cuda.get_rng_state()
    return state


def set_random_state(state: dict[str, Tensor]) -> None:
    """Restore a state that `random_state` returned."""
    gauss = state['python_gauss'].item()
    random.setstate((3, tuple(state['python'].tolist()), None if math.isnan(gauss) else gauss))
    position, has_gauss, cached = state['numpy_gauss'].tolist()
    np.random.set_state(('MT19937', state['numpy'].numpy().astype(np.uint32), int(position), int(has_gauss), cached))
    torch.set_rng_state(state['torch'].cpu().clone())  # for a view of a larger tensor torch reads the wrong bytes
    if 'cuda' in state and torch.cuda.is_available():
        torch.cuda.set_rng_state(state['cuda'].cpu().clone())


def separate_random_streams(seed: int, rank: int) -> None:
    """Seed the generators of every rank but 0 differently.

    Otherwise dropout would drop the same channels for the n-th image of every rank. Rank 0 keeps its state, so that
    a run of one process does not change. Values that have to agree on all ranks are broadcast (`RandomWeighting`), and
    data are augmented by separate generators.

    Args:
        seed: Seed of the run.
        rank: Rank of this process.
    """
    if rank:
        rank_seed = int(np.random.SeedSequence([seed, rank]).generate_state(1)[0])
        random.seed(rank_seed)
        np.random.seed(rank_seed)
        torch.manual_seed(rank_seed)
