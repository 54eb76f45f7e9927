"""The converters of PAD-Net and MTI-Net refuse files that are not of these networks, in one line."""

import pytest
import torch
from golden_fill import published_weights

from mmmtl.errors import CheckpointError
from mmmtl.model_converters import mti_net, pad_net

CONVERTERS = {'pad_net': (pad_net, 'padnet', 'conv_out'), 'mti_net': (mti_net, 'mtinet', 'decoders')}


@pytest.mark.parametrize('name', CONVERTERS)
@pytest.mark.parametrize(
    ('change', 'line'),
    [
        (lambda keys, _: keys | {'attention.weight': torch.zeros(1)}, "1 unknown keys, such as 'attention.weight'"),
        (lambda keys, _: {key: value for key, value in keys.items() if 'bn1.bias' not in key}, 'missing'),
        (
            lambda keys, logits: {k: v for k, v in keys.items() if logits not in k},
            'no task has initial and final predictions',
        ),
        (lambda keys, _: {k: v[:1] if v.dim() else v for k, v in keys.items()}, 'must have shape'),
    ],
)
def test_other_files_are_refused(name, change, line):
    converter, golden, logits = CONVERTERS[name]
    with pytest.raises(CheckpointError, match=line) as error:
        converter.convert(change(published_weights(f'{golden}_shared_keys.json'), logits))
    assert '\n' not in str(error.value)
