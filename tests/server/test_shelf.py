"""The shelf of served models: what changed is swapped, what is broken is refused, what is in use stays whole."""

import logging
import shutil

import pytest

from assay.errors import InputError, ModelError
from assay.server.failures import ApiError
from assay.server.served_models import ServedModel
from assay.server.shelf import ModelShelf, name_folders, sign_folder

TEXT = "i am very happy this day"


@pytest.fixture
def folder(folders, tmp_path):
    """Copy the linear model to where it may be changed."""
    return shutil.copytree(folders["linear"], tmp_path / "model")


@pytest.fixture
def watched(folder):
    """Put it on a shelf that notes what is loaded again."""
    notes = []
    shelf = ModelShelf(
        {"mine": folder},
        on_reload=lambda name, is_loaded: notes.append((name, is_loaded)),
        trial=lambda folder: None,
    )
    shelf.notes = notes
    return shelf


def put(new, folder):
    """Replace a folder by another, as a careful person does."""
    shutil.rmtree(folder)
    shutil.copytree(new, folder)


def test_unchanged_folder_is_left(watched):
    """Looking again loads nothing."""
    before = watched.find(None)
    assert watched.reload(only_changed=True) == []
    assert watched.find("mine") is before
    assert watched.notes == []


def test_changed_folder_is_swapped_and_the_old_model_still_scores(watched, folder, folders):
    """New requests get the new model; who holds the old one can go on with it."""
    before = watched.find(None)
    expected = before.model.predict_proba([TEXT])
    put(folders["compact"], folder)
    assert watched.reload(only_changed=True) == ["mine"]
    assert watched.find(None).model.method == "compact"
    assert (before.model.predict_proba([TEXT]) == expected).all()
    assert watched.notes == [("mine", True)]


@pytest.mark.parametrize("damage", ["hash", "manifest", "missing", "pickle"])
def test_broken_folder_is_refused_once_and_taken_when_it_is_mended(
    watched, folder, folders, damage, caplog
):
    """One warning with the reason, not one a look; the old model answers until the folder is whole again."""
    before = watched.find(None)
    if damage == "hash":
        (folder / "vocabulary.json").write_text("{}", encoding="utf-8")
    elif damage == "manifest":
        (folder / "assay.json").write_text("{", encoding="utf-8")
    elif damage == "missing":
        (folder / "model.safetensors").unlink()
    else:
        (folder / "evil.pkl").write_bytes(b"")
    with caplog.at_level(logging.WARNING, "assay"):
        for _ in range(3):
            assert watched.reload(only_changed=True) == []
    (record,) = caplog.records
    assert record.facts["model"] == "mine"
    assert record.facts["reason"]
    assert watched.find(None) is before
    put(folders["compact"], folder)
    assert watched.reload(only_changed=True) == ["mine"]
    assert watched.notes == [("mine", False), ("mine", True)]


def test_folder_that_is_gone_for_a_moment_is_waited_for(watched, folder, folders):
    """Between a removal and the new folder there is nothing to refuse."""
    before = watched.find(None)
    shutil.rmtree(folder)
    assert watched.reload(only_changed=True) == []
    assert watched.find(None) is before
    assert watched.notes == []
    shutil.copytree(folders["compact"], folder)
    assert watched.reload(only_changed=True) == ["mine"]


def test_reload_on_demand_loads_what_did_not_change(watched):
    """As SIGHUP asks for."""
    before = watched.find(None)
    assert watched.reload(only_changed=False) == ["mine"]
    assert watched.find(None) is not before


def test_first_model_answers_where_none_is_named(shelf):
    """In the order given; an unknown name is 404."""
    assert shelf.find(None).name == "linear"
    with pytest.raises(ApiError, match="there is no model 'x'; models: linear, compact, majority"):
        shelf.find("x")


def test_broken_folder_is_an_error_at_the_start(tmp_path):
    """Nothing is served from a folder that is no model."""
    with pytest.raises(ModelError, match="there is no model folder"):
        ModelShelf({"x": tmp_path / "nowhere"})


def test_signature_follows_names_sizes_and_times(folder):
    """Another file, another size, another time: another signature. No folder: none."""
    first = sign_folder(folder)
    assert sign_folder(folder) == first
    (folder / "README.md").write_text("more", encoding="utf-8")
    assert sign_folder(folder) != first
    assert sign_folder(folder / "nowhere") == ()


