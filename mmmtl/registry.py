"""The registries: TASKS and LOSSES are ours, the others are children of MMEngine's roots.

A class registered here is found as ``'Name'`` inside mmmtl, and as ``'mmmtl.Name'`` from MMEngine and downstream
projects. MMEngine imports the packages in ``locations`` when a name is first looked up.
"""

from mmengine.registry import DATA_SAMPLERS as MMENGINE_DATA_SAMPLERS
from mmengine.registry import DATASETS as MMENGINE_DATASETS
from mmengine.registry import HOOKS as MMENGINE_HOOKS
from mmengine.registry import LOG_PROCESSORS as MMENGINE_LOG_PROCESSORS
from mmengine.registry import LOOPS as MMENGINE_LOOPS
from mmengine.registry import METRICS as MMENGINE_METRICS
from mmengine.registry import MODEL_WRAPPERS as MMENGINE_MODEL_WRAPPERS
from mmengine.registry import MODELS as MMENGINE_MODELS
from mmengine.registry import OPTIM_WRAPPER_CONSTRUCTORS as MMENGINE_OPTIM_WRAPPER_CONSTRUCTORS
from mmengine.registry import OPTIM_WRAPPERS as MMENGINE_OPTIM_WRAPPERS
from mmengine.registry import PARAM_SCHEDULERS as MMENGINE_PARAM_SCHEDULERS
from mmengine.registry import RUNNERS as MMENGINE_RUNNERS
from mmengine.registry import TRANSFORMS as MMENGINE_TRANSFORMS
from mmengine.registry import Registry

TASKS = Registry('task', scope='mmmtl', locations=['mmmtl.tasks'])
LOSSES = Registry('loss of a task', scope='mmmtl', locations=['mmmtl.tasks'])
DATASETS = Registry(
    'dataset', parent=MMENGINE_DATASETS, scope='mmmtl', locations=['mmmtl.datasets', 'mmmtl.synthetic_rooms']
)
DATA_SAMPLERS = Registry('data sampler', parent=MMENGINE_DATA_SAMPLERS, scope='mmmtl', locations=['mmmtl.datasets'])
TRANSFORMS = Registry('transform', parent=MMENGINE_TRANSFORMS, scope='mmmtl', locations=['mmmtl.datasets'])
MODELS = Registry('model', parent=MMENGINE_MODELS, scope='mmmtl', locations=['mmmtl.models'])
MODEL_WRAPPERS = Registry('model wrapper', parent=MMENGINE_MODEL_WRAPPERS, scope='mmmtl', locations=['mmmtl.models'])
METRICS = Registry('metric', parent=MMENGINE_METRICS, scope='mmmtl', locations=['mmmtl.metrics'])
HOOKS = Registry('hook', parent=MMENGINE_HOOKS, scope='mmmtl', locations=['mmmtl.hooks', 'mmmtl.visualization'])
LOG_PROCESSORS = Registry('log processor', parent=MMENGINE_LOG_PROCESSORS, scope='mmmtl', locations=['mmmtl.hooks'])
OPTIM_WRAPPERS = Registry('optim_wrapper', parent=MMENGINE_OPTIM_WRAPPERS, scope='mmmtl', locations=['mmmtl.optim'])
OPTIM_WRAPPER_CONSTRUCTORS = Registry(
    'optim_wrapper_constructor', parent=MMENGINE_OPTIM_WRAPPER_CONSTRUCTORS, scope='mmmtl', locations=['mmmtl.optim']
)
PARAM_SCHEDULERS = Registry(
    'param_scheduler', parent=MMENGINE_PARAM_SCHEDULERS, scope='mmmtl', locations=['mmmtl.optim']
)
LOOPS = Registry('loop', parent=MMENGINE_LOOPS, scope='mmmtl', locations=['mmmtl.checkpoints.resumable_epoch_loop'])
RUNNERS = Registry('runner', parent=MMENGINE_RUNNERS, scope='mmmtl', locations=['mmmtl.engine'])
