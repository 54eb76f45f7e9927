"""The state of all random number generators of a process, as plain tensors."""

import math
import random

import numpy as np
import torch
from torch import Tensor


def random_state() -> dict[str, Tensor]:
    """Python's, NumPy's, torch's and, where there is one, the current GPU's; of the same shapes on every process."""
    version, python, gauss = random.getstate()
    _, numpy, position, has_gauss, cached = np.random.get_state()
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
    """Go back to where `random_state` was called."""
    gauss = state['python_gauss'].item()
    random.setstate((3, tuple(state['python'].tolist()), None if math.isnan(gauss) else gauss))
    position, has_gauss, cached = state['numpy_gauss'].tolist()
    np.random.set_state(('MT19937', state['numpy'].numpy().astype(np.uint32), int(position), int(has_gauss), cached))
    torch.set_rng_state(state['torch'].cpu().clone())  # of a view into a larger tensor torch reads the wrong bytes
    if 'cuda' in state and torch.cuda.is_available():
        torch.cuda.set_rng_state(state['cuda'].cpu().clone())


def separate_random_streams(seed: int, rank: int) -> None:
    """Let all processes but the first draw other random numbers from here on.

    With one stream for all, dropout would drop the same channels for the n-th image of every process. The first keeps
    its stream, so that one process draws as ever. What has to be drawn alike is broadcast (`RandomWeighting`), and data
    are augmented by generators of their own.
    """
    if rank:
        own = int(np.random.SeedSequence([seed, rank]).generate_state(1)[0])
        random.seed(own)
        np.random.seed(own)
        torch.manual_seed(own)
