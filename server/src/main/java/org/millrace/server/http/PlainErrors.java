package org.millrace.server.http;

import java.util.Map;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.server.handler.ErrorHandler;
import org.eclipse.jetty.util.Callback;
import org.millrace.contract.event.Json;

/** Responses to malformed HTTP and to failures outside the routes: the same JSON as theirs. */
final class PlainErrors extends ErrorHandler {
    @Override
    public boolean handle(Request request, Response response, Callback callback) {
        if (response.getStatus() == 501 || response.getStatus() == 505) {
            response.setStatus(400); // an unknown transfer coding or version of HTTP is the client's fault
        }
        response.getHeaders().put(HttpHeader.CONTENT_TYPE, "application/json");
        Object message = request.getAttribute(ERROR_MESSAGE);
        byte[] body = Json.write(Map.of("error", message == null ? "not understood" : message.toString()));
        Content.Sink.write(response, true, new String(body, java.nio.charset.StandardCharsets.UTF_8), callback);
        return true;
    }
}
