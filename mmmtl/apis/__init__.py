"""The Python API: load a config, build a model with weights, predict, train."""

from mmmtl.apis.inferencer import MultiTaskInferencer
from mmmtl.apis.init_model import init_model
from mmmtl.configuration.load_config import load_config
from mmmtl.engine.runner import MultiTaskRunner
from mmmtl.predictions import Averaging

__all__ = ['Averaging', 'MultiTaskInferencer', 'MultiTaskRunner', 'init_model', 'load_config']
