"""The multi-view transformer against the published numbers, and its symmetries."""

import pytest
import torch

from mmmtl.models.necks.cross_view import MultiViewTransformer, multi_view_transformer
from mmmtl.models.necks.cross_view.multi_view_transformer import BLOCKED, from_windows, shift_mask, to_windows


@pytest.fixture
def transformer():
    torch.manual_seed(0)
    return MultiViewTransformer(16, blocks=3).eval()


def test_published_numbers_for_two_views(golden, golden_neck):
    with torch.no_grad():
        features = golden_neck.transformer(golden['cnn_v2'])
    reference = golden['transformer_v2']
    assert (features - reference).abs().max() < 1e-4 * reference.std()


def test_published_numbers_for_three_views_up_to_the_order_of_the_masked_keys(golden, golden_neck, monkeypatch):
    """The published code has the keys of several views in the order (token, view), but its mask in (view, token).

    So in shifted windows it blocks wrong tokens as soon as there are more than two views. Put in that order, our
    transformer gives its numbers; in ours it does not, and unlike it does not depend on the order of the neighbours.
    """

    def in_order(x, neighbours):
        views = range(x.shape[1])
        return torch.stack([x[:, [other for other in views if other != view]] for view in views], dim=1)

    reference = golden['transformer_v3']
    with torch.no_grad():
        ours = golden_neck.transformer(golden['cnn_v3'])
        monkeypatch.setattr(multi_view_transformer, 'take_neighbours', in_order)
        assert (golden_neck.transformer(golden['cnn_v3']) - ours).abs().max() < 1e-4 * reference.std()
        monkeypatch.setattr(multi_view_transformer, 'join_neighbours', lambda x: x.movedim(2, 4).flatten(3, 4))
        published = golden_neck.transformer(golden['cnn_v3'])
    assert (published - reference).abs().max() < 1e-4 * reference.std()
    assert (ours - reference).abs().max() > 0.1 * reference.std()


def test_parameters():
    assert sum(p.numel() for p in MultiViewTransformer().parameters()) == 3_150_336


def test_a_lone_view_equals_two_copies_forward_and_backward(transformer):
    alone = torch.randn(2, 1, 16, 8, 12, requires_grad=True)
    copies = alone.detach().expand(-1, 2, -1, -1, -1).clone().requires_grad_()
    out_alone, out_copies = transformer(alone), transformer(copies)
    torch.testing.assert_close(out_copies, out_alone.expand_as(out_copies), atol=1e-5, rtol=1e-5)
    weight = torch.randn_like(out_alone)
    (out_alone * weight).sum().backward()
    gradients = [p.grad.clone() for p in transformer.parameters()]
    transformer.zero_grad()
    (out_copies * weight).mean(dim=1).sum().backward()  # the mean over the views of the two losses
    for parameter, gradient in zip(transformer.parameters(), gradients, strict=True):
        torch.testing.assert_close(parameter.grad, gradient, atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(copies.grad.sum(dim=1, keepdim=True), alone.grad, atol=1e-5, rtol=1e-4)


def test_permuting_the_views_permutes_the_result(transformer):
    features, order = torch.randn(1, 3, 16, 8, 8), [2, 0, 1]
    torch.testing.assert_close(transformer(features[:, order]), transformer(features)[:, order], atol=1e-5, rtol=1e-5)


def test_permuting_the_neighbours_changes_nothing_and_others_do(transformer):
    features = torch.randn(1, 4, 16, 8, 8)
    neighbours = torch.tensor([[[1, 2], [0, 2], [1, 3], [2, 0]]])
    out = transformer(features, neighbours)
    torch.testing.assert_close(transformer(features, neighbours.flip(-1)), out, atol=1e-5, rtol=1e-5)
    changed = features.clone()
    changed[:, 3] += 1  # view 0 looks at 1 and 2, which in the first two blocks look only at 0, 2, 1, 3
    first = MultiViewTransformer(16, blocks=1)
    torch.testing.assert_close(first(changed, neighbours)[:, 0], first(features, neighbours)[:, 0])
    assert not torch.allclose(first(changed, neighbours)[:, 2], first(features, neighbours)[:, 2])


def test_attention_stays_within_windows_until_they_shift():
    torch.manual_seed(0)
    features = torch.randn(1, 2, 16, 8, 8)
    changed = features.clone()
    changed[..., 0, 0] += 1
    one, two = MultiViewTransformer(16, blocks=1), MultiViewTransformer(16, blocks=2)
    reached = (one(changed) - one(features)).abs().amax((0, 1, 2)) > 1e-6
    assert reached[:4, :4].all() and not reached[4:].any() and not reached[:, 4:].any()
    reached = (two(changed) - two(features)).abs().amax((0, 1, 2)) > 1e-6
    assert reached[4:6, 4:6].all() and not reached[6:, :].any()


def test_the_mask_parts_what_the_roll_brought_together():
    mask = shift_mask(8, 8, torch.device('cpu'))
    assert mask.shape == (4, 16, 16) and (mask[0] == 0).all()
    assert set(mask.unique().tolist()) == {0.0, BLOCKED}
    assert (mask[3] == 0).sum() == 16 * 4  # the last window holds four regions of 2 x 2
    assert shift_mask(8, 8, torch.device('cpu')) is mask  # kept


def test_windows_there_and_back():
    x = torch.randn(1, 2, 6, 10, 3)
    windows = to_windows(x, (1, 2))
    assert windows.shape == (1, 2, 4, 15, 3)
    assert torch.equal(from_windows(windows, (1, 2), 6, 10), x)
    assert torch.equal(to_windows(x, (0, 0))[:, :, 1, 0], x[:, :, 0, 5])


@pytest.mark.parametrize('size', [(7, 12), (8, 9), (5, 5), (2, 2), (1, 3)])
def test_any_size(transformer, size):
    assert transformer(torch.randn(1, 2, 16, *size)).shape == (1, 2, 16, *size)


def test_works_after_inference_mode():
    """Masks and codes are kept; made in inference mode, they must still serve in training."""
    transformer = MultiViewTransformer(16, blocks=2)
    with torch.inference_mode():
        transformer(torch.randn(1, 2, 16, 4, 22))
    transformer(torch.randn(1, 2, 16, 4, 22)).sum().backward()


def test_an_identity_start_lets_features_pass_and_learns():
    torch.manual_seed(0)
    transformer = MultiViewTransformer(16, blocks=3, identity_start=True)
    features = torch.randn(1, 2, 16, 4, 6)
    code = multi_view_transformer.window_position_code(16, 2, 3, features.device).repeat(1, 2, 2)
    torch.testing.assert_close(transformer(features), features + code)
    optimiser, wanted = torch.optim.SGD(transformer.parameters(), lr=0.1), torch.randn_like(features)
    for _ in range(2):  # the scales first, then what they had kept back
        optimiser.zero_grad()
        (transformer(features) * wanted).sum().backward()
        optimiser.step()
    assert all(parameter.grad.any() for parameter in transformer.parameters())
