"""What DICOM files say, by a reader that is not ours (pydicom): paths on standard input, one JSON line each on standard output.

A line holds the transfer syntax, each element as `path of tags` -> text of its value (group lengths and padding left out), and the SHA-256
of the pixel data: the native value, or its fragments without the offset table.
"""

import hashlib
import json
import sys

import pydicom
from pydicom import config

config.enforce_valid_values = False
PIXEL_DATA = 0x7FE00010
TRAILING_PADDING = 0xFFFCFFFC


def sha256(parts):
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part)
    return digest.hexdigest()


def text_of(value):
    if isinstance(value, (bytes, bytearray)):
        return sha256([bytes(value)]) if len(value) > 64 else bytes(value).rstrip(b"\0 ").hex()
    if isinstance(value, (list, tuple, pydicom.multival.MultiValue)):
        return "\\".join(text_of(one) for one in value)
    return "" if value is None else str(value)


def fragments(value):
    """Items of the sequence of fragments (PS3.5 A.4) after the offset table."""
    at, first = 0, True
    while value[at : at + 4] == b"\xfe\xff\x00\xe0":
        length = int.from_bytes(value[at + 4 : at + 8], "little")
        if not first:
            yield value[at + 8 : at + 8 + length]
        at, first = at + 8 + length, False


def collect(dataset, path, elements):
    for element in dataset:
        tag = int(element.tag)
        if tag & 0xFFFF == 0 or tag == TRAILING_PADDING or tag == PIXEL_DATA:
            continue
        here = f"{path}/{tag:08x}"
        if element.VR == "SQ":
            elements[here] = f"{len(element.value)} items"
            for number, item in enumerate(element.value):
                collect(item, f"{here}[{number}]", elements)
        else:
            elements[here] = text_of(element.value)


def content(path):
    dataset = pydicom.dcmread(path)
    syntax = dataset.file_meta.TransferSyntaxUID
    elements = {}
    collect(dataset, "", elements)
    pixels = None
    if PIXEL_DATA in dataset:
        value = dataset[PIXEL_DATA].value
        if dataset[PIXEL_DATA].is_undefined_length:
            pixels = sha256(fragment.rstrip(b"\0") for fragment in fragments(value))
        else:
            pixels = sha256([value if len(value) % 2 == 0 else value + b"\0"])
    return {"transferSyntaxUID": str(syntax), "elements": elements, "pixels": pixels}


for line in sys.stdin:
    try:
        print(json.dumps(content(line.rstrip("\n"))), flush=True)
    except Exception as problem:  # whatever pydicom cannot read
        print(json.dumps({"error": f"{type(problem).__name__}: {problem}"}), flush=True)
