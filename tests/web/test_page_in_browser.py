"""The page in a headless browser: upload, results, download, files that fail, and no request to another machine."""

import io
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

pytestmark = pytest.mark.check
BROWSERS = ('chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable')
# a server that reports where it connects to, and is refused anything but the loopback
WATCHED = """
import socket, sys
def watched(connect):
    def run(self, address, *rest):
        if self.family != socket.AF_UNIX and address[0] not in ('127.0.0.1', '::1', 'localhost'):
            print(f'FOREIGN {address}', file=sys.stderr, flush=True)
            raise OSError('refused by the test')
        return connect(self, address, *rest)
    return run
socket.socket.connect = watched(socket.socket.connect)
socket.socket.connect_ex = watched(socket.socket.connect_ex)
from mmmtl.cli.main import main
main(sys.argv[1:])
"""
LOCAL = re.compile(r'(https?|wss?)://127\.0\.0\.1[:/]|data:|blob:|about:')


@dataclass
class Server:
    """A running page."""

    url: str
    process: subprocess.Popen
    log: Path
    temporary: Path


@dataclass
class Visit:
    """A visit to a page."""

    page: object
    foreign: list[str] = field(default_factory=list)

    def upload(self, file: Path, to: str = '#photograph') -> None:
        """Choose a file; the file before it is removed."""
        remove = self.page.locator(f'{to} button[aria-label="Clear"]')
        if remove.count():
            remove.first.click()
        self.page.locator(f'{to} input[type=file]').set_input_files(str(file))

    def status(self, pattern: str, where: str = '#status', seconds: int = 120) -> str:
        """Wait for a status that matches, and return it."""
        line = self.page.locator(where, has_text=re.compile(pattern))
        line.wait_for(timeout=1000 * seconds)
        return line.inner_text().strip()


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(('127.0.0.1', 0))
        return listener.getsockname()[1]


@pytest.fixture(scope='module')
def serve(tmp_path_factory) -> Iterator[Callable[..., Server]]:
    """Start servers; they end with the module, and leave no file."""
    pytest.importorskip('gradio')
    servers = []

    def start(*options: str) -> Server:
        folder, port = tmp_path_factory.mktemp('server'), free_port()
        temporary = folder / 'tmp'
        temporary.mkdir()
        environment = os.environ | {'TMPDIR': str(temporary)}
        with (folder / 'log').open('w') as log:
            process = subprocess.Popen(
                [sys.executable, '-c', WATCHED, 'web', '--port', str(port), *options],
                cwd=folder, env=environment, stdout=log, stderr=log,
            )  # fmt: skip
        servers.append(Server(f'http://127.0.0.1:{port}/', process, folder / 'log', temporary))
        for _ in range(120):
            if 'stop with Ctrl-C' in (folder / 'log').read_text() or process.poll() is not None:
                break
            time.sleep(0.5)
        assert process.poll() is None, (folder / 'log').read_text()
        return servers[-1]

    yield start
    for server in servers:
        server.process.terminate()
        assert server.process.wait(30) == 0, server.log.read_text()
        text = server.log.read_text()
        assert 'FOREIGN' not in text and 'Traceback' not in text, text
        assert not list(server.temporary.glob('mmmtl-web-*'))


@pytest.fixture(scope='module')
def visit() -> Iterator[Callable[[Server], Visit]]:
    """Open pages in a browser that reaches nothing but the loopback; requests to other machines are counted."""
    playwright = pytest.importorskip('playwright.sync_api')
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        pytest.skip('needs a browser: install chromium')
    visits = []
    with playwright.sync_playwright() as driver:
        arguments = ['--no-sandbox', '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1']
        chromium = driver.chromium.launch(executable_path=browser, args=arguments)

        def open_page(server: Server) -> Visit:
            context = chromium.new_context(viewport={'width': 1400, 'height': 1000})
            found = Visit(context.new_page())
            visits.append(found)

            def decide(route) -> None:
                if LOCAL.match(route.request.url):
                    route.continue_()
                else:
                    found.foreign.append(route.request.url)
                    route.abort()

            context.route('**/*', decide)
            found.page.on('websocket', lambda socket: LOCAL.match(socket.url) or found.foreign.append(socket.url))
            found.page.goto(server.url)
            found.page.locator('#photograph').wait_for(timeout=60_000)
            return found

        yield open_page
        chromium.close()
    assert not [url for found in visits for url in found.foreign]


