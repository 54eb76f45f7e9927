"""Print the parameters, FLOPs and activations of a network, part by part, for one image."""

import argparse

from mmmtl.cli.options import add_cfg_options, add_config, add_size


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    add_config(parser)
    add_size(parser, 'image')
    add_cfg_options(parser)


def run(args: argparse.Namespace) -> None:
    """Build the network without weights and print the table.

    Raises:
        ConfigError: The config has no model, or neither it nor ``--size`` states an image size.
    """
    from mmmtl.apis import load_config
    from mmmtl.checkpoints.replaced_weights import without_pretrained
    from mmmtl.errors import ConfigError
    from mmmtl.experiments.model_cost import model_cost
    from mmmtl.registry import MODELS

    config = load_config(args.config, args.cfg_options)
    size = args.size or (config.get('trained_for') or {}).get('size')
    if not config.get('model') or size is None:
        raise ConfigError(
            f'{args.config}: has no {"model" if size else "trained_for.size"}; give a recipe and --size H W'
        )
    rows = model_cost(MODELS.build(without_pretrained(config.model)), (size[0], size[1]))
    width = max(len(row.name) for row in rows)
    print(f'one image of {size[0]} x {size[1]}; a multiply-add counts as two FLOPs')
    print(f'{"part":{width}}  {"parameters":>12}  {"GFLOPs":>9}  {"activations":>12}')
    for row in rows:
        numbers = f'{row.parameters / 1e6:.2f} M', f'{row.flops / 1e9:.2f}', f'{row.activations / 1e6:.2f} M'
        print(f'{row.name:{width}}  {numbers[0]:>12}  {numbers[1]:>9}  {numbers[2]:>12}')
