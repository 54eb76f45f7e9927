"""MMEngine's profiler works as a hook of the config."""

import json

from tiny_run import tiny_run


def test_the_profiler_records_the_first_iterations(tmp_path, capfd):
    trace = tmp_path / 'trace.json'
    profiler = dict(
        type='ProfilerHook',
        by_epoch=False,
        profile_times=2,
        json_trace_path=str(trace),
        on_trace_ready=dict(type='log_trace', sort_by='self_cpu_time_total', row_limit=5),
    )
    runner = tiny_run(tmp_path / 'run', custom_hooks=[profiler])
    runner.train()
    events = json.loads(trace.read_text())['traceEvents']
    names = [event['name'] for event in events if 'name' in event]
    assert 'aten::convolution_backward' in names
    assert names.count('Optimizer.step#AdamW.step') == 2
    assert runner.iter > 2  # the run goes on without the profiler
    assert 'Self CPU time total' in capfd.readouterr().out
