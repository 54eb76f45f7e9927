"""Every loss weighting by name."""

from collections.abc import Sequence
from importlib.util import find_spec

import pytest

from mmmtl.models.loss_weighting import LossWeighting
from mmmtl.registry import MODELS

solver = pytest.mark.skipif(find_spec('cvxpy') is None, reason='needs cvxpy: pip install mmmtl[weighting]')
torchjd = pytest.mark.skipif(find_spec('torchjd') is None, reason='needs torchjd: pip install mmmtl[weighting]')

BY_LOSS = {
    'uniform': dict(type='FixedWeighting'),
    'uncertainty': dict(type='UncertaintyWeighting'),
    'imtl-l': dict(type='ImpartialLossWeighting'),
    'geometric-mean': dict(type='GeometricMeanWeighting'),
    'stch': dict(type='SmoothChebyshevWeighting'),
    'random': dict(type='RandomWeighting'),
    'dwa': dict(type='DynamicWeightAverage', period=1),
    'famo': dict(type='FAMO'),
}
BY_GRADIENT = {
    'gradnorm': dict(type='GradNorm'),
    'mgda': dict(type='MGDA'),
    'mgda-l2': dict(type='MGDA', normalization='l2'),
    'nash': dict(type='NashMTL'),
    'nash-part': dict(type='NashMTL', shared=('backbone.bias',)),  # the tasks meet in the backbone's weight too
}
BY_TORCHJD = {
    'aligned': dict(type='TorchJDWeighting', method='AlignedMTL'),
    'cagrad': dict(type='TorchJDWeighting', method='CAGrad'),
    'dualproj': dict(type='TorchJDWeighting', method='DualProj'),
    'fairgrad': dict(type='TorchJDWeighting', method='FairGrad'),
    'imtl-g': dict(type='TorchJDWeighting', method='IMTLG'),
    'pcgrad': dict(type='TorchJDWeighting', method='PCGrad'),
    'upgrad': dict(type='TorchJDWeighting', method='UPGrad'),
    'gradvac': dict(type='GradVac'),
    'pcd': dict(type='PriorityConstrainedDescent', primary='a'),
}
CONFIGS = BY_LOSS | BY_GRADIENT | BY_TORCHJD


def marked(names: Sequence[str]) -> list:
    """Parameters of a test, those that need an extra marked so."""
    marks = dict.fromkeys(BY_TORCHJD, torchjd) | {'cagrad': [solver, torchjd]}
    return [pytest.param(name, marks=marks.get(name, ())) for name in names]


every_weighting = pytest.mark.parametrize('name', marked(CONFIGS))


def build(name: str, tasks: Sequence[str] = 'abc') -> LossWeighting:
    return MODELS.build({**CONFIGS[name], 'tasks': list(tasks)})
