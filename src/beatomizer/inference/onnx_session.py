"""ONNX Runtime, kept on a short lead: the checked bytes, few threads, no logging, an end to every run.

The only module that imports ``onnxruntime``.
"""

import os
import threading
from collections.abc import Mapping

import numpy as np
import onnxruntime as ort

from beatomizer.arrays import F32
from beatomizer.errors import ResourceLimitError, UnreadableInputError, one_line
from beatomizer.inference.onnx_guard import CheckedModel, Port

MAX_THREADS = 2
LONGEST_RUN_S = 120.0
"""An operator may loop for ever; no run of one chunk takes this long on any machine that is worth the wait."""
_FATAL = 4


class Session:
    """A loaded model.

    Args:
        model: what the guard let through.
        longest_run_s: runs are stopped after this.

    Raises:
        UnreadableInputError: the runtime cannot load it, or sees another model than the guard did.
    """

    def __init__(self, model: CheckedModel, *, longest_run_s: float = LONGEST_RUN_S) -> None:
        self._model = model
        self._longest_run_s = longest_run_s
        self._proven = False
        ort.set_default_logger_severity(_FATAL)
        try:
            self._session = ort.InferenceSession(model.data, _options(), providers=["CPUExecutionProvider"])
        except Exception as error:  # the runtime's errors share no base but Exception
            raise self._refused("cannot be loaded", error) from error
        seen = (
            [port.name for port in self._session.get_inputs()],
            [port.name for port in self._session.get_outputs()],
        )
        if seen != ([port.name for port in model.inputs], [port.name for port in model.outputs]):
            raise self._refused("reads differently in the runtime", ValueError("inputs or outputs differ"))

    def run(
        self, feed: Mapping[str, F32], outputs: tuple[Port, ...], *, watched: bool = True
    ) -> dict[str, F32]:
        """Run once; each output is finite float32.

        Args:
            feed: the inputs by name.
            outputs: what to give back.
            watched: stop it when it takes too long. A thread watches, which costs more than a live step of a small
                model; the first run of a session is watched in any case.

        Raises:
            UnreadableInputError: the model fails, or gives something that is not finite float32.
            ResourceLimitError: it does not end.
        """
        options = ort.RunOptions()
        options.log_severity_level = _FATAL
        if (
            watched
        ):  # a whole song's run: its memory goes back, most of a gigabyte, before cues and safety need it
            options.add_run_config_entry("memory.enable_memory_arena_shrinkage", "cpu:0")
        watch = threading.Timer(self._longest_run_s, _stop, [options])
        watch.daemon = True
        if watched or not self._proven:
            watch.start()
        try:
            values = self._session.run([port.name for port in outputs], dict(feed), options)
        except Exception as error:  # as above
            if options.terminate:
                raise ResourceLimitError(
                    f"the model '{one_line(self._model.name, 80)}' ran for {self._longest_run_s:g} s without an end",
                    "use another model",
                ) from error
            raise self._refused("fails", error) from error
        finally:
            watch.cancel()
        self._proven = True
        return {port.name: self._sound(port.name, value) for port, value in zip(outputs, values)}

    def _sound(self, name: str, value: object) -> F32:
        if not isinstance(value, np.ndarray) or value.dtype != np.float32:
            raise self._refused("fails", ValueError(f"output '{name}' is not float32"))
        if not np.isfinite(value).all():
            raise self._refused("fails", ValueError(f"output '{name}' holds values that are not finite"))
        return value

    def _refused(self, what: str, error: Exception) -> UnreadableInputError:
        return UnreadableInputError(
            f"the model '{one_line(self._model.name, 80)}' {what} ({one_line(str(error), 120)})",
            "export it again",
        )


def _options() -> ort.SessionOptions:
    options = ort.SessionOptions()
    options.log_severity_level = _FATAL
    options.intra_op_num_threads = min(MAX_THREADS, os.cpu_count() or 1)
    options.inter_op_num_threads = 1
    options.execution_mode = ort.ExecutionMode.ORT_SEQUENTIAL
    options.use_deterministic_compute = True
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return options


def _stop(options: ort.RunOptions) -> None:
    options.terminate = True
