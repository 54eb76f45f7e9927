"""The page itself: two tabs, built with gradio."""

import tempfile
from pathlib import Path
from typing import Any

import gradio

from mmmtl.apis import MultiTaskInferencer
from mmmtl.errors import DataError
from mmmtl.web.limits import Limits, TimedWorker
from mmmtl.web.prediction import PagePrediction, parse_cameras, parse_degrees, predict_photograph, predict_views
from mmmtl.web.results import draw_cloud, draw_map_key, overview, slider_images, write_archive
from mmmtl.web.status import reported, status_line

CSS = """
.maps { display: flex; flex-wrap: wrap; gap: 16px; }
.maps figure { flex: 0 1 calc(50% - 8px); min-width: 240px; margin: 0; }
.maps figcaption { font-weight: 600; margin-bottom: 4px; }
.maps img { width: 100%; height: auto; display: block; }
iframe.cloud { width: 100%; height: 560px; border: 1px solid #ccc; }
.status { min-height: 1.5em; }
.status .error { color: #b3261e; font-weight: 600; overflow-wrap: anywhere; }
"""
EXAMPLE_CAMERAS = """[
  {"intrinsics": [[500, 0, 320], [0, 500, 240], [0, 0, 1]],
   "camera_T_world": [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]},
  {"intrinsics": [[500, 0, 320], [0, 500, 240], [0, 0, 1]],
   "camera_T_world": [[1, 0, 0, -0.2], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]}
]"""
PRIVATE: dict[str, Any] = {'api_visibility': 'private', 'show_progress': 'minimal'}


def theme() -> gradio.themes.Base:
    """Return a theme that uses the fonts of the browser; gradio's own themes load fonts from Google."""
    return gradio.themes.Base(font=['system-ui', 'sans-serif'], font_mono=['ui-monospace', 'monospace'])


def build_page(infer: MultiTaskInferencer, title: str, limits: Limits, folder: str) -> gradio.Blocks:
    """Build the page.

    Args:
        infer: The network.
        title: Its name.
        limits: Limits of uploads and predictions.
        folder: Folder for temporary files.
    """
    worker = TimedWorker(limits.seconds)
    with gradio.Blocks(title=f'mmmtl: {title}', analytics_enabled=False, delete_cache=(600, 3600)) as page:
        gradio.Markdown(f'# mmmtl\nPredictions of `{title}` for {", ".join(infer.model.tasks)}.')
        with gradio.Tab('One photograph'):
            photograph_tab(infer, limits, worker, folder)
        with gradio.Tab('Two photographs'):
            if infer.model.looks_across_views:
                views_tab(infer, limits, worker, folder)
            else:
                gradio.Markdown(
                    f'`{title}` looks at single photographs only. This tab needs a network that looks across views, '
                    'such as one trained with [CvM](https://arxiv.org/abs/2511.20646):\n\n'
                    '`mmmtl web --model cvm/cvm_lite0_b8_700i_rooms_to_two_view_pairs_full --checkpoint FILE`'
                )
    return page


