import falcon
import falcon.asgi

from contents import *


class Resource:
    """One resource whose methods are given by name: Resource(get=…, post=…)."""

    def __init__(self, get=None, post=None):
        if get:
            self.on_get = get
        if post:
            self.on_post = post


async def hello(request, answer):
    answer.content_type, answer.data = falcon.MEDIA_TEXT, HELLO


async def media(request, answer):
    answer.media = await request.get_media()


async def upload(request, answer):
    digest = Digest()
    async for piece in request.stream:
        digest.add(piece)
    answer.content_type, answer.data = falcon.MEDIA_TEXT, digest.told()


async def large(request, answer):
    async def pieces():
        for piece in pattern(LARGE):
            yield piece

    answer.set_stream(pieces(), LARGE)


async def chunked(request, answer):
    async def pieces():
        for piece in PIECES:
            yield piece

    answer.stream = pieces()


async def redirect(request, answer, left):
    raise falcon.HTTPFound(redirect_target(left))


async def moved(request, answer):
    await request.stream.exhaust()
    raise falcon.HTTPTemporaryRedirect("/upload")


async def compressed(request, answer):
    how = request.path[1:]
    answer.data = COMPRESSED[how]
    answer.set_header("Content-Encoding", how)


app = falcon.asgi.App()
app.add_route("/hello", Resource(get=hello))
app.add_route("/form", Resource(post=media))
app.add_route("/json", Resource(post=media))
app.add_route("/upload", Resource(post=upload))
app.add_route("/large", Resource(get=large))
app.add_route("/chunked", Resource(get=chunked))
app.add_route("/redirect/{left:int}", Resource(get=redirect))
app.add_route("/moved", Resource(post=moved))
for how in COMPRESSED:
    app.add_route("/" + how, Resource(get=compressed))
