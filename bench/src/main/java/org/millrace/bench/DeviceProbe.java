package org.millrace.bench;

import java.io.IOException;
import java.util.List;
import org.millrace.contract.config.ConfigLoader;
import org.millrace.encoder.tensor.Torch;

/** Whether the engine starts on a device, before anything is measured there. */
record DeviceProbe(String engine) {
    /** In a process of its own. */
    static Child.Answer<DeviceProbe> ask(List<String> assignments) throws IOException, InterruptedException {
        return Child.ask(DeviceProbe.class, DeviceProbe.class, assignments);
    }

    public static void main(String[] arguments) throws Exception {
        List<String> assignments = List.of(arguments).subList(1, arguments.length);
        Child.answer(
                arguments[0],
                () -> new DeviceProbe(Torch.start(new ConfigLoader()
                                .assignments(assignments)
                                .load()
                                .run())
                        .description()));
    }
}
