"""Convert a published SAK (github.com/innovator-zero/SAK) to our MultiTaskModel of SAK and MultiTapHead.

    mmmtl convert-model sak SRC DST

Accepts checkpoints of the first stage (backbone only) and of the second (with routers and heads), on ViT-S, B and L.
The result initializes the model, ``init_cfg=dict(type='Pretrained', checkpoint=DST)``, or only its backbone, with
``prefix='backbone.'``. Tasks are renamed: ``normals`` to normal, ``sal`` to saliency. Weights of the teachers are left
out, as they are not part of the network.
"""

import re

import torch
from torch import nn

from mmmtl.errors import CheckpointError
from mmmtl.model_converters.conversion import StateDict, check
from mmmtl.model_converters.published_tasks import task_name
from mmmtl.models.backbones import SAK
from mmmtl.models.decode_heads import MultiTapHead

VITS = {384: 'vit_small_patch16_384', 768: 'vit_base_patch16_384', 1024: 'vit_large_patch16_384'}
HEAD = {'linear_fuse.0': 'fuse.0', 'linear_fuse.1': 'fuse.1', 'last_conv': 'classifier'}
LEFT_OUT = ('teachers.', 'head.', 'vit.head.')
VIT = 'backbone.stem.model.model.'


def convert(published: StateDict) -> StateDict:
    """Convert published keys to keys of the whole model.

    Raises:
        CheckpointError: Keys or shapes are not the published ones.
    """
    state_dict = rename_sak(published)
    embedding = state_dict.get(f'{VIT}pos_embed')
    if embedding is None or embedding.dim() != 3 or embedding.shape[2] not in VITS:
        raise CheckpointError(
            'not a checkpoint of SAK on ViT-S, B or L: vit.pos_embed is missing or does not have 384, 768 or 1024 '
            'channels'
        )
    return check(state_dict, _expected(state_dict, embedding.shape[1] - 1, VITS[embedding.shape[2]]))


def rename_sak(published: StateDict) -> StateDict:
    """Rename the keys and reshape linear layers that are 1x1 convolutions here, for a ViT of any width.

    Raises:
        CheckpointError: A key is unknown.
    """
    bare = {re.sub(r'^(module\.|student\.|backbone\.)*', '', key): value for key, value in published.items()}
    left_out = sorted({key.split('.')[0] for key in bare if key.startswith(LEFT_OUT)})
    if left_out:
        print(f'omitted: {", ".join(left_out)}')
    bare = {key: value for key, value in bare.items() if not key.startswith(LEFT_OUT)}
    taps = sorted({int(key.split('.')[1].split('_')[0]) for key in bare if re.match(r'out_norms\.\d+_', key)})
    state_dict = {}
    for key, value in bare.items():
        ours = sak_key(key, taps)
        if ours is None:
            raise CheckpointError(f'not a SAK checkpoint: unknown key {key!r}')
        state_dict[ours] = value[:, :, None, None] if '.narrow.' in ours and value.dim() == 2 else value
    return state_dict


def sak_key(key: str, taps: list[int]) -> str | None:
    """Return our key for a published key without prefix, None if it is unknown; no two keys have the same result.

    Args:
        key: Published key.
        taps: Indices of the tapped blocks, which published keys contain.

    Raises:
        CheckpointError: The key belongs to a block that is not tapped.
    """
    if match := re.fullmatch(r'vit\.(.+)', key):
        return VIT + match[1]
    if match := re.fullmatch(r'tsap\.([^.]+)\.(\d+\..+)', key):
        return f'backbone.adapters.{match[1]}.{match[2]}'
    if match := re.fullmatch(r'(out_norms|ts_aligners)\.(\d+)_([^.]+)\.(weight|bias)', key):
        part = {'out_norms': 'norms', 'ts_aligners': 'aligners'}[match[1]]
        return f'backbone.{part}.{match[3]}.{_tap(match[2], taps)}.{match[4]}'
    if match := re.fullmatch(r'mor\.(\d+)_([^.]+)\.router\.module\.([013]\.\w+)', key):
        return f'backbone.mixtures.{task_name(match[2])}.{_tap(match[1], taps)}.router.{match[3]}'
    if match := re.fullmatch(r'heads\.([^.]+)\.linears\.(\d\.\w+)', key):
        return f'decode_head.heads.{task_name(match[1])}.narrow.{match[2]}'
    if match := re.fullmatch(r'heads\.([^.]+)\.(linear_fuse\.[01]|last_conv)\.(\w+)', key):
        return f'decode_head.heads.{task_name(match[1])}.{HEAD[match[2]]}.{match[3]}'
    return None


def _tap(block: str, taps: list[int]) -> int:
    if int(block) not in taps:
        raise CheckpointError(f'not a SAK checkpoint: block {block} has no out_norms')
    return taps.index(int(block))


def _expected(state_dict: StateDict, patches: int, vit: str) -> StateDict:
    """Return the state dict of the model with meta tensors: keys, shapes and dtypes only."""
    teachers, taps = {}, (5, 11, 17, 23) if 'large' in vit else (2, 5, 8, 11)
    width = state_dict[f'{VIT}pos_embed'].shape[2]
    for name in dict.fromkeys(key.split('.')[2] for key in state_dict if key.startswith('backbone.adapters.')):
        aligner = state_dict.get(f'backbone.aligners.{name}.0.weight')
        teachers[name] = width if aligner is None else aligner.shape[0]
    heads = {
        key.split('.')[2]: value.shape[0] for key, value in state_dict.items() if key.endswith('.classifier.weight')
    }
    if not teachers:
        raise CheckpointError('not a SAK checkpoint: the adapter paths, tsap.*, are missing')
    with torch.device('meta'):
        stem = dict(model_name=vit, out_indices=taps, img_size=(16, 16 * patches))
        backbone = SAK(tuple(heads), stem, teachers, mixing=bool(heads))
        decode_heads = nn.ModuleDict(
            {task: MultiTapHead((width,) * 4, (16,) * 4, channels) for task, channels in heads.items()}
        )
    return {**backbone.state_dict(prefix='backbone.'), **decode_heads.state_dict(prefix='decode_head.heads.')}
