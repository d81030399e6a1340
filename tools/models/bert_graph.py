"""BERT sentence encoders as ONNX graphs, written out from their weights.

The layer is the encoder of "Attention Is All You Need" as BERT uses it (layer norm last, exact
GELU); the head is the one of sentence-transformers: the mean over the unmasked positions, scaled
to length one.
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

_EMBEDDINGS = """
  words = Gather (word_embeddings, input_ids)
  length_of = Shape <start = 1, end = 2> (input_ids)
  places = Slice (place_embeddings, at_0, length_of, at_0)
  placed = Add (words, places)
  x0 = LayerNormalization <axis = -1, epsilon = {epsilon}> (placed, norm_scale, norm_bias)
  mask = Cast <to = 1> (attention_mask)
  mask_row = Unsqueeze (mask, at_1_2)
  hidden = Sub (one, mask_row)
  mask_bias = Mul (hidden, far_below)"""

# The keys are laid out already transposed, so that scores = query x key.
_PROJECTION = """
  l{i}_{part}_product = MatMul (x{i}, l{i}_{part}_weight)
  l{i}_{part}_flat = Add (l{i}_{part}_product, l{i}_{part}_bias)
  l{i}_{part}_heads = Reshape (l{i}_{part}_flat, apart)
  l{i}_{part} = Transpose <perm = {order}> (l{i}_{part}_heads)"""
_ORDER_OF_AXES = {"query": [0, 2, 1, 3], "key": [0, 2, 3, 1], "value": [0, 2, 1, 3]}

_REST_OF_LAYER = """
  l{i}_raw = MatMul (l{i}_query, l{i}_key)
  l{i}_scaled = Div (l{i}_raw, root_of_head_size)
  l{i}_scores = Add (l{i}_scaled, mask_bias)
  l{i}_shares = Softmax <axis = -1> (l{i}_scores)
  l{i}_mixed = MatMul (l{i}_shares, l{i}_value)
  l{i}_ordered = Transpose <perm = [0, 2, 1, 3]> (l{i}_mixed)
  l{i}_joined = Reshape (l{i}_ordered, together)
  l{i}_attended_product = MatMul (l{i}_joined, l{i}_out_weight)
  l{i}_attended = Add (l{i}_attended_product, l{i}_out_bias)
  l{i}_first_sum = Add (l{i}_attended, x{i})
  l{i}_middle = LayerNormalization <axis = -1, epsilon = {epsilon}>
    (l{i}_first_sum, l{i}_out_norm_scale, l{i}_out_norm_bias)
  l{i}_wide_product = MatMul (l{i}_middle, l{i}_wide_weight)
  l{i}_wide = Add (l{i}_wide_product, l{i}_wide_bias)
  l{i}_active = Gelu (l{i}_wide)
  l{i}_narrow_product = MatMul (l{i}_active, l{i}_narrow_weight)
  l{i}_narrow = Add (l{i}_narrow_product, l{i}_narrow_bias)
  l{i}_second_sum = Add (l{i}_narrow, l{i}_middle)
  x{next} = LayerNormalization <axis = -1, epsilon = {epsilon}>
    (l{i}_second_sum, l{i}_narrow_norm_scale, l{i}_narrow_norm_bias)"""

_HEAD = """
  mask_column = Unsqueeze (mask, at_2)
  visible = Mul (x{last}, mask_column)
  total = ReduceSum <keepdims = 0> (visible, at_1)
  tokens = ReduceSum <keepdims = 1> (mask, at_1)
  mean = Div (total, tokens)
  embedding = LpNormalization <axis = 1, p = 2> (mean)"""

_NAMES_IN_LAYER = {
    "query": "attention.self.query",
    "key": "attention.self.key",
    "value": "attention.self.value",
    "out": "attention.output.dense",
    "wide": "intermediate.dense",
    "narrow": "output.dense",
}
_NORMS_IN_LAYER = {"out": "attention.output.LayerNorm", "narrow": "output.LayerNorm"}


def sentence_encoder(weights: Weights, shape: BertShape) -> onnx.ModelProto:
    """A float32 model, from `input_ids` and `attention_mask` to `embedding`.

    The inputs are int64 [batch, length]; the output is float32 [batch, hidden_size].
    """
    model: onnx.ModelProto = parser.parse_model(_graph_text(shape))
    tensors = _constants(shape) | _tables(weights)
    for layer in range(shape.layers):
        tensors |= _layer_tensors(weights, layer)
    for name, tensor in tensors.items():
        model.graph.initializer.append(numpy_helper.from_array(np.ascontiguousarray(tensor), name))
    onnx.checker.check_model(model)
    return model


def _graph_text(shape: BertShape) -> str:
    epsilon = f"{shape.layer_norm_epsilon:.1e}"
    body = _EMBEDDINGS.format(epsilon=epsilon)
    for i in range(shape.layers):
        for part, order in _ORDER_OF_AXES.items():
            body += _PROJECTION.format(i=i, part=part, order=order)
        body += _REST_OF_LAYER.format(i=i, next=i + 1, epsilon=epsilon)
    body += _HEAD.format(last=shape.layers)
    return f"""<ir_version: 9, opset_import: ["" : 20]>
sentence_encoder (int64[batch, length] input_ids, int64[batch, length] attention_mask)
  => (float[batch, {shape.hidden_size}] embedding) {{{body}
}}"""


def _constants(shape: BertShape) -> dict[str, NDArray[np.generic]]:
    def whole(*values: int) -> NDArray[np.int64]:
        return np.array(values, dtype=np.int64)

    return {
        "at_0": whole(0),
        "at_1": whole(1),
        "at_2": whole(2),
        "at_1_2": whole(1, 2),
        "apart": whole(0, 0, shape.heads, shape.head_size),
        "together": whole(0, 0, shape.hidden_size),
        "one": np.array(1, dtype=np.float32),
        "far_below": np.array(-10_000, dtype=np.float32),
        "root_of_head_size": np.array(shape.head_size**0.5, dtype=np.float32),
    }


def _tables(weights: Weights) -> dict[str, NDArray[np.generic]]:
    # A sentence encoder sees one segment only, so the segment's row is folded into the places.
    segment = weights["embeddings.token_type_embeddings.weight"][0]
    return {
        "word_embeddings": weights["embeddings.word_embeddings.weight"],
        "place_embeddings": weights["embeddings.position_embeddings.weight"] + segment,
        "norm_scale": weights["embeddings.LayerNorm.weight"],
        "norm_bias": weights["embeddings.LayerNorm.bias"],
    }


def _layer_tensors(weights: Weights, layer: int) -> dict[str, NDArray[np.generic]]:
    tensors: dict[str, NDArray[np.generic]] = {}
    for ours, theirs in _NAMES_IN_LAYER.items():
        name = f"encoder.layer.{layer}.{theirs}"
        tensors[f"l{layer}_{ours}_weight"] = weights[f"{name}.weight"].T
        tensors[f"l{layer}_{ours}_bias"] = weights[f"{name}.bias"]
    for ours, theirs in _NORMS_IN_LAYER.items():
        name = f"encoder.layer.{layer}.{theirs}"
        tensors[f"l{layer}_{ours}_norm_scale"] = weights[f"{name}.weight"]
        tensors[f"l{layer}_{ours}_norm_bias"] = weights[f"{name}.bias"]
    return tensors
