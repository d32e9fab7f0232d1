#!/usr/bin/python3
"""A CGI program, which Apache starts for each request that is not for a file."""
import json
import os
import sys
from urllib.parse import parse_qsl

from contents import *

out = sys.stdout.buffer


def answer(body=b"", status="200 OK", **headers):
    head = {"Status": status, "Content-Type": "text/plain", **headers}
    out.write("".join("%s: %s\r\n" % field for field in head.items()).encode() + b"\r\n" + body)


def body():
    while piece := sys.stdin.buffer.read1(64 << 10):
        yield piece


path = os.environ["PATH_INFO"]
if path == "/form":
    answer(as_json(dict(parse_qsl(b"".join(body()).decode()))))
elif path == "/json":
    answer(as_json(json.loads(b"".join(body()))))
elif path == "/upload":
    digest = Digest()
    for piece in body():
        digest.add(piece)
    answer(digest.told())
elif path == "/chunked":
    answer()
    for piece in PIECES:
        out.write(piece)
        out.flush()
elif path == "/moved":
    for _ in body():
        pass
    # One without a host and a scheme would be followed by Apache itself
    answer(status="307 Temporary Redirect", Location="%s://%s/upload" % (os.environ["REQUEST_SCHEME"], os.environ["HTTP_HOST"]))
elif path == "/deflate":
    answer(COMPRESSED["deflate"], **{"Content-Encoding": "deflate"})
else:
    answer(b"no such page\n", "404 Not Found")
