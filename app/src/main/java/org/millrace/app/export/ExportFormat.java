package org.millrace.app.export;

/** The forms in which an encoder leaves Millrace. */
public enum ExportFormat {
    /** The tensors alone, under torchvision's names. */
    SAFETENSORS,
    /** Tensors and network. */
    ONNX
}
