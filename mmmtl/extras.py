"""Packages of the optional extras, imported where they are used; the error names the extra to install."""

from importlib import import_module
from types import ModuleType

from mmmtl.errors import ConfigError

EXTRA_OF_MODULE = {
    'embreex': 'rooms',
    'gradio': 'web',
    'onnx': 'onnx',
    'onnxruntime': 'onnx',
    'onnxscript': 'onnx',
    'h5py': 'nyuv2',
    'mmseg': 'mmseg',
    'pycolmap': 'poses',
    'segment_anything': 'regions',
    'skimage': 'regions',
    'submitit': 'slurm',
    'tensorboard': 'tracking',
    'torchjd': 'weighting',
    'wandb': 'tracking',
}


class MissingExtraError(ConfigError):
    """A feature needs an optional package that is not installed."""


def missing_extra(feature: str, package: str) -> MissingExtraError:
    """Return the error for a ``feature`` whose ``package`` (its import name) is not installed."""
    extra = EXTRA_OF_MODULE[package]
    return MissingExtraError(f"{feature} needs {package}, which is not installed; pip install 'mmmtl[{extra}]'")


def import_extra(module: str, feature: str) -> ModuleType:
    """Import a module of an optional extra.

    Args:
        module: Dotted name, e.g. ``'embreex.rtcore_scene'``.
        feature: Feature that needs it, for the message.

    Raises:
        MissingExtraError: Its package is not installed. An installed package that fails to load raises its own error.
    """
    package = module.partition('.')[0]
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        if (error.name or '').partition('.')[0] != package:
            raise
        raise missing_extra(feature, package) from error
