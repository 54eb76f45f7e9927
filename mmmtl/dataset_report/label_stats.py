"""Statistics of the labels that the datasets of a config show."""

from collections import Counter
from collections.abc import Iterator

from mmengine.config import Config
from torch.utils.data import DataLoader, Dataset

from mmmtl.dataset_report.collect import RecordFacts, SplitFacts, label_facts
from mmmtl.dataset_report.description import describe_task, describe_together
from mmmtl.dataset_report.inspection import configured_datasets
from mmmtl.datasets import MultiTaskDataset
from mmmtl.progress import progress


def label_stats(
    config: Config, *, open_files: bool = True, workers: int = 0, show_progress: bool = False
) -> Iterator[str]:
    """Yield one text per dataset: counts, co-occurrence and, if ``open_files``, ranges and pixels per class.

    Hidden labels and images are not opened.

    Raises:
        DataError: A shown label is missing or damaged.
    """
    for name, dataset in configured_datasets(config):
        split = SplitFacts(name, dataset)
        if open_files:
            loader = DataLoader(ShownLabelFacts(dataset), batch_size=None, num_workers=workers)
            records = progress(loader, description=name, unit='record', leave=False) if show_progress else loader
            split.records = list(records)
        yield '\n'.join([*describe_shown(split), *(describe_pixels(split) if open_files else ())])


class ShownLabelFacts(Dataset):
    """Statistics of the shown labels of each record as a dataset, for a data loader."""

    def __init__(self, dataset: MultiTaskDataset) -> None:
        self.dataset = dataset

    def __len__(self) -> int:
        return len(self.dataset)

    def __getitem__(self, index: int) -> RecordFacts:
        record = self.dataset.records[index]
        facts = RecordFacts(record.name)
        for name in self.dataset.shown[index]:
            task = self.dataset.tasks[name]
            readers = [view.labels[name] for view in record.views if name in view.labels]
            facts.labels[name] = [label_facts(reader.path, task, reader.load(task), {}, None) for reader in readers]
        return facts


def describe_shown(split: SplitFacts) -> Iterator[str]:
    """Yield lines on the numbers of shown and hidden labels per task, and on the sets of labels shown together."""
    dataset = split.dataset
    yield f'{split.name}: {dataset}, {len(dataset)} records, {type(dataset.label_setting).__name__}'
    yield ''
    yield f'  {"task":<12} {"shown":>7} {"hidden":>7} {"fraction":>8}'
    for name in dataset.tasks:
        shown = sum(name in names for names in dataset.shown)
        existing = sum(name in record.label_names() for record in dataset.records)
        yield f'  {name:<12} {shown:>7} {existing - shown:>7} {100 * shown / len(dataset):>6.1f} %'
    yield ''
    yield '  shown together'
    for names, count in sorted(Counter(dataset.shown).items(), key=lambda item: (-item[1], item[0])):
        yield f'  {count:>7} {" + ".join(names) or "nothing"}'


def describe_pixels(split: SplitFacts) -> Iterator[str]:
    """Yield lines on the range and classes of shown labels, and on images with labels of two tasks."""
    yield ''
    yield f'  {"task":<12} {"images":>7} {"known pixels":>13} {"lowest":>9} {"mean":>9} {"highest":>9}'
    for name in split.dataset.tasks:
        yield from describe_task(split, name)
    yield from describe_together(split)
