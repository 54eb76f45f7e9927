"""Do two revisions train alike, bit for bit? tools/compare_revisions.py OLD NEW [--recipe OLD_CONFIG[=NEW_CONFIG]]...

Every recipe takes a few steps at both revisions, with one seed and one thread: the same batches, losses, gradients and
parameters are expected, whatever has been refactored in between. Exit code 1 names the first difference.
"""

import argparse
import os
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

import torch
from torch import Tensor

RECIPES = (  # one per family
    'baseline/aspp_resnet18_b8_2e_rooms_full',
    'baseline/conv_segnet_b8_2e_rooms_full',
    'soft_sharing/segnet.py::mtan_rooms',
    'soft_sharing/segnet.py::cross_stitch_rooms',
    'mtpsl/rooms_small.py::onelabel_cross_task',
    'mtpsl/rooms_small.py::onelabel_direct_map',
    'region_contrast/rooms_small.py::region_gaussian',
    'cvm/cvm_resnet18_b12_900i_rooms_small_pairs_full',
    'pseudo_mtl/rooms_small.py::full',
    'weighting/rooms_small.py::mgda',
    'weighting/rooms_small.py::uncertainty',
    'baseline/aspp_hrnet_w18s_b8_2e_rooms_full',
)
PSEUDO_LABELS = ('--disparities', '32', '--block', '3')
ROOMS, BATCH, SEED = 12, 4, 0


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description='Train recipes at two revisions and compare them bit for bit.')
    parser.add_argument('old', help='git revision, or the folder of a checkout')
    parser.add_argument('new', help='the same; . is the working tree')
    parser.add_argument(
        '--recipe',
        dest='recipes',
        nargs='+',
        metavar='OLD[=NEW]',
        help='configs below configs/, without .py; NEW where it is named or kept otherwise there, e.g. '
        'a/b=papers/c.py::row (default: one recipe per family)',
    )
    parser.add_argument('--steps', type=int, default=5, help='training steps per recipe (default: %(default)s)')
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    pairs = [(old, new or old) for old, _, new in (recipe.partition('=') for recipe in args.recipes or RECIPES)]
    with tempfile.TemporaryDirectory() as folder:
        sides = [check_out(revision, Path(folder) / side) for side, revision in (('old', args.old), ('new', args.new))]
        different = 0
        for recipes in pairs:
            runs = [
                train(side, recipe, args.steps, Path(folder) / f'run{number}')
                for number, (side, recipe) in enumerate(zip(sides, recipes, strict=True))
            ]
            difference = first_difference(*runs)
            different += difference is not None
            verdict = difference or f'{len(runs[0])} tensors are equal'
            print(f'{"=".join(dict.fromkeys(recipes))}: {verdict}', flush=True)
    sys.exit(1 if different else 0)


def check_out(revision: str, folder: Path) -> Path:
    """The root of a revision's files: copied out of git, where nothing is left behind; a folder is taken as it is."""
    if Path(revision).is_dir():
        return Path(revision).resolve()
    with tempfile.TemporaryFile() as archive:
        subprocess.run(['git', 'archive', revision], check=True, stdout=archive, cwd=Path(__file__).parent.parent)
        archive.seek(0)
        with tarfile.open(fileobj=archive) as files:
            files.extractall(folder, filter='data')
    return folder


