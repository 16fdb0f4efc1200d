"""Servers that are measured: running ones, and those that are started here and halted while others are measured."""
import os, re, shlex, signal, socket, subprocess, sys, tempfile, time, urllib.request

READY_S = 300


class Server:
    """NAME=URL, or NAME=COMMAND with {port} where the port goes."""

    def __init__(self, argument):
        self.name, _, rest = argument.partition("=")
        if not rest:
            sys.exit(f"{argument}: not NAME=URL or NAME=COMMAND")
        self.url = rest.rstrip("/") if re.match("https?://", rest) else None
        self.command, self.process = (None if self.url else rest), None

    def start(self):
        """Returns once the server is ready: alone, for a server that starts takes all processors."""
        if not self.command:
            return
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.url, begin = f"http://127.0.0.1:{port}", time.monotonic()
        self.log = tempfile.NamedTemporaryFile(prefix=f"served-{self.name}-", suffix=".log", delete=False)
        words = shlex.split(self.command.replace("{port}", str(port)))
        self.process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=self.log, stderr=subprocess.STDOUT,
                                        start_new_session=True)
        while not self.ready():
            if self.process.poll() is not None or time.monotonic() - begin > READY_S:
                with open(self.log.name, errors="replace") as log:
                    sys.exit(f"{self.name} did not start:\n" + "".join(log.readlines()[-20:]))
            time.sleep(0.25)
        print(f"{self.name}: ready after {time.monotonic() - begin:.1f} s", file=sys.stderr)

    def ready(self):
        try:
            with urllib.request.urlopen(self.url + "/health", timeout=5) as response:
                return response.status == 200
        except OSError:
            return False

    def processes(self):
        """Everything of the session that the server leads: vLLM has a process for its engine. Linux."""
        found = []
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open(f"/proc/{pid}/stat") as file:
                    fields = file.read().rpartition(")")[2].split()
            except OSError:
                continue
            if int(fields[3]) == self.process.pid:
                found.append((int(pid), (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")))
        return found

    def signal(self, number):
        for pid, _ in self.processes() if self.process else []:
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                continue

    def halt(self):
        self.signal(signal.SIGSTOP)

    def go_on(self):
        self.signal(signal.SIGCONT)

    def cpu_seconds(self):
        """Processor time so far, None for a server that was not started here."""
        return sum(seconds for _, seconds in self.processes()) if self.process else None

    def stop(self):
        if self.process:
            self.go_on()
            self.process.terminate()
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                pass
            self.signal(signal.SIGKILL)
            self.process.wait()
            os.unlink(self.log.name)

    def description(self):
        """The argument, without the folders of this machine."""
        return f"{self.name}=" + re.sub(r"(^|[\s=])[~.]{0,2}/\S*/", r"\1", self.command or self.url)
