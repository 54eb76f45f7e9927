"""Loss weightings on small generated rooms with full labels: 2 epochs, 400 steps of a small SegNet."""

from mmmtl.models.loss_weighting import (
    FAMO,
    MGDA,
    DynamicWeightAverage,
    FixedWeighting,
    GeometricMeanWeighting,
    GradNorm,
    GradVac,
    ImpartialLossWeighting,
    NashMTL,
    PriorityConstrainedDescent,
    RandomWeighting,
    SmoothChebyshevWeighting,
    TorchJDWeighting,
    UncertaintyWeighting,
)

_segnet = '../baseline/conv_segnet_small_b8_4e_rooms_small_full.py'
_short = {'param_scheduler.1.T_max': 2, 'train_cfg.max_epochs': 2, 'train_cfg.val_interval': 2}

rows = dict(
    uniform=(_segnet, _short, {'model.loss_weighting': dict(type=FixedWeighting)}),
    uncertainty=(_segnet, _short, {'model.loss_weighting': dict(type=UncertaintyWeighting)}),
    imtl_l=(_segnet, _short, {'model.loss_weighting': dict(type=ImpartialLossWeighting)}),
    geometric_mean=(_segnet, _short, {'model.loss_weighting': dict(type=GeometricMeanWeighting)}),
    stch=(_segnet, _short, {'model.loss_weighting': dict(type=SmoothChebyshevWeighting)}),
    random=(_segnet, _short, {'model.loss_weighting': dict(type=RandomWeighting)}),
    dwa=(_segnet, _short, {'model.loss_weighting': dict(type=DynamicWeightAverage, period=50)}),
    famo=(_segnet, _short, {'model.loss_weighting': dict(type=FAMO)}),
    gradnorm=(_segnet, _short, {'model.loss_weighting': dict(type=GradNorm)}),
    mgda=(_segnet, _short, {'model.loss_weighting': dict(type=MGDA)}),
    nash=(_segnet, _short, {'model.loss_weighting': dict(type=NashMTL)}),
    pcgrad=(_segnet, _short, {'model.loss_weighting': dict(type=TorchJDWeighting, method='PCGrad')}),
    gradvac=(_segnet, _short, {'model.loss_weighting': dict(type=GradVac)}),
    cagrad=(_segnet, _short, {'model.loss_weighting': dict(type=TorchJDWeighting, method='CAGrad')}),
    imtl_g=(_segnet, _short, {'model.loss_weighting': dict(type=TorchJDWeighting, method='IMTLG')}),
    aligned=(_segnet, _short, {'model.loss_weighting': dict(type=TorchJDWeighting, method='AlignedMTL')}),
    fairgrad=(_segnet, _short, {'model.loss_weighting': dict(type=TorchJDWeighting, method='FairGrad')}),
    upgrad=(_segnet, _short, {'model.loss_weighting': dict(type=TorchJDWeighting, method='UPGrad')}),
    dualproj=(_segnet, _short, {'model.loss_weighting': dict(type=TorchJDWeighting, method='DualProj')}),
    pcd=(_segnet, _short, {'model.loss_weighting': dict(type=PriorityConstrainedDescent, primary='semseg')}),
)
