"""Convert a published InvPT on ViT-B or ViT-L (prismformore/Multi-Task-Transformer) to our MultiTaskModel.

    mmmtl convert-model invpt SRC DST

The result initializes the model, ``init_cfg=dict(type='Pretrained', checkpoint=DST)``, with
``backbone=dict(type=ViTBackbone, img_size=(H, W), out_indices=...)`` and
``decode_head=dict(type=InvPTHead)``. H x W is the image size in training, for which the position embedding was made.
Tasks are renamed: ``normals`` to normal, ``sal`` to saliency. Parameters that no output of the published network uses
are omitted and listed.
"""

import re

import torch

from mmmtl.errors import CheckpointError
from mmmtl.model_converters.conversion import StateDict, check
from mmmtl.model_converters.published_tasks import task_name
from mmmtl.models.backbones import ViTBackbone
from mmmtl.models.decode_heads import InvPTHead
from mmmtl.tasks import Depth, Edge, HumanParts, Normal, Saliency, SemSeg, Task

VITS = {768: ('vit_base_patch16_384', (2, 5, 8, 11)), 1024: ('vit_large_patch16_384', (5, 11, 17, 23))}
DECODER, STAGES = 'multi_task_decoder.', 'multi_task_decoder.invpt.invpt_stages.'
UNUSED = (
    f'{DECODER}invpt.norm_mt.',
    f'{DECODER}invpt.redu_chan.0.',
    f'{DECODER}scale_embed.2.',
    f'{STAGES}0.blocks.0.attn.fuse_attn.',
    'backbone.head.',
)
"""Prefixes of unused parameters; the last is that of the ViT's classifier, which some files contain."""

PER_TASK = {'preliminary_decoder': 'preliminary', 'intermediate_head': 'preliminary_logits'}
LAYERS = {
    'norm1': 'norm1',
    'norm2': 'norm2',
    'mlp.fc1': 'mlp.0',
    'mlp.fc2': 'mlp.2',
    'attn.proj_q': 'attention.query',
    'attn.proj_k': 'attention.key',
    'attn.proj_v': 'attention.value',
    'attn.proj': 'attention.out',
    'attn.fuse_attn': 'attention.mix_scores',
}
EMBED = {'1': '0.conv', '2': '0.bn', '4': '1.conv', '5': '1.bn'}
SKIPS = {'0': 2, '1': 1}


def convert(published: StateDict) -> StateDict:
    """Convert published keys to keys of the whole model.

    Raises:
        CheckpointError: Keys or shapes are not the published ones.
    """
    state_dict = rename_invpt(published)
    embedding = state_dict.get('backbone.model.model.pos_embed')
    if embedding is None or embedding.dim() != 3 or embedding.shape[2] not in VITS:
        raise CheckpointError(
            'not a checkpoint of InvPT on ViT-B or ViT-L: backbone.pos_embed is missing or does not have 768 or 1024 '
            'channels'
        )
    return check(state_dict, _expected(state_dict, embedding.shape[1] - 1, *VITS[embedding.shape[2]]))


def rename_invpt(published: StateDict) -> StateDict:
    """Rename the keys and split the joint norms by task, for a ViT of any width.

    Raises:
        CheckpointError: A key is unknown.
    """
    bare = {key.removeprefix('module.'): value for key, value in published.items()}
    unused = sorted({prefix for prefix in UNUSED for key in bare if key.startswith(prefix)})
    if unused:
        print(f'omitted, as no output uses them: {", ".join(prefix.rstrip(".") for prefix in unused)}')
    # tasks in the order of the published network, which numbers them in some keys
    tasks = list(dict.fromkeys(key.split('.')[2] for key in bare if key.startswith(f'{DECODER}intermediate_head.')))
    tasks = [task_name(task) for task in tasks]
    state_dict = StateDict()
    for key, value in bare.items():
        if key.startswith(UNUSED):
            continue
        if match := re.fullmatch(rf'{re.escape(DECODER)}invpt\.norm_mts\.([012])\.(weight|bias)', key):
            if value.dim() != 1 or not tasks or len(value) % len(tasks):
                raise CheckpointError(f'{key} must have a multiple of {len(tasks)} values, but has {value.numel()}')
            for task, part in zip(tasks, value.chunk(len(tasks)), strict=True):
                state_dict[f'decode_head.stages.{match[1]}.norm.{match[2]}.{task}'] = part
        elif (ours := invpt_key(key, tasks)) is None:
            raise CheckpointError(f'not an InvPT checkpoint: unknown key {key!r}')
        else:
            state_dict[ours] = value
    return state_dict