def test_network_explains_through_its_scores_and_linear_by_itself(shelf):
    """Both kinds of work give what the runtime gives, one result per text."""
    for served in shelf.served:
        rows = served.scoring.run([TEXT, ""])
        assert len(rows) == 2
        assert rows[0] == pytest.approx(served.model.predict_proba([TEXT])[0], abs=1e-6)
        probs, scope = served.judging.run([TEXT])[0]
        assert probs == pytest.approx(rows[0], abs=1e-6)
        assert (scope is None) == (served.model.scope_threshold is None)
    counts = shelf.find("compact").counting.run([TEXT, ""])
    assert counts == shelf.find("compact").model.count_tokens([TEXT, ""])
    assert shelf.find("linear").counting.run([TEXT]) == [None]
    assert isinstance(shelf.find("linear"), ServedModel)


def test_loading_makes_the_index_of_kept_texts(folders):
    """No request waits for it; how many look-ups go together is measured for them alone."""
    served = ServedModel.load("kept", folders["linear"])
    assert "_index" in vars(served.model.training_texts)
    assert served.finding.budget > 0
    assert (
        served.finding.cost("a" * 4_000) > 900
    )  # a look-up reads all of a text, whatever the model reads


def test_folders_have_names(tmp_path):
    """A folder is called by its name, or by the one given; two of one name are an error that says how to go on."""
    assert name_folders([str(tmp_path / "a"), f"b={tmp_path}"]) == {
        "a": tmp_path / "a",
        "b": tmp_path,
    }
    with pytest.raises(InputError, match="two models are called 'a'"):
        name_folders([str(tmp_path / "a"), str(tmp_path / "x" / "a")])
    with pytest.raises(InputError, match="'=x' names no model"):
        name_folders(["=x"])
    with pytest.raises(InputError, match=r"called 'm\\udcff', which is no text"):
        name_folders([str(tmp_path / "m\udcff")])
    with pytest.raises(InputError, match="no model was given"):
        name_folders([])


def test_linked_folder_keeps_the_name_of_the_link(folders, tmp_path, monkeypatch):
    """`assay serve prod`, a link to rel/v1, is called prod, before and after the link moves."""
    for release, method in (("v1", "linear"), ("v2", "majority")):
        shutil.copytree(folders[method], tmp_path / "rel" / release)
    link = tmp_path / "prod"
    link.symlink_to(tmp_path / "rel" / "v1", target_is_directory=True)
    monkeypatch.chdir(tmp_path)
    for given in ("prod", "prod/", "./prod", str(link), "rel/../prod"):
        assert list(name_folders([given])) == ["prod"]
    shelf = ModelShelf(name_folders(["prod"]))
    link.unlink()
    link.symlink_to(tmp_path / "rel" / "v2", target_is_directory=True)
    assert shelf.reload(only_changed=True) == ["prod"]
    assert [(one.name, one.model.method) for one in shelf.served] == [("prod", "majority")]


def test_changed_folder_is_tried_before_it_is_loaded(folder, folders):
    """What fails in a process of its own never reaches this one."""
    tried = []

    def refuse(path):
        tried.append(path)
        raise ModelError("it took more memory than it needs")

    shelf = ModelShelf({"mine": folder}, trial=refuse)
    before = shelf.find(None)
    put(folders["majority"], folder)
    assert shelf.reload(only_changed=True) == []
    assert (tried, shelf.find(None)) == ([folder], before)


class Panic(BaseException):
    """As Rust libraries raise it: no Exception."""


@pytest.mark.parametrize("where", ["trial", "loading"])
def test_panic_while_loading_ends_neither_the_watcher_nor_the_old_model(
    folder, folders, monkeypatch, where
):
    """A folder of which a library panics is refused; the next one is taken."""

    def panic(*_, **__):
        raise Panic("secret")

    shelf = ModelShelf({"mine": folder}, trial=lambda folder: None)
    before = shelf.find(None)
    put(folders["majority"], folder)
    with monkeypatch.context() as patched:
        if where == "trial":
            patched.setattr(shelf, "_trial", panic)
        else:
            patched.setattr(ServedModel, "load", panic)
        assert shelf.reload(only_changed=True) == []
    assert shelf.find(None) is before
    assert before.model.predict([TEXT])
    put(folders["compact"], folder)
    assert shelf.reload(only_changed=True) == ["mine"]
    assert shelf.find(None).model.method == "compact"
