"""The client: one thread, which only notes when bytes came, so that it takes little of the servers' processors.

Answers are read (chunks, events, JSON) when they are whole: 128 streams cost less than reading each event as it comes.
"""
import collections, gc, json, select, socket, time, urllib.parse

DONE = b"data: [DONE]"
TIMEOUT_S = 600.0


class Answer:
    """One answer as the user saw it. `failure` is None, a status other than 200, or words."""

    def __init__(self, begin, pieces):
        self.failure, self.usage, self.text, self.arrivals = None, None, "", []
        reader = Reader()
        for at, line in reader.lines(pieces):
            if line.startswith(b"data: {"):
                self.event(at - begin, json.loads(line[6:]))
        if reader.status != 200:
            self.failure = str(reader.status or "connection closed")
        elif not self.failure and not (self.usage and self.arrivals):
            self.failure = "no tokens"

    def event(self, at, event):
        if "error" in event:
            self.failure = "error event"
        self.usage = event.get("usage") or self.usage
        for choice in event.get("choices", ()):
            piece = choice.get("text") or (choice.get("delta") or {}).get("content") or ""
            if piece:
                self.arrivals.append(at)
                self.text += piece

    def gaps(self):
        return [b - a for a, b in zip(self.arrivals, self.arrivals[1:])]

    def cached(self):
        """Prompt tokens from the server's cache, or None where it does not say."""
        return (self.usage.get("prompt_tokens_details") or {}).get("cached_tokens")


class Reader:
    """An HTTP response in pieces."""

    def __init__(self):
        self.status = 0

    def lines(self, pieces):
        """The lines of the body, each with the time at which it was whole."""
        raw, body, chunked = b"", b"", None
        for at, data in pieces:
            raw += data
            if chunked is None:
                head, found, rest = raw.partition(b"\r\n\r\n")
                if not found:
                    continue
                raw, self.status = rest, int(head.split(b" ", 2)[1])
                chunked = b"transfer-encoding: chunked" in head.lower()
            if chunked:
                raw, body = dechunk(raw, body)
            else:
                raw, body = b"", body + raw
            *whole, body = body.split(b"\n")
            for line in whole:
                yield at, line


def dechunk(raw, body):
    """Moves whole chunks from `raw` to `body`."""
    while True:
        size, found, rest = raw.partition(b"\r\n")
        length = int(size.split(b";")[0], 16) if found else 0
        if not found or len(rest) < length + 2:
            return raw, body
        raw, body = rest[length + 2:], body + rest[:length]


class Load:
    """Conversations on their way to a server; `users` of them at once, or each at its time."""

    def __init__(self, url, model, conversations, users=0, times=()):
        parts = urllib.parse.urlsplit(url)
        self.address = (parts.hostname, parts.port or 80)
        self.model = model
        self.waiting = collections.deque(conversations)
        self.users = users
        self.times = collections.deque(times)
        self.under_way = {}
        self.poll = select.epoll()
        self.done = []

    def run(self):
        """Seconds and all answers, in no order. A conversation ends with a request that fails."""
        gc.disable()
        self.begin = time.perf_counter()
        self.start_due()
        while self.under_way or self.waiting:
            patience = self.patience()
            came = self.poll.poll(patience)
            for file, _ in came:
                self.receive(file)
            self.start_due()
            if not came and patience == TIMEOUT_S:
                raise TimeoutError(f"nothing came for {TIMEOUT_S:.0f} s")
        seconds = time.perf_counter() - self.begin
        gc.enable()
        self.poll.close()
        return seconds, [a if isinstance(a, Answer) else Answer(*a) for a in self.done]

    def patience(self):
        """Seconds until the next request is due."""
        if self.times and self.waiting:
            return max(0.0, self.begin + self.times[0] - time.perf_counter())
        return TIMEOUT_S

    def start_due(self):
        if self.users:
            while self.waiting and len(self.under_way) < self.users:
                self.ask(self.waiting.popleft(), "")
        else:
            while self.waiting and self.begin + self.times[0] <= time.perf_counter():
                self.times.popleft()
                self.ask(self.waiting.popleft(), "")

    def ask(self, conversation, answer):
        request = conversation.next(answer)
        if request is None:
            return
        path, fields = request
        body = json.dumps({"model": self.model, **fields}).encode()
        head = (f"POST {path} HTTP/1.1\r\nHost: {self.address[0]}:{self.address[1]}\r\nContent-Type: application/json\r\n"
                f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n").encode()
        begin = time.perf_counter()
        try:
            connection = socket.create_connection(self.address, TIMEOUT_S)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection.sendall(head + body)
        except OSError:
            self.done.append((begin, []))
            return
        connection.setblocking(False)
        self.poll.register(connection, select.EPOLLIN)
        self.under_way[connection.fileno()] = (connection, begin, [], conversation)

    def receive(self, file):
        connection, begin, pieces, conversation = self.under_way[file]
        try:
            data = connection.recv(65536)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        pieces.append((time.perf_counter(), data))
        if data and DONE not in data:
            return
        self.poll.unregister(connection)
        connection.close()
        del self.under_way[file]
        if conversation.asked == len(conversation.turns):
            self.done.append((begin, pieces))
            return
        answer = Answer(begin, pieces)
        self.done.append(answer)
        if not answer.failure:
            self.ask(conversation, answer.text)
