"""Log samples that are skipped because of a bad file."""

from collections import Counter
from collections.abc import Iterable

from mmengine.dist import all_gather_object, is_main_process
from mmengine.hooks import Hook

from mmmtl.registry import HOOKS


@HOOKS.register_module()
class BadSampleHook(Hook):
    """Log the samples that datasets with ``on_bad_sample='skip'`` skip.

    Each bad record is logged once, and the number of skipped samples of all processes after every epoch. Errors arrive
    in the metainfo ``skipped`` of samples, with and without workers.
    """

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()  # error message -> number of samples, on this process
        self.total: Counter[str] = Counter()  # on all processes, at the end of the last epoch
        self.logged: set[str] = set()

    def before_train(self, runner) -> None:
        if runner.iter == 0:  # the counts of a loaded checkpoint do not apply
            self.counts.clear()

    def after_train_iter(
        self, runner, batch_idx: int, data_batch: dict | None = None, outputs: dict | None = None
    ) -> None:
        assert data_batch is not None
        errors = [error for sample in data_batch['data_samples'] for error in sample.get('skipped', ())]
        self.counts.update(errors)
        self.log(runner, errors)

    def after_train_epoch(self, runner) -> None:
        self.total = sum(all_gather_object(self.counts), Counter())
        self.log(runner, self.total)
        if self.total:
            runner.logger.warning(
                f'{self.total.total()} samples have been skipped so far because of {len(self.total)} bad '
                'files; mmmtl check-data CONFIG lists them'
            )

    def log(self, runner, errors: Iterable[str]) -> None:
        """Log each error once."""
        for error in errors:
            if error not in self.logged:
                self.logged.add(error)
                runner.logger.warning(f'skipped a sample and used the next one: {error}')

    def before_save_checkpoint(self, runner, checkpoint: dict) -> None:
        checkpoint['meta']['bad_samples'] = dict(sum(all_gather_object(self.counts), Counter()))

    def after_load_checkpoint(self, runner, checkpoint: dict) -> None:
        if is_main_process():  # the checkpoint has the sum over all processes
            self.counts = Counter(checkpoint.get('meta', {}).get('bad_samples', {}))
