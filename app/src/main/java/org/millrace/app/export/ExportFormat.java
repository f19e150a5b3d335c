package org.millrace.app.export;

/** File formats of an exported encoder. */
public enum ExportFormat {
    /** The tensors alone, under torchvision's names. */
    SAFETENSORS,
    /** Tensors and network. */
    ONNX,
    /** Of an encoder that learns in part: the tensors that did, and beside them the encoder with which the run began. */
    LEARNED
}
