"""The converter of MLoRE: every published key maps to its own key, and other files are refused in one line."""

from pathlib import Path

import pytest
import torch
from golden_fill import published_weights

from mmmtl.errors import CheckpointError
from mmmtl.model_converters import mlore
from mmmtl.model_converters.conversion import convert_file


@pytest.fixture(scope='module')
def published() -> dict[str, torch.Tensor]:
    return published_weights('mlore_shared_keys.json')


def convert(content, folder: Path) -> dict | str:
    """Run the tool in this process; what it wrote, or the line that it ended with."""
    torch.save(content, folder / 'published.pth')
    try:
        convert_file(folder / 'published.pth', folder / 'ours.pth', mlore.convert, 'mlore')
    except CheckpointError as error:
        assert not (folder / 'ours.pth').exists()
        return str(error)
    return torch.load(folder / 'ours.pth', weights_only=True)


def test_every_number_but_one_position_is_kept(published, tmp_path, capsys):
    """As the file is saved in training: under ``model``, beside other things."""
    ours = convert(dict(model=published, iter_count=7), tmp_path)['state_dict']
    width = published['backbone.pos_embed'].shape[2]
    assert sum(x.numel() for x in ours.values()) + width == sum(x.numel() for x in published.values())
    assert 'omitted: backbone.pos_embed[:, 0], the position of a class token' in capsys.readouterr().out
    assert torch.equal(ours['decode_head.heads.normal.3.weight'], published['heads.normals.linear_pred.weight'])
    up = ours['decode_head.blocks.2.1.experts.up.weight'].split([1, 2, 3, 4, 5], 1)
    assert torch.equal(up[3], published['backbone.MLoRE_2.2.lora_list_1.3.M.weight'])


def test_the_tasks_of_pascal(published, tmp_path):
    def renamed(key: str) -> str:
        return key.replace('.depth.', '.sal.').replace('.edge.', '.human_parts.')

    ours = convert({renamed(key): value for key, value in published.items()}, tmp_path)['state_dict']
    heads = {key.split('.')[2] for key in ours if key.startswith('decode_head.heads.')}
    assert heads == {'semseg', 'saliency', 'normal', 'human_parts'}


@pytest.mark.parametrize(
    ('change', 'line'),
    [
        (lambda keys: keys | {'heads.semseg.extra.weight': torch.zeros(1)}, "unknown key 'heads.semseg.extra.weight'"),
        (
            lambda keys: keys | {'backbone.MLoRE_1.0.router_1.depth.0.conv4.bias': torch.zeros(4)},
            'unknown key',
        ),
        (lambda keys: without(keys, 'backbone.pos_embed'), 'pos_embed is missing or does not have 3 dimensions'),
        (
            lambda keys: without(keys, 'backbone.blocks.1.mlp.fc1.bias'),
            'missing backbone.backbone.model.model.blocks.1.mlp.fc1',
        ),
        (lambda keys: without(keys, 'heads.'), 'linear_pred are missing'),
        (lambda keys: without(keys, 'lora_list_1'), 'experts, fea_fuse or linear_pred are missing'),
        (lambda keys: without(keys, 'MLoRE_2.1.lora_list_1.2'), 'must have shape'),
        (lambda keys: without(keys, 'heads.depth.'), 'unknown decode_head.blocks.0.0.tasks.depth'),
        (
            lambda keys: keys | {'backbone.MLoRE_1.0.lora_list_1.2.M.weight': torch.zeros(9, 3, 1, 1)},
            'the shapes of the experts in decode_head.blocks.0.0.experts.up.weight do not match',
        ),
        (lambda keys: keys | {'backbone.fea_fuse.0.bias': torch.zeros(2)}, 'must have shape (16,), but has (2,)'),
        (lambda keys: [1], 'contains no state dict'),
        (lambda keys: dict(keys, hostile=print), 'refused, it holds more than'),
    ],
)
def test_not_the_published_layout(published, tmp_path, change, line):
    message = convert(change(published), tmp_path)
    assert line in message and '\n' not in message


def without(keys: dict[str, torch.Tensor], part: str) -> dict[str, torch.Tensor]:
    return {key: value for key, value in keys.items() if part not in key}
