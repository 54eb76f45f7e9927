"""Separate evaluation of the parts of a concatenated dataset."""

from collections.abc import Mapping, Sequence

import torch
from mmengine.dist import all_reduce, get_world_size
from mmengine.evaluator import BaseMetric

from mmmtl.errors import ConfigError
from mmmtl.registry import METRICS


@METRICS.register_module()
class PerDatasetMetric(BaseMetric):
    """Evaluate each part of a `ConcatDataset` by its own metrics; scores are named ``{part}/{score}``.

    Args:
        parts: ``{part: config of a metric, or a list of them}``. Other parts are not evaluated.

    Raises:
        ConfigError: The evaluated dataset has no part of a name in ``parts``.
    """

    def __init__(self, parts: Mapping[str, dict | Sequence[dict]]) -> None:
        super().__init__()
        self.metrics = {
            name: [METRICS.build(metric) for metric in _as_list(configs)] for name, configs in parts.items()
        }
        self.num_samples = dict.fromkeys(self.metrics, 0)

    @property
    def dataset_meta(self) -> dict | None:
        """Metainfo of the dataset; passed on to the metrics of the parts."""
        return self._dataset_meta

    @dataset_meta.setter
    def dataset_meta(self, meta: dict) -> None:
        unknown = set(self.metrics) - set(meta.get('parts', ()))
        if unknown:
            raise ConfigError(
                f'PerDatasetMetric.parts names {", ".join(sorted(unknown))}, but the parts of the '
                f'dataset are {", ".join(meta.get("parts", ())) or "none: it is not a ConcatDataset"}'
            )
        self._dataset_meta = meta
        for metric in (metric for metrics in self.metrics.values() for metric in metrics):
            metric.dataset_meta = meta

    def process(self, data_batch: object, data_samples: Sequence[dict]) -> None:
        """Add samples to the metrics of their part, which is their metainfo ``dataset``."""
        for name, metrics in self.metrics.items():
            part_samples = [sample for sample in data_samples if sample['dataset'] == name]
            self.num_samples[name] += len(part_samples)
            for metric in metrics:
                if part_samples:
                    metric.process(data_batch, part_samples)
        self.results = [{name: [metric.results for metric in metrics] for name, metrics in self.metrics.items()}]

    def evaluate(self, size: int) -> dict[str, float]:
        """Return the scores of all parts, equal on all processes."""
        scores: dict[str, float] = {}
        for name, metrics in self.metrics.items():
            count = torch.tensor(self.num_samples[name])
            if get_world_size() > 1:
                all_reduce(count)
            for metric in metrics:
                scores |= {f'{name}/{key}': value for key, value in metric.evaluate(int(count)).items()}
            self.num_samples[name] = 0
        self.results = []
        return scores

    def compute_metrics(self, results: Sequence[Mapping[str, Sequence[list]]]) -> dict[str, float]:
        """Compute scores from the ``results`` of one or several such metrics."""
        scores: dict[str, float] = {}
        for name, metrics in self.metrics.items():
            for index, metric in enumerate(metrics):
                metric_results = [one for result in results for one in result[name][index]]
                prefix = f'{name}/{metric.prefix}' if metric.prefix else name
                scores |= {f'{prefix}/{key}': value for key, value in metric.compute_metrics(metric_results).items()}
        return scores


def _as_list(configs: dict | Sequence[dict]) -> Sequence[dict]:
    """Return a list of configs from one config or several."""
    return [configs] if isinstance(configs, dict) else configs
