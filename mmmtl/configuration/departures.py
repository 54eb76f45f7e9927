"""Find out whether a config follows the protocol that it names."""

import inspect
import warnings

from mmengine.config import Config

from mmmtl.configuration.evaluation import evaluation_differences
from mmmtl.configuration.protocol import EVALUATION, Protocol
from mmmtl.configuration.protocols import PROTOCOLS, protocol_of
from mmmtl.errors import ConfigError
from mmmtl.models import MultiTaskModel


def take_evaluation(config: Config) -> None:
    """Fill in the tasks, test data and evaluator of the config's protocol where the config has no such entry.

    Raises:
        ConfigError: The protocol is unknown.
    """
    if config.get('protocol') is None:
        return
    protocol = protocol_of(config)
    if protocol is None:
        raise ConfigError(f'protocol: {config.protocol!r} is unknown; known are {", ".join(PROTOCOLS)}')
    missing = [key for key in EVALUATION if key not in config]
    given = protocol.evaluation() if missing else {}
    for key in missing:
        config[key] = given[key]
    if 'test_dataloader' in missing:
        config.setdefault('test_cfg', {})


def check_evaluation(config: Config) -> None:
    """Check that the evaluation counts every image once, and warn if the config departs from its protocol.

    Raises:
        ConfigError: A dataset of the evaluation skips bad samples.
    """
    for name in ('val_dataloader', 'test_dataloader'):
        dataset = config[name].dataset if config.get(name) else {}
        parts = {f'{name}.dataset.parts.{part}': options for part, options in dataset.get('parts', {}).items()}
        for path, options in {f'{name}.dataset': dataset, **parts}.items():
            if options.get('on_bad_sample') == 'skip':
                raise ConfigError(
                    f"{path}.on_bad_sample: 'skip' is for training only, since evaluation would count the next image "
                    'twice; remove the bad files from the split'
                )
    if found := departures(config):
        warnings.warn(
            f'protocol {config.protocol!r}: {"; ".join(found)}; scores of this config are not reported under the '
            'name of the protocol',
            stacklevel=3,
        )


def departures(config: Config) -> list[str]:
    """Describe how a config departs from the protocol that it names, one phrase per difference.

    The list is empty if the config follows the protocol, or names none.
    """
    protocol = protocol_of(config)
    if protocol is None:
        return []
    found = list(evaluation_differences({key: config.get(key) for key in EVALUATION}, protocol.evaluation()))
    if protocol.reduction is not None and 'model' in config:
        default = inspect.signature(MultiTaskModel).parameters['reduction'].default
        reduction = config.model.get('reduction', default)
        if reduction != protocol.reduction:
            found.append(f'model.reduction is {reduction!r}, not {protocol.reduction!r}')
    return found


def followed_protocol(config: Config) -> Protocol | None:
    """Return the protocol that a config names and follows; None if there is none."""
    return None if departures(config) else protocol_of(config)
