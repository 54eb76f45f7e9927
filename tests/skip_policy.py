"""``--few-skips``: only what no package can bring, a GPU, Slurm or a browser, may skip a test."""

import pytest

MAY_BE_MISSING = ('CUDA device', 'Slurm', 'browser')


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option."""
    parser.addoption('--few-skips', action='store_true', help='fail if a test is skipped for want of data or an extra')


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Turn a success into a failure where a test was skipped for another reason."""
    if session.config.getoption('few_skips') and unwanted_skips(session.config) and session.exitstatus == 0:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """List these tests; the summary of pytest lists the other skips."""
    if config.getoption('few_skips'):
        for line in unwanted_skips(config):
            terminalreporter.write_line(f'should not be skipped here: {line}', red=True)


def unwanted_skips(config: pytest.Config) -> list[str]:
    """Return ``TEST: REASON`` of each; in a worker process none, as its reports go to the main process."""
    reporter = config.pluginmanager.get_plugin('terminalreporter')
    skipped = reporter.stats.get('skipped', []) if reporter else []
    reasons = [(report.nodeid, report.longrepr[2].removeprefix('Skipped: ')) for report in skipped]
    return [f'{test}: {why}' for test, why in reasons if not any(word in why for word in MAY_BE_MISSING)]
