"""The relations between tasks that ATRC's search found with HRNet-w18, as published."""

G, T, S, NONE = 'global', 't-label', 's-label', 'none'


def _table(names: tuple[str, ...], rows: dict[str, tuple[str, ...]]) -> dict[str, dict[str, str]]:
    return {target: dict(zip(names, relations, strict=True)) for target, relations in rows.items()}


NYUD = _table(
    ('semseg', 'depth', 'normal', 'edge'),
    dict(semseg=(T, T, S, S), depth=(S, T, S, S), normal=(S, T, T, S), edge=(T, T, G, T)),
)
"""``{target: {source: relation}}`` of NYUD-v2."""

PASCAL = _table(
    ('semseg', 'human_parts', 'saliency', 'normal', 'edge'),
    dict(
        semseg=(T, T, S, NONE, S),
        human_parts=(T, T, S, T, S),
        saliency=(T, T, T, S, T),
        normal=(T, T, T, T, S),
        edge=(T, T, T, G, T),
    ),
)
"""``{target: {source: relation}}`` of PASCAL-Context."""
