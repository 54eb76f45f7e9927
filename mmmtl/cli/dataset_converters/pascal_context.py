"""Assemble the PASCALContext folder from downloads, write its list of objects, and check it for missing files.

FOLDER is a folder of PascalContext; the files of the splits are copied from SRC:

    JPEGImages, semseg/VOC12        VOC2012's JPEGImages and SegmentationClass (host.robots.ox.ac.uk)
    pascal-context/trainval         trainval of PASCAL-Context (cs.stanford.edu/~roozbeh/pascal-context)
    human_parts                     Annotations_Part of PASCAL-Part (roozbehm.info/pascal-parts)
    any other                       the same folder of ASTMT's PASCAL_MT archive or of ATRC's PASCALContext archive,
                                    since saliency and normals are predictions that only these have

Without --from the folder is only checked. Every file is opened; a second run copies files that are missing or damaged.
"""

import argparse
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    parser.add_argument('dst', type=Path, help='the PASCALContext folder')
    parser.add_argument(
        '--from',
        dest='sources',
        nargs='+',
        default=[],
        metavar='FOLDER=SRC',
        help='folder to fill, and the folder to copy its files from',
    )
    parser.add_argument('--partial', action='store_true', help='count missing files instead of failing')


def run(args: argparse.Namespace) -> None:
    """Convert.

    Raises:
        ConfigError: An entry of ``--from`` is not FOLDER=SRC.
    """
    from mmmtl.dataset_converters.pascal_context import assemble
    from mmmtl.errors import ConfigError

    if stray := [given for given in args.sources if not all(given.partition('='))]:
        raise ConfigError(f'--from {stray[0]}: expected FOLDER=SRC, the folder to fill and the folder to copy from')
    sources = {folder: Path(source) for folder, _, source in (given.partition('=') for given in args.sources)}
    assemble(args.dst, sources, partial=args.partial)
