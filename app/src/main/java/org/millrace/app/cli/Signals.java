package org.millrace.app.cli;

import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.function.IntConsumer;

/**
 * Signals of the operating system, through {@code sun.misc.Signal} of the supported module {@code jdk.unsupported}; by reflection, since
 * javac warns about every use of it.
 */
final class Signals {
    private Signals() {}

    /**
     * Calls the handler with the signal's number, on a separate thread, each time that it arrives. A signal that this process ignores, as
     * under nohup, stays ignored; one that the JVM reserves ({@code -Xrs}) is not handled.
     *
     * @param name without SIG
     */
    static void handle(String name, IntConsumer handler) {
        try {
            Class<?> signals = Class.forName("sun.misc.Signal");
            Class<?> handlers = Class.forName("sun.misc.SignalHandler");
            Method handle = signals.getMethod("handle", signals, handlers);
            Method number = signals.getMethod("getNumber");
            Object signal = signals.getConstructor(String.class).newInstance(name);
            Object own = Proxy.newProxyInstance(
                    Signals.class.getClassLoader(), new Class<?>[] {handlers}, (proxy, method, arguments) -> {
                        if (method.getName().equals("handle")) {
                            handler.accept((Integer) number.invoke(arguments[0]));
                        }
                        return null;
                    });
            Object before = handle.invoke(null, signal, own);
            Object ignored = handlers.getField("SIG_IGN").get(null);
            if (before == ignored) {
                handle.invoke(null, signal, ignored);
            }
        } catch (ReflectiveOperationException e) {
            // the shutdown hook of StopSignal handles the end instead
        }
    }
}
