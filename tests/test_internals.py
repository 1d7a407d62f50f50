"""What assay uses of other libraries beyond their documented interface is still there.

The table is in docs/design.md. Each row has a test here, which fails when the library changes: then
the file that the row names has to follow, or the library's upper bound has to come down.
"""

from __future__ import annotations

import asyncio
import ctypes
import importlib
import inspect
import logging
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ROW = re.compile(r"^\| `(?P<what>[^`]+)` \| (?P<files>[^|]+) \|", re.MULTILINE)
HEADING = "## 11. Internals of other libraries"


def table():
    """Return the files of each row of the table, by what the row is about."""
    text = (ROOT / "docs" / "design.md").read_text(encoding="utf-8")
    section = text.partition(HEADING)[2].partition("\n## ")[0]
    return {row["what"]: re.findall(r"`([^`]+)`", row["files"]) for row in ROW.finditer(section)}


def check_exporter_logs():
    """The exporter of torch logs under these names: a plain export under `torch.onnx`."""
    importlib.import_module("torch.onnx")
    from assay.models.onnx import export

    names = set(logging.root.manager.loggerDict)
    assert any(name.startswith("torch.onnx") for name in names)
    assert "torch.onnx" in inspect.getsource(export)


def check_exporter_prints():
    """Where an export fails, its graph is printed through this function."""
    module = importlib.import_module("torch.onnx._internal.torchscript_exporter.utils")
    assert "_C._jit_onnx_log(" in inspect.getsource(module)
    assert callable(importlib.import_module("torch")._C._jit_onnx_log)


def check_thread_counts():
    """Each thread has a count of its own in torch: see also tests/checkpoints/test_torch_state.py."""
    code = """
import threading, torch
torch.get_num_threads()
torch.set_num_threads(1)
other = threading.Thread(target=lambda: torch.set_num_threads(2))
other.start(); other.join()
fresh = []
third = threading.Thread(target=lambda: fresh.append(torch.get_num_threads()))
third.start(); third.join()
print(torch.get_num_threads(), fresh[0])
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120
    )
    assert done.stdout.split() == ["1", "2"]


def check_bert_modules():
    """The modules have the names and the parameters that are computed by hand."""
    transformers = importlib.import_module("transformers")
    config = transformers.BertConfig(
        vocab_size=9,
        hidden_size=8,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=16,
        max_position_embeddings=8,
    )
    network = transformers.BertForSequenceClassification(config)
    names = {name.rpartition(".")[0] for name, _ in network.named_parameters()}
    assert names == {
        "bert.embeddings.word_embeddings",
        "bert.embeddings.position_embeddings",
        "bert.embeddings.token_type_embeddings",
        "bert.embeddings.LayerNorm",
        *(f"bert.encoder.layer.0.attention.self.{part}" for part in ("query", "key", "value")),
        "bert.encoder.layer.0.attention.output.dense",
        "bert.encoder.layer.0.attention.output.LayerNorm",
        "bert.encoder.layer.0.intermediate.dense",
        "bert.encoder.layer.0.output.dense",
        "bert.encoder.layer.0.output.LayerNorm",
        "bert.pooler.dense",
        "classifier",
    }
    layer = network.bert.encoder.layer[0]
    for dropout in (
        network.dropout,
        network.bert.embeddings.dropout,
        layer.attention.self.dropout,
        layer.attention.output.dropout,
        layer.output.dropout,
    ):
        assert 0 < dropout.p < 1
    assert not config.is_decoder
    assert not config.add_cross_attention
    assert not config.chunk_size_feed_forward


def check_backend_tokenizer(tiny_bert):
    """A tokenizer of transformers gives the JSON of the tokenizer that it runs."""
    transformers = importlib.import_module("transformers")
    stock = transformers.AutoTokenizer.from_pretrained(tiny_bert, local_files_only=True)
    assert '"model"' in stock.backend_tokenizer.to_str()


def check_progress_bar_constant():
    """The constant says whether the environment decides about bars: None, True or False."""
    constants = importlib.import_module("huggingface_hub.constants")
    assert constants.HF_HUB_DISABLE_PROGRESS_BARS in (None, True, False)


def check_httpx():
    """The Hub's client speaks through httpx, and its errors of transport are httpx's."""
    utils = importlib.import_module("huggingface_hub.utils")
    assert issubclass(utils.httpx.TransportError, utils.httpx.HTTPError)
    errors = importlib.import_module("huggingface_hub.errors")
    assert issubclass(errors.HfHubHTTPError, utils.httpx.HTTPError)


def check_http_protocol():
    """The methods that are extended exist, and the class sets the attributes that are read."""
    from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

    takes = {
        "connection_made": ["self", "transport"],
        "connection_lost": ["self", "exc"],
        "data_received": ["self", "data"],
        "on_message_begin": ["self"],
        "on_header": ["self", "name", "value"],
        "on_headers_complete": ["self"],
        "on_body": ["self", "body"],
        "on_message_complete": ["self"],
        "on_response_complete": ["self"],
        "send_400_response": ["self", "msg"],
        "_unsupported_upgrade_warning": ["self"],
    }
    for name, parameters in takes.items():
        method = getattr(HttpToolsProtocol, name)
        assert list(inspect.signature(method).parameters) == parameters, name
    source = inspect.getsource(HttpToolsProtocol)
    for name in ("cycle", "transport", "loop", "url", "headers", "pipeline", "flow", "parser"):
        assert f"self.{name}" in source
    assert "response_complete" in inspect.getsource(RequestResponseCycle)


def check_server_hooks():
    """The two methods of the server that are extended take what is handed on."""
    uvicorn = importlib.import_module("uvicorn")
    assert inspect.iscoroutinefunction(uvicorn.Server.startup)
    assert "sockets" in inspect.signature(uvicorn.Server.startup).parameters
    assert list(inspect.signature(uvicorn.Server.handle_exit).parameters) == [
        "self",
        "sig",
        "frame",
    ]


def check_response_attributes():
    """An answer needs no attributes but these, and sends them as they are."""
    responses = importlib.import_module("starlette.responses")
    answer = responses.Response.__new__(responses.Response)
    answer.status_code, answer.background, answer.body = 200, None, b"{}"
    answer.raw_headers = [(b"content-length", b"2")]
    sent = []

    async def send(message):
        sent.append(message)

    asyncio.run(answer({"type": "http"}, None, send))
    start, body = sent
    assert (start["status"], start["headers"]) == (200, [(b"content-length", b"2")])
    assert body["body"] == b"{}"


def check_openapi_attribute():
    """FastAPI serves what `app.openapi` returns, and the function that describes routes exists."""
    fastapi = importlib.import_module("fastapi")
    assert callable(fastapi.FastAPI().openapi)
    assert callable(importlib.import_module("fastapi.openapi.utils").get_openapi)


def check_usage_error():
    """The base of typer's error for a parameter is the error of any wrong command line."""
    typer = importlib.import_module("typer")
    base = typer.BadParameter.__base__
    assert base.__name__ == "UsageError"
    assert base("no").exit_code == 2


