"""Bulk: files of any size become anchored batches and packs of certificates, in constant memory."""

from medtrust.bulk.importing import import_bulk
from medtrust.bulk.report import BulkReport, read_pack

__all__ = ["BulkReport", "import_bulk", "read_pack"]
