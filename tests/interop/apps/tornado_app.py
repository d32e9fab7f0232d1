"""tornado_app.py FD: Tornado's own server on an inherited socket."""
import asyncio
import json
import socket
import sys

from tornado.httpserver import HTTPServer
from tornado.web import Application, RequestHandler, stream_request_body

from contents import *


class Hello(RequestHandler):
    def get(self):
        self.set_header("Content-Type", "text/plain")
        self.write(HELLO)


class Form(RequestHandler):
    def post(self):
        self.write({name: self.get_body_argument(name) for name in self.request.body_arguments})


class Json(RequestHandler):
    def post(self):
        self.write(json.loads(self.request.body))


@stream_request_body
class Upload(RequestHandler):
    def prepare(self):
        self.digest = Digest()

    def data_received(self, piece):
        self.digest.add(piece)

    def post(self):
        self.write(self.digest.told())


class Large(RequestHandler):
    async def get(self):
        self.set_header("Content-Length", LARGE)
        for piece in pattern(LARGE):
            self.write(piece)
            await self.flush()


class Chunked(RequestHandler):
    async def get(self):
        for piece in PIECES:
            self.write(piece)
            await self.flush()


class Redirect(RequestHandler):
    def get(self, left):
        self.redirect(redirect_target(int(left)))


class Moved(RequestHandler):
    def post(self):
        self.redirect("/upload", status=307)


class Compressed(RequestHandler):
    def get(self, how):
        self.set_header("Content-Encoding", how)
        self.write(COMPRESSED[how])


async def main(fd):
    app = Application([
        ("/hello", Hello),
        ("/form", Form),
        ("/json", Json),
        ("/upload", Upload),
        ("/large", Large),
        ("/chunked", Chunked),
        ("/redirect/([0-9]+)", Redirect),
        ("/moved", Moved),
        ("/(gzip|deflate|br)", Compressed),
    ])
    listener = socket.socket(fileno=fd)
    listener.setblocking(False)
    server = HTTPServer(app)
    server.add_socket(listener)
    await asyncio.Event().wait()


asyncio.run(main(int(sys.argv[1])))
