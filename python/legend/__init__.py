"""Safety margins for preference data: legend-coordinator and legend-worker from Python.

rows = legend.annotate(load_dataset("json", data_files="rows.jsonl", split="train"), model="model.gguf")
"""

from ._annotate import annotate
from ._direction import Category, Direction, HeldOut, Provenance, read_direction
from ._embeddings import Embeddings, EmbeddingShard, read_embeddings
from ._figures import read_report
from ._margins import read_errors, read_margins
from ._problems import ErrorRow, FormatError, JobError, LegendError, LegendWarning, ProgramError, RowErrors
from ._safetensors import TensorFile

__version__ = "0.1.0"

__all__ = [
    "Category",
    "Direction",
    "EmbeddingShard",
    "Embeddings",
    "ErrorRow",
    "FormatError",
    "HeldOut",
    "JobError",
    "LegendError",
    "LegendWarning",
    "ProgramError",
    "Provenance",
    "RowErrors",
    "TensorFile",
    "annotate",
    "read_direction",
    "read_embeddings",
    "read_errors",
    "read_margins",
    "read_report",
]
