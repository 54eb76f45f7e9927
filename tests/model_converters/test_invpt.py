"""The converter of InvPT: every key is used once, a converted file loads strictly, and other files end in one line."""

import re

import pytest
import torch
from small_invpt import published_invpt, small_invpt

from mmmtl.cli.main import main
from mmmtl.errors import CheckpointError
from mmmtl.model_converters import invpt


def test_every_key_is_renamed_or_named_as_unused(capsys):
    published = published_invpt()
    ours = small_invpt()
    ours.load_state_dict(invpt.rename_invpt({f'module.{key}': value for key, value in published.items()}))
    unused = [key for key in published if key.startswith(invpt.UNUSED)]
    total = sum(value.numel() for key, value in published.items() if key not in unused)
    assert total == sum(value.numel() for key, value in ours.state_dict().items())
    line = capsys.readouterr().out
    assert 'omitted, as no output uses them: ' in line
    assert len(unused) == 14 and all(
        any(part in key for part in line.strip().split(': ')[1].split(', ')) for key in unused
    )


def test_tasks_are_numbered_in_the_order_of_the_file():
    """The weights of redu_chan.1.2 belong to the third task of the file."""
    published = published_invpt()
    renamed = invpt.rename_invpt(published)
    third = published['multi_task_decoder.invpt.redu_chan.1.2.weight']
    assert torch.equal(renamed['decode_head.stages.1.widen.normal.weight'], third)
    norm = published['multi_task_decoder.invpt.norm_mts.1.weight']
    assert torch.equal(renamed['decode_head.stages.1.norm.weight.normal'], norm[32:48])


def large(width: int = 768) -> dict[str, torch.Tensor]:
    """A published checkpoint of ViT-B with narrow stages, as empty tensors of a few bytes."""
    published = {}
    for key, value in published_invpt().items():
        if not key.startswith('backbone.'):
            shape = [width if length == 48 else length for length in value.shape]
            published[key] = torch.zeros((), dtype=value.dtype).expand(shape)
    vit = invpt.ViTBackbone('vit_base_patch16_384', img_size=(64, 128)).state_dict()
    return published | {
        key.replace('model.model.', 'backbone.'): torch.zeros(()).expand(value.shape) for key, value in vit.items()
    }


def test_command_line(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    published = large()
    torch.save(dict(model=published, iter_count=40000), 'published.pth')
    main(['convert-model', 'invpt', 'published.pth', 'ours.pth'])
    assert 'redu_chan.0' in capsys.readouterr().out
    written = torch.load('ours.pth', weights_only=True)
    assert written['meta']['converter'] == 'invpt'
    assert len(written['state_dict']) == len(published) - 14 + 3 * 2 * (4 - 1)  # norms of all tasks are split


@pytest.mark.parametrize(
    ('change', 'line'),
    [
        (lambda x: x | {'attention.weight': torch.zeros(1)}, "not an InvPT checkpoint: unknown key 'attention.weight'"),
        (
            lambda x: x | {'heads.depth.linear_pred.weight': torch.zeros(2, 32, 1, 1)},
            'decode_head.classifiers.depth.weight must have shape (1, 32, 1, 1), but has (2, 32, 1, 1)',
        ),
        (lambda x: {k: v for k, v in x.items() if 'mix_proj.depth' not in k}, 'missing decode_head.mix.depth.weight'),
        (lambda x: {k: v for k, v in x.items() if 'mix_proj' not in k}, 'mix_proj.semseg is missing'),
        (lambda x: {k: v for k, v in x.items() if 'pos_embed' not in k}, 'backbone.pos_embed is missing'),
        (
            lambda x: {k.replace('depth', 'albedo'): v for k, v in x.items()},
            "unknown task 'albedo'; mmmtl has semseg, depth",
        ),
        (
            lambda x: x | {'multi_task_decoder.invpt.norm_mts.0.weight': torch.zeros(127)},
            'must have a multiple of 4 values, but has 127',
        ),
    ],
)
def test_not_the_published_layout(change, line):
    with pytest.raises(CheckpointError, match=re.escape(line)):
        invpt.convert(change(large()))
