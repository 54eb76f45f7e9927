"""Write trained networks as single files for other programs: ONNX and torch.export; run the ONNX files."""

from mmmtl.export.export_model import Exported, export_model
from mmmtl.export.exported_network import ExportedNetwork
from mmmtl.export.onnx_inferencer import OnnxInferencer
from mmmtl.export.onnx_network import OnnxNetwork

__all__ = ['Exported', 'ExportedNetwork', 'OnnxInferencer', 'OnnxNetwork', 'export_model']
