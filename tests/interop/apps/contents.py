"""What every app serves; capabilities.cpp knows the same.

GET  /hello, /large (8 MiB), /chunked (three pieces, no length), /redirect/N (302 … to /hello), /absent (404),
     /gzip, /deflate, /br (TEXT, so compressed)
POST /form, /json: the fields as JSON; /upload: length and SHA-256 of the body; /moved: 307 to /upload
"""
import gzip
import hashlib
import json
import zlib

import brotli

HELLO = b"hello\n"
PIECES = [b"one\n", b"two\n", b"three\n"]
LARGE = 8 << 20


def pattern(size, block=64 << 10):
    """Numbered lines of 16 bytes, in blocks."""
    for begin in range(0, size, block):
        yield b"".join(b"%015d\n" % line for line in range(begin // 16, min(begin + block, size) // 16))


TEXT = b"".join(pattern(128 << 10))
COMPRESSED = {
    "gzip": gzip.compress(TEXT),
    "deflate": zlib.compress(TEXT),
    "br": brotli.compress(TEXT),
}


def as_json(fields):
    return json.dumps(fields, sort_keys=True, separators=(",", ":")).encode()


class Digest:
    def __init__(self):
        self.length, self.sha = 0, hashlib.sha256()

    def add(self, piece):
        self.length += len(piece)
        self.sha.update(piece)
        return self

    def told(self):
        return b"%d %s" % (self.length, self.sha.hexdigest().encode())


def redirect_target(left):
    return "/redirect/%d" % (left - 1) if left > 1 else "/hello"
