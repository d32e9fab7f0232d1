"""An ASGI application without a framework."""
import json
from urllib.parse import parse_qsl

from contents import *


async def pieces_of(receive):
    while True:
        message = await receive()
        if message["type"] != "http.request":
            raise ConnectionError("the client has gone")
        yield message.get("body", b"")
        if not message.get("more_body"):
            return


class Answer:
    def __init__(self, send):
        self.send = send

    async def start(self, status=200, *headers, type=b"text/plain"):
        headers = [(b"content-type", type), *headers]
        await self.send({"type": "http.response.start", "status": status, "headers": headers})

    async def body(self, piece=b"", more=False):
        await self.send({"type": "http.response.body", "body": piece, "more_body": more})

    async def whole(self, body, status=200, *headers, **kinds):
        await self.start(status, (b"content-length", b"%d" % len(body)), *headers, **kinds)
        await self.body(body)


async def read(receive):
    return b"".join([piece async for piece in pieces_of(receive)])


async def app(scope, receive, send):
    if scope["type"] != "http":
        raise NotImplementedError(scope["type"])  # as the specification asks of one without lifespan
    answer, path = Answer(send), scope["path"]
    place = (scope["method"], path)
    if place[0] == "GET":
        await read(receive)  # Hypercorn 0.13 may close a connection on which a request is answered before it is read
    if place == ("GET", "/hello"):
        await answer.whole(HELLO)
    elif place == ("POST", "/form"):
        await answer.whole(as_json(dict(parse_qsl((await read(receive)).decode()))))
    elif place == ("POST", "/json"):
        await answer.whole(as_json(json.loads(await read(receive))), type=b"application/json")
    elif place == ("POST", "/upload"):
        digest = Digest()
        async for piece in pieces_of(receive):
            digest.add(piece)
        await answer.whole(digest.told())
    elif place == ("GET", "/large"):
        await answer.start(200, (b"content-length", b"%d" % LARGE))
        for piece in pattern(LARGE):
            await answer.body(piece, more=True)
        await answer.body()
    elif place == ("GET", "/chunked"):
        await answer.start()
        for piece in PIECES:
            await answer.body(piece, more=True)
        await answer.body()
    elif path.startswith("/redirect/"):
        await answer.whole(b"", 302, (b"location", redirect_target(int(path.split("/")[2])).encode()))
    elif place == ("POST", "/moved"):
        async for _ in pieces_of(receive):
            pass
        await answer.whole(b"", 307, (b"location", b"/upload"))
    elif path[1:] in COMPRESSED:
        await answer.whole(COMPRESSED[path[1:]], 200, (b"content-encoding", path[1:].encode()))
    else:
        await answer.whole(b"no such page\n", 404)
