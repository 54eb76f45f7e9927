"""Measure whether the scale of predicted depth follows the poses, on the test scenes of a recipe with several views.

benchmarks/metric_scale.py CONFIG CHECKPOINT [--factors 0.8 0.9 1.0 1.1 1.25]

All baselines are multiplied by each factor s. Prints for every scene, and as the mean over scenes, the slope of log
depth against log s at the pixels that both views see: 1 if depth follows the poses, 0 if it ignores them.
"""

from argparse import ArgumentParser
from statistics import mean

from mmmtl.apis import MultiTaskRunner, init_model, load_config
from mmmtl.cli.command_line import command
from mmmtl.experiments.metric_scale import FACTORS, metric_scale_slopes


@command
def main() -> None:
    parser = ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('config', help='config of the network')
    parser.add_argument('checkpoint', help='checkpoint of the network')
    parser.add_argument(
        '--factors',
        type=float,
        nargs='+',
        default=FACTORS,
        help='factors of the baselines (default: 0.8 0.9 1.0 1.1 1.25)',
    )
    options = parser.parse_args()
    config = load_config(options.config)
    loader = MultiTaskRunner.build_dataloader(config.test_dataloader)
    slopes = metric_scale_slopes(init_model(config, options.checkpoint), loader, factors=options.factors)
    for scene, slope in slopes.items():
        print(f'{scene:20}{slope:8.3f}')
    print(f'{"mean":20}{mean(slopes.values()):8.3f}')


if __name__ == '__main__':
    main()
