"""The model card: metadata that the Hub can read, and a page that its texts cannot break."""

import pytest

from assay.catalogue import open_language
from assay.reporting.card import render_card

markdown_it = pytest.importorskip("markdown_it")
yaml = pytest.importorskip("yaml")

NASTY = (
    "joy",
    "<script>alert(1)</script>",
    "a: b # c\n---\nevil: true",
    "](javascript:alert(1))",
    "```",
    "\u202e한국어",
)


def build_manifest(method="finetune", labels=("sadness", "joy"), **changes):
    """Make what assay.json would hold."""
    return {
        "schema_version": 1,
        "method": method,
        "labels": list(labels),
        "seed": 0,
        "tokenization": {"max_tokens": 128},
        "temperature": 1.374,
        "parameters": {},
        "checkpoint": {"name": "minilm", "revision": None}
        if method in ("features", "finetune")
        else None,
        "training_data": {"source": "dair-ai/emotion", "n_texts": 16_000, "sha256": "ab" * 32},
        "scores": [
            {
                "split": split,
                "metric": metric,
                "value": value,
                "interval": [value - 0.01, value + 0.01],
                "n_texts": 2000,
            }
            for split, value in (("validation", 0.938), ("test", 0.934))
            for metric, value in (
                ("accuracy", value),
                ("f1_weighted", value - 0.001),
                ("f1_macro", value - 0.05),
            )
        ],
        "versions": {"assay": "0.1.0"},
        "files": {},
    } | changes


def read_card(text):
    """Split a card into its metadata and its body."""
    assert text.startswith("---\n")
    _, head, body = text.split("---\n", 2)
    return yaml.safe_load(head), body


@pytest.mark.parametrize(
    ("method", "library"),
    [
        ("majority", "assay"),
        ("linear", "assay"),
        ("compact", "assay"),
        ("features", "assay"),
        ("finetune", "transformers"),
    ],
)
def test_card_says_which_library_loads_it(method, library):
    """Only a fine-tuned model is a stock transformers checkpoint; all are text classifiers."""
    head, body = read_card(render_card(build_manifest(method), name="emotion"))
    assert head["library_name"] == library
    assert head["pipeline_tag"] == "text-classification"
    assert {"assay", method} <= set(head["tags"])
    assert ("from transformers import pipeline" in body) == (library == "transformers")


def test_card_metadata_holds_the_measured_scores():
    """The model index names data set, split, metric, value and n."""
    head, _ = read_card(render_card(build_manifest(), name="emotion"))
    index = head["model-index"][0]
    assert index["name"] == "emotion"
    assert [result["dataset"]["split"] for result in index["results"]] == ["validation", "test"]
    test = index["results"][1]
    assert test["dataset"]["name"] == "dair-ai/emotion"
    assert [(metric["type"], metric["value"]) for metric in test["metrics"]] == [
        ("accuracy", 0.934),
        ("f1", 0.933),
        ("f1", 0.884),
    ]
    assert head["datasets"] == ["dair-ai/emotion"]
    assert test["metrics"][0]["name"] == "Accuracy (test, 2,000 texts)"


def test_card_is_read_by_the_hub_client():
    """The Hub's own client reads every score from the card."""
    hub = pytest.importorskip("huggingface_hub")
    card = hub.ModelCard(render_card(build_manifest(), name="emotion"))
    assert card.data.pipeline_tag == "text-classification"
    assert card.data.base_model == "sentence-transformers/all-MiniLM-L6-v2"
    assert {(r.metric_type, r.dataset_split, r.metric_value) for r in card.data.eval_results} >= {
        ("accuracy", "test", 0.934),
        ("accuracy", "validation", 0.938),
    }


def test_card_body_has_what_a_user_needs():
    """Labels, data, scores with intervals, both ways to use it, and limits."""
    majority = {
        split: dict.fromkeys(("accuracy", "f1_weighted", "f1_macro"), 0.347)
        for split in ("validation", "test")
    }
    text = render_card(
        build_manifest(),
        name="emotion",
        path="runs/my emotion",
        baselines={"majority": majority},
        picture_of="test",
    )
    _, body = read_card(text)
    for needed in (
        "0. sadness\n1. joy",
        "dair-ai/emotion, 16,000 texts",
        "| test | 2,000 | Accuracy | 93.4% | 92.4–94.4% | 34.7% |",
        "![Confusion matrix of the test texts, normalised by true label](confusion.png)",
        "assay predict 'runs/my emotion' -",
        'load_model("runs/my emotion")',
        "first 128 tokens",
        "temperature (1.37)",
    ):
        assert needed in body, needed


