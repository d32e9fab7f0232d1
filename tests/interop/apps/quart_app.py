from quart import Quart, Response, jsonify, redirect, request

from contents import *

app = Quart(__name__)
app.config["MAX_CONTENT_LENGTH"] = None


@app.get("/hello")
async def hello():
    return Response(HELLO, mimetype="text/plain")


@app.post("/form")
async def form():
    return jsonify(dict(await request.form))


@app.post("/json")
async def in_json():
    return jsonify(await request.get_json())


@app.post("/upload")
async def upload():
    digest = Digest()
    async for piece in request.body:
        digest.add(piece)
    return digest.told().decode()


@app.get("/large")
async def large():
    async def pieces():
        for piece in pattern(LARGE):
            yield piece

    return pieces(), 200, {"Content-Length": str(LARGE)}


@app.get("/chunked")
async def chunked():
    async def pieces():
        for piece in PIECES:
            yield piece

    return pieces()


@app.get("/redirect/<int:left>")
async def redirected(left):
    return redirect(redirect_target(left), 302)


@app.post("/moved")
async def moved():
    await request.get_data()
    return redirect("/upload", 307)


@app.get("/gzip", endpoint="gzip")
@app.get("/deflate", endpoint="deflate")
@app.get("/br", endpoint="br")
async def compressed():
    how = request.path[1:]
    return Response(COMPRESSED[how], headers={"Content-Encoding": how})
