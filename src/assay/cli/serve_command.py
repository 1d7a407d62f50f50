"""`assay serve`: an HTTP API and a page for one or more models."""

from __future__ import annotations

import sys
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Annotated

import typer

from assay import _env
from assay.cli.command import add_command
from assay.cli.options import Common
from assay.cli.show import print_json, printable

if TYPE_CHECKING:
    from assay.server.listen import Serving
    from assay.server.options import ServerOptions

__all__ = ["LimitFlags", "register"]

LOOPBACK = {"127.0.0.1", "::1", "localhost"}


@dataclass(frozen=True)
class LimitFlags:
    """The flags that say how much one client may ask."""

    max_body_bytes: Annotated[int, typer.Option(metavar="N", help="Bytes per request.", min=1)] = (
        2_000_000
    )
    max_batch_texts: Annotated[int, typer.Option(metavar="N", help="Texts per request.", min=1)] = (
        256
    )
    max_text_chars: Annotated[
        int, typer.Option(metavar="N", help="Characters per text.", min=1)
    ] = 20_000
    max_explained_texts: Annotated[
        int, typer.Option(metavar="N", help="Texts explained per request.", min=1)
    ] = 8
    max_queue_texts: Annotated[
        int, typer.Option(metavar="N", help="Texts that wait, of all clients.", min=1)
    ] = 4_096
    max_requests: Annotated[
        int, typer.Option(metavar="N", help="Requests in work at once.", min=1)
    ] = 512
    max_unsent_bytes: Annotated[
        int, typer.Option(metavar="N", help="Bytes that wait for clients to read them.", min=1)
    ] = 64_000_000
    request_s: Annotated[
        float, typer.Option(metavar="S", help="Seconds from request to answer.", min=0.01)
    ] = 30.0
    client_s: Annotated[
        float, typer.Option(metavar="S", help="Seconds to send a request, or read.", min=0.01)
    ] = 10.0


@dataclass(frozen=True)
class ServerFlags:
    """The flags that say where the server listens, and who may ask it."""

    host: Annotated[
        str, typer.Option(help="Address to listen on; 0.0.0.0: all of this machine.")
    ] = "127.0.0.1"
    port: Annotated[int, typer.Option(help="0: any free one.")] = 8000
    api_key: Annotated[
        str | None,
        typer.Option(metavar="KEY", help="Key that clients must send.  [default: ASSAY_API_KEY]"),
    ] = None
    cors_origin: Annotated[
        list[str] | None,
        typer.Option(metavar="URL", help="Site whose pages may ask; may be repeated."),
    ] = None
    allowed_host: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME", help="Other name it may be called by, * for any; may be repeated."
        ),
    ] = None
    watch_s: Annotated[
        float,
        typer.Option(
            metavar="S", help="Seconds between looks for changed models; 0: never.", min=0
        ),
    ] = 2.0
    keep_alive_s: Annotated[
        float,
        typer.Option(metavar="S", help="Seconds an idle connection stays open.", min=0.01),
    ] = 75.0
    workers: Annotated[
        int, typer.Option(metavar="N", help="Processes that answer on the port.", min=1, max=256)
    ] = 1
    root_path: Annotated[
        str,
        typer.Option(metavar="PATH", help="Prefix under which a proxy offers it, such as /nlp."),
    ] = ""
    log_requests: Annotated[
        bool, typer.Option("--log-requests", help="Log one line per request, without texts.")
    ] = False

    def options(self, limits: LimitFlags) -> ServerOptions:
        """Return the options of the server."""
        from assay.server.limits import Limits
        from assay.server.options import ServerOptions

        given = {field.name: getattr(limits, field.name) for field in fields(limits)}
        return ServerOptions(
            host=self.host,
            port=self.port,
            api_key=_env.api_key() if self.api_key is None else self.api_key,
            cors_origins=tuple(self.cors_origin or ()),
            allowed_hosts=tuple(self.allowed_host or ()),
            watch_s=self.watch_s,
            keep_alive_s=self.keep_alive_s,
            root_path=self.root_path,
            workers=self.workers,
            log_requests=self.log_requests,
            limits=Limits(**given),
        )


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    add_command(app, "serve", panel="One model")(serve_command)


def serve_command(
    models: Annotated[
        list[str],
        typer.Argument(metavar="MODEL", help="Model folders; NAME=FOLDER gives one another name."),
    ],
    where: ServerFlags,
    limits: LimitFlags,
    common: Common,
) -> None:
    """Answer over HTTP: an API, and a page to try it.

    The API is that of text-embeddings-inference (/predict) and of the Hub (/). A folder that
    changes is loaded again, and so are all on SIGHUP.

    \b
    Examples:
      assay serve runs/sample/model
      assay serve tweets=runs/tweets/model tickets=runs/tickets/model --port 8080
    """
    from assay.server.listen import serve_models

    options = where.options(limits)

    def announce(serving: Serving) -> None:
        if common.json:
            print_json({"url": serving.url, "models": list(serving.names)})
            sys.stdout.flush()
        elif not common.quiet:
            is_open = where.host not in LOOPBACK and options.api_key is None
            _announce(serving, is_open=is_open)

    serve_models(models, options=options, n_threads=common.threads, announce=announce)


def _announce(serving: Serving, *, is_open: bool) -> None:
    url = serving.url
    sys.stderr.write(f"serving {printable(', '.join(serving.names))} at {url} (Ctrl-C stops it)\n")
    sys.stderr.write(f"  page     {url}/\n  API      {url}/docs\n  numbers  {url}/metrics\n")
    if is_open:
        sys.stderr.write(
            "warning: whoever reaches this machine may ask (--api-key asks for a key)\n"
        )
        if serving.keeps_texts:
            sys.stderr.write("warning: a model shows its training texts to whoever asks\n")
