"""Who changed, viewed, exported what, with before and after; append-only for the service's database role."""

from gis_grid.audit.log import AuditEntry, difference, record, request_id, snapshot

__all__ = ["AuditEntry", "difference", "record", "request_id", "snapshot"]
