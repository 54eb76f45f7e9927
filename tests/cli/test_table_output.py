"""Options of tables that are checked before anything is trained."""

from argparse import Namespace

import pytest
from metrics_files import write_metrics

from mmmtl.cli.table_output import check_table_output
from mmmtl.errors import DataError


def test_single_task_runs_need_scores_on_the_data_of_the_table(tmp_path):
    single = write_metrics(tmp_path / 'a', {'depth/abs_rel': 0.2}, {'depth/abs_rel': False})
    for data in ('test', None):
        check_table_output(Namespace(plot=None, single=[single]), data)
    with pytest.raises(DataError, match=r'metrics\.json has scores of the test data, the table of the validation data'):
        check_table_output(Namespace(plot=None, single=[single]), 'validation')
    with pytest.raises(DataError, match=r'validation\.json: no such file; .* CONFIG CHECKPOINT --validation'):
        check_table_output(Namespace(plot=None, single=[f'{single}/validation.json']), 'validation')
