"""TimmBackbone: CNNs, ViTs and Swins give what they tell; weights load strictly or end in one clear line."""

from pathlib import Path

import huggingface_hub.constants
import pytest
import safetensors.torch
import timm
import torch
import torch.nn.functional as F

from mmmtl.errors import CheckpointError, ConfigError
from mmmtl.models import MultiTaskModel
from mmmtl.models.backbones import TimmBackbone
from mmmtl.models.decode_heads import ConvHead, PerTaskHead
from mmmtl.tasks import Depth

RESNET = 'test_resnet'  # timm's own miniatures for tests
VIT = 'test_vit'


@pytest.mark.parametrize(
    ('name', 'options'),
    [
        ('resnet18', {}),
        ('resnet18', dict(output_stride=8, drop_path_rate=0.1)),
        ('vgg11', dict(out_indices=(0, 2, 4))),
        ('convnext_atto', {}),
        ('vit_tiny_patch16_224', dict(out_indices=[2, 5, 8, 11])),
        ('swin_tiny_patch4_window7_224', dict(out_indices=(0, 1, 2))),
        ('swinv2_tiny_window8_256', dict(out_indices=(0, 1))),
        ('mambaout_femto', {}),  # channels last, and no patch grid
    ],
)
def test_maps_have_the_declared_channels_and_strides(name, options):
    backbone = TimmBackbone(name, **options).eval()
    with torch.no_grad():
        maps = backbone(torch.randn(1, 3, 64, 96))
    assert len(maps) == len(options.get('out_indices', maps))
    assert [tuple(x.shape) for x in maps] == [
        (1, channels, 64 // stride, 96 // stride)
        for channels, stride in zip(backbone.out_channels, backbone.strides, strict=True)
    ]
    assert list(backbone.strides) == sorted(backbone.strides)


def test_dilation_keeps_the_maps_fine():
    assert TimmBackbone('resnet18', output_stride=8).strides == (2, 4, 8, 8, 8)


@pytest.mark.parametrize('name', [VIT, 'swin_tiny_patch4_window7_224', 'vit_small_patch16_dinov3', 'resnet18'])
def test_any_image_size(name):
    backbone = TimmBackbone(name, out_indices=(0,)).eval()
    with torch.no_grad():
        (x,) = backbone(torch.randn(1, 3, 75, 101))
    assert x.shape[2:] == tuple(-(-n // backbone.strides[0]) for n in (75, 101))


@pytest.mark.parametrize('size', [(50, 70), (70, 50), (64, 65)])
def test_the_padding_of_a_vit_is_cropped_from_the_logits(size):
    """Logits that were resized with the padding would lie up to a patch beside the image."""
    torch.manual_seed(0)
    head = dict(type=PerTaskHead, head=dict(type=ConvHead, channels=4))
    backbone = dict(type=TimmBackbone, model_name=VIT, out_indices=(1,))
    model = MultiTaskModel(dict(depth=dict(type=Depth)), backbone, head).eval()
    height, width = size
    with torch.no_grad():
        images = torch.randn(1, 3, height, width)
        found = model(images)['depth']
        padded = model(F.pad(images, (0, -width % 16, 0, -height % 16)))['depth']
    assert torch.equal(found, padded[..., :height, :width])


def test_channels_last_is_turned_not_reshaped():
    backbone = TimmBackbone('mambaout_femto').eval()
    images = torch.randn(1, 3, 64, 96)
    with torch.no_grad():
        for ours, theirs in zip(backbone(images), backbone.model(images), strict=True):
            assert torch.equal(ours[0, 3, 1, 2], theirs[0, 1, 2, 3])


@pytest.mark.parametrize('name', [RESNET, VIT])
def test_every_parameter_gets_a_gradient(name):
    backbone = TimmBackbone(name)
    with torch.no_grad():
        for p in backbone.parameters():
            p += 0.01  # timm starts the last norm of a block at 0, and nothing in front of it would learn at first
    sum(x.square().sum() for x in backbone(torch.randn(2, 3, 64, 64))).backward()
    assert not [key for key, p in backbone.named_parameters() if p.grad is None or not p.grad.abs().sum() > 0]


@pytest.mark.parametrize('name', [RESNET, VIT])
def test_init_weights_leaves_loaded_weights(name):
    backbone = TimmBackbone(name)
    before = {key: value.clone() for key, value in backbone.state_dict().items()}
    backbone.init_weights()
    assert all(torch.equal(value, before[key]) for key, value in backbone.state_dict().items())


def test_an_unknown_name_is_an_error_with_a_suggestion():
    with pytest.raises(ConfigError, match=r"no model 'resnet118'; nearest: .*resnet18"):
        TimmBackbone('resnet118')


@pytest.mark.parametrize('options', [dict(drop_path_rate=0.1), dict(output_stride=8)])
def test_an_option_the_model_does_not_take(options):
    with pytest.raises(ConfigError, match=f"cannot build 'vgg11' with {next(iter(options))}: ."):
        TimmBackbone('vgg11', **options)


@pytest.mark.parametrize(
    ('name', 'weights'),
    [('resnet18', 'timm/resnet18.a1_in1k'), ('vit_small_patch16_dinov3.lvd1689m', 'vit_small_patch16_dinov3')],
)
def test_a_failed_download_is_an_error_with_instructions(monkeypatch, tmp_path, name, weights):
    monkeypatch.setattr(huggingface_hub.constants, 'HF_HUB_OFFLINE', True)
    monkeypatch.setattr(huggingface_hub.constants, 'HF_HUB_CACHE', str(tmp_path))
    monkeypatch.setattr('timm.models._hub.get_cache_dir', lambda *_: str(tmp_path))
    monkeypatch.setenv('TORCH_HOME', str(tmp_path))
    with pytest.raises(CheckpointError) as caught:
        TimmBackbone(name, pretrained=True)
    message = str(caught.value)
    assert weights in message and 'checkpoint=' in message and '\n' not in message


def test_a_model_that_never_had_weights():
    with pytest.raises(CheckpointError, match='timm has no pretrained weights'):
        TimmBackbone(_without_weights(), pretrained=True)


def _without_weights() -> str:
    """The name of a small model for which timm lists no weights."""
    return next(
        name
        for name in timm.list_models('*resnet*')
        if not (config := timm.get_pretrained_cfg(name)) or not config.has_weights
    )


def test_option_errors_are_not_taken_for_a_missing_download():
    with pytest.raises(ConfigError):
        TimmBackbone('vgg11', pretrained=True, drop_path_rate=0.1)


@pytest.fixture
def published() -> dict[str, torch.Tensor]:
    """A whole classifier's state dict, every number another than a new model has."""
    torch.manual_seed(1)
    state_dict = timm.create_model(RESNET).state_dict()
    return {key: torch.rand_like(value) if value.is_floating_point() else value for key, value in state_dict.items()}


@pytest.mark.parametrize('kind', ['safetensors', 'flat', 'nested', 'body'])
def test_a_local_checkpoint_fills_the_whole_backbone(kind, published, tmp_path):
    path = tmp_path / ('weights.safetensors' if kind == 'safetensors' else 'weights.pth')
    if kind == 'safetensors':
        safetensors.torch.save_file(published, path)
    else:
        body = {key: value for key, value in published.items() if not key.startswith('fc.')}
        torch.save({'flat': published, 'nested': dict(state_dict=published), 'body': body}[kind], path)
    backbone = TimmBackbone(RESNET, checkpoint=str(path))
    loaded = backbone.model.state_dict()
    assert loaded and all(torch.equal(value, published[key]) for key, value in loaded.items())


def test_a_checkpoint_that_does_not_fit(published, tmp_path):
    path = tmp_path / 'weights.pth'
    key = next(key for key in published if key.endswith('conv1.weight') and key.startswith('layer1'))
    del published[key]
    torch.save(published | {'stray.weight': torch.zeros(1)}, path)
    with pytest.raises(CheckpointError) as caught:
        TimmBackbone(RESNET, checkpoint=str(path))
    message = str(caught.value)
    assert key in message and 'stray.weight' in message and '\n' not in message


@pytest.mark.parametrize('name', [RESNET, 'convnext_atto', 'mobilenetv3_small_050'])  # timm loads some leniently
def test_a_checkpoint_that_matches_nothing(name, tmp_path):
    torch.save({'stray.weight': torch.zeros(1)}, tmp_path / 'weights.pth')
    with pytest.raises(CheckpointError, match=f'weights.pth.* does not fit .{name}') as caught:
        TimmBackbone(name, checkpoint=str(tmp_path / 'weights.pth'))
    assert '\n' not in str(caught.value)


def test_a_checkpoint_that_has_to_match_in_part(published, tmp_path, monkeypatch):
    lines = []
    monkeypatch.setattr('mmmtl.models.backbones.timm_checkpoint.print_log', lambda line, logger: lines.append(line))
    path = tmp_path / 'weights.pth'
    part = {key: value for key, value in published.items() if not key.startswith('layer4')}
    part['conv1.0.weight'] = torch.zeros(1, 2)
    torch.save(part, path)
    with pytest.raises(CheckpointError, match=r'not filled: conv1\.0\.weight, layer4.*at least 100 % are required'):
        TimmBackbone(RESNET, checkpoint=str(path))
    backbone = TimmBackbone(RESNET, checkpoint=dict(file=str(path), min_matched=0.2))
    (line,) = lines
    assert f'{path} -> {RESNET}: 59 of 75 entries, ' in line and line.endswith('ignored: conv1.0.weight')
    del part['conv1.0.weight']
    assert all(torch.equal(value, part[key]) for key, value in backbone.model.state_dict().items() if key in part)


class Marker:
    """Unpickled, it leaves a file behind."""

    def __init__(self, path: Path):
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


def test_malicious_broken_and_missing_checkpoints_are_errors(tmp_path):
    marker, hostile, broken, listed = (tmp_path / name for name in ('marker', 'hostile.pth', 'b.safetensors', 'l.pth'))
    torch.save(dict(state_dict=dict(a=Marker(marker))), hostile)
    broken.write_bytes(b'no checkpoint')
    torch.save([1, 2], listed)
    for path, reason in (
        (hostile, 'refused, it holds more than tensors'),
        (broken, 'cannot be read, it is damaged or not a checkpoint'),
        (listed, 'expected a state dict'),
        (tmp_path / 'absent.pth', 'no such checkpoint'),
    ):
        with pytest.raises(CheckpointError, match=reason):
            TimmBackbone(RESNET, checkpoint=str(path))
    assert not marker.exists()
    torch.load(hostile, weights_only=False)
    assert marker.exists()  # it was a real threat
