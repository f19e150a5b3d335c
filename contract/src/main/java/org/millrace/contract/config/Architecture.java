package org.millrace.contract.config;

import java.util.List;
import org.millrace.contract.config.EncoderConfig.Stem;

/**
 * The networks that an encoder may be: residual ones of He et al. 2015, vision transformers of Dosovitskiy et al. 2021 and Touvron et al.
 * 2021, and AMDIM's own. The encoder module's {@code Backbone} has the specification of each.
 */
public enum Architecture {
    RESNET20,
    RESNET18,
    RESNET34,
    RESNET50,
    VIT_TINY,
    VIT_SMALL,
    VIT_BASE,
    AMDIM;

    /** Whether it is a vision transformer. */
    public boolean isTransformer() {
        return width() > 0;
    }

    /** Channels of a transformer's tokens; 0 of another network. */
    public int width() {
        return switch (this) {
            case VIT_TINY -> 192;
            case VIT_SMALL -> 384;
            case VIT_BASE -> 768;
            case RESNET20, RESNET18, RESNET34, RESNET50, AMDIM -> 0;
        };
    }

    /** Blocks one after another of which the network is made; 0 where it has no such list. */
    public int blocks() {
        return switch (this) {
            case RESNET20 -> 9;
            case RESNET18 -> 8;
            case RESNET34, RESNET50 -> 16;
            case VIT_TINY, VIT_SMALL, VIT_BASE -> 12;
            case AMDIM -> 0;
        };
    }

    /** The stems that it may have; none where its first layers are its own and {@code encoder.stem} says nothing. */
    public List<Stem> stems() {
        return switch (this) {
            case RESNET20 -> List.of(Stem.CIFAR);
            case RESNET18, RESNET34, RESNET50 -> List.of(Stem.CIFAR, Stem.IMAGENET);
            case VIT_TINY, VIT_SMALL, VIT_BASE, AMDIM -> List.of();
        };
    }

    /** As the configuration has it. */
    public String key() {
        return RecordBinder.text(this);
    }
}
