"""The whole neck: shapes, the single-view shortcut, mixed batches, options, and its place in the flow."""

import pytest
import torch

from mmmtl.errors import ConfigError, DataError
from mmmtl.geometry import flip_intrinsics, flip_pose, resize_intrinsics
from mmmtl.models import BatchContext
from mmmtl.models.necks import CrossViewModule
from mmmtl.models.necks.cross_view.cross_view_module import centred
from mmmtl.models.necks.cross_view.scenes import group_scenes
from mmmtl.registry import MODELS

H, W, PLANES = 32, 48, 8
IN_CHANNELS, STRIDES = (12, 20), (8, 16)


def taps(count, size=(H, W)):
    return tuple(
        torch.randn(count, c, -(-size[0] // s), -(-size[1] // s)) for c, s in zip(IN_CHANNELS, STRIDES, strict=True)
    )


def neck(**options):
    torch.manual_seed(0)
    return CrossViewModule(
        IN_CHANNELS, STRIDES, **{'cost_volume': dict(planes=PLANES, depth_range='indoor'), **options}
    ).eval()


def joined(module, features, images, views=None, **cameras):
    """The features of a neck, for a batch of scenes of `views` views."""
    return module(features, BatchContext({}, images, views or (1,) * len(images), **cameras)).features


@pytest.fixture
def cameras(scenes):
    """`cameras(B, V)` for the flat batch axis."""

    def draw(batch, views, **options):
        return tuple(x.flatten(0, 1) for x in scenes(batch, views, size=(H, W), **options))

    return draw


def test_parameters_and_what_it_tells():
    module = MODELS.build(dict(type='mmmtl.CrossViewModule', in_channels=(1024,) * 4, strides=(16,) * 4))
    assert sum(p.numel() for p in module.parameters()) == 1_049_120 + 3_150_336
    assert module.out_channels == (1280,) * 4 and module.strides == (8,) * 4
    assert module.cost_volume.planes == 128 and (module.cost_volume.near, module.cost_volume.far) == (0.1, 10000.0)
    projected = CrossViewModule((1024,) * 4, (16,) * 4, fusion=dict(project=True))
    assert projected.out_channels == (1024,) * 4
    assert sum(p.numel() for p in projected.project.parameters()) == 1280 * 1024 + 1024


def test_concatenates_tap_cost_and_features_in_this_order(cameras):
    module, images, features = neck(), torch.randn(4, 3, H, W), taps(4)
    given = dict(zip(('intrinsics', 'camera_T_world'), cameras(2, 2), strict=True)) | {'views': (2, 2)}
    with torch.no_grad():
        out, matched = joined(module, features, images, **given), module.match(features, images, **given)
    assert [tuple(x.shape) for x in out] == [(4, c, H // 8, W // 8) for c in module.out_channels]
    assert torch.equal(out[0][:, :12], features[0])
    for x, channels in zip(out, IN_CHANNELS, strict=True):
        assert torch.equal(x[:, channels : channels + PLANES], matched['cost'])
        assert torch.equal(x[:, channels + PLANES :], matched['features'])
    assert matched['cost'].std() > 0


def test_a_centred_cost_says_nothing_of_a_lone_view(cameras):
    module, images, features = (
        neck(cost_volume=dict(planes=PLANES, depth_range='indoor', centred=True), transformer=dict(blocks=2)),
        torch.randn(3, 3, H, W),
        taps(3),
    )
    assert len(module.transformer.blocks) == 2
    given = dict(zip(('intrinsics', 'camera_T_world'), cameras(3, 1), strict=True)) | {'views': (2, 1)}
    with torch.no_grad():
        out, matched = joined(module, features, images, **given), module.match(features, images, **given)
    cost = out[0][:, 12 : 12 + PLANES]
    torch.testing.assert_close(cost, matched['cost'] - matched['cost'].mean(1, keepdim=True))
    assert not cost[2].any() and cost[:2].std() > 0  # C itself is |F|^2 / sqrt(128) at every plane of a lone view
    assert torch.equal(out[0][:, 12 + PLANES :], matched['features'])


def test_one_view_equals_its_literal_duplicate_forward_and_backward(cameras):
    module = neck()
    images, features = torch.randn(2, 3, H, W), taps(2)
    intrinsics, _ = cameras(2, 1)
    alone = joined(module, features, images)
    weights = [torch.randn_like(x) for x in alone]
    sum((x * w).sum() for x, w in zip(alone, weights, strict=True)).backward()
    gradients = {name: p.grad.clone() for name, p in module.named_parameters()}
    module.zero_grad()

    pairs = joined(
        module,
        tuple(x.repeat_interleave(2, 0) for x in features),
        images.repeat_interleave(2, 0),
        views=(2, 2),
        intrinsics=intrinsics.repeat_interleave(2, 0),
        camera_T_world=torch.eye(4).repeat(4, 1, 1),
    )
    for one, two in zip(alone, pairs, strict=True):
        torch.testing.assert_close(two, one.repeat_interleave(2, 0), atol=1e-4, rtol=1e-4)
    loss = sum((x.unflatten(0, (2, 2)).mean(1) * w).sum() for x, w in zip(pairs, weights, strict=True))
    loss.backward()
    for name, parameter in module.named_parameters():
        # a bias before an instance norm has no gradient but rounding
        assert (parameter.grad - gradients[name]).abs().max() < 1e-3 * gradients[name].abs().max() + 1e-3, name


def test_a_mixed_batch_equals_its_scenes_one_by_one(cameras):
    module, views = neck(), (2, 1, 4, 1, 2)
    count = sum(views)
    images, features = torch.randn(count, 3, H, W), taps(count)
    intrinsics, poses = cameras(1, count)
    with torch.no_grad():
        together = joined(module, features, images, views=views, intrinsics=intrinsics, camera_T_world=poses)
        for scene, own in enumerate(views):
            rows = slice(sum(views[:scene]), sum(views[: scene + 1]))
            camera = {} if own == 1 else dict(intrinsics=intrinsics[rows], camera_T_world=poses[rows])
            apart = joined(module, tuple(x[rows] for x in features), images[rows], views=(own,), **camera)
            for x, y in zip(together, apart, strict=True):
                torch.testing.assert_close(x[rows], y, atol=1e-4, rtol=1e-4)


def test_mirrored_scenes_have_mirrored_costs_of_the_same_features(cameras, scenes):
    """The neck scales intrinsics to its features: a mirrored camera must still fit there."""
    module, features = neck(), torch.randn(1, 2, 128, H // 8, W // 8)
    intrinsics, poses = scenes(1, 2, size=(H, W))
    small = resize_intrinsics(intrinsics, 1 / 8, 1 / 8)
    mirrored = resize_intrinsics(flip_intrinsics(intrinsics, W), 1 / 8, 1 / 8)
    torch.testing.assert_close(
        module.cost_volume(features.flip(-1), mirrored, flip_pose(poses)),
        module.cost_volume(features, small, poses).flip(-1),
        atol=1e-3,
        rtol=1e-3,
    )


@pytest.mark.parametrize(
    ('options', 'out_channels', 'strides'),
    [
        (dict(fusion=dict(parts=('cost',))), (20, 28), (8, 8)),
        (dict(fusion=dict(parts=('features',))), (140, 148), (8, 8)),
        (dict(fusion=dict(taps=(1,))), (12, 156), (8, 8)),
        (dict(fusion=dict(taps=(1,), project=True)), (12, 20), (8, 8)),
        (dict(fusion=dict(stride=16)), (148, 156), (16, 16)),
        (dict(fusion=dict(stride=None)), (148, 156), (8, 16)),
        (dict(features_from=1), (148, 156), (8, 8)),
        (dict(stride=4), (148, 156), (8, 8)),
        (dict(stride=4, fusion=dict(stride=4)), (148, 156), (4, 4)),
        (dict(stride=2, features_from=0), (148, 156), (8, 8)),
    ],
)
def test_options(cameras, options, out_channels, strides):
    module = neck(**options)
    assert module.out_channels == out_channels and module.strides == strides
    intrinsics, poses = cameras(1, 3)
    out = joined(module, taps(3), torch.randn(3, 3, H, W), views=(2, 1), intrinsics=intrinsics, camera_T_world=poses)
    assert [tuple(x.shape) for x in out] == [(3, c, H // s, W // s) for c, s in zip(out_channels, strides, strict=True)]
    sum(x.sum() for x in out).backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in module.parameters())


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        (dict(fusion=dict(parts=())), 'fusion.parts takes'),
        (dict(fusion=dict(parts=('costs',))), 'fusion.parts takes'),
        (dict(fusion=dict(taps=(2,))), 'taps must be indices of features, 0 to 1'),
        (dict(features_from='image'), 'features_from'),
        (dict(features_from=2), 'features_from'),
        (dict(features_from=0, stride=0), 'CrossViewModule.stride must be at least 1, found 0'),
        (dict(fusion=dict(project=True)), 'project is shared by the taps'),
        (dict(cost_volume=dict(depth_range='outdoor')), 'depth_range'),
        (dict(cost_volume=dict(plane=3)), 'cost_volume has no option plane; it takes planes'),
        (dict(fusion=dict(tap=3)), 'fusion has no option tap; it takes parts, taps'),
        (dict(fusion=dict(stride=0)), 'fusion.stride must be at least 1, or None, found 0'),
        (dict(transformer=dict(block=3)), 'transformer has no option block; it takes blocks, '),
        (dict(transformer=dict(channels=64)), 'transformer has no option channels; it takes blocks, '),
    ],
)
def test_wrong_options(options, message):
    with pytest.raises(ConfigError, match=message):
        neck(**options)


def test_wrong_batches(cameras):
    module, images, features = neck(), torch.randn(2, 3, H, W), taps(2)
    intrinsics, poses = cameras(1, 2)
    with pytest.raises(ValueError, match='2 in total'):
        joined(module, features, images, views=(2, 1), intrinsics=intrinsics, camera_T_world=poses)
    with pytest.raises(DataError, match='need intrinsics'):
        joined(module, features, images, views=(2,), camera_T_world=poses)
    with pytest.raises(DataError, match='need camera_T_world'):
        joined(module, features, images, views=(2,), intrinsics=intrinsics)


@pytest.mark.parametrize('size', [(33, 47), (40, 56), (25, 100)])
def test_any_image_size(cameras, size):
    module = neck()
    intrinsics, poses = cameras(1, 2)
    features = taps(2, size)
    out = joined(module, features, torch.randn(2, 3, *size), views=(2,), intrinsics=intrinsics, camera_T_world=poses)
    assert {tuple(x.shape[-2:]) for x in out} == {(-(-size[0] // 8), -(-size[1] // 8))}


def test_grouping_keeps_the_order_of_views():
    groups, back = group_scenes((2, 1, 2, 3), torch.device('cpu'))
    assert [group.tolist() for group in groups] == [[[2]], [[0, 1], [3, 4]], [[5, 6, 7]]]
    assert torch.cat([group.flatten() for group in groups])[back].tolist() == list(range(8))


def test_autocast_keeps_geometry_exact(cameras):
    module, images, features = neck(), torch.randn(2, 3, H, W), taps(2)
    intrinsics, poses = cameras(1, 2)
    given = dict(views=(2,), intrinsics=intrinsics, camera_T_world=poses)
    with torch.no_grad():
        exact = module.match(features, images, **given)
        with torch.autocast('cpu', dtype=torch.bfloat16):
            half = module.match(features, images, **given)
    for part in exact:
        assert (half[part].float() - exact[part]).norm() < 0.05 * exact[part].norm(), part


class Single(torch.nn.Module):
    """A neck on images that are scenes of one view, with tensors only as arguments."""

    def __init__(self, module):
        super().__init__()
        self.module = module

    def forward(self, features, images):
        return joined(self.module, features, images)


def test_export_of_a_single_view_and_what_follows():
    """What is kept between calls must not be what a trace made."""
    module, features, images = neck(), taps(2, (48, 80)), torch.randn(2, 3, 48, 80)
    with torch.no_grad():
        exported = torch.export.export(Single(module), (features, images)).module()(features, images)
        for ours, x in zip(joined(module, features, images), exported, strict=True):
            torch.testing.assert_close(x, ours)


@pytest.mark.gpu
def test_never_waits_for_the_device(cameras):
    module, views = neck().cuda(), (4, 1, 2)
    images, features = torch.randn(7, 3, H, W).cuda(), tuple(x.cuda() for x in taps(7))
    intrinsics, poses = (x.cuda() for x in cameras(1, 7))
    given = dict(views=views, intrinsics=intrinsics, camera_T_world=poses)
    joined(module, features, images, **given)  # a new layout of the batch and new masks are sent once
    torch.cuda.set_sync_debug_mode('error')
    try:
        sum(x.sum() for x in joined(module, features, images, **given)).backward()
    finally:
        torch.cuda.set_sync_debug_mode('default')


@pytest.mark.parametrize('stride', [8, 4, 2])
def test_at_every_stride_a_point_is_matched_where_it_is(cameras, stride):
    """The cost of the neck is that of its own features with intrinsics scaled to them."""
    module, images = neck(stride=stride), torch.randn(2, 3, H, W)
    intrinsics, poses = cameras(1, 2)
    with torch.no_grad():
        matched = module.match(taps(2), images, views=(2,), intrinsics=intrinsics, camera_T_world=poses)
        features = matched['features'][None]
        assert features.shape[-2:] == (H // stride, W // stride)
        small = resize_intrinsics(intrinsics, 1 / stride, 1 / stride)
        expected = module.cost_volume(features, small[None], poses[None])
    torch.testing.assert_close(matched['cost'], expected[0])


def test_equal_costs_are_centred_to_exactly_zero_in_a_graph(monkeypatch):
    cost = torch.rand(2, 1, 5, 6).expand(-1, 7, -1, -1) * 100  # the mean of seven equal numbers is rounded
    assert centred(cost).abs().max() > 0
    varied = torch.rand(2, 7, 5, 6)
    expected = centred(varied)
    monkeypatch.setattr(torch.compiler, 'is_compiling', lambda: True)
    assert (centred(cost) == 0).all()
    torch.testing.assert_close(centred(varied), expected)
