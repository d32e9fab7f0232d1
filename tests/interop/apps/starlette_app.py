from starlette.applications import Starlette
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Route

from contents import *


async def hello(request):
    return PlainTextResponse(HELLO)


async def form(request):
    return JSONResponse(dict(await request.form()))


async def in_json(request):
    return JSONResponse(await request.json())


async def upload(request):
    digest = Digest()
    async for piece in request.stream():
        digest.add(piece)
    return PlainTextResponse(digest.told())


async def large(request):
    return StreamingResponse(pattern(LARGE), headers={"Content-Length": str(LARGE)})


async def chunked(request):
    return StreamingResponse(iter(PIECES))


async def redirect(request):
    return RedirectResponse(redirect_target(request.path_params["left"]), 302)


async def moved(request):
    async for _ in request.stream():
        pass
    return RedirectResponse("/upload", 307)


async def compressed(request):
    how = request.url.path[1:]
    return Response(COMPRESSED[how], headers={"Content-Encoding": how})


app = Starlette(routes=[
    Route("/hello", hello),
    Route("/form", form, methods=["POST"]),
    Route("/json", in_json, methods=["POST"]),
    Route("/upload", upload, methods=["POST"]),
    Route("/large", large),
    Route("/chunked", chunked),
    Route("/redirect/{left:int}", redirect),
    Route("/moved", moved, methods=["POST"]),
    *[Route("/" + how, compressed) for how in COMPRESSED],
])
