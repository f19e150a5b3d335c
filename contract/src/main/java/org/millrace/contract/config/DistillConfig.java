package org.millrace.contract.config;

import java.util.Objects;
import org.millrace.contract.config.Setting.Effect;

/** The encoder that trainer.objective=distill learns from. docs/objectives.md. */
public record DistillConfig(
        @Setting(
                value = "",
                doc =
                        "safetensors file of the encoder to learn from, recognised as by millrace import: ResNets and vision transformers, of any width. It is read at each start",
                effect = Effect.STRUCTURE)
        String teacher) {
    public DistillConfig {
        teacher = Objects.requireNonNullElse(teacher, "");
    }
}
