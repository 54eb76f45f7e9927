"""The converter of SAK: both stages load into our model, and other files end in one line."""

from functools import cache

import pytest
import torch
from small_vit import golden_sak, published_sak, small_sak
from torch import Tensor, nn

from mmmtl.cli.main import main
from mmmtl.errors import CheckpointError
from mmmtl.files.weight_files import load_plain
from mmmtl.model_converters import sak
from mmmtl.models.backbones import SAK
from mmmtl.models.decode_heads import MultiTapHead


@cache
def published_small(stage: int) -> dict[str, Tensor]:
    """A ViT-S with the published keys: those of the golden values, with the shapes of our model."""
    golden = published_sak()
    taps = [2, 5, 8, 11]
    with torch.device('meta'):
        teachers = {'dinov2': 384, 'clip': 768, 'sam': 384}
        tasks = ('semseg', 'normal', 'edge', 'depth') if stage == 2 else ()
        vit = dict(model_name='vit_small_patch16_384', out_indices=taps, img_size=(64, 96))
        backbone = SAK(tasks, vit, teachers, mixing=stage == 2)
        heads = nn.ModuleDict({task: MultiTapHead((384,) * 4, (16,) * 4, 7) for task in tasks})
    ours = {**backbone.state_dict(prefix='backbone.'), **heads.state_dict(prefix='decode_head.heads.')}
    names = {key: sak.sak_key(key.removeprefix('backbone.'), taps) for key in golden}
    aligners = {f'backbone.ts_aligners.{tap}_clip.{kind}': None for tap in taps for kind in ('weight', 'bias')}
    names |= {key: sak.sak_key(key.removeprefix('backbone.'), taps) for key in aligners}
    published = {
        key: torch.arange(number, number + ours[name].numel()).view(ours[name].shape) / 7
        for number, (key, name) in enumerate(names.items())
        if name in ours
    }
    assert len(published) == len(ours)
    return {
        key: value[..., 0, 0] if '.linears.' in key and value.dim() == 4 else value for key, value in published.items()
    }


@pytest.mark.parametrize('stage', [1, 2])
def test_a_published_file_loads_strictly(stage, tmp_path, capsys):
    published = published_small(stage)
    content = {f'module.{key}' if stage == 2 else key.removeprefix('backbone.'): x for key, x in published.items()}
    content['vit.head.weight'] = torch.zeros(2)
    torch.save({'model': content}, tmp_path / 'src.pth')
    main(['convert-model', 'sak', str(tmp_path / 'src.pth'), str(tmp_path / 'dst.pth')])
    assert 'omitted: vit' in capsys.readouterr().out
    state_dict = load_plain(tmp_path / 'dst.pth')['state_dict']
    assert len(state_dict) == len(published)
    found = state_dict['backbone.adapters.sam.12.up.weight']
    assert torch.equal(found, published['backbone.tsap.sam.12.up.weight'])
    aligner = state_dict['backbone.aligners.clip.3.weight']
    assert torch.equal(aligner, published['backbone.ts_aligners.11_clip.weight'])
    if stage == 2:
        narrow = state_dict['decode_head.heads.normal.narrow.2.weight']
        assert torch.equal(narrow[..., 0, 0], published['heads.normals.linears.2.weight'])


def test_no_two_keys_become_one():
    assert len(sak.rename_sak(published_sak())) == len(published_sak())


def test_the_position_embedding_is_resampled_for_another_size():
    backbone, other, square = golden_sak(), small_sak(img_size=(48, 48)), small_sak(img_size=64)
    other.load_state_dict(square.state_dict())
    ours, theirs = (x.state_dict()['stem.model.model.pos_embed'] for x in (other, square))
    assert ours.shape == (1, 10, 32) and torch.equal(ours[:, 0], theirs[:, 0])
    with pytest.raises(CheckpointError, match='24 positions, which is not a square number'):
        other.load_state_dict(backbone.state_dict())


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        ({'backbone.vit.pos_embed': None}, 'vit.pos_embed is missing'),
        ({'decoder.weight': torch.zeros(1)}, "not a SAK checkpoint: unknown key 'decoder.weight'"),
        ({'backbone.mor.3_semseg.router.module.0.weight': torch.zeros(1)}, 'block 3 has no out_norms'),
        ({'backbone.tsap.sam.3.up.bias': None}, 'missing backbone.adapters.sam.3.up.bias'),
        ({'backbone.tsap.sam.3.up.bias': torch.zeros(4)}, r'must have shape \(384,\)'),
    ],
)
def test_other_files_are_refused(change, message):
    published = {key: value for key, value in {**published_small(2), **change}.items() if value is not None}
    with pytest.raises(CheckpointError, match=message):
        sak.convert(published)
