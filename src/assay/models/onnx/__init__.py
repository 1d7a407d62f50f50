"""How a network is written as ONNX, and made smaller."""
