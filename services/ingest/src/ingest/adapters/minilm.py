import asyncio
import json
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from tokenizers import Encoding, Tokenizer

from ingest.application.ports import Vectors

# What the model was trained to read at once; a longer text is read in several windows.
_WINDOW_TOKENS = 256
_WINDOWS_PER_BATCH = 2
# Prose of a chunk's size needs two. Signs that are a token each would need many more.
_MOST_WINDOWS = 3
_TEXTS_AT_ONCE = 32
_DIMENSIONS = 384
_FILES = ("model.onnx", "tokenizer.json", "build.json")

_Given = TypeVar("_Given")
_Result = TypeVar("_Result")


class ModelMissing(Exception):
    """The embedding model was not built."""

    def __init__(self, folder: Path) -> None:
        super().__init__(f"there is no embedding model in {folder}; `make setup` builds it")


class MiniLmEmbedder:
    """all-MiniLM-L6-v2 on ONNX Runtime, on threads of its own.

    A call has no more batches under way than there are threads, so that a question waits behind a
    batch of a long document and not behind the document.
    """

    def __init__(self, folder: Path, threads: int = 2) -> None:
        if not all((folder / name).is_file() for name in _FILES):
            raise ModelMissing(folder)
        self._session = onnxruntime.InferenceSession(
            folder / "model.onnx", _session_options(), providers=["CPUExecutionProvider"]
        )
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.enable_truncation(_WINDOW_TOKENS)
        self._tokenizer.no_padding()
        self._at_once = threads
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="minilm")
        self._model = f"all-MiniLM-L6-v2-int8-{_build_of(folder)}"

    @property
    def model(self) -> str:
        return self._model

    async def embed(self, texts: Sequence[str]) -> Vectors:
        """Float32 [len(texts), 384]. A text of several windows gets their mean direction.

        What lies beyond the third window doesn't count.
        """
        vectors: Vectors = np.zeros((len(texts), _DIMENSIONS), dtype=np.float32)
        for start in range(0, len(texts), _TEXTS_AT_ONCE):
            group = slice(start, start + _TEXTS_AT_ONCE)
            vectors[group] = await self._embed(texts[group])
        return vectors

    async def _embed(self, texts: Sequence[str]) -> Vectors:
        windows, owners = await self._on_thread(self._windows, texts)
        # Windows of like length share a batch, and so little padding is computed.
        by_length = sorted(range(len(windows)), key=lambda index: len(windows[index]))
        batches = [
            by_length[start : start + _WINDOWS_PER_BATCH]
            for start in range(0, len(by_length), _WINDOWS_PER_BATCH)
        ]
        sums = np.zeros((len(texts), _DIMENSIONS), dtype=np.float32)
        for start in range(0, len(batches), self._at_once):
            group = batches[start : start + self._at_once]
            inputs = [[windows[i] for i in batch] for batch in group]
            results = await asyncio.gather(*(self._on_thread(self._run, each) for each in inputs))
            for batch, result in zip(group, results, strict=True):
                np.add.at(sums, [owners[i] for i in batch], result)
        lengths = np.linalg.norm(sums, axis=1, keepdims=True)
        vectors: Vectors = sums / lengths
        return vectors

    def close(self) -> None:
        self._threads.shutdown(cancel_futures=True)

    async def _on_thread(self, call: Callable[[_Given], _Result], given: _Given) -> _Result:
        return await asyncio.get_running_loop().run_in_executor(self._threads, call, given)

    def _windows(self, texts: Sequence[str]) -> tuple[list[list[int]], list[int]]:
        """The token ids of every window, and the index of the text it belongs to."""
        windows: list[list[int]] = []
        owners: list[int] = []
        for owner, encoding in enumerate(self._tokenizer.encode_batch(list(texts))):
            for window in _windows_of(encoding):
                windows.append(window.ids)
                owners.append(owner)
        return windows, owners

    def _run(self, windows: list[list[int]]) -> NDArray[np.float32]:
        ids = np.zeros((len(windows), max(map(len, windows))), dtype=np.int64)
        mask = np.zeros_like(ids)
        for row, window in enumerate(windows):
            ids[row, : len(window)] = window
            mask[row, : len(window)] = 1
        (vectors,) = self._session.run(None, {"input_ids": ids, "attention_mask": mask})
        return np.asarray(vectors, dtype=np.float32)


def _session_options() -> onnxruntime.SessionOptions:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    # Arenas keep the memory of the largest batch for good.
    options.enable_cpu_mem_arena = False
    options.enable_mem_pattern = False
    return options


def _windows_of(encoding: Encoding) -> Iterator[Encoding]:
    yield encoding
    yield from encoding.overflowing[: _MOST_WINDOWS - 1]


def _build_of(folder: Path) -> str:
    stamp = json.loads((folder / "build.json").read_text(encoding="utf-8"))
    return str(stamp["products"]["model.onnx"])[:8]