@pytest.fixture(scope='module')
def server(serve) -> Server:
    return serve('--max-megapixels', '13', '--max-megabytes', '30')


@pytest.fixture(scope='module')
def photographs(tmp_path_factory) -> Path:
    """A small photograph, one of 12 megapixels, one of more, and files that are none."""
    folder = tmp_path_factory.mktemp('photographs')
    small = np.random.default_rng(0).integers(0, 255, (12, 16, 3), np.uint8)
    for name, size in (('small.png', (320, 240)), ('large.jpg', (4000, 3000)), ('huge.jpg', (4200, 3200))):
        Image.fromarray(small).resize(size, Image.Resampling.BICUBIC).save(folder / name)
    (folder / 'broken.jpg').write_bytes((folder / 'large.jpg').read_bytes()[:5000])
    (folder / 'text.png').write_text('no photograph')
    return folder


def test_upload_result_and_download(server, visit, photographs, tmp_path):
    found = visit(server)
    found.upload(photographs / 'small.png')
    assert found.status('small.png') == 'small.png: 320 x 240'
    figures = found.page.locator('#maps figure')
    assert figures.count() == 5
    assert figures.nth(2).locator('figcaption').inner_text() == 'depth'
    assert found.page.locator('#maps img.key').count() == 4
    with found.page.expect_download() as download:
        found.page.locator('#download').click()
    download.value.save_as(tmp_path / 'maps.zip')
    with zipfile.ZipFile(tmp_path / 'maps.zip') as archive:
        depth = np.load(io.BytesIO(archive.read('small.depth.npy')))
        assert 'small.sheet.png' in archive.namelist()
    assert depth.shape == (240, 320) and depth.min() > 0


def test_the_slider_and_the_point_cloud(server, visit, photographs):
    found = visit(server)
    found.upload(photographs / 'small.png')
    found.status('small.png')
    found.page.get_by_role('tab', name='normal', exact=True).click()
    slider = found.page.locator('#slider-normal img')
    slider.nth(1).wait_for()
    assert slider.count() == 2
    found.page.get_by_role('tab', name='Point cloud').click()
    canvas = found.page.frame_locator('#cloud iframe').locator('canvas')
    canvas.wait_for()
    before = canvas.screenshot()
    coloured = (np.asarray(Image.open(io.BytesIO(before)).convert('RGB')) < 250).any(-1).mean()
    box = canvas.bounding_box()
    found.page.mouse.move(box['x'] + 300, box['y'] + 200)
    found.page.mouse.down()
    found.page.mouse.move(box['x'] + 420, box['y'] + 240, steps=4)
    found.page.mouse.up()
    found.page.wait_for_timeout(500)
    assert coloured > 0.2 and canvas.screenshot() != before


def test_a_field_of_view(server, visit, photographs):
    found = visit(server)
    found.page.locator('#angle textarea, #angle input').fill('wide')
    found.upload(photographs / 'small.png')
    assert found.status('field of view') == "field of view: expected 1 to 175 degrees, found 'wide'"
    found.page.locator('#angle textarea, #angle input').fill('50')
    found.page.locator('#angle textarea, #angle input').press('Enter')
    found.status('small.png')
    found.page.get_by_role('tab', name='Point cloud').click()
    found.page.locator('#cloud', has_text='field of view of 50°').wait_for()


