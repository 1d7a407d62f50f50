"""How a notebook shows the results of a run."""

from __future__ import annotations

from assay._display import html_block, html_table
from assay.reporting.results import Results

__all__ = ["show_results"]


def show_results(results: Results) -> str:
    """Show the recommendation and a leaderboard in a notebook."""
    rows = []
    for one in results.methods:
        test = one.scored["test"].scores
        low, high = test.intervals["accuracy"]
        rows.append(
            {
                "method": one.method,
                "evidence": one.evidence.scores.accuracy,
                "test": test.accuracy,
                "95 % interval on test": f"{low:.3f} to {high:.3f}",
                "weighted F1 on test": test.f1_weighted,
                "fit, s": round(one.fit_s, 3),
                "MB": one.model.n_bytes / 1e6,
            }
        )
    return html_block(
        f"Recommended: {results.choice.recommended}.",
        results.choice.why,
        html_table(rows, caption="accuracy"),
    )
