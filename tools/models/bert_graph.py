"""BERT sentence encoders as ONNX graphs, written out from their weights.

The layer is the encoder of "Attention Is All You Need" as BERT uses it (post-layer-norm, exact GELU); the head is
the one of sentence-transformers: the mean over the unmasked positions, scaled to length one.
"""

from dataclasses import dataclass

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import numpy_helper, parser

Weights = dict[str, NDArray[np.float32]]


@dataclass(frozen=True)
class BertShape:
    """How a BERT encoder is cut: its sizes, as its config.json names them."""

    hidden_size: int
    layers: int
    heads: int
    layer_norm_epsilon: float = 1e-12

    @property
    def head_size(self) -> int:
        return self.hidden_size // self.heads


MINILM_L6 = BertShape(hidden_size=384, layers=6, heads=12)

_HEADER = '<ir_version: 9, opset_import: ["" : 20]>'

_SIGNATURE = """sentence_encoder
(int64[batch, length] input_ids, int64[batch, length] attention_mask) => (float[batch, {hidden}] embedding)"""

_EMBEDDINGS = """
    words = Gather (word_embeddings, input_ids)
    size = Shape (input_ids)
    length_of = Slice (size, one, two)
    places = Slice (place_embeddings, zero, length_of, zero)
    placed = Add (words, places)
    x0 = LayerNormalization <epsilon: float = {epsilon}> (placed, norm_scale, norm_bias)
    mask = Cast <to: int = 1> (attention_mask)
    mask_row = Unsqueeze (mask, one_two)
    hidden_share = Sub (unit, mask_row)
    bias = Mul (hidden_share, far_below)"""

_LAYER = """
    {n}qm = MatMul (x{i}, {n}query)
    {n}qb = Add (qm_in, {n}query_bias)"""

_ATTENTION = """
    {n}{part}_product = MatMul (x{i}, {n}{part}_weight)
    {n}{part}_flat = Add ({n}{part}_product, {n}{part}_bias)
    {n}{part}_split = Reshape ({n}{part}_flat, heads_apart)
    {n}{part} = Transpose <perm: ints = {order}> ({n}{part}_split)"""
