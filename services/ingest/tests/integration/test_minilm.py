import json
from pathlib import Path

import numpy as np
import pytest

from ingest.adapters.minilm import MiniLmEmbedder, ModelMissing


async def test_the_int8_model_agrees_with_the_float_one(
    embedder: MiniLmEmbedder, pytestconfig: pytest.Config
) -> None:
    file = pytestconfig.rootpath / "tools" / "models" / "minilm-reference.json"
    reference = json.loads(file.read_text(encoding="utf-8"))

    vectors = await embedder.embed(list(reference))

    agreement = (vectors * np.array(list(reference.values()))).sum(axis=1)
    assert agreement.min() > 0.98


async def test_vectors_have_length_one_whatever_the_length_of_the_text(
    embedder: MiniLmEmbedder,
) -> None:
    vectors = await embedder.embed(["", "boat", "The boathouse opens at six. " * 300])

    assert vectors.shape == (3, 384)
    assert vectors.dtype == np.float32
    assert np.linalg.norm(vectors, axis=1) == pytest.approx([1, 1, 1], abs=1e-5)


async def test_no_texts_give_no_vectors(embedder: MiniLmEmbedder) -> None:
    assert (await embedder.embed([])).shape == (0, 384)


async def test_a_text_gets_the_same_vector_alone_and_among_longer_ones(
    embedder: MiniLmEmbedder,
) -> None:
    short, long = "How do I cancel my course?", "A refund is paid within fourteen days. " * 5

    alone = await embedder.embed([short])
    together = await embedder.embed([long, short])

    # Int8 activations are scaled per batch, so a neighbour moves a vector a little.
    assert float(alone[0] @ together[1]) > 0.99


async def test_the_end_of_a_long_text_counts(embedder: MiniLmEmbedder) -> None:
    filler = "The boats are washed and put back on their racks. " * 40
    question, plain, ending = await embedder.embed(
        ["Where is the defibrillator?", filler, filler + "The defibrillator is in the hall. " * 20]
    )

    assert question @ ending > question @ plain + 0.1


async def test_a_text_of_a_token_a_sign_is_read_in_three_windows_and_no_more(
    embedder: MiniLmEmbedder,
) -> None:
    beginning = "<!--" * 300

    whole, longer = await embedder.embed([beginning, beginning + "boat " * 5_000])

    assert float(whole @ longer) > 0.99


async def test_more_texts_than_are_taken_at_once_keep_their_order(
    embedder: MiniLmEmbedder,
) -> None:
    texts = ["boat", *["hall"] * 70, "key"]

    vectors = await embedder.embed(texts)
    boat, hall, key = await embedder.embed(["boat", "hall", "key"])

    assert vectors.shape == (72, 384)
    # Int8 activations are scaled per batch; other words are at .6 at most.
    assert min(vectors[0] @ boat, vectors[35] @ hall, vectors[71] @ key) > 0.95


def test_a_missing_model_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelMissing, match=str(tmp_path)):
        MiniLmEmbedder(tmp_path)
