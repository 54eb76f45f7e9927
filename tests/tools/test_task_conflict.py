"""The cosine matrix of task gradients: against plain backward passes, as a tool, with labels that never meet."""

import pytest
import tool_process
import torch
from tool_process import CONFIGS
from torch.nn.functional import cosine_similarity

from mmmtl.apis import MultiTaskRunner, init_model, load_config
from mmmtl.cli.main import main
from mmmtl.experiments.task_conflict import conflict_table, measure_conflicts

pytestmark = pytest.mark.usefixtures('rooms_cache')


@pytest.fixture
def config():
    """Without chance inside the network."""
    return load_config(CONFIGS / 'tiny_rooms.py', {'model.backbone.drop_path_rate': 0.0})


def test_by_plain_backward_passes(config):
    torch.manual_seed(0)
    model = init_model(config).train()
    cosines, counts, lengths = measure_conflicts(config, model, ('backbone',), 2)
    rows = []
    for data in list(MultiTaskRunner.build_dataloader(config.train_dataloader, seed=0))[:2]:
        data = model.data_preprocessor(data, training=True)
        images, samples = data['inputs'], data['data_samples']
        losses, _ = model.task_losses(model(images, samples), model.targets(samples, images.shape[2:]), samples)
        for loss in losses:
            model.zero_grad()
            loss.backward(retain_graph=True)
            rows.append(torch.cat([p.grad.flatten() for p in model.backbone.parameters()]))
    rows = torch.stack(rows).view(2, 3, -1)
    expected = torch.stack([cosine_similarity(batch[:, None], batch, dim=2) for batch in rows]).mean(0)
    torch.testing.assert_close(cosines, expected, rtol=1e-3, atol=1e-4)
    torch.testing.assert_close(lengths, rows.norm(dim=2).mean(0), rtol=1e-3, atol=1e-5)
    assert (counts == 2).all()


def test_as_a_tool(tmp_path):
    tool = tool_process.run(
        'analysis_tools/task_conflict.py',
        CONFIGS / 'tiny_rooms.py',
        '--batches',
        '2',
        '--out',
        str(tmp_path / 'matrix.png'),
        folder=tmp_path,
    )
    assert tool.code == 0, tool.stderr
    header, _, *rows = tool.stdout.splitlines()
    assert header == '| cosine | semseg | depth | normal | mean norm | batches |'
    assert [row.split(' | ')[0] for row in rows] == ['| semseg', '| depth', '| normal']
    assert rows[0].split(' | ')[1] == '1.000' and rows[0].endswith(' 2 |')
    assert (tmp_path / 'matrix.png').stat().st_size > 1000


def test_tasks_that_never_meet(config):
    config.train_dataloader.batch_size = 1
    config.train_dataloader.dataset.label_setting = dict(type='mmmtl.OneLabel', seed=0)
    cosines, counts, lengths = measure_conflicts(config, init_model(config).train(), ('backbone',), 10)
    assert counts.sum() == 10 and not (counts - counts.diagonal().diag()).any()
    text = conflict_table(['semseg', 'depth', 'normal'], cosines, counts, lengths)
    assert '| depth | – | 1.000 | – |' in text


def test_a_part_that_is_not_there(tmp_path):
    tool = tool_process.run(
        'analysis_tools/task_conflict.py', CONFIGS / 'tiny_rooms.py', '--shared', 'encoder', folder=tmp_path
    )
    assert "no trainable parameter is named 'encoder'" in tool.error


def test_over_a_training(tmp_path):
    tool = tool_process.run(
        'analysis_tools/task_conflict.py',
        CONFIGS / 'tiny_rooms.py',
        '--train',
        '2',
        '--curves',
        str(tmp_path / 'new' / 'terms.csv'),
        '--out',
        str(tmp_path / 'terms.png'),
        folder=tmp_path,
    )
    assert tool.code == 0, tool.stderr
    assert '| normal | last | 1 |' in tool.stdout
    assert (tmp_path / 'new' / 'terms.csv').read_text().startswith('iteration,term,loss,weight,norm,share,cosine\n1,')
    assert (tmp_path / 'terms.png').stat().st_size > 1000


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        (('--curves', 'a.csv'), '--curves and --work-dir need --train K'),
        (('--train', '5', '--curves', 'a.txt'), 'a.txt: expected a file name that ends in .csv or .json'),
        (('--out', 'a.bmp'), 'a.bmp: expected a file name that ends in .png or .pdf or .svg'),
    ],
)
def test_wrong_options(tmp_path, monkeypatch, capsys, options, message):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit):
        main(['task-conflict', str(CONFIGS / 'tiny_rooms.py'), *options])
    assert message in capsys.readouterr().err and not list(tmp_path.iterdir())
