"""An image in, one map per task out; and the entries of training and testing."""

from mmmtl.apis.config import load_config
from mmmtl.apis.inferencer import MultiTaskInferencer
from mmmtl.apis.init_model import init_model
from mmmtl.apis.runner import MultiTaskRunner

__all__ = ['MultiTaskInferencer', 'MultiTaskRunner', 'init_model', 'load_config']
