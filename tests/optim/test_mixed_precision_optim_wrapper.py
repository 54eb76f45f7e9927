"""bf16 trains on a CPU, fp16 there is one clear line; the loss scale is part of the state."""

import pytest
import torch
from torch import nn
from torch.optim import SGD

from mmmtl.errors import ConfigError
from mmmtl.optim import MixedPrecisionOptimWrapper


def wrap(model: nn.Module, **options) -> MixedPrecisionOptimWrapper:
    return MixedPrecisionOptimWrapper(optimizer=SGD(model.parameters(), lr=0.1), **options)


def test_bf16_on_a_cpu():
    torch.manual_seed(0)
    model = nn.Linear(3, 2)
    wrapper = wrap(model)
    losses = []
    for _ in range(5):
        with wrapper.optim_context(model):
            output = model(torch.ones(4, 3))
        assert output.dtype == torch.bfloat16
        wrapper.update_params((output.float() ** 2).mean())
        losses.append((output.float() ** 2).mean().item())
    assert losses[-1] < losses[0] / 2
    assert model.weight.dtype == torch.float32


@pytest.mark.parametrize(('dtype', 'said'), [('float16', 'needs a GPU'), ('half', "'float16' or 'bfloat16'")])
def test_what_cannot_be(dtype, said):
    with pytest.raises(ConfigError, match=said):
        wrap(nn.Linear(3, 2), dtype=dtype)


def test_the_state_goes_there_and_back():
    model = nn.Linear(3, 2)
    state = wrap(model).state_dict()
    assert 'loss_scaler' in state
    wrap(model).load_state_dict(state)
    assert 'loss_scaler' in state  # the checkpoint is left as it was


@pytest.mark.gpu
def test_fp16_skips_and_lowers_the_scale():
    model = nn.Linear(3, 2).cuda()
    wrapper = wrap(model)
    scale, before = wrapper.scaler.get_scale(), model.weight.clone()
    wrapper.update_params((model(torch.ones(4, 3, device='cuda')) * torch.inf).sum())
    assert torch.equal(model.weight, before) and wrapper.scaler.get_scale() < scale
    assert wrap(model).state_dict()['loss_scaler']['scale'] == scale