def train(root: Path, recipe: str, steps: int, work_dir: Path) -> dict[str, Tensor]:
    """Take the steps in a process that imports the package of ``root``; rooms and pseudo labels are made anew."""
    path, separator, row = recipe.partition('::')
    config = root / 'configs' / path
    config = f'{config if config.suffix == ".py" else f"{config}.py"}{separator}{row}'
    work_dir.mkdir(exist_ok=True)
    environment = os.environ | {'PYTHONPATH': str(root), 'OMP_NUM_THREADS': '1', 'MMMTL_CACHE': str(work_dir / 'rooms')}
    command = [sys.executable, __file__, '--inside', config, str(steps), str(root)]
    done = subprocess.run(
        command, cwd=work_dir, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    if done.returncode:
        sys.exit(f'{config} does not run:\n{done.stderr[-3000:]}')
    return torch.load(work_dir / 'steps.pt', weights_only=True)


def first_difference(old: dict[str, Tensor], new: dict[str, Tensor]) -> str | None:
    """In the order of training: inputs, losses and gradients of step 1, of step 2 ..., parameters at the end.

    A number that only the new revision logs is not a difference; a new parameter is.
    """
    added = [name for name in new if name not in old and ': loss ' not in name]
    for name in [*old, *added]:
        if name not in old or name not in new:
            return f'{name} is only there at the {"old" if name in old else "new"} revision'
        one, other = old[name], new[name]
        if one.shape != other.shape or one.dtype != other.dtype:
            return f'{name} is {tuple(one.shape)} {one.dtype}, then {tuple(other.shape)} {other.dtype}'
        if one.numpy().tobytes() != other.numpy().tobytes():
            distance = (one.double() - other.double()).abs().max().item()
            return (
                f'{name} differs by up to {distance:.3g}, from {one.flatten()[0]:.9g} ... to '
                f'{other.flatten()[0]:.9g} ...'
            )
    return None


def inside(config_path: str, steps: str, root: str) -> None:
    """The other process: the steps of one recipe at one revision, into ``steps.pt``."""
    from mmengine.hooks import Hook

    import mmmtl
    from mmmtl.apis import MultiTaskRunner, load_config

    assert Path(mmmtl.__file__).is_relative_to(root), f'{mmmtl.__file__} is imported, not the package of {root}'

    class Enough(Exception):
        """All steps are taken."""

    class Recorder(Hook):
        """Keeps what every step has seen and found; ends the run after the last."""

        def __init__(self) -> None:
            self.kept: dict[str, Tensor] = {}

        def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None) -> None:
            step = f'step {runner.iter + 1}'
            for number, image in enumerate(data_batch['inputs']):
                self.kept[f'{step}: image {number}'] = image.clone()
            for name, loss in outputs.items():
                self.kept[f'{step}: loss {name}'] = torch.as_tensor(loss).detach().clone()
            for name, parameter in runner.model.named_parameters():
                if parameter.grad is not None and runner.iter == 0:
                    self.kept[f'{step}: gradient of {name}'] = parameter.grad.clone()
            if runner.iter + 1 == int(steps):
                self.kept.update(
                    {
                        f'after {step}: {name}': value.detach().clone()
                        for name, value in runner.model.state_dict().items()
                    }
                )
                raise Enough

    config = load_config(config_path)
    for name in ('val_cfg', 'val_dataloader', 'val_evaluator', 'test_cfg', 'test_dataloader', 'test_evaluator'):
        config[name] = None
    shrink(config.train_dataloader)
    config.train_dataloader.num_workers = 0
    config.train_dataloader.pop('persistent_workers', None)
    if 'batch_size' not in config.train_dataloader.get('sampler', {}):
        config.train_dataloader.batch_size = min(BATCH, config.train_dataloader.batch_size)
    for part in (config.model.backbone, config.model.backbone.get('backbone', {})):
        for weights in ('pretrained', 'init_cfg'):
            part.pop(weights, None)  # the comparison needs no download
    config.randomness, config.work_dir, config.default_hooks.logger = dict(seed=SEED), 'work', None
    torch.set_num_threads(1)
    if any('LoadPseudoLabels' in str(step['type']) for step in config.train_dataloader.dataset.get('pipeline', ())):
        options = ['--split', 'train', '--cfg-options', f'train_dataloader.dataset.scenes={ROOMS}']
        subprocess.run(
            [sys.executable, f'{root}/tools/generate_pseudo_disparity.py', config_path, *PSEUDO_LABELS, *options],
            check=True,
        )
    runner, recorder = MultiTaskRunner.from_cfg(config), Recorder()
    runner.register_hook(recorder, 'LOWEST')
    try:
        runner.train()
    except Enough:
        torch.save(recorder.kept, 'steps.pt')


def shrink(node: object) -> None:
    """A few rooms wherever generated rooms stand."""
    for child in node.values() if isinstance(node, dict) else node if isinstance(node, list | tuple) else ():
        shrink(child)
    if isinstance(node, dict) and 'scenes' in node:
        node['scenes'] = ROOMS


if __name__ == '__main__':
    inside(*sys.argv[2:]) if sys.argv[1:2] == ['--inside'] else main()
