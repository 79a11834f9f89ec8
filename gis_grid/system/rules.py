"""What in the state of the service needs somebody's attention; pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

_WAITING = timedelta(minutes=5)
_SILENT = timedelta(minutes=2)
_OLD_BACKUP = timedelta(days=8)


@dataclass(frozen=True)
class State:
    """What is looked at. Bytes; times in UTC; None where nothing is known."""

    disk_free: int
    disk_total: int
    oldest_queued: datetime | None
    worker_seen_at: datetime | None
    backup_at: datetime | None
    failed_today: int
    second_factor: str


def findings(state: State, now: datetime) -> list[dict[str, str]]:
    """level (bad, warn) and the sentence with what to do, the worst first; empty when all is well."""
    found = [*_disk(state), *_work(state, now), *_backup(state, now)]
    if state.second_factor == "off":
        found.append(("warn", "管理员登录没有要求动态口令：等级保护（三级）要求两种鉴别方式，可在“系统设置”中打开。"))
    return [{"level": level, "text": text} for level, text in sorted(found, key=lambda each: each[0])]


def _disk(state: State) -> list[tuple[str, str]]:
    share = state.disk_free / max(1, state.disk_total)
    if share < 0.05:
        return [("bad", "磁盘空间不足 5%，数据库随时可能停止写入：请立即清理或扩容。")]
    return [("warn", "磁盘空间不足 15%：请安排清理或扩容。")] if share < 0.15 else []


def _work(state: State, now: datetime) -> list[tuple[str, str]]:
    found = []
    if state.oldest_queued is not None and now - state.oldest_queued > _WAITING:
        found.append(("warn", "有任务已等待超过 5 分钟：可能前面的任务很大，也可能任务进程没有运行。"))
    if state.worker_seen_at is None or now - state.worker_seen_at > _SILENT:
        found.append(("bad", "任务进程没有心跳：导入、导出和印制不会开始，请检查服务是否正常启动。"))
    if state.failed_today:
        found.append(("warn", f"最近 24 小时有 {state.failed_today} 个任务出错，请在“后台任务”中查看。"))
    return found


def _backup(state: State, now: datetime) -> list[tuple[str, str]]:
    if state.backup_at is None:
        return [("warn", "没有找到备份记录：请尽快做一次备份，并安排定期备份。")]
    days = (now - state.backup_at).days
    return [("warn", f"最近一次备份是 {days} 天前。")] if now - state.backup_at > _OLD_BACKUP else []
