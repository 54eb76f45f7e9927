"""The account of samples that were left out because a file is bad."""

from collections import Counter

from mmengine.dist import all_gather_object, is_main_process
from mmengine.hooks import Hook

from mmmtl.registry import HOOKS


@HOOKS.register_module()
class BadSampleHook(Hook):
    """Logs what a data set with ``on_bad_sample='skip'`` left out: each bad record once, and after every epoch how many
    samples of all processes it was.

    The samples bring the news themselves (metainfo ``skipped``), so it is the same with workers and without.
    """

    def __init__(self) -> None:
        self.found: Counter[str] = Counter()  # what was wrong -> how often, on this process
        self.total: Counter[str] = Counter()  # on all of them, when the last epoch ended
        self.told: set[str] = set()

    def after_train_iter(
        self, runner, batch_idx: int, data_batch: dict | None = None, outputs: dict | None = None
    ) -> None:
        errors = [error for sample in data_batch['data_samples'] for error in sample.get('skipped', ())]
        self.found.update(errors)
        self.tell(runner, errors)

    def after_train_epoch(self, runner) -> None:
        self.total = sum(all_gather_object(self.found), Counter())
        self.tell(runner, self.total)
        if self.total:
            runner.logger.warning(
                f'{self.total.total()} samples have been left out so far, for {len(self.total)} bad '
                'files; check_dataset.py CONFIG lists them'
            )

    def tell(self, runner, errors) -> None:
        """Each error once."""
        for error in errors:
            if error not in self.told:
                self.told.add(error)
                runner.logger.warning(f'sample left out, the next one stands in for it: {error}')

    def before_save_checkpoint(self, runner, checkpoint: dict) -> None:
        checkpoint['meta']['bad_samples'] = dict(sum(all_gather_object(self.found), Counter()))

    def after_load_checkpoint(self, runner, checkpoint: dict) -> None:
        if is_main_process():  # the sum of all processes is kept by one of them
            self.found = Counter(checkpoint.get('meta', {}).get('bad_samples', {}))
