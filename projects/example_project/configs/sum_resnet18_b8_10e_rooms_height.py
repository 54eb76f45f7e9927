"""Depth and the project's own task, height above the floor, on generated rooms, from scratch in a minute on a CPU."""

custom_imports = dict(imports=['example_project'])  # registers Charbonnier, Height, RoomsWithHeight and SumHead

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
    backbone=dict(type='mmmtl.TimmBackbone', model_name='resnet18', out_indices=(1, 2, 3, 4)),
    decode_head=dict(type='mmmtl.SumHead', channels=32),
)
optim_wrapper = dict(optimizer=dict(type='AdamW', lr=1e-3, weight_decay=1e-4))
param_scheduler = [dict(type='CosineAnnealingLR', by_epoch=True, convert_to_iter_based=True, T_max=10, eta_min=1e-5)]
train_cfg = dict(by_epoch=True, max_epochs=10, val_interval=5)
val_cfg = dict()
test_cfg = dict()
randomness = dict(seed=0)
