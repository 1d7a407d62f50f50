"""The report on several labels in every language, from numbers made by hand.

Also tests `assay.reporting.several_tables`, `assay.reporting.several_rule_table`,
`assay.reporting.spoken_tables` and `assay.reporting.several_figures`.
"""

import numpy as np
import pytest

from assay._display import percent
from assay.catalogue import LANGUAGES, open_language
from assay.checkpoints.auto import CheckpointChoice
from assay.data.labels import LabelSet
from assay.data.together import describe_together
from assay.evaluation.several_mistakes import LEAST_TEXTS
from assay.evaluation.several_scores import score_several
from assay.reporting import several_tables
from assay.reporting.sections import find_missing_map
from assay.reporting.several_figures import _last_threshold, draw_several
from assay.reporting.several_report import (
    collect_several,
    render_several_html,
    render_several_markdown,
)

LABELS = LabelSet(("rude", "<b>|odd", "슬픔"), "multi")
RNG = np.random.default_rng(0)
TRUTH = (RNG.random((40, 3)) < 0.4).astype(np.int64)
PNG = b"\x89PNG"


@pytest.fixture(scope="module")
def report():
    """Return the report of a run of two methods."""
    probs = np.clip(TRUTH * 0.6 + RNG.random((40, 3)) * 0.4, 0, 1)
    predicted = (probs > 0.5).astype(np.int64)
    scores = score_several(TRUTH, probs, predicted, LABELS, np.full(3, 0.5), seed=0).to_dict()
    methods = [
        {"method": name, "evidence": scores, "test": scores} for name in ("linear", "finetune")
    ]
    losses = [
        {"method": "linear", "score": 0.7, "expected_loss": 0.004},
        {"method": "finetune", "score": 0.704, "expected_loss": 0.0},
    ]
    results = {
        "schema_version": 2,
        "recommended": "linear",
        "choice": {
            "metric": "macro-f1",
            "tolerance": 0.01,
            "best": "finetune",
            "recommended": "linear",
            "kind": "out_of_fold",
            "n_texts": 40,
            "expected_losses": losses,
        },
        "data": {
            "source": "tickets.csv",
            "labels": list(LABELS),
            "together": describe_together(TRUTH, LABELS),
            "audit": {"counts": [{"kind": "missing_label", "n_rows": 3, "by_split": {"train": 3}}]},
        },
        "methods": methods,
        "skipped": [{"method": "compact", "reason": "no time"}],
        "timings": {"linear": {"fit_s": 1.0}, "finetune": {"fit_s": 100.0}},
    }
    sections = {
        "caveats": [
            {
                "kind": "caveats.several_fall",
                "metric": "macro-f1",
                "score": 0.5,
                "promised": 0.7,
                "n_texts": 40,
            }
        ],
        "reading": [],
        "label_check": {"kind": "audit.not_asked"},
        "surprising": [
            {
                "kind": "missing",
                "line": 7,
                "text": "a *bold*\ntext",
                "labels": [],
                "predicted_labels": ["<b>|odd"],
                "label": "<b>|odd",
                "score": 0.98,
            }
        ],
        "missed_pairs": [{"labels": ["rude", "슬픔"], "n_texts": 5, "n_both": 2, "n_none": 1}],
        "thresholds": [
            {
                "label": "슬픔",
                "threshold": 0.3,
                "thresholds": [0.1, 0.5, 0.9],
                "precision": [0.4, 0.8, None],
                "recall": [1.0, 0.5, 0.0],
            }
        ],
    }
    return collect_several(results, sections, title="tickets.csv")


@pytest.mark.parametrize("language", LANGUAGES)
def test_pages_say_all_of_it(report, language):
    """Labels and texts are escaped, and pictures are shown beside their tables."""
    figures = {"labels_f1": PNG, "thresholds": PNG, "labels_together": PNG}
    markdown = render_several_markdown(report, figures, language=language)
    page = render_several_html(report, figures, language=language)
    assert markdown.startswith("# tickets.csv")
    assert "&lt;b&gt;\\|odd" in markdown
    assert "a \\*bold\\*" in markdown
    assert "report_files/thresholds.png" in markdown
    assert "&lt;b&gt;|odd" in page
    assert "<b>" not in page
    assert page.count("data:image/png") == 3
    assert f'lang="{language}"' in page
    for text in ("0.980", "finetune", "70.4%"):
        assert text in page


