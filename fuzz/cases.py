#!/usr/bin/env python3
"""Saved cases between a file (a JSON string a line) and a folder (a file each), as the fuzzer wants them."""

import hashlib
import json
import pathlib
import sys

# The most cases that are saved, the shortest first, and how long each may be in bytes.
MOST, LONGEST = 800, 1024


def unpack(lines, folder):
    for line in pathlib.Path(lines).read_text().splitlines():
        case = json.loads(line).encode()
        (pathlib.Path(folder) / hashlib.sha256(case).hexdigest()[:16]).write_bytes(case)


def pack(folder, lines):
    texts = {path.read_bytes().decode(errors="replace") for path in pathlib.Path(folder).iterdir()}
    cases = sorted((text for text in texts if len(text.encode()) <= LONGEST), key=lambda text: (len(text), text))
    pathlib.Path(lines).write_text("".join(json.dumps(case) + "\n" for case in cases[:MOST]))


if __name__ == "__main__":
    {"unpack": unpack, "pack": pack}[sys.argv[1]](*sys.argv[2:])
