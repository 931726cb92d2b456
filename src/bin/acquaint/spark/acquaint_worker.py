"""What runs on workers: hands ranges of people to the kernel, and its frames back.

A module of its own, carried to every executor: what it holds lives as long as the Python worker, so that a shipment is opened once and not
once a task.
"""

import ctypes
import hashlib
import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor

SCHEMA = "id long, frame binary, kernel_seconds double, open_seconds double"

_kernels = {}


class Unfit(Exception):
    """The kernel or the shipment is not the one that the driver sent."""


class Kernel:
    """A shipment that is open."""

    def __init__(self, library, shipment, spec):
        self.library = library
        self.spec = spec
        path = shipment.encode()
        digest = bytes.fromhex(spec["shipment_blake3"])
        self.handle, people = ctypes.c_uint64(), ctypes.c_uint32()
        self.ask(
            library.acquaint_kernel_open, path, len(path), digest, spec["threads"], ctypes.byref(self.handle), ctypes.byref(people)
        )
        if people.value != spec["n_people"]:
            raise Unfit(f"the shipment is of {people.value} people, not of {spec['n_people']}")
        self.room = ctypes.c_size_t()
        self.ask(library.acquaint_kernel_frame_bytes, self.handle, spec["frame_people"], ctypes.byref(self.room))
        self.buffers = threading.local()

    def ask(self, entry, *arguments):
        code = entry(*arguments)
        if code != 0:
            text = ctypes.create_string_buffer(4096)
            n = self.library.acquaint_kernel_error(text, len(text))
            raise RuntimeError(f"the kernel answered {code}: {text.raw[:n].decode(errors='replace')}")

    def score(self, frame):
        """A frame, and the seconds it took. Called from several threads: the kernel is not held up by Python's lock."""
        begun = time.monotonic()
        if not hasattr(self.buffers, "own"):
            self.buffers.own = ctypes.create_string_buffer(self.room.value)
        buffer = self.buffers.own
        first = frame * self.spec["frame_people"]
        last = min(first + self.spec["frame_people"], self.spec["n_people"])
        n = ctypes.c_size_t()
        self.ask(self.library.acquaint_kernel_score, self.handle, first, last, buffer, len(buffer), ctypes.byref(n))
        return ctypes.string_at(buffer, n.value), time.monotonic() - begun


def load(path):
    library = ctypes.CDLL(path)
    bytes_in, bytes_out, size = ctypes.c_char_p, ctypes.c_char_p, ctypes.c_size_t
    library.acquaint_kernel_version.restype = ctypes.c_uint32
    library.acquaint_kernel_open.argtypes = [
        bytes_in, size, bytes_in, ctypes.c_uint32, ctypes.POINTER(ctypes.c_uint64), ctypes.POINTER(ctypes.c_uint32)
    ]
    library.acquaint_kernel_frame_bytes.argtypes = [ctypes.c_uint64, ctypes.c_uint32, ctypes.POINTER(size)]
    library.acquaint_kernel_score.argtypes = [
        ctypes.c_uint64, ctypes.c_uint32, ctypes.c_uint32, bytes_out, size, ctypes.POINTER(size)
    ]
    library.acquaint_kernel_error.argtypes = [bytes_out, size]
    library.acquaint_kernel_error.restype = size
    return library


def check_kernel(path, spec):
    """Loads the library, if its bytes are those that the program that packed the shipment looked at."""
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    if digest.hexdigest() != spec["kernel_sha256"]:
        raise Unfit(f"the kernel at {path} has SHA-256 {digest.hexdigest()}, not {spec['kernel_sha256']}")
    library = load(path)
    found = library.acquaint_kernel_version()
    if found != spec["kernel_version"]:
        raise Unfit(f"the kernel at {path} has version word {found}, and the program {spec['kernel_version']}: build both together")
    return library


def place(where):
    if "path" in where:
        return where["path"]
    from pyspark import SparkFiles

    return SparkFiles.get(where["file"])


def opened(spec):
    """The shipment, opened if this worker has not yet; and how long that took."""
    key = spec["shipment_blake3"]
    if key in _kernels:
        return _kernels[key], 0.0
    begun = time.monotonic()
    library = check_kernel(place(spec["kernel"]), spec)
    # Of earlier shipments nothing is asked any more.
    for old in _kernels.values():
        old.library.acquaint_kernel_close(old.handle)
    _kernels.clear()
    _kernels[key] = Kernel(library, place(spec["shipment"]), spec)
    return _kernels[key], time.monotonic() - begun


def score(spec, batches):
    import pyarrow

    kernel, opening = opened(spec)
    with ThreadPoolExecutor(spec["threads"]) as pool:
        for batch in batches:
            frames = batch.column(0).to_pylist()
            for frame, (made, took) in zip(frames, pool.map(kernel.score, frames)):
                yield pyarrow.RecordBatch.from_arrays(
                    [
                        pyarrow.array([frame], pyarrow.int64()),
                        pyarrow.array([made], pyarrow.binary()),
                        pyarrow.array([took], pyarrow.float64()),
                        pyarrow.array([opening], pyarrow.float64()),
                    ],
                    names=["id", "frame", "kernel_seconds", "open_seconds"],
                )
                opening = 0.0


def remove(spec):
    """Removes the files that Spark carried to this executor."""
    for name in ("kernel", "shipment"):
        try:
            os.unlink(place(spec[name]))
        except FileNotFoundError:
            pass
