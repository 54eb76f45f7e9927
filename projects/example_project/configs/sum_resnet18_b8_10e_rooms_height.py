"""Depth and height above the floor on generated rooms, with all parts of this project; a minute on two CPU cores."""

custom_imports = dict(imports=['example_project'])  # registers the six parts of the project

tasks = dict(
    depth=dict(type='mmmtl.Depth', display_range=(0.5, 6.0)),
    height=dict(type='mmmtl.Height', loss=dict(type='mmmtl.Charbonnier', epsilon=0.05)),
)

_loading = [dict(type='mmmtl.LoadViews'), dict(type='mmmtl.PackViews')]
_size = (64, 80)

train_dataloader = dict(
    batch_size=8,
    num_workers=0,
    sampler=dict(type='mmmtl.EpochSampler'),
    dataset=dict(
        type='mmmtl.RoomsWithHeight',
        split='train',
        scenes=40,
        size=_size,
        pipeline=[
            dict(type='mmmtl.LoadViews'),
            dict(type='mmmtl.RandomZoomCrop'),
            dict(type='mmmtl.RandomFlip'),
            dict(type='mmmtl.PackViews'),
        ],
    ),
)
val_dataloader = dict(
    batch_size=8,
    num_workers=0,
    dataset=dict(type='mmmtl.RoomsWithHeight', split='val', scenes=10, size=_size, pipeline=_loading),
)
test_dataloader = dict(
    batch_size=8,
    num_workers=0,
    dataset=dict(type='mmmtl.RoomsWithHeight', split='test', scenes=10, size=_size, pipeline=_loading),
)
val_evaluator = dict(type='mmmtl.MultiTaskMetric')
test_evaluator = val_evaluator

model = dict(
    type='mmmtl.MultiTaskModel',
    backbone=dict(type='mmmtl.TorchvisionBackbone', name='resnet18'),
    decode_head=dict(type='mmmtl.SumHead', channels=32),
    loss_weighting=dict(type='mmmtl.CoVWeighting'),
)
optim_wrapper = dict(optimizer=dict(type='AdamW', lr=1e-3, weight_decay=1e-4))
param_scheduler = [dict(type='CosineAnnealingLR', by_epoch=True, convert_to_iter_based=True, T_max=10, eta_min=1e-5)]
train_cfg = dict(by_epoch=True, max_epochs=10, val_interval=5)
val_cfg = dict()
test_cfg = dict()
randomness = dict(seed=0)
