package org.millrace.app.broker;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import org.millrace.contract.UserException;

/**
 * The two loopback addresses of the broker, each {@code host:port}.
 *
 * @param broker for clients
 * @param controller for the node's own controller
 */
record Ports(String broker, String controller) {
    private static final String HOST = "127.0.0.1";

    /** Finds ports that are free now; {@code wanted} 0 means any for the broker. Another process may take them before they are used. */
    static Ports find(int wanted) {
        try (ServerSocket broker = new ServerSocket();
                ServerSocket controller = new ServerSocket()) {
            try {
                broker.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), wanted));
            } catch (IOException e) {
                throw new UserException(
                        "broker.port " + wanted + " on " + HOST + " cannot be used: " + e.getMessage()
                                + "\nChoose another with --set broker.port=PORT (0 takes a free one).",
                        e);
            }
            controller.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
            return new Ports(address(broker), address(controller));
        } catch (IOException e) {
            throw new UncheckedIOException("no free port on " + HOST, e);
        }
    }

    private static String address(ServerSocket socket) {
        return HOST + ":" + socket.getLocalPort();
    }
}
