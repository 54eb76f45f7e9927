"""Each part of a mixed data set judged by itself."""

from collections.abc import Mapping, Sequence

import torch
from mmengine.dist import all_reduce, get_world_size
from mmengine.evaluator import BaseMetric

from mmmtl.errors import ConfigError
from mmmtl.registry import METRICS


@METRICS.register_module()
class PerDatasetMetric(BaseMetric):
    """Hands every sample to the metrics of the data set that it comes from; numbers are named ``{data set}/{number}``.

    Args:
        parts: ``{part of the ConcatDataset: config of a metric, or a list of them}``. Parts without are not judged.

    Raises:
        ConfigError: The evaluated data set has no part of that name.
    """

    def __init__(self, parts: Mapping[str, dict | Sequence[dict]]) -> None:
        super().__init__()
        self.metrics = {name: [METRICS.build(metric) for metric in as_list(wanted)] for name, wanted in parts.items()}
        self.seen = dict.fromkeys(self.metrics, 0)

    @property
    def dataset_meta(self) -> dict | None:
        """What the evaluator tells of the data set; told on to the metrics."""
        return self._dataset_meta

    @dataset_meta.setter
    def dataset_meta(self, meta: dict) -> None:
        unknown = set(self.metrics) - set(meta.get('parts', ()))
        if unknown:
            raise ConfigError(
                f'PerDatasetMetric.parts names {", ".join(sorted(unknown))}, but the parts of the data '
                f'set are {", ".join(meta.get("parts", ())) or "none: it is no ConcatDataset"}'
            )
        self._dataset_meta = meta
        for metric in (metric for metrics in self.metrics.values() for metric in metrics):
            metric.dataset_meta = meta

    def process(self, data_batch: object, data_samples: Sequence[dict]) -> None:
        """Take in samples that say in ``dataset`` where they come from."""
        for name, metrics in self.metrics.items():
            own = [sample for sample in data_samples if sample['dataset'] == name]
            self.seen[name] += len(own)
            for metric in metrics:
                if own:
                    metric.process(data_batch, own)
        self.results = [{name: [metric.results for metric in metrics] for name, metrics in self.metrics.items()}]

    def evaluate(self, size: int) -> dict[str, float]:
        """The scores of all parts, the same on every process."""
        scores = {}
        for name, metrics in self.metrics.items():
            seen = torch.tensor(self.seen[name])
            if get_world_size() > 1:
                all_reduce(seen)
            for metric in metrics:
                scores |= {f'{name}/{key}': value for key, value in metric.evaluate(seen.item()).items()}
            self.seen[name] = 0
        self.results = []
        return scores

    def compute_metrics(self, results: Sequence[Mapping[str, Sequence[list]]]) -> dict[str, float]:
        """Scores of what `results` of one or several of these metrics hold."""
        scores = {}
        for name, metrics in self.metrics.items():
            for number, metric in enumerate(metrics):
                own = [one for result in results for one in result[name][number]]
                prefix = f'{name}/{metric.prefix}' if metric.prefix else name
                scores |= {f'{prefix}/{key}': value for key, value in metric.compute_metrics(own).items()}
        return scores


def as_list(wanted: dict | Sequence[dict]) -> Sequence[dict]:
    """One config or several, as several."""
    return [wanted] if isinstance(wanted, dict) else wanted
