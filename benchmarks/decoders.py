"""Cost of every decoder in configs/decoders/rooms.py: parameters, GFLOPs, time of a training step, peak memory.

    python benchmarks/decoders.py [--names pad_net mti_net] [--device cpu] [--threads 2] [--rounds 7]

Parameters and GFLOPs are those of ``mmmtl flops`` for one image of 128 x 128. The step is forward and backward pass on
one batch of generated rooms, in bf16; the rows alternate in one process, and the ratio to the baseline ``fpn`` is taken
in each round. Peak memory is that of a step with the optimizer, each row in a process of its own: allocated memory on a
GPU; on a CPU, resident memory minus that before the network was built.
"""

import argparse
import logging
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import torch
from mmengine.config import Config
from mmengine.optim import build_optim_wrapper
from options import add_device, add_names, add_threads
from timing import median_and_quartiles, restart_with_kept_memory, synchronize
from torch import Tensor

from mmmtl.apis import MultiTaskRunner, load_config
from mmmtl.checkpoints.replaced_weights import without_pretrained
from mmmtl.configuration.recipes import expand_recipes
from mmmtl.experiments.forward_speed import peak_memory, reset_peak_memory
from mmmtl.experiments.model_cost import model_cost
from mmmtl.models import MultiTaskModel
from mmmtl.registry import MODELS

TABLE = Path(__file__).parents[1] / 'configs' / 'decoders' / 'rooms.py'
BASELINE = 'fpn'
SIZE = (128, 128)


def main() -> None:
    names = [row.split('::')[1] for row in expand_recipes([TABLE])]
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add_names(parser, names, 'rows to measure, with the baseline')
    parser.add_argument('--rounds', type=int, default=7, help='measured steps of each row (default: %(default)s)')
    add_threads(parser)
    add_device(parser, 'training step')
    parser.add_argument('--memory', choices=names, help='only print the peak memory of this row, in bytes')
    args = parser.parse_args()
    if not args.memory:
        restart_with_kept_memory()
    torch.set_num_threads(args.threads)
    logging.disable(logging.WARNING)
    if args.memory:
        print(bytes_per_step(args.memory, args.device))
        return
    rows = list(dict.fromkeys([BASELINE, *args.names]))
    steps = {name: training_step(config_of(name), args.device) for name in rows}
    rounds = [{name: seconds(steps[name], args.device) for name in rows} for _ in range(args.rounds + 2)][2:]
    print('| | parameters | GFLOPs | ms per step | ratio to the baseline (quartiles) | peak memory |')
    print('| --- | ---: | ---: | ---: | ---: | ---: |')
    for name in rows:
        whole = model_cost(build(config_of(name), 'cpu'), SIZE)[0]
        command = [sys.executable, __file__, '--memory', name, '--device', args.device, '--threads', str(args.threads)]
        memory = int(subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()[-1])
        print(
            f'| {name} | {whole.parameters / 1e6:.1f} M | {whole.flops / 1e9:.2f} '
            f'| {statistics.median(times[name] for times in rounds) * 1e3:.0f} '
            f'| {median_and_quartiles(times[name] / times[BASELINE] for times in rounds)} '
            f'| {memory / 2**20:.0f} MiB |'
        )


def config_of(name: str) -> Config:
    """Return the config of a row, with few rooms and without pretrained weights."""
    few = {'train_dataloader.dataset.scenes': 8, 'train_dataloader.num_workers': 0}
    config = load_config(f'{TABLE}::{name}', few)
    config.model = without_pretrained(config.model)
    return config


def build(config: Config, device: str) -> MultiTaskModel:
    """Return the network of a row, in training mode."""
    torch.manual_seed(0)
    return MODELS.build(config.model).to(device).train()


def training_step(config: Config, device: str, *, optimizer: bool = False) -> Callable[[], None]:
    """Return a function that takes a training step on one batch, by default without the optimizer."""
    model = build(config, device)
    loader = MultiTaskRunner.build_dataloader(config.train_dataloader, seed=0)
    data = model.data_preprocessor(next(iter(loader)), training=True)
    wrapper = build_optim_wrapper(model, config.optim_wrapper) if optimizer else None

    def losses() -> Tensor:
        with torch.autocast(device, torch.bfloat16):
            return model(data['inputs'], data['data_samples'], mode='loss')['loss']

    def step() -> None:
        if wrapper is not None:
            wrapper.update_params(losses())
        else:
            model.zero_grad()
            losses().backward()

    return step


def seconds(step: Callable[[], None], device: str) -> float:
    """Return the seconds per step, averaged over two steps."""
    synchronize(device)
    start = time.perf_counter()
    step(), step()
    synchronize(device)
    return (time.perf_counter() - start) / 2


def bytes_per_step(name: str, device: str) -> int:
    """Return the peak memory of the network, its optimizer and two steps."""
    config = config_of(name)
    before = reset_peak_memory(torch.device(device))
    step = training_step(config, device, optimizer=True)
    step(), step()
    return peak_memory(torch.device(device)) - before


if __name__ == '__main__':
    main()