def test_a_photograph_of_12_megapixels(server, visit, photographs, tmp_path):
    found = visit(server)
    found.upload(photographs / 'large.jpg')
    assert found.status('large.jpg') == 'large.jpg: 4000 x 3000'
    with found.page.expect_download() as download:
        found.page.locator('#download').click()
    download.value.save_as(tmp_path / 'maps.zip')
    with zipfile.ZipFile(tmp_path / 'maps.zip') as archive:
        assert Image.open(io.BytesIO(archive.read('large.semseg.png'))).size == (4000, 3000)


@pytest.mark.parametrize(
    ('name', 'line'),
    [
        ('broken.jpg', 'broken.jpg: cannot be read'),
        ('text.png', 'text.png: cannot be read|text.png: .*not an image'),
        ('huge.jpg', 'huge.jpg: 4200 x 3200 are 13.4 megapixels; the limit is 13'),
    ],
)
def test_files_that_fail_are_one_line_and_the_next_one_works(name, line, server, visit, photographs):
    found = visit(server)
    found.upload(photographs / name)
    text = found.status(line)
    assert '\n' not in text and '/' not in text.replace('3 x 4', '') and found.page.locator('.error').count() == 1
    assert found.page.locator('#maps figure').count() == 0 and found.page.locator('#download').is_disabled()
    found.upload(photographs / 'small.png')
    found.status('small.png')
    assert found.page.locator('.error').count() == 0


def test_the_second_tab_names_what_it_needs(server, visit):
    found = visit(server)
    found.page.get_by_role('tab', name='Two photographs').click()
    found.page.get_by_text('looks at single photographs only').wait_for()
    assert found.page.get_by_text('mmmtl web --model cvm/').is_visible()


def test_two_photographs(serve, visit, tmp_path):
    """With a cross-view network of random weights: the numbers do not matter here."""
    import torch

    from mmmtl.apis import load_config
    from mmmtl.registry import MODELS

    recipe = 'cvm/cvm_resnet18_b12_900i_rooms_small_pairs_full'
    config = load_config(recipe)
    config.model.backbone.pop('pretrained', None)
    torch.save({'state_dict': MODELS.build(config.model).state_dict()}, tmp_path / 'weights.pth')
    for index in (1, 2):
        pixels = np.random.default_rng(index).integers(0, 255, (64, 80, 3), np.uint8)
        Image.fromarray(pixels).save(tmp_path / f'{index}.png')
    pose = np.eye(4)
    cameras = []
    for shift in (0, -0.2):
        pose[0, 3] = shift
        cameras.append({'intrinsics': [[70, 0, 40], [0, 70, 32], [0, 0, 1]], 'camera_T_world': pose.tolist()})
    found = visit(serve('--model', recipe, '--checkpoint', str(tmp_path / 'weights.pth')))
    found.page.get_by_role('tab', name='Two photographs').click()
    found.page.locator('#predict-views').click()
    found.status('two photographs are needed', '#views-status')
    found.upload(tmp_path / '1.png', '#view-1')
    found.upload(tmp_path / '2.png', '#view-2')
    found.page.wait_for_timeout(1000)  # until both are uploaded
    found.page.locator('#cameras textarea').fill('[{}]')
    found.page.locator('#predict-views').click()
    assert found.status('cameras', '#views-status') == 'cameras[0]: has no intrinsics'
    found.page.locator('#cameras textarea').fill(json.dumps(cameras))
    found.page.locator('#predict-views').click()
    assert found.status('1.png', '#views-status') == '1.png and 2.png'
    tasks = len(load_config(recipe).tasks)
    assert found.page.locator('#views-maps figure').count() == 2 * (1 + tasks)


def test_the_time_limit(serve, visit, photographs):
    found = visit(serve('--timeout', '0.01'))
    found.upload(photographs / 'small.png')
    assert 'no result within 0.01 seconds' in found.status('no result')
