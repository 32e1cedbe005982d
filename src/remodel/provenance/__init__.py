"""Where a result comes from: versions, machine, hashes, and the call that made it."""

from remodel.provenance.origin import fingerprint, manifest, package_version, versions
from remodel.provenance.recording import CALL, RECORD, record_file, recorded, recording

__all__ = [
    "CALL",
    "RECORD",
    "fingerprint",
    "manifest",
    "package_version",
    "record_file",
    "recorded",
    "recording",
    "versions",
]
