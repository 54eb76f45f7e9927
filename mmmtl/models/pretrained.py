"""Files for ``init_cfg=dict(type='Pretrained', checkpoint=FILE)``: nothing in them runs, and they have to fit."""

from collections.abc import Iterator
from contextlib import contextmanager
from numbers import Real
from pathlib import Path
from traceback import walk_tb
from typing import Any

import torch
from mmengine.logging import print_log
from mmengine.model import BaseModule
from mmengine.model.weight_init import PretrainedInit
from mmengine.runner import CheckpointLoader
from torch import nn

from mmmtl.errors import CheckpointError, ConfigError
from mmmtl.files.weight_files import Match, read_plain

LEAST = 0.9  # of a part's values, unless ``min_matched`` states another fraction


@contextmanager
def loading_pretrained(model: nn.Module) -> Iterator[None]:
    """To be entered around ``init_weights``.

    Files are read by `read_plain`; MMEngine's own readers unpickle anything when the safe way fails. Of each part with
    ``init_cfg=Pretrained`` it is logged how much the file fills, and less than its ``min_matched`` (a fraction of the
    part's values, 0.9 by default) is an error.

    Raises:
        CheckpointError: A file cannot be read safely, or does not fit.
        ConfigError: ``min_matched`` is no fraction.
    """
    if CheckpointLoader._schemes[''] is read_file:  # a part of a model for which it has been entered
        yield
        return
    parts = [_Part(name, module, init) for name, module in model.named_modules() if (init := _pretrained(module))]
    schemes = CheckpointLoader._schemes
    CheckpointLoader._schemes = {scheme: refuse if scheme else read_file for scheme in schemes}
    try:
        yield
    except (AttributeError, IndexError, KeyError, RuntimeError, TypeError, ValueError) as error:
        _explain(error, parts)
        raise
    finally:
        CheckpointLoader._schemes = schemes
        for part in parts:
            part.release()
    for part in parts:
        part.report()


def _pretrained(module: nn.Module) -> dict | None:
    """The ``init_cfg=Pretrained`` that ``init_weights`` will follow."""
    if not isinstance(module, BaseModule) or module.is_init:
        return None
    configs = [module.init_cfg] if isinstance(module.init_cfg, dict) else module.init_cfg or []
    return next((config for config in configs if config.get('type') in ('Pretrained', PretrainedInit)), None)


class _Part:
    """A part that is to be filled from a file: what `load_state_dict` finds of its entries."""

    def __init__(self, name: str, module: nn.Module, init: dict) -> None:
        self.name = f'{name} ({type(module).__name__})' if name else type(module).__name__
        self.module, self.init = module, init
        if not init.get('checkpoint'):
            raise ConfigError(f'init_cfg of {self.name}: type Pretrained needs checkpoint=FILE')
        self.least = init.get('min_matched', LEAST)
        if not isinstance(self.least, Real) or not 0 <= self.least <= 1:
            raise ConfigError(f'init_cfg.min_matched: expected a number from 0 to 1, found {self.least!r}')
        self.match: Match | None = None
        init.pop('min_matched', None)  # MMEngine's initialiser does not know it
        self.hook = module._register_load_state_dict_pre_hook(self.observe)

    def observe(self, state_dict: dict, prefix: str, *_: Any) -> None:
        if not prefix:  # else it is loaded as a part of something else
            self.match = Match.of(self.module.state_dict(), state_dict)

    def release(self) -> None:
        self.hook.remove()
        self.init['min_matched'] = self.least

    def report(self) -> None:
        match = self.match or Match.of(self.module.state_dict(), {})
        match.require(self.least, self.init['checkpoint'], self.name)
        print_log(f'{self.init["checkpoint"]} -> {self.name}: {match}', logger='current')


def _explain(error: Exception, parts: list[_Part]) -> None:
    """Raise that the file does not fit, where a part's own ``init_weights`` has broken off; some read files themselves.

    Raises:
        CheckpointError: With how much the file fills, as far as it came to that.
    """
    frames = [frame for frame, _ in walk_tb(error.__traceback__) if frame.f_code.co_name == 'init_weights']
    for part in reversed(parts):  # inner ones first
        if any(frame.f_locals.get('self') is part.module for frame in frames):
            found = f'{part.match}; ' if part.match else ''
            reason = ' '.join(str(error).split())[:300]
            raise CheckpointError(
                f'{part.init["checkpoint"]}: does not fit {part.name}: {found}{type(error).__name__}: {reason}'
            ) from error


def read_file(filename: str, map_location: str | torch.device | None = None) -> Any:
    """Tensors, numbers, strings, lists and dicts from a local file."""
    return read_plain(Path(filename).expanduser(), map_location)


def refuse(filename: str, map_location: str | torch.device | None = None) -> Any:
    """An address of the network.

    Raises:
        CheckpointError: Always.
    """
    raise CheckpointError(f'{filename}: weights are read from local files only; download the file and give its path')
