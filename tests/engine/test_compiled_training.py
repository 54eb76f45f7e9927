"""`torch.compile` of the training step: the same checkpoints up to rounding, and resumed ones."""

import pytest
import torch
from tiny_run import tiny_run

from mmmtl.checkpoints.checkpoint import read_checkpoint

COMPILED = dict(compile=dict(backend='aot_eager'))  # needs no C compiler


@pytest.mark.check
def test_a_compiled_training_equals_a_plain_one(tmp_path, rooms_cache):
    tiny_run(tmp_path / 'plain', None, 'tiny_vit.py').train()
    tiny_run(tmp_path / 'compiled', None, 'tiny_vit.py', **COMPILED).train()
    start = str(tmp_path / 'compiled' / 'iter_3.pth')
    tiny_run(tmp_path / 'resumed', None, 'tiny_vit.py', resume=True, load_from=start).train()
    expected, *others = (
        read_checkpoint(tmp_path / name / 'iter_6.pth')['state_dict'] for name in ('plain', 'compiled', 'resumed')
    )
    for found in others:
        assert found.keys() == expected.keys()  # no name with _orig_mod
        torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-6)