@pytest.mark.parametrize("language", LANGUAGES)
def test_both_pages_say_how_it_is_used_and_made(report, language):
    """The command, the sizes of the splits and the lines to copy, in Markdown as in HTML."""
    sizes = {"train": {"n_texts": 31, "sha256": "a" * 64}, "test": {"n_texts": 9, "sha256": "b"}}
    command = "assay run tickets.csv --label-columns rude,odd"
    made = {**report, "command": command, "data": {**report["data"], "splits": sizes}}
    for written in (
        render_several_markdown(made, {}, language=language),
        render_several_html(made, {}, language=language),
    ):
        for needed in ("assay predict model new.csv", "aaaaaaaa", "31", "tickets.csv"):
            assert needed in written
        assert command.partition(",")[0].rpartition("-")[0] in written.replace("\\", "")


@pytest.mark.parametrize(("metric", "key"), [("micro-f1", "f1_micro"), ("accuracy", "exact_match")])
def test_evidence_is_that_of_the_metric_of_the_choice(report, metric, key):
    """It was macro F1, whatever methods were chosen by."""
    name = {"micro-f1": "micro F1", "accuracy": "share of exact matches"}[metric]
    other = {"micro-f1": "마이크로 F1", "accuracy": "정확히 일치한 비율"}[metric]
    changed = {**report, "choice": {**report["choice"], "metric": metric}}
    page = render_several_html(changed, {})
    assert f"Evidence: {name}" in page
    assert f"linear has a {name} of 70.0%" in page
    assert percent(report["methods"][0]["evidence"][key]) in page
    assert f"선택 근거의 {other}" in render_several_html(changed, {}, language="ko")


def test_languages_differ(report):
    """The verdict is told in the language of the reader."""
    assert "Take linear: macro F1" in render_several_markdown(report, {})
    assert "linear를 쓰세요" in render_several_markdown(report, {}, language="ko")


@pytest.mark.parametrize(
    ("language", "dash"), [("en", "counts in no macro F1"), ("ko", "매크로 F1에는 넣지 않았습니다")]
)
def test_label_that_no_text_has_or_is_given_has_no_score(report, language, dash):
    """Zero would be in the mean of the table, and macro F1 leaves the label out."""
    assert dash not in render_several_markdown(report, {}, language=language)
    truth = TRUTH.copy()
    truth[:, 0] = 0
    scores = score_several(truth, truth * 0.9, truth, LABELS, np.full(3, 0.5), seed=0).to_dict()
    assert scores["f1_macro"] == 1.0
    absent = {**report, "methods": [{**one, "test": scores} for one in report["methods"]]}
    written = render_several_markdown(absent, {}, language=language)
    row = next(line for line in written.splitlines() if line.startswith("| rude | 0 "))
    assert row == "| rude | 0 | – | – | – | – | – | 0.500 | "
    assert dash in written


def test_name_of_a_row_is_beside_its_line(report):
    """Where a column was asked for; the title says which of the two numbers is which."""
    named = {**report, "surprising": [{**report["surprising"][0], "id": "003"}]}
    for language, title in (("en", "Line (id)"), ("ko", "줄(행 이름)")):
        written = render_several_markdown(named, {}, language=language)
        assert f"| {title} | " in written
        assert "| 7 (003) | " in written
        assert title not in render_several_markdown(report, {}, language=language)


def test_scores_are_explained_where_they_first_appear(report):
    """Macro F1 before the table of methods; average precision and calibration error below it."""
    named = {"en": "Average precision says", "ko": "평균 정밀도는"}
    for language in LANGUAGES:
        say = open_language(language).say
        written = render_several_markdown(report, {}, language=language)
        first, _, rest = written.partition("## " + say("several.methods"))
        assert say("several.explain_f1") in first
        assert named[language] in rest.partition("\n## ")[0]