def invpt_key(key: str, tasks: list[str]) -> str | None:
    """Return our key for a published key, None if it is unknown; no two keys have the same result.

    Args:
        key: Published key, other than those of ``norm_mts``.
        tasks: Our names of the tasks, in the order of the published network.
    """
    if key.startswith('backbone.'):
        return f'backbone.model.model.{key.removeprefix("backbone.")}'
    if match := re.fullmatch(r'heads\.([^.]+)\.linear_pred\.(\w+)', key):
        return f'decode_head.classifiers.{task_name(match[1])}.{match[2]}'
    if not key.startswith(DECODER):
        return None
    key = key.removeprefix(DECODER)
    if match := re.fullmatch(r'(preliminary_decoder|intermediate_head)\.([^.]+)\.(.+)', key):
        return f'decode_head.{PER_TASK[match[1]]}.{task_name(match[2])}.{match[3].replace(".bn1.", ".bn.")}'
    if match := re.fullmatch(r'scale_embed\.([01])\.(\w+)', key):
        return f'decode_head.stages.{SKIPS[match[1]]}.skip.{match[2]}'
    if match := re.fullmatch(r'invpt\.mix_proj\.([^.]+)\.0\.(\w+)', key):
        return f'decode_head.mix.{task_name(match[1])}.{match[2]}'
    if match := re.fullmatch(r'invpt\.mt_proj\.([^.]+)\.([01]\.\w+)', key):
        return f'decode_head.fuse.{task_name(match[1])}.{match[2]}'
    if match := re.fullmatch(r'invpt\.redu_chan\.([12])\.(\d+)\.(\w+)', key):
        return _numbered(f'decode_head.stages.{match[1]}.widen', tasks, match[2], match[3])
    if match := re.fullmatch(r'invpt\.invpt_stages\.([12])\.patch_embed\.(\d+)\.proj\.([1245])\.(\w+)', key):
        return _numbered(f'decode_head.stages.{match[1]}.embed', tasks, match[2], f'{EMBED[match[3]]}.{match[4]}')
    if match := re.fullmatch(r'invpt\.invpt_stages\.([012])\.blocks\.0\.attn\.conv_proj_q\.(\d+)\.(.+)', key):
        return _numbered(f'decode_head.stages.{match[1]}.block.attention.reduce', tasks, match[2], match[3])
    if match := re.fullmatch(r'invpt\.invpt_stages\.([012])\.blocks\.0\.(.+)\.(weight|bias)', key):
        layer = LAYERS.get(match[2])
        return layer and f'decode_head.stages.{match[1]}.block.{layer}.{match[3]}'
    return None


def _numbered(prefix: str, tasks: list[str], number: str, rest: str) -> str | None:
    """Return the key of the task with this number, None if there are fewer tasks."""
    return f'{prefix}.{tasks[int(number)]}.{rest}' if int(number) < len(tasks) else None


def _expected(state_dict: StateDict, patches: int, vit: str, taps: tuple[int, ...]) -> StateDict:
    """Return the state dict of the model with meta tensors: keys, shapes and dtypes only."""
    kinds = dict(depth=Depth, edge=Edge, human_parts=HumanParts, normal=Normal, saliency=Saliency)
    tasks: dict[str, Task] = {}
    for key, value in state_dict.items():
        if match := re.fullmatch(r'decode_head\.classifiers\.([^.]+)\.bias', key):
            name = match[1]
            if name not in kinds and name != 'semseg':
                raise CheckpointError(f'unknown task {name!r}; mmmtl has {", ".join(["semseg", *kinds])}')
            tasks[name] = kinds[name](name) if name in kinds else SemSeg(name, [str(i) for i in range(len(value))])
    if 'decode_head.mix.semseg.weight' not in state_dict:
        raise CheckpointError('not an InvPT checkpoint: multi_task_decoder.invpt.mix_proj.semseg is missing')
    channels, mixed_channels = state_dict['decode_head.mix.semseg.weight'].shape[:2]
    with torch.device('meta'):
        backbone = ViTBackbone(vit, out_indices=taps, img_size=(16, 16 * patches))
        head = InvPTHead(
            tasks,
            backbone.out_channels,
            backbone.strides,
            channels=channels,
            intermediate_channels=mixed_channels - tasks['semseg'].channels,
        )
    return {**backbone.state_dict(prefix='backbone.'), **head.state_dict(prefix='decode_head.')}
