"""aiohttp_app.py FD: aiohttp's own server on an inherited socket."""
import socket
import sys

from aiohttp import web

from contents import *

routes = web.RouteTableDef()


@routes.get("/hello")
async def hello(request):
    return web.Response(body=HELLO, content_type="text/plain")


@routes.post("/form")
async def form(request):
    return web.json_response(dict(await request.post()))


@routes.post("/json")
async def in_json(request):
    return web.json_response(await request.json())


@routes.post("/upload")
async def upload(request):
    digest = Digest()
    async for piece in request.content.iter_any():
        digest.add(piece)
    return web.Response(body=digest.told(), content_type="text/plain")


async def streamed(request, pieces, **headers):
    answer = web.StreamResponse(headers=headers)
    await answer.prepare(request)
    for piece in pieces:
        await answer.write(piece)
    await answer.write_eof()
    return answer


@routes.get("/large")
async def large(request):
    return await streamed(request, pattern(LARGE), **{"Content-Length": str(LARGE)})


@routes.get("/chunked")
async def chunked(request):
    return await streamed(request, PIECES)


@routes.get("/redirect/{left}")
async def redirect(request):
    raise web.HTTPFound(redirect_target(int(request.match_info["left"])))


@routes.post("/moved")
async def moved(request):
    async for _ in request.content.iter_any():
        pass
    raise web.HTTPTemporaryRedirect("/upload")


@routes.get("/{how:gzip|deflate|br}")
async def compressed(request):
    how = request.match_info["how"]
    return web.Response(body=COMPRESSED[how], headers={"Content-Encoding": how})


app = web.Application()
app.add_routes(routes)
web.run_app(app, sock=socket.socket(fileno=int(sys.argv[1])), print=None)
