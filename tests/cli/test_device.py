"""``--device``: what PyTorch cannot use ends in one line."""

import pytest

from mmmtl.cli.device import check_device
from mmmtl.errors import ConfigError


def test_a_device_of_this_machine():
    check_device('cpu')


@pytest.mark.parametrize('name', ['gpu', '', 'cuda:99', 'hpu', 'privateuseone', 'xla'])
def test_other_devices_are_errors(name):
    with pytest.raises(ConfigError, match=f"--device '{name}': .*; use cpu, or a device of this machine"):
        check_device(name)
