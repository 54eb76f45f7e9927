"""Convert a published MLoRE network on a ViT to our MultiTaskModel of ResizedInput, ViTBackbone and MLoREHead.

    mmmtl convert-model mlore SRC DST

Published at github.com/YuqiYang213/MLoRE. The result loads strictly into the rows ``mlore`` of ``decoders/nyud_40.py``
and ``decoders/pascal.py``. The position of the class token is omitted, since the network has no class token.
"""

import re
from collections import defaultdict
from collections.abc import Sequence

import torch
from torch import Tensor

from mmmtl.errors import CheckpointError
from mmmtl.model_converters.conversion import StateDict, check
from mmmtl.model_converters.published_tasks import placeholder_tasks, task_name
from mmmtl.models.decode_heads import MLoREHead

BLOCK = {'conv1': 'enter', 'conv2': 'own', 'conv3': 'project', 'bn_all': 'experts_norm', 'bn': 'norm'}
ROUTER = {
    '0.conv1': 'reduce',
    '0.ln': 'reduce_norm',
    '0.conv3': 'expand',
    '0.convsp': 'pixels',
    '0.ln_sp': 'pixels_norm',
    '0.conv2': 'pixels_reduce',
    '1': 'output',
}
HEAD = {'mt_proj.0': '0', 'mt_proj.1': '1', 'linear_pred': '3'}
FACTOR = {'W': '0', 'M': '1'}  # the two convolutions of a task's own low-rank one
VIT = 'backbone.backbone.model.model.'


def convert(published: StateDict) -> StateDict:
    """Convert published keys to keys of the whole model.

    Raises:
        CheckpointError: Keys are missing or unknown, or a tensor has a different shape.
    """
    ours: StateDict = {}
    experts: dict[str, dict[int, Tensor]] = defaultdict(dict)  # our key -> expert -> its part
    for key, value in published.items():
        if match := re.fullmatch(r'backbone\.MLoRE_([12])\.(\d+)\.lora_list_1\.(\d+)\.([WM])\.(weight|bias)', key):
            block, level, index, factor, kind = match.groups()
            prefix = f'decode_head.blocks.{level}.{int(block) - 1}.experts.'
            name = f'down.{kind}' if factor == 'W' else {'weight': 'up.weight', 'bias': 'up_bias'}[kind]
            experts[prefix + name][int(index)] = value
        elif renamed := mlore_key(key):
            ours[renamed] = value[:, :, 0, 0] if '.router.' in renamed and value.dim() == 4 else value
        else:
            raise CheckpointError(f'not a checkpoint of MLoRE on a ViT: unknown key {key!r}')
    ours |= {name: _joined(name, parts) for name, parts in experts.items()}
    positions = f'{VIT}pos_embed'
    _shape(ours, positions, 3)
    print('omitted: backbone.pos_embed[:, 0], the position of a class token, which the network does not have')
    ours[positions] = ours[positions][:, 1:]
    first = experts['decode_head.blocks.0.0.experts.down.weight']
    return check(ours, _expected(ours, [len(first[index]) for index in sorted(first)]))


def mlore_key(key: str) -> str | None:
    """Return our key for a published key outside of the experts, None if it is unknown."""
    if match := re.fullmatch(r'backbone\.((?:pos_embed|patch_embed\.|blocks\.\d+\.|norm\.).*)', key):
        return VIT + match[1]
    if match := re.fullmatch(r'backbone\.fea_fuse\.(\d+\.\w+)', key):
        return f'decode_head.project.{match[1]}'
    if match := re.fullmatch(r'backbone\.task_mask\.(\w+)\.([013]\.\w+)', key):
        return f'decode_head.fuse.{task_name(match[1])}.{match[2]}'
    if match := re.fullmatch(r'heads\.(\w+)\.(mt_proj\.[01]|linear_pred)\.(\w+)', key):
        return f'decode_head.heads.{task_name(match[1])}.{HEAD[match[2]]}.{match[3]}'
    if match := re.fullmatch(r'backbone\.MLoRE_([12])\.(\d+)\.(.+)', key):
        rest = _block_key(match[3])
        return rest and f'decode_head.blocks.{match[2]}.{int(match[1]) - 1}.{rest}'
    return None


