"""A recurrence that hears a clip forwards and backwards, and exports as one ONNX node of any length."""

import torch
from torch import Tensor, nn


class BothWaysGru(nn.GRU):
    """One bidirectional layer, batch first: ``[B, T, F]`` → ``[B, T, 2H]``."""

    def __init__(self, width: int, hidden: int) -> None:
        super().__init__(width, hidden, batch_first=True, bidirectional=True)

    def heard(self, rows: Tensor) -> Tensor:
        """Both directions side by side.

        The exporter would unroll ``nn.GRU`` to the length of its example, so in a graph the node is written by hand.
        """
        if not torch.compiler.is_exporting():
            return torch.as_tensor(self(rows)[0])
        sides = [
            [getattr(self, f"{kind}_l0{side}") for kind in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")]
            for side in ("", "_reverse")
        ]
        weight_ih, weight_hh, bias_ih, bias_hh = (
            torch.stack([_onnx_order(side[index]) for side in sides]) for index in range(4)
        )
        batch, count = rows.shape[:2]
        outputs = torch.onnx.ops.symbolic(
            "GRU",
            (rows.transpose(0, 1), weight_ih, weight_hh, torch.cat((bias_ih, bias_hh), dim=1)),
            {"direction": "bidirectional", "hidden_size": self.hidden_size, "linear_before_reset": 1},
            dtype=rows.dtype,
            shape=(count, 2, batch, self.hidden_size),
            version=14,
        )
        return outputs.permute(2, 0, 1, 3).flatten(2)


def _onnx_order(gates: Tensor) -> Tensor:
    """Gates r, z, n as torch keeps them → z, r, h as ONNX wants them."""
    reset, update, new = gates.chunk(3)
    return torch.cat((update, reset, new))