def test_a_fall_is_said_right_after_the_first_sentence(report):
    """Test below the evidence is on the first screen; reports of earlier versions lack it."""
    said_in = (
        ("en", "> **Read with care:** test is below what the evidence promised"),
        ("ko", "> **주의:** 테스트 점수가 선택 근거에서 기대한 것보다 낮"),
    )
    for language, said in said_in:
        written = render_several_markdown(report, {}, language=language).split("\n\n")
        assert written[2].startswith(said)
        old = {name: report[name] for name in report if name != "caveats"}
        assert said not in render_several_markdown(old, {}, language=language)


def test_copies_of_a_text_are_said_to_be_counted(report):
    """Where rows of equal texts are in the table of problems: the first one is among them."""
    counts = [{"kind": "exact_duplicate", "n_rows": 6, "by_split": {"train": 6}}]
    data = {**report["data"], "audit": {"counts": counts}}
    assert "the first one too" in render_several_markdown({**report, "data": data}, {})
    assert "the first one too" not in render_several_markdown(report, {})


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("n_labels", [3, 12, 28])
def test_all_words_of_the_figure_of_pairs_are_inside_it(monkeypatch, language, n_labels):
    """The sentence about the colours is longer than a figure of few labels is high."""
    from assay.reporting import canvas, fonts, several_figures

    if language == "ko" and not set(fonts.font_families()) & set(fonts.FONTS[0].families):
        pytest.skip("no Korean font is installed")
    figures = []

    def paint_only(paint):
        with canvas._style():
            figure = paint()
            canvas._render(figure)
        figures.append(figure)
        return PNG

    monkeypatch.setattr(several_figures, "draw", paint_only)
    labels = tuple(f"label number {i} of all" for i in range(n_labels))
    several_figures.draw_together(np.full((n_labels, n_labels), 3), labels, language=language)
    figure = figures[0]
    edges = figure.bbox
    for text in figure.findobj(match=lambda one: hasattr(one, "get_text") and one.get_text()):
        box = text.get_window_extent()
        beyond = (edges.x0 - box.x0, box.x1 - edges.x1, edges.y0 - box.y0, box.y1 - edges.y1)
        assert max(beyond) <= 1, text


@pytest.mark.parametrize("n_curves", [1, 2, 4, 6])
def test_lowest_panel_of_each_column_has_the_numbers_of_its_axis(monkeypatch, report, n_curves):
    """Also where the last row is not full."""
    from assay.reporting import canvas, several_figures

    figures = []

    def paint_only(paint):
        with canvas._style():
            figures.append(paint())
        return PNG

    monkeypatch.setattr(several_figures, "draw", paint_only)
    several_figures._draw_thresholds(report["thresholds"][:1] * n_curves, "en")
    shown = [ax for ax in figures[0].axes if ax.get_visible()]
    assert len(shown) == n_curves
    lowest = {ax.get_subplotspec().colspan.start: ax for ax in shown}
    for ax in lowest.values():
        assert ax.xaxis.get_tick_params()["labelbottom"]


def test_caption_of_thresholds_says_which_labels_have_a_curve():
    """The label with the highest F1 may be among them, where few labels have enough texts."""
    for language in LANGUAGES:
        assert f"{LEAST_TEXTS}" in open_language(language).say("captions.thresholds")


def test_empty_tables_are_left_out(report):
    """A heading with nothing below it says nothing."""
    whole = render_several_markdown(report, {})
    bare = render_several_markdown({**report, "surprising": [], "missed_pairs": []}, {})
    for heading in ("surprising texts", "Pairs of labels on test"):
        assert heading in whole
        assert heading not in bare


def test_map_is_shown_where_it_was_drawn(report):
    """One panel per label, with what it shows in words; runs of 0.1.0 without a map have no heading."""
    drawn = {"n_texts": 90, "split": "train", "checkpoint": "minilm", "pooling": "mean"}
    drawn |= {"points": RNG.random((4, 2)).tolist(), "label_ids": [[0], [0, 2], [], [1]]}
    mapped = {**report, "map": drawn}
    figures = draw_several(mapped)
    assert figures["map"].startswith(PNG)
    for language, heading in (("en", "## Map"), ("ko", "## 지도")):
        written = render_several_markdown(mapped, figures, language=language)
        assert heading in written
        assert "90" in written.partition(heading)[2]
        assert "report_files/map.png" in written
        assert heading not in render_several_markdown(report, {}, language=language)


