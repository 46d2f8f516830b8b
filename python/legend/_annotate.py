"""Margins for rows that are in Python, by the coordinator and workers of this machine."""

from __future__ import annotations

import os
import warnings
from pathlib import Path
from typing import Any, List, Literal, Mapping, Optional, TypeVar, Union

from . import _configuration, _programs
from ._job import FINISHED_WITH_FAILED_ROWS, OWN_KEYS, Job, failures
from ._outcome import joined
from ._problems import JobError, LegendWarning, RowErrors
from ._safetensors import PathLike
from ._tables import Table, table
from ._text import quoted
from ._workspace import Workspace

Rows = TypeVar("Rows")
Errors = Literal["keep", "drop", "raise"]

#: What files of rows are called, which an annotated one is not.
ENDINGS = (".gz", ".zst", ".jsonl", ".json", ".csv", ".tsv", ".parquet", ".arrow")


def annotate(
    rows: Rows,
    /,
    model: Union[PathLike, Mapping[str, Any], None] = None,
    *,
    options: Optional[Mapping[str, Any]] = None,
    errors: Optional[Errors] = None,
    work_dir: Optional[PathLike] = None,
    output: Optional[PathLike] = None,
    programs: Optional[PathLike] = None,
    progress: bool = True,
    restart: bool = False,
    **sections: Any,
) -> Rows:
    """Gives each row of a preference dataset a safety margin.

    :param rows: a `datasets.Dataset`, a `datasets.DatasetDict` (one job for all splits), a `pandas.DataFrame`, a list
        of dictionaries, or the path of a file that `legend-coordinator run` reads. It is left as it is.
    :param model: the path of a GGUF file, or the section `model` of cluster.yaml.
    :param options: sections of cluster.yaml, or keys such as `"embedding.layer"`; the same may be keyword arguments:
        `embedding={"layer": 21}`. The coordinator checks them. Relative paths start from the working directory.
    :param errors: what becomes of rows without a margin: `keep` (the default) has them with None in the added columns,
        and warns of them; `drop` leaves them out, and warns; `raise` raises RowErrors. Of a file they are always in a
        file of their own beside the output. Rows that `margin={"negative": "drop"}` drops are in no result.
    :param work_dir: a folder for the job, which stays; an interrupted job goes on from it. By default a temporary one,
        which is removed where the job succeeds.
    :param output: of a path alone: where the annotated rows go (default: `X.annotated.jsonl` beside `X.jsonl`, which
        must not be there yet).
    :param programs: the folder of legend-coordinator and legend-worker (default: LEGEND_BIN, this package, PATH).
    :param progress: whether progress, the log and the closing text are shown on standard error.
    :param restart: forget what an interrupted job in `work_dir` has done.
    :returns: another table of the same kind, with the same rows in the same order, all columns as they were, and
        `margin`, `score_chosen`, `score_rejected` and what else the job adds; of a path the path of the output.
    :raises JobError: where the job fails; its message is the coordinator's own. Its folder then stays.
    :raises ProgramError: where the programs are not found.
    """
    if errors not in (None, "keep", "drop", "raise"):
        raise ValueError(f'errors: expected "keep", "drop" or "raise", found {quoted(errors)}')
    whole = _configuration.configuration(model, options, sections, OWN_KEYS)
    program = _programs.find(_programs.COORDINATOR, programs)
    if isinstance(rows, (str, os.PathLike)):
        if errors == "keep":
            raise ValueError(
                'errors="keep" is of tables in Python: of a file, rows without a margin are beside the output'
            )
        told, result = _annotated_file(program, whole, rows, output, errors, work_dir, progress, restart)
    else:
        if output is not None:
            raise ValueError(f"output is of paths alone, found a {type(rows).__name__}; work_dir keeps a job's files")
        source = table(rows)
        if work_dir is None:
            _check_that_nothing_asked_for_is_lost(whole)
        told, result = _annotated_table(program, whole, source, errors or "keep", work_dir, progress, restart)
    for text in told:
        warnings.warn(text, LegendWarning, stacklevel=2)
    annotated: Rows = result
    return annotated


def _annotated_table(
    program: str,
    whole: "dict[str, Any]",
    source: Table,
    errors: Errors,
    work_dir: Optional[PathLike],
    progress: bool,
    restart: bool,
) -> "tuple[List[str], Any]":
    with Workspace(work_dir) as workspace:
        written = workspace.write(source, "rows.jsonl")
        job = Job(program, whole, workspace, written, workspace.path("annotated.jsonl"))
        job.run(progress, restart)
        rows = job.error_rows()
        outcome = joined(written, job.output, rows, keeps_failed=errors != "drop")
        told = job.warnings()
        if any(row.has_failed for row in rows):
            text = failures(rows)
            if errors == "raise":
                raise RowErrors(text, rows)
            if not outcome.added:
                raise JobError(text, FINISHED_WITH_FAILED_ROWS)
            told.append(failures(rows, ", left out" if errors == "drop" else ", kept with None in the added columns"))
        return told, source.annotated(outcome)


def _annotated_file(
    program: str,
    whole: "dict[str, Any]",
    rows: PathLike,
    output: Optional[PathLike],
    errors: Optional[Errors],
    work_dir: Optional[PathLike],
    progress: bool,
    restart: bool,
) -> "tuple[List[str], Any]":
    target = Path(os.path.abspath(output)) if output is not None else _target(rows)
    with Workspace(work_dir) as workspace:
        job = Job(program, whole, workspace, rows, target)
        job.run(progress, restart)
        failed = job.error_rows()
        told = job.warnings()
        if any(row.has_failed for row in failed):
            text = failures(failed, f", kept in {job.errors}")
            if errors == "raise":
                raise RowErrors(text, failed)
            told.append(text)
        return told, str(target) if isinstance(rows, str) else target


def _target(rows: PathLike) -> Path:
    """Where the annotated rows of a file go that nobody named."""
    path = Path(os.path.abspath(rows))
    name = path.name
    for ending in ENDINGS:
        if name.endswith(ending):
            name = name[: -len(ending)]
    target = path.with_name(name + ".annotated.jsonl")
    if target.exists():
        raise FileExistsError(f"{target} is there already: name it with output=… to replace it")
    return target


def _check_that_nothing_asked_for_is_lost(whole: Mapping[str, Any]) -> None:
    job, embedding = whole.get("job"), whole.get("embedding")
    keeps = isinstance(embedding, dict) and embedding.get("keep_embeddings") is True
    if keeps and not (isinstance(job, dict) and "embeddings" in job):
        raise ValueError(
            "embedding.keep_embeddings: expected work_dir or job.embeddings as well, found neither: what is kept would "
            "go with the temporary folder"
        )
