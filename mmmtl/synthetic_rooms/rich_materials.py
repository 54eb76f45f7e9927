"""Materials with wear, grain and dirt."""

import numpy as np

from mmmtl.synthetic_rooms.textures import Materials, hsv

# {kind of texture: kinds that replace it}; one entry is drawn uniformly, so repeated kinds are more frequent
RELATIVES = {
    'plaster': ('plaster', 'mottle', 'mottle', 'speckle', 'brushed'),
    'wood': ('wood', 'grain', 'grain'),
    'planks': ('planks', 'parquet', 'herringbone'),
    'tiles': ('tiles', 'marble', 'slabs'),
    'fabric': ('fabric', 'knit', 'leather', 'mottle'),
    'carpet': ('carpet', 'mottle', 'knit'),
    'stripes': ('stripes', 'stripes', 'ornament', 'fabric'),
    'dots': ('dots', 'ornament', 'fabric'),
    'wallpaper': ('wallpaper', 'ornament', 'mottle', 'brushed'),
    'painting': ('painting', 'collage', 'collage', 'page'),
    'screen': ('screen', 'collage', 'page'),
}


class RichMaterials(Materials):
    """Materials with more variation of kind, scale and contrast, and with muted colours."""

    def mix(
        self,
        kind: str,
        a: np.ndarray,
        b: np.ndarray | None = None,
        c: np.ndarray | None = None,
        *,
        repeat: float = 1.0,
        glow: float = 0.0,
    ) -> int:
        rng = self.rng
        clean, kind = kind, choose(rng, RELATIVES.get(kind, (kind,)))
        a = np.asarray(a, float)
        b = a * 0.85 if b is None else np.asarray(b, float)
        c = a * 0.6 if c is None else np.asarray(c, float)
        if clean == 'plaster':  # paint, stone and plastics: marks of low contrast
            b, c = a + (b - a) * rng.uniform(0.2, 1.3), a * rng.uniform(0.82, 1.1)
        else:
            b = a + (b - a) * rng.uniform(0.6, 1.8)
        b, c = np.clip(b, 0, 1), np.clip(c, 0, 1)
        return super().mix(kind, a, b, c, repeat=repeat * rng.uniform(0.6, 1.3), glow=glow)

    def paint(
        self, saturation: tuple[float, float] = (0.1, 0.7), value: tuple[float, float] = (0.3, 0.9)
    ) -> np.ndarray:
        """Sample a colour (3,), sRGB in 0..1: most are muted, about half are warm, few are vivid."""
        rng = self.rng
        hue = rng.normal(0.09, 0.05) % 1 if rng.random() < 0.55 else rng.random()
        lowest, highest = saturation
        vividness = 1.0 if rng.random() < 0.12 else rng.uniform(0.1, 0.6)  # factor on the saturation
        return hsv(hue, vividness * rng.uniform(lowest, highest), rng.uniform(*value))


def choose(rng: np.random.Generator, choices: tuple[str, ...]) -> str:
    """Return a random element."""
    return choices[rng.integers(len(choices))]
