"""One text taken apart, and how many texts a model cuts."""

from _support.small_models import small_data
from assay.data.load import load_data
from assay.recipes.train import train_model
from assay.reporting.token_sections import describe_tokens, find_tokenizer
from assay.runtime.predictor import load_model


def test_tokens_and_truncation_are_those_of_the_tokenizer(tmp_path):
    """A method with a vocabulary of its own shows it under its own name."""
    splits = load_data(small_data(60))
    train_model(
        splits, tmp_path / "m", method="compact", parameters={"n_epochs": 1, "max_tokens": 8}
    )
    model = load_model(tmp_path / "m")
    assert find_tokenizer([]) is None
    named = find_tokenizer([model])
    assert named.name == "compact"
    train = splits["all"]
    shown = describe_tokens(train, named)
    assert shown.text == train.texts[0]
    assert "".join(shown.characters.tokens) == shown.text
    assert list(shown.words.tokens) == shown.text.split()
    assert shown.subwords.n_tokens == len(shown.subwords.ids) == len(shown.subwords.tokens)
    assert shown.subwords.max_tokens == model.max_tokens