def check_signature():
    """The parameters of a command are read by typer from `__signature__`."""
    typer = importlib.import_module("typer")
    testing = importlib.import_module("typer.testing")
    app = typer.Typer()

    def command(**given):
        typer.echo(given["word"])

    parameter = inspect.Parameter("word", inspect.Parameter.KEYWORD_ONLY, annotation=str)
    command.__signature__ = inspect.Signature([parameter])
    command.__annotations__ = {"word": str}
    app.command()(command)
    assert testing.CliRunner().invoke(app, ["yes"]).output.strip() == "yes"


def check_quantize_notes():
    """The quantiser looks for this property before it warns, and for this option."""
    import onnxruntime.quantization as quantization

    folder = Path(quantization.__file__).parent
    source = "".join(path.read_text(encoding="utf-8") for path in folder.glob("*.py"))
    assert '"onnx.quant.pre_process"' in source
    assert '"DefaultTensorType"' in source


def check_parameter_names():
    """scikit-learn's estimators list the names of their parameters."""
    base = importlib.import_module("sklearn.base")

    class Estimator(base.BaseEstimator):
        def __init__(self, *, first=1, second=2):
            self.first, self.second = first, second

    assert Estimator._get_param_names() == ["first", "second"]


def check_malloc_trim():
    """Where glibc is, it is there; other C libraries need not, and are left alone."""
    if "glibc" not in " ".join(__import__("platform").libc_ver()):
        pytest.skip("another C library: memory.py does nothing there")
    assert ctypes.CDLL(None).malloc_trim is not None


CHECKS = {
    "torch: names of the exporter's loggers": check_exporter_logs,
    "torch: what the exporter prints where it fails": check_exporter_prints,
    "torch: one thread count per thread": check_thread_counts,
    "transformers: modules of BertForSequenceClassification": check_bert_modules,
    "transformers: backend_tokenizer": check_backend_tokenizer,
    "huggingface_hub: HF_HUB_DISABLE_PROGRESS_BARS": check_progress_bar_constant,
    "huggingface_hub: httpx": check_httpx,
    "uvicorn: HttpToolsProtocol": check_http_protocol,
    "uvicorn: Server.startup and handle_exit": check_server_hooks,
    "starlette: attributes of Response": check_response_attributes,
    "fastapi: openapi": check_openapi_attribute,
    "typer: base of BadParameter": check_usage_error,
    "typer: __signature__ of a command": check_signature,
    "onnxruntime: notes to the quantiser": check_quantize_notes,
    "scikit-learn: _get_param_names": check_parameter_names,
    "glibc: malloc_trim": check_malloc_trim,
}


@pytest.mark.parametrize("what", CHECKS)
def test_internal_is_as_assay_uses_it(what, request):
    """A library that changed is noticed here, and not by a user."""
    check = CHECKS[what]
    fixtures = {name: request.getfixturevalue(name) for name in inspect.signature(check).parameters}
    check(**fixtures)


def test_table_and_checks_are_the_same():
    """Every row of the table has a check, and every check a row."""
    assert set(table()) == set(CHECKS)


def test_files_of_the_table_exist():
    """Each row names the files that have to follow a change."""
    for what, files in table().items():
        assert files, what
        for name in files:
            assert (ROOT / "src" / "assay" / name).is_file(), (what, name)


def test_reached_into_libraries_have_an_upper_bound():
    """A version that was never tried is not installed by itself."""
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    libraries = {what.partition(":")[0] for what in table()} - {"glibc"}
    assert len(libraries) > 5
    for name in sorted(libraries):
        bounds = re.findall(rf'"{name}(>=[^";]*)', text)
        assert bounds, name
        assert all("<" in bound for bound in bounds), (name, bounds)
