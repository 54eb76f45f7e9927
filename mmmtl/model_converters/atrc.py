"""Convert a published ATRC on HRNet-w18 or w48 (brdav/atrc) to our MultiTaskModel of MMSegBackbone and ATRCHead.

    mmmtl convert-model atrc SRC DST

The result initializes the model, ``init_cfg=dict(type='Pretrained', checkpoint=DST)``. Set ``genotype`` to the one that
was used in training, which the file does not contain. Tasks are renamed: ``normals`` to normal, ``sal`` to saliency.
Buffers of the published losses and metrics are omitted and listed. The published classes of normals differ from ours:
the intermediate predictions of normals work inside the network, but do not match the targets of our intermediate loss.
"""

import re

from torch import Tensor

from mmmtl.errors import CheckpointError
from mmmtl.model_converters.conversion import StateDict
from mmmtl.model_converters.published_tasks import task_name

LEFT_OUT = ('criterion.', 'metrics_dict.')
HEAD = {
    r'bottleneck\.([^.]+)\.(.+)': 'features.{0}.{1}',
    r'aux_conv\.([^.]+)\.(.+)': 'auxiliary.{0}.0.{1}',
    r'aux_logits\.([^.]+)\.(\w+)': 'auxiliary.{0}.1.{1}',
    r'atrc_module\.out_proj\.([^.]+)\.bn\.(\w+)': 'targets.{0}.norm.{1}',
    r'atrc_module\.bottleneck\.([^.]+)\.0\.(.+)': 'targets.{0}.fuse.{1}',
    r'final_logits\.([^.]+)\.(\w+)': 'classifiers.{0}.{1}',
}
CONTEXT = r'atrc_module\.cp_blocks\.([^.]+)\.([^.]+)\.(query|key|value)_project\.(.+)'
MESSAGES = r'atrc_module\.out_proj\.([^.]+)\.conv\.weight'


def convert(published: StateDict) -> StateDict:
    """Convert published keys to keys of the whole model.

    Raises:
        CheckpointError: Keys or shapes are not the published ones.
    """
    bare = {key.removeprefix('model.').removeprefix('module.'): value for key, value in published.items()}
    left_out = sorted({prefix.rstrip('.') for prefix in LEFT_OUT for key in bare if key.startswith(prefix)})
    if left_out:
        print(f'omitted, as they are not part of the network: {", ".join(left_out)}')
    head = {key.removeprefix('head.'): value for key, value in bare.items() if key.startswith('head.')}
    backbone = {key: value for key, value in bare.items() if key.startswith('backbone.')}
    unknown = [key for key in bare if not key.startswith(('head.', 'backbone.', *LEFT_OUT))]
    if unknown or not head or not backbone:
        problem = f'unknown key {unknown[0]!r}' if unknown else "there are no keys 'head.*' or no keys 'backbone.*'"
        raise CheckpointError(f'not an ATRC checkpoint: {problem}')
    renamed = convert_head(head)
    return {f'backbone.{key}': value for key, value in backbone.items()} | {
        f'decode_head.{key}': value for key, value in renamed.items()
    }


def convert_head(published: StateDict) -> StateDict:
    """Convert published keys of the head to keys of `ATRCHead`.

    Raises:
        CheckpointError: A key is unknown, or the weights of the messages do not match the source tasks.
    """
    state_dict, sources = StateDict(), dict[str, list[str]]()
    for key, value in published.items():
        if match := re.fullmatch(CONTEXT, key):
            target, source = task_name(match[1]), task_name(match[2])
            if source not in sources.setdefault(target, []):
                sources[target].append(source)
            state_dict[f'targets.{target}.contexts.{source}.{match[3]}.{match[4]}'] = value
        elif (ours := atrc_key(key)) is not None:
            state_dict[ours] = value
        elif not re.fullmatch(MESSAGES, key):
            raise CheckpointError(f'not an ATRC checkpoint: unknown key {key!r}')
    for key, value in published.items():
        if match := re.fullmatch(MESSAGES, key):
            target = task_name(match[1])
            state_dict |= _split(key, value, target, sources.get(target, []))
    return state_dict


def atrc_key(key: str) -> str | None:
    """Return our key for a published key of the head outside the contexts, None if it is unknown."""
    for pattern, ours in HEAD.items():
        if match := re.fullmatch(pattern, key):
            return ours.format(task_name(match[1]), match[2])
    return None


def _split(key: str, weight: Tensor, target: str, sources: list[str]) -> StateDict:
    """Split a convolution of all messages to a target into one for each source, in the order of the file."""
    if weight.dim() != 4 or not sources or weight.shape[1] % len(sources):
        raise CheckpointError(
            f'{key} must have a multiple of {len(sources)} input channels, one part for each source, but has shape '
            f'{tuple(weight.shape)}'
        )
    parts = weight.chunk(len(sources), 1)
    return {f'targets.{target}.outputs.{source}.weight': part for source, part in zip(sources, parts, strict=True)}
