package org.millrace.contract.config;

import java.util.Map;

/**
 * The whole configuration, immutable and valid. Each group is a record; a component {@code batchSize} of the group {@code trainer}
 * is the key {@code trainer.batch-size}.
 *
 * @param kafka the keys {@code kafka.*} without that prefix, passed to every Kafka client untouched
 */
public record MillraceConfig(
        RunConfig run,
        ImagesConfig images,
        EncoderConfig encoder,
        HeadConfig head,
        TrainerConfig trainer,
        MocoConfig moco,
        ByolConfig byol,
        SimclrConfig simclr,
        AmdimConfig amdim,
        MemoryBankConfig memoryBank,
        EndToEndConfig endToEnd,
        DistillConfig distill,
        OptimiserConfig optimiser,
        AugmentConfig augment,
        ViewsConfig views,
        StreamConfig stream,
        ReplayConfig replay,
        RoundsConfig rounds,
        GuardConfig guard,
        EvaluatorConfig evaluator,
        DriftConfig drift,
        BrokerConfig broker,
        DiskConfig disk,
        HttpConfig http,
        LogConfig log,
        Map<String, String> kafka) {
    public MillraceConfig {
        kafka = Map.copyOf(kafka);
    }
}
