"""The joint task space: one run for all maps, each map by itself, pairs that matter; the published network's keys."""

import pytest
import torch
from golden_fill import published_weights
from partial_batches import EXACT, SIZE
from torch import Tensor

from mmmtl.errors import CheckpointError, ConfigError
from mmmtl.model_converters import mtpsl_mapping
from mmmtl.models.consistency_losses import JointTaskSpace, ResidualJointTaskSpace

both = pytest.mark.parametrize('kind', [JointTaskSpace, ResidualJointTaskSpace])


def make_space(kind: type[JointTaskSpace] = JointTaskSpace, **options) -> JointTaskSpace:
    torch.manual_seed(0)
    space = kind(EXACT, widths=(6, 8), **options)
    for parameter in space.parameters():  # so that FiLM is more than the identity
        torch.nn.init.normal_(parameter, 0.3, 0.5)
    return space


def some_maps(count: int = 3) -> dict[str, Tensor]:
    torch.manual_seed(1)
    return {name: torch.rand(count, task.encoding.channels, *SIZE) for name, task in EXACT.items()}


def some_pairs(count: int = 3) -> dict[str, Tensor]:
    torch.manual_seed(2)
    return {name: torch.randint(6, (count,)) for name in EXACT}


@both
def test_output_shapes_and_the_declared_stride(kind):
    space = make_space(kind)
    out = space(some_maps(), some_pairs())
    assert list(out) == list(EXACT)
    height, width = (side // space.stride for side in SIZE)
    assert {values.shape for values in out.values()} == {(3, space.out_channels, height, width)}


def test_the_default_is_the_published_one():
    with torch.device('meta'):
        space = JointTaskSpace(EXACT)
        assert space({'depth': torch.zeros(1, 1, 64, 96)}, {'depth': torch.zeros(1, dtype=torch.long)})[
            'depth'
        ].shape == (1, 512, 2, 3)
        assert ResidualJointTaskSpace(EXACT).stride == 32


@pytest.mark.parametrize('size', [(17, 24), (18, 25), (15, 31)])
def test_odd_sizes_are_rounded_up(size):
    (out,) = make_space()({'depth': torch.rand(1, 1, *size)}, {'depth': torch.tensor([0])}).values()
    assert out.shape[2:] == tuple(-(-side // 4) for side in size)


@both
def test_every_map_is_by_itself(kind):
    space, maps, pairs = make_space(kind), some_maps(), some_pairs()
    together = space(maps, pairs)
    for name, values in maps.items():
        for number in range(3):
            alone = space({name: values[number : number + 1]}, {name: pairs[name][number : number + 1]})[name]
            torch.testing.assert_close(alone[0], together[name][number], rtol=1e-4, atol=1e-5)


@both
def test_rows_are_repeated_maps(kind):
    space, maps = make_space(kind), some_maps()
    rows = {name: torch.tensor([2, 0, 0, 1]) for name in maps}
    pairs = {name: torch.tensor([0, 1, 5, 1]) for name in maps}
    expected = space({name: values[rows[name]] for name, values in maps.items()}, pairs)
    for name, values in space(maps, pairs, rows).items():
        torch.testing.assert_close(values, expected[name], rtol=1e-4, atol=1e-5)


@both
@pytest.mark.parametrize('conditioned', [True, False])
def test_the_pair_matters_where_it_should(kind, conditioned):
    space = make_space(kind, conditioned=conditioned)
    values = {'depth': torch.rand(1, 1, *SIZE).expand(6, -1, -1, -1)}
    out = space(values, {'depth': torch.arange(6)})['depth']
    spread = (out - out[:1]).abs().flatten(1).amax(1)
    assert (spread[1:] > 1e-2).all() if conditioned else (spread < 1e-5).all()
    assert any('film' in name for name, _ in space.named_parameters()) == conditioned


def test_numbers_of_pairs():
    space = make_space()
    numbers = [space.pair_index(s, t) for s in EXACT for t in EXACT if s != t]
    assert numbers == list(range(6))


@both
def test_every_parameter_has_a_gradient_whoever_takes_part(kind):
    space = make_space(kind)
    space({'depth': some_maps()['depth']}, {'depth': torch.tensor([0, 1, 2])})['depth'].square().sum().backward()
    for name, parameter in space.named_parameters():
        idle = 'inputs.saliency' in name or 'inputs.normal' in name
        assert parameter.grad is not None and parameter.grad.isfinite().all(), name
        if not name.endswith('conv.bias'):  # which the norm takes out
            assert bool(parameter.grad.any()) != idle, name
        if 'film' in name:
            assert parameter.grad[:3].any() and not parameter.grad[3:].any()


def test_maps_of_one_value_are_finite():
    space = make_space()
    maps = {'depth': torch.zeros(2, 1, *SIZE).requires_grad_()}
    out = space(maps, {'depth': torch.tensor([0, 3])})['depth']
    out.sum().backward()
    assert out.isfinite().all() and maps['depth'].grad.isfinite().all()


def test_too_small_an_image_or_too_few_tasks_are_errors():
    with pytest.raises(ConfigError, match='one pixel'):
        make_space()({'depth': torch.rand(1, 1, 2, 2)}, {'depth': torch.tensor([0])})
    with pytest.raises(ConfigError, match='two or more'):
        JointTaskSpace({'depth': EXACT['depth']})
    with pytest.raises(ConfigError, match='widths is empty'):
        JointTaskSpace(EXACT, widths=())


@pytest.fixture
def converter():
    return mtpsl_mapping


@pytest.fixture
def published() -> dict[str, Tensor]:
    return published_weights('mapfns_keys.json')


def test_every_published_key_has_a_place_of_its_own(converter, published):
    learnt = [key for key in published if not key.endswith(('running_mean', 'running_var', 'num_batches_tracked'))]
    converted = converter.convert(published | {'encoder_block.0.0.weight': torch.zeros(1)})
    assert len(converted) == len(learnt)
    two = {key: value for key, value in published.items() if 'pred_encoder_source.2' not in key}
    two = {key: value[:, :2] if key.endswith(('gamma', 'beta')) else value for key, value in two.items()}
    assert not any('normal' in key for key in converter.convert(two))


def test_an_invalid_mapping_is_an_error(converter, published):
    with pytest.raises(CheckpointError, match='is missing'):
        converter.convert({'encoder_block.0.0.weight': torch.zeros(1)})
    with pytest.raises(CheckpointError, match='unknown key'):
        converter.convert(published | {'mapfns.other.weight': torch.zeros(1)})
    published.pop('mapfns.conv_block_enc.4.1.gamma')
    with pytest.raises(CheckpointError, match='film.gamma'):
        converter.convert(published)