@pytest.mark.parametrize(
    ("checkpoint", "said"),
    [
        (None, {"en": "no method of this run uses one", "ko": "트랜스포머를 쓰는 방법이 없습니다"}),
        (CheckpointChoice("minilm"), {"en": "the budget was spent", "ko": "예산을 다 썼습니다"}),
    ],
)
def test_a_report_without_a_map_says_why(report, checkpoint, said):
    """No method used a transformer, or there was no time."""
    (fact,) = find_missing_map(None, checkpoint)
    for language, heading in (("en", "## Map"), ("ko", "## 지도")):
        plain = {**report, "no_map": [fact.to_dict()]}
        written = render_several_markdown(plain, {}, language=language)
        assert said[language] in written.partition(heading)[2]
    assert find_missing_map({"points": []}, checkpoint) == []


@pytest.mark.parametrize(
    ("language", "said"),
    [("en", "shows the 2 of 3 labels with the lowest F1"), ("ko", "F1이 가장 낮은 2개만")],
)
def test_figure_of_f1_says_that_labels_are_left_out(report, monkeypatch, language, said):
    """As the figure of pairs does."""
    assert said not in render_several_markdown(report, {}, language=language)
    monkeypatch.setattr(several_tables, "MAX_LABELS", 2)
    assert said in render_several_markdown(report, {}, language=language)


@pytest.mark.parametrize(
    ("language", "said"), [("en", "shows the 2 of 3 labels that come"), ("ko", "함께 나오는 2개만")]
)
def test_figure_of_pairs_says_that_labels_are_left_out(report, monkeypatch, language, said):
    """More labels than have room: which of them are shown is said beside the table."""
    assert said not in render_several_markdown(report, {}, language=language)
    monkeypatch.setattr(several_tables, "MAX_TOGETHER", 2)
    assert said in render_several_markdown(report, {}, language=language)


def test_figures_are_drawn_where_there_are_numbers(report):
    """Without curves and pairs two of them are left out."""
    figures = draw_several(report, language="ko")
    assert set(figures) == {"labels_f1", "thresholds", "labels_together"}
    assert all(png.startswith(PNG) for png in figures.values())
    few = {**report, "thresholds": []}
    few["data"] = {**report["data"], "together": {**report["data"]["together"], "pairs": []}}
    assert set(draw_several(few)) == {"labels_f1"}


def test_shares_are_written_where_there_is_room(monkeypatch):
    """In percent of the texts of the row's label; of many labels none is written."""
    from assay.reporting import several_figures

    figures = []

    def paint_only(paint):
        figures.append(paint())
        return PNG

    monkeypatch.setattr(several_figures, "draw", paint_only)
    counts = np.array([[500, 50, 1], [50, 100, 0], [1, 0, 4]])
    several_figures.draw_together(counts, ("a", "b", "c"))
    written = {text.get_position(): text.get_text() for text in figures[0].axes[0].texts}
    # By column and row; nothing on the diagonal, nor where no text has both
    assert written == {(1, 0): "10", (2, 0): "<1", (0, 1): "50", (0, 2): "25"}
    many = np.full((16, 16), 3)
    several_figures.draw_together(many, tuple(f"label {i}" for i in range(16)))
    assert not figures[1].axes[0].texts


@pytest.mark.parametrize(
    ("threshold", "recall", "end"),
    [(0.1, [1.0, 0.2, 0.0], 0.25), (0.4, [0.0, 0.0, 0.0], 0.5), (0.5, [1.0, 1.0, 1.0], 1.0)],
)
def test_curves_end_soon_after_the_last_score(threshold, recall, end):
    """Curves of a rare label would fill a tenth of an axis up to 1."""
    curve = {"threshold": threshold, "thresholds": [0.01, 0.2, 0.99], "recall": recall}
    assert _last_threshold(curve) == pytest.approx(end)
