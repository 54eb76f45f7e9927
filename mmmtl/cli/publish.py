"""Write the weights of a checkpoint as a small .safetensors file, in half precision."""

import argparse
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    parser.add_argument('checkpoint', type=Path, help='checkpoint of a training run')
    parser.add_argument('file', type=Path, help='the .safetensors file to write')


def run(args: argparse.Namespace) -> None:
    """Write the file, and print its size, its SHA-256 and the rounding error.

    Raises:
        CheckpointError: The checkpoint is missing or damaged.
        ConfigError: The file has a different suffix.
    """
    from mmmtl.errors import ConfigError
    from mmmtl.files.checksums import file_sha256
    from mmmtl.model_zoo.half_precision import largest_rounding_error, write_half_precision

    if args.file.suffix != '.safetensors':
        raise ConfigError(f'{args.file}: expected a name that ends in .safetensors')
    write_half_precision(args.checkpoint, args.file)
    print(f'{args.file}: {args.file.stat().st_size / 1e6:.1f} MB, SHA-256 {file_sha256(args.file)}')
    error = largest_rounding_error(args.checkpoint, args.file)
    print(f'largest rounding error: {error:.1e} of the largest weight of the tensor')
