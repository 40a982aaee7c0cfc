"""Prints the records of DICOMDIR files as JSON, read with pydicom: for each file the tree that its offsets make."""
import json
import sys
import warnings

from pydicom import dcmread
from pydicom.sequence import Sequence

warnings.simplefilter("ignore")
OFFSETS = {0x00041400, 0x00041420}


def text(element):
    if isinstance(element.value, Sequence):
        return [item(one) for one in element.value]
    value = element.value
    if value is None:
        return ""
    values = value if hasattr(value, "__iter__") and not isinstance(value, (str, bytes)) and element.VM > 1 else [value]
    return "\\".join(str(one).strip(" \0") for one in values)


def item(dataset):
    return {f"{element.tag.group:04x}{element.tag.elem:04x}": [element.VR, text(element)] for element in dataset if element.tag not in OFFSETS}


def tree(path):
    directory = dcmread(path, force=True)
    records = {record.seq_item_tell: record for record in directory.DirectoryRecordSequence}
    reached = set()

    def level(offset):
        found = []
        while offset != 0:
            if offset in reached or offset not in records:
                raise SystemExit(f"{path}: offset {offset} leads nowhere or in circles")
            reached.add(offset)
            record = records[offset]
            found.append({"keys": item(record), "below": level(record.OffsetOfReferencedLowerLevelDirectoryEntity)})
            offset = record.OffsetOfTheNextDirectoryRecord
        return found

    roots = level(directory.OffsetOfTheFirstDirectoryRecordOfTheRootDirectoryEntity)
    last = directory.OffsetOfTheLastDirectoryRecordOfTheRootDirectoryEntity
    if last not in reached and records:
        raise SystemExit(f"{path}: the last root record is not there")
    return {"records": len(records), "reached": len(reached), "roots": roots, "syntax": str(directory.file_meta.TransferSyntaxUID)}


print(json.dumps({path: tree(path) for path in sys.argv[1:]}))
