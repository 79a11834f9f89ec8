"""Opens a workbook in a process of its own with little memory and time, before the service does.

The reader lays every worksheet out as a full rectangle: a file of one kilobyte whose two cells stand in opposite corners would
take all memory of the machine and end the service with it. Here it ends only this process. No import of ours: it starts quickly.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from pathlib import Path

TOO_LARGE = "too large"
MOST_MEMORY = 900 * 1024**2  # address space; 100,000 people take 200 MB
MOST_SECONDS = 120  # of the processor


def fault_of(path: Path) -> str | None:
    """What the reader says against a workbook; None when it opens, TOO_LARGE when it takes too much."""
    command = [sys.executable, "-I", __file__, str(path)]
    told = subprocess.run(command, capture_output=True, text=True, check=False)
    said: str | None = json.loads(told.stdout) if told.returncode == 0 else TOO_LARGE
    return said


def _open(path: str) -> str | None:
    from python_calamine import CalamineError, CalamineWorkbook

    try:
        book = CalamineWorkbook.from_path(path)
        for name in book.sheet_names:
            book.get_sheet_by_name(name)
    except (CalamineError, OSError, ValueError) as fault:
        return str(fault) or type(fault).__name__
    return None


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (MOST_SECONDS, MOST_SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    print(json.dumps(_open(sys.argv[1])))
