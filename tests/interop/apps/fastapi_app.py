from typing import Any, Dict

from fastapi import Body, FastAPI, Form, Request
from fastapi.responses import PlainTextResponse, RedirectResponse, Response, StreamingResponse

from contents import *

app = FastAPI()


@app.get("/hello", response_class=PlainTextResponse)
def hello():
    return HELLO.decode()


@app.post("/form")
def form(name: str = Form(), value: str = Form()):
    return {"name": name, "value": value}


@app.post("/json")
def in_json(what: Dict[str, Any] = Body()):
    return what


@app.post("/upload", response_class=PlainTextResponse)
async def upload(request: Request):
    digest = Digest()
    async for piece in request.stream():
        digest.add(piece)
    return digest.told().decode()


@app.get("/large")
def large():
    return StreamingResponse(pattern(LARGE), headers={"Content-Length": str(LARGE)})


@app.get("/chunked")
def chunked():
    return StreamingResponse(iter(PIECES))


@app.get("/redirect/{left}")
def redirect(left: int):
    return RedirectResponse(redirect_target(left), 302)


@app.post("/moved")
async def moved(request: Request):
    await request.body()
    return RedirectResponse("/upload", 307)


@app.get("/gzip")
@app.get("/deflate")
@app.get("/br")
def compressed(request: Request):
    how = request.url.path[1:]
    return Response(COMPRESSED[how], headers={"Content-Encoding": how})