@pytest.mark.parametrize(
    ("checkpoint", "base"),
    [
        ({"name": "minilm", "revision": None}, "sentence-transformers/all-MiniLM-L6-v2"),
        ({"name": "org/bert", "revision": "abc"}, "org/bert"),
        ({"name": "my-folder", "revision": None}, None),
        (None, None),
    ],
)
def test_card_names_a_base_model_only_if_the_hub_has_it(checkpoint, base):
    """An alias and a Hub id are linked; a local folder is not."""
    head, _ = read_card(render_card(build_manifest(checkpoint=checkpoint), name="emotion"))
    assert head.get("base_model") == base


def test_card_hides_local_folders():
    """Only the name of a data file is published, not its path."""
    text = render_card(
        build_manifest(training_data={"source": "/home/me/mails.csv"}), name="emotion"
    )
    assert "mails.csv" in text
    assert "/home/me" not in text


def test_card_without_scores_says_so():
    """A model that was never scored has no model index and claims nothing."""
    head, body = read_card(render_card(build_manifest(scores=[], training_data={}), name="emotion"))
    assert "model-index" not in head
    assert "None were recorded." in body
    assert "What it was trained on was not recorded." in body


@pytest.mark.parametrize("nasty", NASTY[1:])
def test_card_cannot_be_broken_by_its_texts(nasty):
    """Names, labels and sources that are YAML, HTML or Markdown stay plain text."""
    manifest = build_manifest(labels=NASTY, training_data={"source": nasty})
    text = render_card(manifest, name=nasty, path=nasty)
    assert "\u202e" not in text
    head, body = read_card(text)
    plain, _ = read_card(render_card(build_manifest(training_data={"source": "x"}), name="x"))
    assert set(head) == set(plain)
    tokens = markdown_it.MarkdownIt("commonmark").enable("table").parse(body)
    inline = [child for token in tokens if token.children for child in token.children]
    assert not {token.type for token in [*tokens, *inline]} & {
        "html_block",
        "html_inline",
        "link_open",
        "image",
    }
    assert sum(token.type == "fence" for token in tokens) == 3
    assert sum(token.type == "list_item_open" for token in tokens) == len(NASTY) + 6


@pytest.mark.parametrize(
    ("source", "language", "expected"),
    [
        ("sample", "en", {"license": "apache-2.0", "language": "en"}),
        ("mails.csv", "ko", {"license": "unknown", "language": "ko"}),
        ("acme/moods:ko", None, {"license": "unknown", "datasets": ["acme/moods"]}),
    ],
)
def test_card_says_language_licence_and_data_set_where_they_are_known(source, language, expected):
    """A licence is claimed for the built-in sample only; only what the Hub has is linked as a data set."""
    training = {"source": source, "n_texts": 9} | ({"language": language} if language else {})
    head, _ = read_card(render_card(build_manifest(training_data=training), name="mood"))
    names = ("license", "language", "datasets")
    assert {name: head[name] for name in names if name in head} == expected


def test_card_shows_scores_without_leaks():
    """Where texts of a split occur in train, both scores are there."""
    manifest = build_manifest()
    assert "also occur in the training data" not in render_card(manifest, name="emotion")
    manifest["scores"][3]["without_leaks"] = {
        "value": 0.921,
        "interval": [0.91, 0.93],
        "n_texts": 1989,
    }
    _, body = read_card(render_card(manifest, name="emotion"))
    assert "Without the texts that also occur in the training data:" in body
    assert "| test | 1,989 | Accuracy | 92.1% | 91.0–93.0% |" in body


