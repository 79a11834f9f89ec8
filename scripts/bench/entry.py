"""Imported first by every bench: whatever Python began it, it goes on in the product's environment. Standard library only."""

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PYTHON = ROOT / ".venv" / "bin" / "python"
if Path(sys.prefix).resolve() != PYTHON.parents[1].resolve():
    if not PYTHON.exists():
        sys.exit("The product is not installed: run ./scripts/run once. (尚未安装：请先运行 ./scripts/run)")
    os.execv(PYTHON, [str(PYTHON), *sys.argv])  # noqa: S606
sys.path.insert(0, str(ROOT))
