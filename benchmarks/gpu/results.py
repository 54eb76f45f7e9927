"""The results of all calls so far: ``results.json``, always valid, and ``results.md`` made from it."""

import json
import os
import statistics
from pathlib import Path

from parts import ROWS, SEEDS, parts

SCORES = ('semseg/mIoU', 'depth/abs_rel', 'normal/mean')
FINAL = {'done', 'failed', 'skipped', 'too slow'}


class Results:
    """Status and numbers of every part, kept in a folder.

    Args:
        folder: Output folder.
        dry_run: Whether the numbers are those of a dry run, which are not mixed with others.

    Raises:
        ValueError: The file in the folder is damaged, or is from the other kind of run.
    """

    def __init__(self, folder: Path, dry_run: bool) -> None:
        self.folder, self.file = folder, folder / 'results.json'
        folder.mkdir(parents=True, exist_ok=True)
        self.values = {
            'dry_run': dry_run,
            'seconds': 0.0,
            'parts': {part.name: {'status': 'pending'} for part in parts(dry_run)},
        }
        if self.file.exists():
            try:
                earlier = json.loads(self.file.read_text())
                entries = {name: dict(earlier['parts'].get(name, new)) for name, new in self.values['parts'].items()}
                same_kind, seconds = earlier['dry_run'] == dry_run, float(earlier['seconds'])
            except (ValueError, KeyError, TypeError, AttributeError) as error:
                raise ValueError(f'{self.file}: damaged ({error!r}); delete it to start over') from None
            if not same_kind:
                kind = 'a full run' if dry_run else 'a dry run'
                raise ValueError(f'{self.file}: results of {kind}; choose another folder (OUT=...) or delete it')
            self.values.update(parts=entries, seconds=seconds)

    def pending_parts(self) -> list[str]:
        """Return the names of the parts that have no final result."""
        return [name for name, entry in self.values['parts'].items() if entry['status'] not in FINAL]

    def set(self, name: str, status: str, seconds: float, **entry) -> None:
        """Store the result of a part and write both files."""
        self.values['parts'][name] = {'status': status, 'seconds': round(seconds, 1), **entry}
        self.values['seconds'] = round(self.values['seconds'] + seconds, 1)
        self.write()

    def write(self) -> None:
        """Write both files; each is replaced atomically, so that it is always complete."""
        replace_file(self.file, json.dumps(self.values, indent=1) + '\n')
        replace_file(self.folder / 'results.md', self.markdown())

    def markdown(self) -> str:
        """Return a table of the parts, and one of the goals."""
        entries = self.values['parts']
        lines = ['# Results on a GPU', '']
        if self.values['dry_run']:
            lines += ['**Dry run: tiny sizes; the numbers only show that each part runs.**', '']
        goals = [(name, goal) for name, entry in entries.items() for goal in entry.get('goals', ())]
        if goals:
            lines += ['| part | goal | measured | reached |', '| --- | --- | ---: | --- |']
            lines += [
                f'| {n} | {_cell(g["goal"])} | {_text(g["measured"])} | {_yes(g["reached"])} |' for n, g in goals
            ] + ['']
        lines += rooms_table(entries)
        lines += ['| part | status | seconds | results |', '| --- | --- | ---: | --- |']
        for name, entry in entries.items():
            about = entry.get('message') or '; '.join(f'{k} {_text(v)}' for k, v in entry.get('numbers', {}).items())
            lines.append(f'| {name} | {entry["status"]} | {entry.get("seconds", "")} | {_cell(about)} |')
        return '\n'.join([*lines, ''])


def rooms_table(entries: dict[str, dict]) -> list[str]:
    """Return the mean scores of the rows on rooms over the seeds that are done."""
    seeds = {row: [entries.get(f'rooms_{row}_seed_{seed}', {}).get('numbers') for seed in SEEDS] for row in ROWS}
    done = {row: [numbers for numbers in found if numbers] for row, found in seeds.items()}
    if not any(done.values()):
        return []
    lines = [f'| rooms | seeds | {" | ".join(SCORES)} |', '| --- | ---: |' + ' ---: |' * len(SCORES)]
    for row, runs in done.items():
        values = [[run[name] for run in runs if run.get(name) is not None] for name in SCORES]
        means = [f'{statistics.mean(v):.4g}' if v else '' for v in values]
        lines.append(f'| {row} | {len(runs)} | {" | ".join(means)} |')
    return [*lines, '']


def replace_file(path: Path, text: str) -> None:
    """Write a text file through a temporary one."""
    temporary = path.with_name(f'.{path.name}.partial')
    temporary.write_text(text)
    os.replace(temporary, path)


def _cell(text: str) -> str:
    return ' '.join(text.split()).replace('|', '\\|')


def _yes(reached: bool) -> str:
    return 'yes' if reached else '**no**'


def _text(value) -> str:
    return f'{value:.5g}' if isinstance(value, float) else '' if value is None else str(value)