def photograph_tab(infer: MultiTaskInferencer, limits: Limits, worker: TimedWorker, folder: str) -> None:
    """Build the tab for one photograph."""
    tasks = infer.model.tasks
    sliders, keys = [], []
    with gradio.Row():
        with gradio.Column(scale=1, min_width=260):
            file = gradio.File(label='Photograph', type='filepath', height=140, elem_id='photograph')
            angle = gradio.Textbox(
                label='Horizontal field of view in degrees',
                info='Optional; corrects the depth for the lens.',
                elem_id='angle',
            )
            status = gradio.HTML(status_line(''), elem_id='status')
            archive = gradio.DownloadButton('Download the maps', interactive=False, elem_id='download')
            gradio.Markdown(f'At most {limits.megapixels:g} megapixels and {limits.megabytes:g} MB.')
        with gradio.Column(scale=4), gradio.Tabs():
            with gradio.Tab('All tasks'):
                maps = gradio.HTML('', elem_id='maps')
            for name in tasks:
                with gradio.Tab(name):
                    sliders.append(
                        gradio.ImageSlider(
                            label=f'photograph and {name}', interactive=False, max_height=720, elem_id=f'slider-{name}'
                        )
                    )
                    keys.append(
                        gradio.Image(
                            label='key', interactive=False, show_label=False, buttons=[], elem_id=f'key-{name}'
                        )
                    )
            with gradio.Tab('Point cloud', visible=any(task.quantity == 'depth' for task in tasks.values())):
                cloud = gradio.HTML('', elem_id='cloud')
    outputs = [status, archive, maps, *sliders, *keys, cloud]

    def predict(path: str | None, degrees: str) -> list[Any]:
        if path is None:
            return ['', *cleared]

        field_of_view = parse_degrees(degrees)

        def show() -> list[Any]:
            image = limits.read(path)
            found = predict_photograph(infer, Path(path).stem, image, field_of_view)
            shown = [slider_images(found, task) for task in tasks.values()]
            legends = [
                draw_map_key(task, found.maps[name], before.shape[1])
                for (before, _), (name, task) in zip(shown, tasks.items(), strict=True)
            ]
            images = [gradio.update(value=key if key.shape[0] else None, visible=bool(key.shape[0])) for key in legends]
            summary = f'{Path(path).name}: {image.shape[1]} x {image.shape[0]}'
            return [
                summary,
                *downloads([found], infer, folder),
                overview([found], tasks),
                *shown,
                *images,
                draw_cloud(found, tasks),
            ]

        return worker(show)

    cleared: list[Any] = [gradio.update(value=None, interactive=False), '', *[None] * (2 * len(tasks)), '']
    guarded = reported(predict, cleared)
    for event in (file.upload, angle.submit):
        event(guarded, [file, angle], outputs, **PRIVATE)
    file.clear(lambda: [status_line(''), *cleared], None, outputs, **PRIVATE)


def views_tab(infer: MultiTaskInferencer, limits: Limits, worker: TimedWorker, folder: str) -> None:
    """Build the tab for two photographs with cameras."""
    with gradio.Row():
        with gradio.Column(scale=1, min_width=300):
            files = [
                gradio.File(label=f'Photograph {index}', type='filepath', height=120, elem_id=f'view-{index}')
                for index in (1, 2)
            ]
            cameras = gradio.Textbox(
                EXAMPLE_CAMERAS,
                label='Cameras',
                info='JSON, one object per photograph: intrinsics in pixels, camera_T_world (world to camera) in m.',
                lines=8,
                elem_id='cameras',
            )
            start = gradio.Button('Predict', elem_id='predict-views')
            status = gradio.HTML(status_line(''), elem_id='views-status')
            archive = gradio.DownloadButton('Download the maps', interactive=False, elem_id='views-download')
        with gradio.Column(scale=4):
            maps = gradio.HTML('', elem_id='views-maps')
            cloud = gradio.HTML('', elem_id='views-cloud')

    def predict(first: str | None, second: str | None, text: str) -> list[Any]:
        if first is None or second is None:
            raise DataError('two photographs are needed; choose both, then press Predict')
        paths = [Path(first), Path(second)]

        def show() -> list[Any]:
            images = [limits.read(path) for path in paths]
            names = [f'{index}-{path.stem}' for index, path in enumerate(paths, 1)]
            found = predict_views(infer, names, images, parse_cameras(text))
            summary = ' and '.join(path.name for path in paths)
            shown = overview(found, infer.model.tasks)
            return [summary, *downloads(found, infer, folder), shown, draw_cloud(found[0], infer.model.tasks)]

        return worker(show)

    cleared: list[Any] = [gradio.update(value=None, interactive=False), '', '']
    start.click(reported(predict, cleared), [*files, cameras], [status, archive, maps, cloud], **PRIVATE)


def downloads(found: list[PagePrediction], infer: MultiTaskInferencer, folder: str) -> list[Any]:
    """Write the archive; return the button that downloads it."""
    path = Path(tempfile.mkdtemp(dir=folder)) / f'{found[0].name}.zip'
    write_archive(path, found, infer.model.tasks)
    return [gradio.update(value=str(path), interactive=True)]
