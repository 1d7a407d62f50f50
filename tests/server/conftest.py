"""Small models to serve, the application in this process, and real servers on loopback."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient

from _support.server_runs import ATTACK, running
from _support.small_models import small_data, small_estimator
from assay.models import keep_texts, save_model
from assay.runtime.folder import read_folder
from assay.server import Limits, create_app
from assay.server.shelf import ModelShelf

LIMITS = Limits(
    max_body_bytes=20_000, max_batch_texts=8, max_text_chars=1_000, max_explained_texts=2
)


@pytest.fixture(scope="session")
def folders(tmp_path_factory):
    """Train and save a small model of each kind, the linear one with its texts; return their folders by name."""
    root = tmp_path_factory.mktemp("served")
    texts, labels = small_data(200)
    for method in ("linear", "compact", "majority"):
        save_model(small_estimator(method).fit(texts, labels), root / method)
    names = read_folder(root / "linear").label_set
    keep_texts(root / "linear", [ATTACK, *texts], names.ids([labels[0], *labels]).tolist())
    return {method: root / method for method in ("linear", "compact", "majority")}


@pytest.fixture(scope="session")
def shelf(folders):
    """Load them to be served; the first is the linear one."""
    return ModelShelf(folders, trial=lambda folder: None)


@pytest.fixture(scope="session")
def several_folder(tmp_path_factory):
    """Train and save a model of several labels per text, each the word that is in its texts."""
    texts, labels = [], []
    for i in range(200):
        own = [word for j, word in enumerate(("joy", "fear", "rage")) if i >> j & 1]
        texts.append(" ".join([*own, "the day", f"n{i}"]))
        labels.append(own)
    folder = tmp_path_factory.mktemp("several") / "topics"
    save_model(small_estimator("linear").fit(texts, labels, validation=(texts, labels)), folder)
    keep_texts(folder, texts, read_folder(folder).label_set.numbers(labels))
    return folder


@pytest.fixture
def client(shelf):
    """Ask the application in this process."""
    with TestClient(create_app(shelf, limits=LIMITS), raise_server_exceptions=True) as client:
        yield client


@pytest.fixture(scope="session")
def server(folders):
    """A server of all three models, for tests that leave it as it is."""
    with running(*folders.values()) as server:
        yield server
