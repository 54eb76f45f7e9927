"""Protocols of the generated rooms."""

from mmmtl.configuration.protocol import (
    ALL_VALID_DEPTH,
    ANGLE_METRICS,
    CLASS_METRICS,
    DEPTH_METRICS,
    EDGE_METRICS,
    VIEW_PARTS,
    Protocol,
)

_PLAIN = dict(variety='plain')  # rooms of another variety are another benchmark

ROOM_PROTOCOLS: dict[str, Protocol] = {
    'rooms/small-pairs': Protocol(
        about='200 small generated test rooms, predicted from both views and from one view',
        size=(64, 80),
        dataset={
            part: (
                'SyntheticRooms',
                dict(
                    **_PLAIN, split='test', scenes=200, num_views=2, apart=(0.4, 1.0), nearest=0.5, view_mode=view_mode
                ),
            )
            for part, view_mode in VIEW_PARTS
        },
        tasks=dict(semseg=dict(kind='SemSeg', channels=13), depth=ALL_VALID_DEPTH, normal=dict(kind='Normal')),
        metrics=dict(semseg=CLASS_METRICS, depth=DEPTH_METRICS, normal=ANGLE_METRICS),
    ),
    'rooms/pairs': Protocol(
        about='200 generated test rooms, predicted from both views and from one view',
        size=(128, 160),
        dataset={
            part: ('SyntheticRooms', dict(**_PLAIN, split='test', scenes=200, num_views=2, view_mode=view_mode))
            for part, view_mode in VIEW_PARTS
        },
        tasks=dict(semseg=dict(kind='SemSeg', channels=13), depth=ALL_VALID_DEPTH, normal=dict(kind='Normal')),
        metrics=dict(semseg=CLASS_METRICS, depth=DEPTH_METRICS, normal=ANGLE_METRICS),
    ),
    'rooms/demo': Protocol(
        about='120 generated test rooms, 2 views each, every pixel labelled',
        size=(96, 128),
        dataset=('SyntheticRooms', dict(**_PLAIN, split='test', scenes=120, num_views=2)),
        tasks=dict(semseg=dict(kind='SemSeg', channels=13), depth=ALL_VALID_DEPTH, normal=dict(kind='Normal')),
        metrics=dict(semseg=CLASS_METRICS, depth=DEPTH_METRICS, normal=ANGLE_METRICS),
    ),
    'rooms/small': Protocol(
        about='200 small generated test rooms, 2 views each, for tables that two CPU cores can train',
        size=(64, 80),
        dataset=('SyntheticRooms', dict(**_PLAIN, split='test', scenes=200, num_views=2, view_mode='single')),
        tasks=dict(semseg=dict(kind='SemSeg', channels=13), depth=ALL_VALID_DEPTH, normal=dict(kind='Normal')),
        metrics=dict(semseg=CLASS_METRICS, depth=DEPTH_METRICS, normal=ANGLE_METRICS),
    ),
    'rooms/photographs': Protocol(
        about='120 generated test rooms with the light, surfaces and viewpoints of photographs, 2 views each',
        size=(240, 320),
        dataset=('SyntheticRooms', dict(split='test', scenes=120, num_views=2, variety='photographs')),
        tasks=dict(semseg=dict(kind='SemSeg', channels=13), depth=ALL_VALID_DEPTH, normal=dict(kind='Normal')),
        metrics=dict(semseg=CLASS_METRICS, depth=DEPTH_METRICS, normal=ANGLE_METRICS),
    ),
    'rooms/photographs-edges': Protocol(
        about='the rooms of rooms/photographs, smaller, with the boundaries of instances',
        size=(192, 256),
        dataset=('SyntheticRooms', dict(split='test', scenes=120, num_views=2, variety='photographs')),
        tasks=dict(
            semseg=dict(kind='SemSeg', channels=13),
            depth=ALL_VALID_DEPTH,
            normal=dict(kind='Normal'),
            edge=dict(kind='Edge', max_distance=0.011, thresholds=99),
        ),
        metrics=dict(semseg=CLASS_METRICS, depth=DEPTH_METRICS, normal=ANGLE_METRICS, edge=EDGE_METRICS),
    ),
    'rooms/matches': Protocol(
        about='disparities of a stereo matcher on 40 generated test rooms, correct within one pixel',
        size=(128, 160),
        dataset=('StereoMatches', dict(tolerance=1.0)),
        tasks=dict(confidence=dict(kind='Confidence')),
        metrics=dict(confidence=('cross_entropy', 'accuracy', 'brier')),
    ),
    'rooms/small-stereo': Protocol(
        about='200 small generated test rooms, left and right view of each',
        size=(64, 80),
        dataset=('SyntheticRooms', dict(**_PLAIN, split='test', scenes=200, num_views=1, stereo=True)),
        tasks=dict(semseg=dict(kind='SemSeg', channels=13), depth=ALL_VALID_DEPTH),
        metrics=dict(semseg=CLASS_METRICS, depth=DEPTH_METRICS),
    ),
}
