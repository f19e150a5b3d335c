package org.millrace.app.export;

/** File formats of an exported encoder. */
public enum ExportFormat {
    /** The tensors alone, under torchvision's names. */
    SAFETENSORS,
    /** Tensors and network. */
    ONNX
}
