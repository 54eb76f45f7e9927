"""The converter of ATRC: keys, split messages and buffers that are omitted; other files end in one line."""

import re

import pytest
import torch
from small_atrc import published_atrc, small_atrc

from mmmtl.cli.main import main
from mmmtl.errors import CheckpointError
from mmmtl.model_converters import atrc


def whole() -> dict[str, torch.Tensor]:
    """A checkpoint of the published network, with a backbone of one layer."""
    head = {f'head.{key}': value for key, value in published_atrc().items()}
    return head | {'backbone.conv1.weight': torch.zeros(2), 'criterion.loss_dict.normals.aux.centroids': torch.zeros(3)}


def test_every_value_is_used_once():
    published = published_atrc()
    head = small_atrc()
    head.load_state_dict(atrc.convert_head(published))
    assert sum(x.numel() for x in published.values()) == sum(x.numel() for x in head.state_dict().values())
    second = published['atrc_module.out_proj.depth.conv.weight'][:, 14:28]  # of semseg, normals, edge
    assert torch.equal(head.targets['depth'].outputs['normal'].weight, second)


def test_command_line(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    torch.save(dict(state_dict=whole()), 'published.ckpt')
    main(['convert-model', 'atrc', 'published.ckpt', 'ours.pth'])
    assert 'omitted, as they are not part of the network: criterion' in capsys.readouterr().out
    written = torch.load('ours.pth', weights_only=True)['state_dict']
    assert 'backbone.backbone.conv1.weight' in written and 'decode_head.classifiers.normal.bias' in written


@pytest.mark.parametrize(
    ('change', 'line'),
    [
        (lambda x: x | {'attention.weight': torch.zeros(1)}, "not an ATRC checkpoint: unknown key 'attention.weight'"),
        (lambda x: x | {'head.attention.weight': torch.zeros(1)}, "ATRC checkpoint: unknown key 'attention.weight'"),
        (
            lambda x: {k: v for k, v in x.items() if 'head' not in k},
            "there are no keys 'head.*' or no keys 'backbone.*'",
        ),
        (
            lambda x: x | {'head.atrc_module.out_proj.depth.conv.weight': torch.zeros(28, 41, 1, 1)},
            'out_proj.depth.conv.weight must have a multiple of 3 input channels',
        ),
        (
            lambda x: {k: v for k, v in x.items() if 'cp_blocks.depth' not in k},
            'out_proj.depth.conv.weight must have a multiple of 0 input channels',
        ),
    ],
)
def test_not_the_published_layout(change, line):
    with pytest.raises(CheckpointError, match=re.escape(line)):
        atrc.convert(change(whole()))
