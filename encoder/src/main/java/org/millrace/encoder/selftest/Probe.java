package org.millrace.encoder.selftest;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.millrace.contract.UserException;
import org.millrace.contract.config.Architecture;
import org.millrace.contract.config.ConfigLoader;
import org.millrace.contract.config.EncoderConfig;
import org.millrace.contract.config.MillraceConfig;
import org.millrace.encoder.selftest.SelfTest.Use;
import org.millrace.encoder.tensor.Convolution;
import org.millrace.encoder.tensor.Torch;

/** A network tried by a process of its own, which may die of it. */
final class Probe {
    private static final int WRONG = 3;
    private static final long SECONDS = 120;

    private Probe() {}

    /** The process. Arguments: how points are computed, the use, and the configuration's assignments. */
    public static void main(String[] arguments) {
        MillraceConfig config = new ConfigLoader()
                .assignments(List.of(arguments).subList(2, arguments.length))
                .load();
        Convolution way = Boolean.parseBoolean(arguments[0]) ? Convolution.MATRIX_FOR_POINTS : Convolution.USUAL;
        Torch torch = Torch.start(config.run()).with(way).with(config.encoder().precision());
        Optional<String> problem = SelfTest.problem(torch, config.encoder(), Use.valueOf(arguments[1]));
        problem.ifPresent(System.out::println);
        System.exit(problem.isPresent() ? WRONG : 0);
    }

    /** What is wrong with how the engine computes the network, if anything is; a death goes into the record. */
    static Optional<String> problem(Torch torch, EncoderConfig network, Use use, DeathRecord deaths) {
        try {
            Process process = new ProcessBuilder(command(torch, network, use))
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .start();
            process.getOutputStream().close();
            String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
            if (!process.waitFor(SECONDS, TimeUnit.SECONDS)) {
                process.destroyForcibly();
                return Optional.of("a process that tried it has not ended in " + SECONDS + " s");
            }
            int code = process.exitValue();
            if (code == 0) {
                return Optional.empty();
            } else if (code == WRONG) {
                return Optional.of(said);
            }
            deaths.confirm("a process that tried it died");
            return Optional.of("a process that tried it died (exit code " + code + ")");
        } catch (IOException e) {
            throw new UserException("the self-test cannot start " + javaProgram() + ": " + e.getMessage(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new UserException("stopped during the self-test", e);
        }
    }

    private static List<String> command(Torch torch, EncoderConfig network, Use use) {
        List<String> command = new ArrayList<>(List.of(
                javaProgram(),
                "-Xmx1g",
                "-XX:-CreateCoredumpOnCrash",
                "-XX:ErrorFile=/dev/null",
                "-cp",
                System.getProperty("java.class.path"),
                Probe.class.getName(),
                String.valueOf(torch.convolution() == Convolution.MATRIX_FOR_POINTS),
                use.name()));
        command.addAll(List.of(
                "run.threads=" + torch.run().threads(),
                "run.device=" + torch.run().device(),
                "encoder.architecture=" + network.architecture().key(),
                "encoder.stem=" + network.stem().key(),
                "encoder.amdim-channels=" + network.amdimChannels(),
                "encoder.amdim-features=" + network.amdimFeatures(),
                "encoder.amdim-depth=" + network.amdimDepth(),
                "encoder.height=" + network.height(),
                "encoder.width=" + network.width(),
                "encoder.channels=" + network.channels(),
                "encoder.norm=" + network.norm().key(),
                "encoder.patch=" + network.patch(),
                "encoder.pool=" + network.pool().key(),
                "encoder.registers=" + network.registers(),
                "encoder.layer-scale=" + network.layerScale(),
                "encoder.heads=" + network.heads(),
                "encoder.positions=" + network.positions().key(),
                "encoder.patch-projection=" + network.patchProjection().key(),
                "encoder.precision=" + torch.precision().key()));
        if (network.architecture() == Architecture.AMDIM) {
            command.add("trainer.objective=amdim");
        }
        return command;
    }

    private static String javaProgram() {
        return Path.of(System.getProperty("java.home"), "bin", "java").toString();
    }
}
