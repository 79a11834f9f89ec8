"""What an import answers: counts, and a CSV that says row by row what was refused, repaired or placed oddly, and why."""

from __future__ import annotations

import csv
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

SHOWN = 100


@dataclass
class Report:
    """Counts of one import, and the open CSV of remarkable rows."""

    kind: str
    file: str
    path: Path
    rows: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    placed: Counter[str] = field(default_factory=Counter)
    warnings: list[str] = field(default_factory=list)
    mapping: dict[str, str] = field(default_factory=dict)
    first: list[dict[str, Any]] = field(default_factory=list)
    faults: dict[int, dict[str, str]] = field(default_factory=dict)  # row -> field -> why it was refused

    def __post_init__(self) -> None:
        self._file = self.path.open("w", encoding="utf-8-sig", newline="")
        self._csv = csv.writer(self._file)
        self._csv.writerow(["行号", "结果", "字段", "值", "原因"])

    def refuse(self, row: int, field_name: str, value: Any, reason: str) -> None:
        """A row that is not taken; it counts once, whatever else is wrong with it."""
        self.counts["refused"] += row not in self.faults
        self.faults.setdefault(row, {})[field_name] = reason
        self._note(row, "拒绝", field_name, value, reason)

    def repaired(self, row: int, reason: str) -> None:
        """A row whose shape was repaired, as asked."""
        self.counts["repaired"] += 1
        self._note(row, "修复", "图形", "", reason)

    def remark(self, row: int, outcome: str, value: Any, reason: str) -> None:
        """A row worth telling of for another reason."""
        self._note(row, outcome, "", value, reason)

    def unplaced(self, row: int, value: Any) -> None:
        """A row that was taken although it lies in no area."""
        self._note(row, "未定位", "位置", value, "不在任何网格内，附近也没有网格；已保存，所属网格为空")

    def nearest(self, row: int, value: Any, code: str, metres: float) -> None:
        """A row that lies outside all areas and was given to the nearest."""
        self._note(row, "就近", "位置", value, f"不在任何网格内，归入 {metres:.1f} 米外的 {code}")

    def close(self) -> None:
        self._file.close()

    def summary(self) -> dict[str, Any]:
        """As JSON: rows read, inserted, updated, unchanged, refused, repaired; placed by case; warnings; first remarks."""
        kinds = ("inserted", "updated", "unchanged", "refused", "repaired")
        return {
            "kind": self.kind,
            "file": self.file,
            "rows": self.rows,
            **{name: self.counts[name] for name in kinds},
            "placed": dict(self.placed),
            "warnings": self.warnings,
            "mapping": self.mapping,
            "remarks": self.first,
        }

    def _note(self, row: int, outcome: str, field_name: str, value: Any, reason: str) -> None:
        text = "" if value is None else str(value)[:200]
        self._csv.writerow([row, outcome, field_name, text, reason])
        if len(self.first) < SHOWN:
            self.first.append({"row": row, "outcome": outcome, "field": field_name, "value": text, "reason": reason})
