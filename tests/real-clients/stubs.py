"""Loopback stand-ins for the two model APIs. They answer by script, keep every request, and know no model."""

import itertools
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Stub(ThreadingHTTPServer):
    """Serves on a free loopback port from the moment it is made; `requests` holds (method, path, headers, body)."""

    daemon_threads = True
    headers = {}  # of every streamed answer, besides the usual ones

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.requests = []
        self.ids = itertools.count(1)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}"

    def posts(self, ending):
        """Bodies of the POST requests to paths with that ending, in the order they came."""
        return [body for method, path, _, body in self.requests if method == "POST" and path.endswith(ending)]

    def new_id(self, prefix):
        return f"{prefix}_{next(self.ids):08d}"

    def answer(self, path, body):
        """The reply to a POST: a dict (sent as JSON), a list of (event, data) pairs (sent as SSE), or None (404)."""
        raise NotImplementedError

    def handle_error(self, request, client_address):
        """A client that hangs up is no matter."""


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        """The checks speak for themselves."""

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers.get("content-length") or 0)) or b"{}")
        path = self.keep("POST", body)
        answer = self.server.answer(path, body)
        if isinstance(answer, list):
            self.stream(answer)
        elif isinstance(answer, Refusal):
            error = {"type": "error", "error": {"type": answer.kind, "message": answer.kind}}
            self.reply(answer.status, error, answer.headers)
        else:
            self.reply(200 if answer is not None else 404, answer or {"error": {"message": f"no {path} here"}})

    def do_GET(self):
        self.keep("GET", None)
        self.reply(200, {"data": [], "models": [], "has_more": False})

    def do_HEAD(self):
        self.keep("HEAD", None)
        self.reply(200, {})

    def do_CONNECT(self):
        self.keep("CONNECT", None)
        self.reply(403, {})

    def keep(self, method, body):
        path = self.path.split("?")[0]
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.server.requests.append((method, path, headers, body))
        return path

    def reply(self, status, value, headers=()):
        data = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        self.send_headers(headers)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    def send_headers(self, headers):
        for name, value in dict(headers).items():
            self.send_header(name, value)

    def stream(self, events):
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("connection", "close")
        self.send_headers(self.server.headers)
        self.end_headers()
        for name, data in events:
            self.wfile.write(f"event: {name}\ndata: {json.dumps(data)}\n\n".encode())
        self.wfile.flush()
        self.close_connection = True


class Refusal:
    """An HTTP error instead of an answer, as one of the `turns`."""

    def __init__(self, status, kind, headers=()):
        self.status, self.kind, self.headers = status, kind, headers


class Dead(Stub):
    """An address nothing should speak to: as a proxy it sees every attempt to leave the machine."""

    def answer(self, path, body):
        return None


class Anthropic(Stub):
    """The Messages API. `turns` are lists of content blocks, or functions from a request to one, used one a request
    of a conversation with tools; other requests (titles, quota) get a word."""

    def __init__(self, turns):
        super().__init__()
        self.turns = iter(turns)

    def answer(self, path, body):
        if path.endswith("/count_tokens"):
            return {"input_tokens": 100}
        if not path.endswith("/v1/messages"):
            return None
        blocks = [{"type": "text", "text": "ok"}]
        if body.get("tools"):
            turn = next(self.turns, blocks)
            blocks = turn(body) if callable(turn) else turn
        if isinstance(blocks, Refusal):
            return blocks
        stop = "tool_use" if blocks[-1]["type"] == "tool_use" else "end_turn"
        usage = {"input_tokens": 100, "output_tokens": 20}
        message = {"id": self.new_id("msg"), "type": "message", "role": "assistant", "model": body.get("model"),
                   "stop_sequence": None, "usage": usage}
        if not body.get("stream"):
            return {**message, "content": blocks, "stop_reason": stop}
        events = [("message_start", {"message": {**message, "content": [], "stop_reason": None}})]
        for index, block in enumerate(blocks):
            events += self.block_events(index, block)
        events.append(("message_delta", {"delta": {"stop_reason": stop, "stop_sequence": None}, "usage": usage}))
        events.append(("message_stop", {}))
        return [(name, {"type": name, **data}) for name, data in events]

    def block_events(self, index, block):
        if block["type"] == "text":
            empty, delta = {"type": "text", "text": ""}, {"type": "text_delta", "text": block["text"]}
        else:
            empty = {"type": "tool_use", "id": self.new_id("toolu"), "name": block["name"], "input": {}}
            delta = {"type": "input_json_delta", "partial_json": json.dumps(block["input"])}
        return [
            ("content_block_start", {"index": index, "content_block": empty}),
            ("content_block_delta", {"index": index, "delta": delta}),
            ("content_block_stop", {"index": index}),
        ]


class OpenAI(Stub):
    """The Responses API. `turns` are lists of output items, made by the functions below, one a model request."""

    def __init__(self, turns):
        super().__init__()
        self.turns = iter(turns)

    def answer(self, path, body):
        if not path.endswith("/responses"):
            return None
        items = [self.complete(item) for item in next(self.turns, [say("done")])]
        response = {"id": self.new_id("resp"), "object": "response", "model": body.get("model"), "status": "in_progress"}
        events = [("response.created", {"response": {**response, "output": []}})]
        for index, item in enumerate(items):
            events.append(("response.output_item.added", {"output_index": index, "item": {**item, "status": "in_progress"}}))
            events.append(("response.output_item.done", {"output_index": index, "item": item}))
        usage = {"input_tokens": 100, "output_tokens": 20, "total_tokens": 120,
                 "input_tokens_details": {"cached_tokens": 0}, "output_tokens_details": {"reasoning_tokens": 0}}
        events.append(("response.completed", {"response": {**response, "status": "completed", "output": items, "usage": usage}}))
        return [(name, {"type": name, "sequence_number": n, **data}) for n, (name, data) in enumerate(events)]

    def complete(self, item):
        ids = {"id": self.new_id("item"), "status": "completed"}
        return {**ids, **item} if item["type"] == "message" else {**ids, "call_id": self.new_id("call"), **item}


def say(text):
    return {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": text, "annotations": []}]}


def call(namespace, tool, **arguments):
    """A tool call as a direct-mode model makes it."""
    return {"type": "function_call", "namespace": namespace, "name": tool, "arguments": json.dumps(arguments)}


def search(query, limit=8):
    """A search for tools as a direct-mode model makes it."""
    return {"type": "tool_search_call", "execution": "client", "arguments": {"query": query, "limit": limit}}


def script(javascript):
    """What a code-mode model does instead of calling tools."""
    return {"type": "custom_tool_call", "name": "exec", "input": javascript}
