"""Run a model during training without affecting the training."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from mmmtl.models import MultiTaskModel


@contextmanager
def undisturbed(model: MultiTaskModel) -> Iterator[None]:
    """Restore the random state, the buffers (batch norm, banks of regions) and the mode of the model at the end."""
    device = next(model.parameters()).device
    buffers = {name: value.clone() for name, value in model.named_buffers()}
    training, counts = model.training, model.counts
    with torch.random.fork_rng([device] if device.type == 'cuda' else []):
        try:
            yield
        finally:
            model.train(training)
            model.counts = counts
            with torch.no_grad():
                for name, value in model.named_buffers():
                    value.copy_(buffers[name])
