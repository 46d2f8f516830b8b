"""Loads files as people do, with datasets.load_dataset("json"), and says what is in them.

Reads a list of {"path", "rows", "columns"} from the file that is named, and prints one of {"count", "types", "cells"}:
the number of rows, the type of each column, and of the rows that are asked for (negative ones from the end) the cells
of the columns that are asked for, as JSON text. Where a file cannot be loaded, its entry is {"error"}.
"""

import json
import sys

from datasets import load_dataset


def load(path, rows, columns):
    table = load_dataset("json", data_files=path, split="train")
    types = {name: getattr(feature, "dtype", None) or repr(feature) for name, feature in table.features.items()}
    cells = [[json.dumps(table[row % len(table)][column]) for column in columns] for row in rows]
    return {"count": len(table), "types": types, "cells": cells}


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        wanted = json.load(file)
    found = []
    for item in wanted:
        try:
            found.append(load(item["path"], item["rows"], item["columns"]))
        except Exception as error:  # Whatever it is, the test reports it beside the file's name.
            cause = error.__cause__ or error.__context__
            found.append({"error": f"{type(error).__name__}: {error} ({cause})"})
    print(json.dumps(found))


if __name__ == "__main__":
    main()
