"""Evaluation protocols by name.

A project adds its own in a module that its configs list in ``custom_imports``::

    from mmmtl.configuration.protocols import PROTOCOLS, Protocol

    PROTOCOLS['mine/v1'] = Protocol(about=..., size=..., dataset=..., tasks=..., metrics=...)
"""

from mmengine.config import Config

from mmmtl.configuration.benchmark_protocols import BENCHMARK_PROTOCOLS
from mmmtl.configuration.protocol import Protocol
from mmmtl.configuration.room_protocols import ROOM_PROTOCOLS

__all__ = ['PROTOCOLS', 'Protocol', 'protocol_of']

PROTOCOLS: dict[str, Protocol] = {**BENCHMARK_PROTOCOLS, **ROOM_PROTOCOLS}


def protocol_of(config: Config) -> Protocol | None:
    """Return the protocol of a config; None if it has none or an unknown one."""
    name = config.get('protocol')
    return PROTOCOLS.get(name) if isinstance(name, str) else None
