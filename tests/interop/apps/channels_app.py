"""Django, as Channels routes http to it."""
import json

import django
from django.conf import settings

settings.configure(
    ALLOWED_HOSTS=["*"],
    DATA_UPLOAD_MAX_MEMORY_SIZE=None,
    INSTALLED_APPS=["channels"],
    ROOT_URLCONF=__name__,
    SECRET_KEY="of no use to anybody",
)
django.setup()

from channels.routing import ProtocolTypeRouter
from django.core.asgi import get_asgi_application
from django.http import HttpResponse, HttpResponseRedirect, JsonResponse, StreamingHttpResponse
from django.urls import path

from contents import *


def hello(request):
    return HttpResponse(HELLO, content_type="text/plain")


def form(request):
    return JsonResponse(request.POST.dict())


def in_json(request):
    return JsonResponse(json.loads(request.body))


def upload(request):
    digest = Digest()
    while piece := request.read(64 << 10):
        digest.add(piece)
    return HttpResponse(digest.told(), content_type="text/plain")


def large(request):
    answer = StreamingHttpResponse(pattern(LARGE))
    answer["Content-Length"] = str(LARGE)
    return answer


def chunked(request):
    return StreamingHttpResponse(iter(PIECES))


def redirect(request, left):
    return HttpResponseRedirect(redirect_target(left))


def moved(request):
    answer = HttpResponse(status=307)
    answer["Location"] = "/upload"
    return answer


def compressed(request):
    how = request.path[1:]
    answer = HttpResponse(COMPRESSED[how])
    answer["Content-Encoding"] = how
    return answer


urlpatterns = [
    path("hello", hello),
    path("form", form),
    path("json", in_json),
    path("upload", upload),
    path("large", large),
    path("chunked", chunked),
    path("redirect/<int:left>", redirect),
    path("moved", moved),
    *[path(how, compressed) for how in COMPRESSED],
]
app = ProtocolTypeRouter({"http": get_asgi_application()})