def test_card_promises_nothing_where_test_is_below_the_evidence():
    """It pointed from test texts that say little to the scores that test had not kept."""
    manifest = build_manifest()
    for one in manifest["scores"]:
        if one["split"] == "test":
            one["n_texts"] = 60
    assert "60 test texts say little" in render_card(manifest, name="emotion")
    for one in manifest["scores"]:
        if one["split"] == "test":
            one["value"] = 0.5
    card = render_card(manifest, name="emotion")
    assert "say little" not in card
    assert "accuracy 50.0% on 60 test texts against 93.8%" in card
    assert "93.8%" in render_card(manifest, name="emotion", language="ko").partition("50.0%")[2]


@pytest.mark.parametrize(
    ("task", "language", "said"),
    [
        ("single", "en", "96 of the 324 texts that methods were chosen on are nearly the same"),
        ("single", "ko", "이를 뺀 228개의 정확도는 81.2%"),
        ("multi", "en", "No score of theirs says how texts fare that are written anew"),
    ],
)
def test_card_says_that_a_score_may_be_memory(task, language, said):
    """As the report does, of the texts that methods were chosen on; otherwise nothing is said."""
    near = {"n_near": 96, "n_others": 228, "accuracy": 0.812}
    score = {"split": "out_of_fold", "metric": "accuracy", "value": 0.954, "interval": [0.9, 0.97]}
    score["n_texts"] = 324
    plain = build_manifest(task=task, thresholds=[0.5, 0.5], scores=[score])
    own = build_manifest(
        task=task, thresholds=[0.5, 0.5], scores=[{**score, "near_duplicates": near}]
    )
    assert said in render_card(own, name="tweets", language=language)
    assert "nearly the same" not in render_card(plain, name="tweets")


def test_card_says_what_becomes_of_long_texts():
    """Cut, or read in windows, which stock tools do not do."""
    tokenization = {"max_tokens": 128, "long_texts": "window"}
    _, body = read_card(render_card(build_manifest(tokenization=tokenization), name="emotion"))
    assert "windows of 128 tokens, whose logits are averaged" in body
    assert "first 128 tokens" not in body
    several = build_manifest(tokenization=tokenization, task="multi", thresholds=[0.3, 0.4])
    _, body = read_card(render_card(several, name="emotion"))
    assert "windows of 128 tokens, and a label has the highest score of all windows" in body


@pytest.mark.parametrize("language", ["en", "ko"])
def test_card_of_several_labels_says_how_they_are_given(language):
    """Independent scores, thresholds, and the scores that such models have."""
    say = open_language(language).say
    scores = [
        {"split": "test", "metric": metric, "value": 0.5, "interval": [0.4, 0.6], "n_texts": 100}
        for metric in ("f1_micro", "f1_macro", "f1_weighted", "exact_match")
    ]
    manifest = build_manifest("linear", task="multi", scores=scores, thresholds=[0.3, 0.4])
    head, body = read_card(render_card(manifest, name="topics", language=language))
    metrics = head["model-index"][0]["results"][0]["metrics"]
    assert [metric["type"] for metric in metrics] == ["f1", "f1", "f1", "accuracy"]
    assert "1 / (1 + np.exp(-logits))" in body
    assert "1.37" not in body  # there is no temperature
    assert say("card.several_measured") in body
    folds = [{**one, "split": "out_of_fold"} for one in scores]
    manifest = build_manifest(
        "linear", task="multi", scores=[*folds, *scores], thresholds=[0.3, 0.4]
    )
    _, body = read_card(render_card(manifest, name="topics", language=language))
    assert say("card.several_measured_folds") in body
    assert say("card.several_measured") not in body
    assert "50.0%" in body
    if language == "en":
        assert "A label is given where its score is at least its threshold" in body
        assert "a list of label names per text" in body


@pytest.mark.parametrize("language", ["en", "ko"])
@pytest.mark.parametrize("method", ["majority", "linear", "compact"])
def test_limits_of_a_card_are_one_list(language, method):
    """An empty line between two of them made paragraphs of all."""
    card = render_card(build_manifest(method), name="mood", language=language)
    title = open_language(language).say("card.limits")
    limits = card.split(f"## {title}")[1].strip().split("\n\n")[0]
    rest = card.split(f"## {title}")[1].replace(limits, "")
    assert "\n- " not in rest