def _block_key(key: str) -> str | None:
    """Return the key of an `ExpertBlock` for a key of a published block, None if it is unknown."""
    if match := re.fullmatch(r'share_conv\.(\w+)', key):
        return f'shared.{match[1]}'
    if match := re.fullmatch(r'(conv1|conv3|bn|bn_all)\.(\w+)\.(\w+)', key):
        return f'tasks.{task_name(match[2])}.{BLOCK[match[1]]}.{match[3]}'
    if match := re.fullmatch(r'conv2\.(\w+)\.([WM])\.(\w+)', key):
        return f'tasks.{task_name(match[1])}.own.{FACTOR[match[2]]}.{match[3]}'
    if (match := re.fullmatch(r'router_1\.(\w+)\.(0\.\w+|1)\.(\w+)', key)) and match[2] in ROUTER:
        return f'tasks.{task_name(match[1])}.router.{ROUTER[match[2]]}.{match[3]}'
    return None


def _joined(name: str, parts: dict[int, Tensor]) -> Tensor:
    """Join the parts of all experts to one parameter."""
    values = [parts[index] for index in sorted(parts)]
    try:
        return torch.stack(values) if name.endswith('up_bias') else torch.cat(values, 1 if 'up' in name else 0)
    except RuntimeError:
        raise CheckpointError(
            f'not a checkpoint of MLoRE on a ViT: the shapes of the experts in {name} do not match'
        ) from None


def _expected(ours: StateDict, ranks: Sequence[int]) -> StateDict:
    """Return the state dict of the model with meta tensors: keys, shapes and dtypes only.

    Raises:
        CheckpointError: A key that determines a size is missing or has a different number of dimensions.
    """
    from timm.models.vision_transformer import VisionTransformer  # importing timm takes a second

    width, pixels = _shape(ours, f'{VIT}pos_embed', 3)[2], _shape(ours, f'{VIT}pos_embed', 3)[1]
    patch = _shape(ours, f'{VIT}patch_embed.proj.weight', 4)[2]
    depth = _count(ours, rf'{VIT}blocks\.(\d+)\.norm1\.weight')
    taps = _count(ours, r'decode_head\.project\.(\d+)\.weight')
    sizes = {
        match[1]: _shape(ours, key, 4)[0]
        for key in ours
        if (match := re.fullmatch(r'decode_head\.heads\.(\w+)\.3\.weight', key))
    }
    if not (sizes and taps and depth and len(ranks) > 1):
        raise CheckpointError(
            'not a checkpoint of MLoRE on a ViT: blocks of the ViT, experts, fea_fuse or linear_pred are missing'
        )
    tasks = placeholder_tasks(sizes)
    image_size = (patch, patch * pixels)  # only the number of patches matters
    with torch.device('meta'):
        vit = VisionTransformer(
            img_size=image_size,
            patch_size=patch,
            embed_dim=width,
            depth=depth,
            num_heads=1,
            num_classes=0,
            class_token=False,
            global_pool='avg',
            fc_norm=False,
        )
        head = MLoREHead(
            tasks,
            [width] * taps,
            [patch] * taps,
            image_size=image_size,
            channels=_shape(ours, 'decode_head.project.0.weight', 4)[0],
            stride=patch,
            experts=dict(
                ranks=ranks,
                task_rank=_shape(ours, f'decode_head.blocks.0.0.tasks.{next(iter(tasks))}.own.0.weight', 4)[0],
                top_k=1,
            ),
        )
    return {**vit.state_dict(prefix=VIT), **head.state_dict(prefix='decode_head.')}


def _shape(ours: StateDict, key: str, dimensions: int) -> torch.Size:
    """Return the shape of an entry, after a check of its number of dimensions."""
    if key not in ours or ours[key].dim() != dimensions:
        raise CheckpointError(
            f'not a checkpoint of MLoRE on a ViT: {key} is missing or does not have {dimensions} dimensions'
        )
    return ours[key].shape


def _count(ours: StateDict, pattern: str) -> int:
    """Return the number of keys that match a pattern."""
    return sum(re.fullmatch(pattern, key) is not None for key in ours)
