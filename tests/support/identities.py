"""What DICOM files say they are, by a reader that is not ours (pydicom): paths on standard input, one JSON line each on standard output.

A line holds the UIDs of SOP instance, SOP class, study and series (empty where absent), Media Storage SOP Class UID, Patient's Name as
written, and a SHA-256 over the rest of the file behind its File Meta Information. Files without preamble and meta are read as well.
"""

import hashlib
import json
import sys

import pydicom
from pydicom import config

config.enforce_valid_values = False
UIDS = ("SOPInstanceUID", "SOPClassUID", "StudyInstanceUID", "SeriesInstanceUID")


def identity(path):
    dataset = pydicom.dcmread(path, force=True, stop_before_pixels=True)
    meta = getattr(dataset, "file_meta", None)
    with open(path, "rb") as file:
        whole = file.read()
    offset = 0
    if whole[128:132] == b"DICM":
        offset = 144 + int.from_bytes(whole[140:144], "little") if whole[132:136] == b"\x02\x00\x00\x00" else 132
    return {
        "uids": [str(dataset.get(name, "") or "") for name in UIDS],
        "mediaClass": str(meta.get("MediaStorageSOPClassUID", "") or "") if meta is not None else "",
        "sha256": hashlib.sha256(whole[offset:]).hexdigest(),
    }


for line in sys.stdin:
    try:
        print(json.dumps(identity(line.rstrip("\n"))), flush=True)
    except Exception as problem:  # whatever pydicom cannot read
        print(json.dumps({"error": type(problem).__name__}), flush=True)
